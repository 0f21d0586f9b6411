"""Public names of exceptions, packages, files and models. Any other name may identify its owner."""

from __future__ import annotations

import builtins
import re
import sys
from collections.abc import Callable


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PACKAGES = frozenset(sys.stdlib_module_names) | _words(
    """
    vllm litellm litellm_enterprise litellm_proxy_extras uvicorn starlette fastapi httpx httpcore h11 h2 hpack anyio
    sniffio aiohttp requests urllib3 openai anthropic pydantic pydantic_core torch torchvision triton transformers
    tokenizers huggingface_hub numpy ray gunicorn hypercorn prisma redis sqlalchemy yarl multidict aiosignal frozenlist
    uvloop websockets orjson tiktoken jinja2 outlines xgrammar flashinfer flash_attn safetensors prometheus_client
    prometheus_fastapi_instrumentator opentelemetry tenacity backoff click typer
    """
)
"""Packages that may be shown in a traceback."""
_ERRORS = frozenset(name for name in dir(builtins) if name.endswith(("Error", "Exception"))) | _words(
    """
    CancelledError InvalidStateError IncompleteReadError LimitOverrunError QueueEmpty TimeoutException JSONDecodeError
    SSLError SSLCertVerificationError SSLZeroReturnError gaierror herror BrokenProcessPool BrokenExecutor
    APIError APIConnectionError APIStatusError APITimeoutError APIResponseValidationError AuthenticationError
    BadRequestError ConflictError ContentPolicyViolationError ContextWindowExceededError InternalServerError
    InvalidRequestError JSONSchemaValidationError NotFoundError OpenAIError AnthropicError PermissionDeniedError
    RateLimitError ServiceUnavailableError UnprocessableEntityError UnsupportedParamsError BudgetExceededError
    MidStreamFallbackError RouterRateLimitError RejectedRequestError MockException ProxyException BadGatewayError
    Hosted_vllmException OpenAIException AnthropicException AnthropicError VLLMException VllmException AzureException
    BedrockException BedrockError VertexAIException GeminiException OllamaException OllamaError LiteLLMException
    BaseLLMException VLLMValidationError EngineDeadError EngineGenerateError VLLMNotFoundError ErrorInfo
    OutOfMemoryError DistBackendError DistNetworkError DistStoreError AcceleratorError CUDAError
    HTTPException HTTPError HTTPStatusError RequestValidationError ResponseValidationError ValidationError
    WebSocketException ClientDisconnect ClientError ClientConnectionError ClientConnectorError ClientOSError
    ClientConnectorDNSError ClientConnectorCertificateError ClientPayloadError ClientResponseError ContentTypeError
    ServerDisconnectedError ServerTimeoutError SocketTimeoutError ConnectionTimeoutError ServerConnectionError
    TransferEncodingError ContentLengthError BadStatusLine LineTooLong PayloadEncodingError
    ConnectError ConnectTimeout ReadError ReadTimeout WriteError WriteTimeout PoolTimeout CloseError NetworkError
    ProtocolError LocalProtocolError RemoteProtocolError ProxyError UnsupportedProtocol DecodingError
    TooManyRedirects RequestError TransportError InvalidURL StreamError StreamConsumed ResponseNotRead
    MaxRetryError NewConnectionError ReadTimeoutError ConnectTimeoutError IncompleteRead InvalidChunkLength
    NameResolutionError RequestException RetryError TemplateError UndefinedError TemplateSyntaxError
    WouldBlock ClosedResourceError BrokenResourceError EndOfStream ExceptionGroup BaseExceptionGroup
    GatedRepoError RepositoryNotFoundError HfHubHTTPError RayTaskError RayActorError PydanticUserError
    PrismaError ClientNotConnectedError DataError RedisError
    """
)
_SOURCES = _words(
    """
    api_router.py common_request_processing.py loggers.py launcher.py callback_controls.py utils.py api_server.py
    async_llm.py proxy_server.py serving.py api_utils.py hermes_tool_parser.py router.py core.py login_throttle.py
    vllm.py route_llm_request.py streaming_iterator.py core_client.py endpoints.py main.py exceptions.py
    auth_exception_handler.py litellm_logging.py http_parsing_utils.py master_key_boot_check.py cpu_worker.py
    multiproc_executor.py model.py cost_calculator.py transformation.py parallel_state.py litellm_pre_call_utils.py
    importing.py dispatcher.py cpu.py kernel.py cpu_model_runner.py gpu_model_runner.py gpu_worker.py handler.py
    system_utils.py token_counter.py server.py compilation.py model_max_budget_limiter.py entry.py torch_utils.py
    kv_cache_utils.py user_api_key_auth.py cooldown_handlers.py parser_manager.py base_loader.py http_handler.py
    cache_control_check.py llm_http_handler.py factories.py monitor.py decorators.py selector.py shm_broadcast.py
    logging_utils.py hanging_request_check.py __init__.py logger.py engine.py config.py scheduler.py metrics.py
    serving_chat.py serving_completion.py serving_engine.py serving_models.py serving_responses.py cuda.py auth.py
    exception_mapping_utils.py exception_handler.py fallback_event_handlers.py
    pattern_match_deployments.py httptools_impl.py request_logger.py
    default_loader.py weight_utils.py backends.py registry.py arg_utils.py cli_args.py qwen3coder_tool_parser.py
    gpu_worker.py block_pool.py output_processor.py processor.py input_processor.py client.py h11_impl.py on.py
    """
)
_SEGMENTS = re.compile(
    r"|v\d{1,2}|messages|count_tokens|chat|completions?|responses|embeddings|models?|info|health|liveliness|liveness"
    r"|readiness|details|backlog|metrics|version|load|ping|is_sleeping|sleep|wake_up|api|hello|event_logging|batch"
    r"|anthropic|key|user|tokenize|detokenize|server_info|docs|openapi\.json|login|exit|clear|compact|status|config"
    r"|doctor|help|permissions|hooks|mcp|agents|memory|cost|usage|generate"
)
"""Words in the URL paths of vLLM, the proxies and the client, and the client's commands."""
_FOLDERS = re.compile(
    r"|~|<project>|\.\.?|\.claude|\.claude\.json|settings(?:\.local)?\.json|projects|\.config|\.local|\.cache|state|share"
    r"|stormdeck|backups|panels|etc|claude-code|managed-settings\.json|managed-settings\.d|Library|proc|dev|null|tmp|usr"
    r"|bin|storms\.sqlite3|theme|config\.ya?ml|options\.ya?ml|stormdeck\.ya?ml|claude|git|index|\.git"
)
"""Words in the file paths of every installation."""
_MODEL_WORDS = re.compile(
    r"|qwen\d*|qwq|llama\d*|mistral|mixtral|ministral|devstral|codestral|magistral|gemma\d*|gemini|gpt|oss|o\d|phi\d*|glm"
    r"|deepseek|kimi|k\d+|minimax|nemotron|granite|command|claude|sonnet|opus|haiku|fable|opusplan|best|default|hermes"
    r"|yi|falcon|olmo|starcoder\d*|smollm\d*|ernie|hunyuan|seed|internlm|exaone|step|longcat|mimo|ling|ring|jamba|arctic"
    r"|dbrx|solar|baichuan|chatglm|codellama|vicuna|wizardlm|nous|openhermes|dolphin|openai|anthropic|google|meta|nvidia"
    r"|microsoft|redhatai|unsloth|zai|org|moonshotai|ai|mistralai|ibm|bigcode|huggingface\w{0,4}|hf|tiiuae|allenai|cohere"
    r"|cyankiwi|quanttrio|bartowski|lmstudio|community|ollama|hosted|vllm|text|completion|azure|bedrock|vertex|us|eu|apac"
    r"|instruct|chat|coder|code|thinking|reasoning|base|it|pro|air|flash|mini|nano|micro|small|medium|large|plus|max|next"
    r"|turbo|lite|preview|latest|exp|vl|omni|audio|vision|embed\w{0,6}|rerank\w{0,3}|moe|dense|dynamic|quantized|awq|gptq"
    r"|gguf|fp\d{1,2}|int\d{1,2}|bf16|nvfp4|mxfp4|mxfp8|w\d{1,2}a\d{1,2}|q\d\w{0,5}|bnb|\dbit|bit|marlin|exl\d|mlx|a\d+b|\d+b"
    r"|e\d+b|\d+m|1m|\d+k|\d+e|r\d|v\d{1,2}|t\d|\d{1,8}|x|s|m|l|speciale|terminus|scout|maverick|distill|super|ultra|model",
    re.IGNORECASE,
)
"""Words in the ids of public models."""
_ID_WORD = re.compile(r"[^/\s._:@\[\]*-]+")
PROGRAMS = re.compile(
    r"vLLM[\w: ()-]{0,24}|VLLM::[\w-]{1,24}|python[\d.]*|pid \d+|litellm|uvicorn|ray(?:::\w+)?|Xorg|gnome-shell"
)
"""Public names of programs that use a GPU."""

