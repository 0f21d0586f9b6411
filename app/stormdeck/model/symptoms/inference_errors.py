"""List the error texts of inference servers, also as proxies quote them.

vLLM 0.28 to 0.33 measured; llama-server, Ollama and SGLang not measured.
"""

from __future__ import annotations

from stormdeck.model.finding import HopKind
from stormdeck.model.symptoms.server_error import ServerError

_CLIENT, _PROXY, _SERVER = HopKind.CLIENT, HopKind.PROXY, HopKind.SERVER
_NO_MODEL = "The id that Claude Code asks for is not served. Press 3 to map a served one."
INFERENCE_ERRORS: tuple[ServerError, ...] = (
    ServerError(
        r"engine ?core|engine ?dead|engine (?:loop )?(?:is |has )?(?:dead|died)|engine process failed"
        r"|the server had an error while processing your request|llama runner process|unable to load model",
        ("SERVER905",),
        _SERVER,
        "vLLM's engine died; its log has the stack trace. Restart vLLM.",
    ),
    ServerError(
        r"cuda(?: error:)? out of memory|outofmemoryerror|cudamalloc failed|cuda error|hip out of memory",
        ("SERVER905", "SERVER907"),
        _SERVER,
        "The server ran out of GPU memory: lower --gpu-memory-utilization, --max-model-len or --max-num-seqs.",
        proof=False,
        says="the server's GPU failed or ran out of memory",
    ),
    ServerError(
        r"\bloading model\b|model is (?:still )?(?:loading|being loaded)|server is (?:still )?starting",
        (),
        _SERVER,
        "Wait until it has loaded.",
        title="the server is still loading its model",
    ),
    ServerError(
        r"unauthorized|authentication ?error|(?:invalid|incorrect|wrong|missing) api[ _-]?key|invalid_api_key",
        ("AUTH205", "AUTH202"),
        _CLIENT,
        "The token is refused. Press 3 and set ANTHROPIC_AUTH_TOKEN to the server's key.",
        hop_behind=_PROXY,
        advice_behind="vLLM refuses the key that the proxy sends: api_key in the proxy's YAML is not vLLM's --api-key.",
    ),
    ServerError(
        r"model [`'\"‘]?.{0,200}?[`'\"’]? ?does not exist|model_not_found|valid aliases:"
        r"|model [`'\"‘]?[\w./:@-]{1,200}[`'\"’]? not found|try pulling it|no such model",
        ("MODEL303", "MODEL304", "MODEL301", "MODEL306"),
        _CLIENT,
        _NO_MODEL,
        ("PROXY815", "MODEL303", "PROXY806"),
        _PROXY,
        "vLLM does not serve the id that the proxy asks it for: litellm_params.model must end in the served name.",
    ),
    ServerError(
        r"budget_tokens|thinking budget",
        (),
        _CLIENT,
        "Set MAX_THINKING_TOKENS below CLAUDE_CODE_MAX_OUTPUT_TOKENS, or to 0.",
        title="the thinking budget does not fit the longest answer",
    ),
    ServerError(
        r"max_(?:completion_)?tokens\S* (?:cannot|must|is too)|requested \d+ output tokens"
        r"|\d+ (?:tokens )?in the completion"
        r"|input length and `?max_tokens`? exceed|max_tokens\W+\d+ exceeds",
        ("CTX602", "SERVER904"),
        _CLIENT,
        "The client asks for a longer answer than fits the window. Press 3 and set CLAUDE_CODE_MAX_OUTPUT_TOKENS.",
    ),
    ServerError(
        r"maximum (?:context|input|sequence|allowed) length|prompt is too long|prompt too long"
        r"|exceeds? (?:the )?(?:available |maximum )?(?:context|model)|reduce the length of the"
        r"|longer than the (?:model's|maximum|max) (?:context|model|input|allowed)|context_length_exceeded"
        r"|contextwindowexceeded"
        r"|exceed_context_size|context (?:size|window|length) (?:has been |was |is )?exceeded"
        r"|input is too long|too many tokens"
        r"|exceeds? (?:the )?max_model_len|longer than the max(?:imum)? model length"
        r"|\bn_ctx\b|reached its context window"
        r"|(?:token count|input tokens?|prompt tokens?) exceeds?",
        ("CTX601", "SERVER904", "CTX602"),
        _CLIENT,
        "The prompt is longer than the served window. Press 3 and set CLAUDE_CODE_MAX_CONTEXT_TOKENS to it.",
    ),
    ServerError(
        r"system message must be at the beginning|roles must alternate|no user query found|only user and assistant role"
        r"|(?:raise_exception|templateerror|jinja).{0,200}(?:role|system)",
        ("SERVER903",),
        _SERVER,
        "The model's chat template takes a system message at the beginning only. Update vLLM to 0.24.",
        ("PROXY818", "PROXY807", "SERVER903"),
        _PROXY,
        "Clients from 2.1.154 on send system messages later too, and this template refuses them in chat completions; "
        "anthropic/ without /v1 calls vLLM's own /v1/messages.",
        proof=False,
    ),
    ServerError(
        r"input should be 'user'|messages\W{1,4}\d+\W{1,6}role|unexpected (?:message )?role",
        ("SERVER903",),
        _SERVER,
        "This vLLM refuses a system message after the first, which clients from 2.1.154 on send. Update vLLM.",
        ("PROXY807", "SERVER903"),
        _PROXY,
        "The proxy calls another API of vLLM, whose template refuses late system messages; anthropic/ without /v1 "
        "calls vLLM's own /v1/messages.",
        proof=False,
    ),
    ServerError(
        r"multi-?modal|does not support (?:image|vision)|at most 0 image|image(?:s| input) (?:is|are) not supported"
        r"|image_url\b.{0,60}not supported|mmproj",
        (),
        _SERVER,
        "Serve a model that takes images, or go back with /rewind and leave the image out.",
        title="the served model takes no images",
    ),
    ServerError(
        r"extra inputs are not permitted|effort parameter|context_management|output_config|unexpected value\(s\)|"
        r"(?:defer_loading|cache_control|evict_on_complete)\b.{0,60}(?:not (?:permitted|supported)|unknown)",
        ("TRAFFIC403", "PROXY802"),
        _CLIENT,
        "The server refuses fields that this client version adds. Press 3 and set "
        "CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS to 1.",
    ),
    ServerError(
        r"error in extracting tool call|tool parser|(?:could not|failed to) parse (?:tool call|input at pos)",
        ("SERVER902", "SERVER901"),
        _SERVER,
        "vLLM's tool parser does not match the model's format: set --tool-call-parser to its family.",
        proof=False,
    ),
    ServerError(
        r"tool choice requires|enable-auto-tool-choice|tool-call-parser|requires --jinja|does not support tools",
        ("SERVER901",),
        _SERVER,
        "vLLM was started without tool calls: add --enable-auto-tool-choice and --tool-call-parser.",
    ),
    ServerError(
        r"body\W{1,8}tools\b|web_search(?:_\d+)?\b.{0,80}(?:not supported|unknown|invalid)|input tag 'web_",
        (),
        _SERVER,
        'Deny the hosted tool that the server does not know: permissions.deny ["WebSearch"].',
        title="the server does not accept one of the client's tools",
    ),
    ServerError(
        r"body\W{1,8}messages\b.{0,200}content|input tag '\w+' found|unknown content block|unsupported content type",
        (),
        _SERVER,
        "Update the server, or go back with /rewind to before the file or image; stormdeck check --canary shows which "
        "parts it takes.",
        title="the server does not know a kind of content that the client sent",
    ),
    ServerError(
        r"cannot connect to|connect(?:ion)? (?:error|refused|call failed)|connection attempts failed|apiconnection"
        r"|name or service not known|getaddrinfo failed|name resolution|nodename nor servname|no route to host",
        ("URL105",),
        _SERVER,
        "vLLM cannot be reached. Start it, or wait until it has loaded.",
        ("PROXY804",),
        proof=False,
    ),
    ServerError(
        r"method not allowed|cannot post /|no route for|unexpected endpoint or method",
        ("URL106", "URL101"),
        _CLIENT,
        "What listens there has no POST /v1/messages. Press 3 and look at the base URL.",
        proof=False,
        says="what answered has no such path for POST",
    ),
    ServerError(
        r"detail\W{1,6}not found|^not found$|/v1/v1/|/responses\b.*not found"
        r"|404 page not found|file not found\W{1,6}type",
        ("URL101", "URL106"),
        _CLIENT,
        "The server has no such path. Press 3: the base URL ends before /v1.",
        ("PROXY804", "PROXY807", "URL101"),
        _PROXY,
        "The proxy calls a path that vLLM does not have: api_base and provider do not fit.",
        proof=False,
    ),
    ServerError(
        r"timed? ?out|timeout on reading|idle limit",
        ("TIME504", "SERVER905", "TIME501", "TIME502", "SERVER907"),
        _SERVER,
        "Answers take longer than the timeout. Press 1 and look at the first-token time.",
        proof=False,
    ),
    ServerError(
        r"overloaded|maximum pending requests|(?:server|queue) (?:is )?(?:busy|full)|no slot available",
        ("SERVER907",),
        _SERVER,
        "The server has more work than it can take. Press 1 and look at the waiting requests.",
        proof=False,
    ),
    ServerError(
        r"<!doctype html|<html\b",
        ("URL106", "TRAFFIC404"),
        _CLIENT,
        "A web page answered, not an API. Press 3 and look at the base URL's port.",
        proof=False,
        says="a web page answered, not an API",
    ),
)
