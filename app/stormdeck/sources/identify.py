"""Which program answers at a URL, told by what it says."""

from __future__ import annotations

from stormdeck.model.server import ServerKind
from stormdeck.sources.address import address
from stormdeck.sources.answers import failed_words, served_by, text_field, what_came
from stormdeck.sources.http import DEADLINE_S, LIMIT, PAGE_LIMIT, Answer, Failure, HttpClient, Trouble, json_object


async def identify(
    url: str, http: HttpClient, key: str | None = None, deadline_s: float = DEADLINE_S
) -> tuple[ServerKind | None, str]:
    """Return the program and what told it; ``None`` and why, where nothing answers.

    ``OTHER`` is a server of another kind. The order matters: vLLM is asked what it knows before anything
    it does not, and ``/health``, which makes LiteLLM send real completions, is left out altogether.
    """
    base = address(url)
    if base is None:
        return None, "not a URL that begins with http:// or https://"
    root = base.origin + base.path

    async def ask(path: str, token: str | None = None, limit: int = LIMIT) -> Answer | Failure:
        return await http.get(root + path, key=token, limit=limit, deadline_s=deadline_s)

    version = await ask("/version")
    if isinstance(version, Failure):
        return ServerKind.OTHER if _is_too_big(version) else None, failed_words(version)
    if version.status == 200 and text_field(version, "version"):
        models = await ask("/v1/models", key)
        if served_by(models) == "vllm":
            return ServerKind.VLLM, "/v1/models says vllm"
        metrics = await ask("/metrics", limit=PAGE_LIMIT)
        if isinstance(metrics, Answer) and metrics.status == 200 and b"\nvllm:" in metrics.body:
            return ServerKind.VLLM, "/metrics speaks of vLLM"
        huge = next((one for one in (models, metrics) if _is_too_big(one)), None)
        if isinstance(huge, Failure):
            return ServerKind.OTHER, f"answers /version, but not what it serves: {huge.text}"
    alive = await ask("/health/liveliness")
    if isinstance(alive, Answer) and alive.status == 200 and alive.body.strip(b' "\n') == b"I'm alive!":
        return ServerKind.LITELLM, "/health/liveliness says I'm alive!"
    start = await ask("/")
    kind = _by_start_page(start)
    if kind is not None:
        return kind, f"/ says {text_field(start, 'message')}"
    return ServerKind.OTHER, _other(start if isinstance(start, Answer) else version)


def _is_too_big(answer: Answer | Failure) -> bool:
    return isinstance(answer, Failure) and answer.trouble is Trouble.TOO_BIG


def _by_start_page(start: Answer | Failure) -> ServerKind | None:
    """Tell the proxies that name themselves on ``/`` (measured: facts/proxies.md 3)."""
    message = text_field(start, "message") or ""
    if message.startswith("Claude-to-OpenAI API Proxy"):
        return ServerKind.CLAUDE_CODE_PROXY
    if message == "LLMs API" and text_field(start, "version"):
        return ServerKind.CLAUDE_CODE_ROUTER
    return None


def _other(start: Answer) -> str:
    if start.body.startswith(b"Ollama is running"):
        return "answers as Ollama"
    if start.status in {401, 403}:
        return f"answers {start.status} to every question: something in front wants a key"
    came = "JSON" if json_object(start) is not None else what_came(start)
    return f"answers, but neither as vLLM nor as a known proxy: / came back as {came}"