StandIn = Callable[[str, str], str]
"""Returns the stand-in for a name of a kind; the same name gets the same."""


def nameless(kind: str, name: str) -> str:
    """Return a stand-in that is the same for all names of a kind."""
    return f"<{kind}>"


def error_name(name: str, stand_in: StandIn) -> str:
    """Return the name of an exception, or a stand-in if it is not public."""
    return name if name in _ERRORS else stand_in("error", name)


def source_name(name: str, stand_in: StandIn) -> str:
    """Return the name of a source file, or a stand-in with the same ending."""
    return name if name in _SOURCES else f"{stand_in('file', name).strip('<>')}.py"


def api_path(path: str) -> str:
    """Return a URL path with ``*`` for each unknown word."""
    return "/".join(one if _SEGMENTS.fullmatch(one) else "*" for one in path.split("/"))


def file_path(path: str, stand_in: StandIn) -> str:
    """Return a file path if every installation has it; otherwise a stand-in after its known beginning."""
    parts = path.split("/")
    if all(map(_FOLDERS.fullmatch, parts)) or all(map(_SEGMENTS.fullmatch, parts)):
        return path
    known = 0
    while parts[0] in {"~", "<project>"} and _FOLDERS.fullmatch(parts[known]):
        known += 1
    return "/".join([*parts[:known], stand_in("path", path)])


def model_id(name: str, stand_in: StandIn) -> str:
    """Return a model id with a stand-in for each word that is not in public ids."""
    return _ID_WORD.sub(
        lambda word: word[0] if _MODEL_WORDS.fullmatch(word[0]) or _is_numbered(word[0]) else stand_in("name", word[0]),
        name,
    )


def _is_numbered(word: str) -> bool:
    """Return whether a word is a model family with a number: ``Qwen3``, ``GLM4``."""
    head = word.rstrip("0123456789")
    return head != word and _MODEL_WORDS.fullmatch(head) is not None
