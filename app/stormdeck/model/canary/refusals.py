"""Judge errors: which hop failed, which rule applies and what to change. Texts as measured (docs/facts)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from stormdeck.model.canary.check import Verdict
from stormdeck.model.canary.response import CanaryResponse, Endpoint
from stormdeck.model.finding import HopKind
from stormdeck.model.snapshots.failure import FailureKind

_BEHIND = re.compile(r"\b\w+Exception - ")
"""In an error of the server behind LiteLLM, which LiteLLM passes on."""
_QUOTED = 160


@dataclass(frozen=True, slots=True)
class Ruling:
    """A verdict without times and tokens."""

    verdict: Verdict
    message: str
    code: str | None = None
    hop: HopKind | None = None
    """``None``: the hop that answers at that endpoint."""
    change: str = ""
    """What to change; empty if it is not known."""


@dataclass(frozen=True, slots=True)
class _KnownError:
    """A pattern of an error text, and what it means."""

    pattern: re.Pattern[str]
    message: str
    code: str | None
    hop: HopKind | None
    verdict: Verdict = Verdict.FAIL
    change: str = ""


def _error(
    pattern: str,
    message: str,
    code: str | None,
    hop: HopKind | None,
    verdict: Verdict = Verdict.FAIL,
    change: str = "",
) -> _KnownError:
    return _KnownError(re.compile(pattern, re.IGNORECASE), message, code, hop, verdict, change)


_ERRORS = (
    _error("no connected db", "the proxy does not know the client's token", "AUTH204", HopKind.CLIENT),
    _error("no api key passed", "the proxy needs a key and got none", "AUTH204", HopKind.CLIENT),
    _error(
        "no deployments available|are in cooldown",
        "the proxy forwards nothing for some seconds after an error of the server behind it (cooldown)",
        "PROXY808",
        HopKind.PROXY,
    ),
    _error("invalid model name passed", "no model_name of the proxy matches this id", "PROXY806", HopKind.PROXY),
    _error("no healthy deployments", "the proxy knows the id and has no server for it", "PROXY805", HopKind.PROXY),
    _error(
        "tool choice requires --enable-auto-tool-choice",
        "vLLM was started without --enable-auto-tool-choice and --tool-call-parser: Claude Code cannot use its tools",
        "SERVER901",
        HopKind.SERVER,
        change="start vLLM with --enable-auto-tool-choice and the model's --tool-call-parser",
    ),
    _error(
        r"max_(?:completion_)?tokens=\d+ cannot be greater than max_model_len",
        "the answer that is asked for is larger than the whole context window",
        "CTX602",
        HopKind.CLIENT,
        change='"CLAUDE_CODE_MAX_OUTPUT_TOKENS" in env, below the window',
    ),
    _error(
        "not a multimodal model|image input is not supported",
        "the model takes no images",
        None,
        HopKind.SERVER,
        change="serve a model that takes images; /rewind goes back to before a picture",
    ),
    _error(
        r"body\.tools\.\d+\.input_schema|web_search_\d+",
        "the server has no web search, which the hosted API does itself",
        None,
        None,
        change='"permissions": { "deny": ["WebSearch"] }, or an MCP server that searches',
    ),
    _error(
        r"system message must be at the beginning|should be 'user' or 'assistant'|unexpected role .{0,3}system",
        "a system message after the first is refused",
        "SERVER903",
        None,
        change='"CLAUDE_CODE_MODEL_CAPABILITIES" in env: "<model>=-mid_conv_system,-mid_conv_tool_change"',
    ),
    _error(
        r"cache_control\W{0,4}(?:msg\W{0,5})?extra inputs",
        "the marks of the prompt cache are refused",
        None,
        None,
        change='"DISABLE_PROMPT_CACHING": "1" in env',
    ),
    _error(
        r"output_config\W{0,4}(?:msg\W{0,5})?extra inputs|effort parameter",
        "the field for effort is refused",
        "TRAFFIC403",
        None,
        change='"CLAUDE_CODE_EFFORT_LEVEL": "unset" in env',
    ),
    _error(
        r"\bthinking\.type\b",
        "adaptive thinking is refused",
        "TRAFFIC403",
        None,
        change='"CLAUDE_CODE_MODEL_CAPABILITIES" in env: "<model>=-adaptive_thinking"',
    ),
    _error(
        r"\bthinking\W{0,4}(?:msg\W{0,5})?extra inputs",
        "thinking is refused",
        "TRAFFIC403",
        None,
        change='"MAX_THINKING_TOKENS": "0" in env',
    ),
    _error(
        "anthropiccontentblock.*valid dictionary",
        "the call was parsed, but its arguments are not a JSON object",
        None,
        HopKind.SERVER,
        Verdict.WARN,
    ),
    _error(
        "drop_params|does not support parameters",
        "the proxy refuses a parameter",
        "PROXY802",
        HopKind.PROXY,
        change="litellm_settings: drop_params: true",
    ),
    _error(
        "extra inputs are not permitted|anthropic-beta",
        "fields that the client's betas add are refused",
        "TRAFFIC403",
        None,
        change='"CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS": "1" in env',
    ),
    _error(
        "maximum context length|max_model_len|context window",
        "the context window is too small even for this request",
        "SERVER904",
        HopKind.SERVER,
    ),
    _error(
        # The second is all that vLLM tells its clients from 0.33 on (source).
        r"engine ?core|engine ?dead|the server had an error while processing your request\.(?! sorry)",
        "the engine is dead behind its API server",
        "SERVER905",
        HopKind.SERVER,
    ),
    _error(
        "cannot connect to host|connection refused|all connection attempts failed",
        "the proxy cannot reach the server behind it",
        None,
        HopKind.SERVER,
    ),
    _error("timed? ?out", "the server behind the proxy did not answer in time", "SERVER905", HopKind.SERVER),
)


def refusal(response: CanaryResponse, endpoint: Endpoint) -> Ruling:
    """Return what an answer with an error status proves."""
    found = next((known for known in _ERRORS if known.pattern.search(response.error)), None)
    if found is not None:
        return Ruling(found.verdict, _message(response, found.message), found.code, found.hop, found.change)
    return _by_status(response, endpoint)


def broken_stream(error: str) -> Ruling:
    """Return what an ``event: error`` after a 200 proves: the client drops the answer and retries."""
    found = next((known for known in _ERRORS if known.pattern.search(error)), None)
    why = f"{found.message} ({quoted(error)})" if found is not None else quoted(error)
    message = f"the stream ended with an error, after status 200: {why}"
    if found is None:
        return Ruling(Verdict.FAIL, message)
    return Ruling(Verdict.FAIL, message, found.code, found.hop, found.change)


def no_answer(response: CanaryResponse, endpoint: Endpoint) -> Ruling:
    """Return what a missing or incomplete answer proves."""
    direct = endpoint.hop is HopKind.SERVER
    match response.failure:
        case FailureKind.REFUSED | FailureKind.UNREACHABLE | FailureKind.UNRESOLVED:
            return Ruling(Verdict.FAIL, f"{endpoint.place}: {response.detail}", "URL105", endpoint.hop)
        case FailureKind.UNTRUSTED | FailureKind.CERTIFICATE | FailureKind.TLS:
            # Whether a port that speaks no TLS takes plain HTTP is not known: no code.
            code = "URL111" if response.failure is not FailureKind.TLS else None
            return Ruling(Verdict.FAIL, response.detail, code, HopKind.CLIENT)
        case FailureKind.BAD_URL:
            return Ruling(Verdict.FAIL, response.detail, "URL103", HopKind.CLIENT)
        case FailureKind.NOT_HTTP:
            return Ruling(Verdict.FAIL, response.detail, "URL106", HopKind.CLIENT)
        case FailureKind.OURS | FailureKind.LOOKUP:
            return Ruling(Verdict.UNKNOWN, response.detail, None, HopKind.CLIENT)
        case FailureKind.TOO_BIG:
            return Ruling(Verdict.FAIL, f"the answer does not end: {response.detail}")
        case FailureKind.TIMEOUT if response.status is None:
            whose = "the engine hangs" if direct else "the proxy or the engine behind it hangs"
            return Ruling(Verdict.FAIL, f"{response.detail}: {whose}, or is busy with long prompts", "SERVER905")
        case FailureKind.TIMEOUT:
            return Ruling(Verdict.FAIL, f"the answer began and stopped: {response.detail}", "SERVER905")
    if response.streamed:
        return Ruling(Verdict.FAIL, f"the stream was cut: {response.detail}; the client drops the answer and retries")
    return Ruling(Verdict.FAIL, response.detail)


def _by_status(response: CanaryResponse, endpoint: Endpoint) -> Ruling:
    status, behind = response.status or 0, _BEHIND.search(response.error) is not None
    is_proxy = endpoint.hop is HopKind.PROXY
    if 300 <= status < 400:
        return _fail(response, "a redirect, which the client does not follow with a prompt", "URL106", HopKind.CLIENT)
    if status in {401, 403}:
        if behind:
            return _fail(response, "the server behind the proxy refuses the proxy's key", None, HopKind.PROXY)
        who, code = ("the proxy", "AUTH204") if is_proxy else ("vLLM", "AUTH205")
        return _fail(response, f"{who} refuses the client's token", code, HopKind.CLIENT)
    if status in {404, 405}:
        return _not_found(response, endpoint, behind=behind)
    if status == 429:
        return _fail(response, "too many requests", None, None)
    if status in {408, 504}:
        return _fail(response, "the server behind the proxy did not answer in time", "SERVER905", HopKind.SERVER)
    if status >= 500 and behind:
        return _fail(response, "the server behind the proxy fails", None, HopKind.SERVER)
    return _fail(response, "the server fails" if status >= 500 else "the request is refused", None, None)


def _not_found(response: CanaryResponse, endpoint: Endpoint, *, behind: bool) -> Ruling:
    if "does not exist" in response.error:
        if behind:
            return _fail(response, "the server behind the proxy does not serve the id", "PROXY815", HopKind.PROXY)
        return _fail(response, "this id is not served", "MODEL303", HopKind.CLIENT)
    if behind:
        return _fail(response, "the proxy sends to a wrong path of the server behind it", "PROXY804", HopKind.PROXY)
    if endpoint.has_path:
        return _fail(response, "the base URL has a path, and the client adds its own", "URL101", HopKind.CLIENT)
    return _fail(response, "there is no messages API here", "URL106", HopKind.CLIENT)


def _fail(response: CanaryResponse, message: str, code: str | None, hop: HopKind | None) -> Ruling:
    return Ruling(Verdict.FAIL, _message(response, message), code, hop)


def _message(response: CanaryResponse, message: str) -> str:
    quote = "an HTML page" if response.html else quoted(response.error)
    return f"{response.status}: {message}" + (f" ({quote})" if quote else "")


def quoted(text: str) -> str:
    """Return the beginning of a server's text."""
    return text if len(text) <= _QUOTED else text[: _QUOTED - 1] + "…"
