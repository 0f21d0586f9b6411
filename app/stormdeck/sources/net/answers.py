"""Describe HTTP answers in words, and read the fields that several sources need."""

from __future__ import annotations

from collections import deque

from stormdeck.model.masking.lines import mask_text
from stormdeck.model.snapshots.server import FRONT_ALONE, ServedModel, ServerState
from stormdeck.model.text import clean
from stormdeck.model.units import duration
from stormdeck.model.urls import host_of
from stormdeck.sources.net.failure import Failure, FailureKind
from stormdeck.sources.net.http import READABLE, Answer, json_object

_GATEWAY = {502, 503, 504, *range(520, 528), 530}
"""The statuses of a gateway whose server does not answer; those above 504 are Cloudflare's."""
_NAMES_IN_CONTAINERS = {
    "host.docker.internal",
    "gateway.docker.internal",
    "kubernetes.docker.internal",
    "host.containers.internal",
    "host.lima.internal",
    "host.minikube.internal",
}
_LONGEST_NAME = 200
_MOST_MODELS = 20_000
"""More than a list of two megabytes holds: a name that was left out would be said not to be served."""


def shown(text: str, longest: int = _LONGEST_NAME) -> str:
    """Return a server's text without control characters, shortened."""
    line = clean(text[: 4 * longest])
    return line if len(line) <= longest else line[: longest - 1] + "…"


def describe_answer(answer: Answer) -> str:
    """Describe an unexpected answer: ``a redirect to http://...``, ``an HTML page``, ``status 404``."""
    if 300 <= answer.status < 400:
        where = shown(mask_text(answer.headers.get("location", "")), 80)
        return f"a redirect to {where}, not followed" if where else f"status {answer.status}"
    status = "" if answer.status == 200 else f" with status {answer.status}"
    packed = answer.headers.get("content-encoding", "").strip().lower()
    if packed not in READABLE:
        return f"an answer that is packed as {shown(packed, 20)}, which is not read{status}"
    if is_html(answer):
        return f"an HTML page{status}"
    if answer.parsed is not None and answer.parsed.too_much:
        return f"JSON with more values than are read{status}"
    if not status and answer.body:
        return "other JSON" if json_object(answer) is not None else "other text"
    return f"status {answer.status}"


def front_alone(status: int) -> str:
    """Describe the answer of a gateway whose server does not answer."""
    return f"{FRONT_ALONE} {status}, the server behind it does not"


def is_gateway(answer: Answer | Failure) -> bool:
    """Return whether a gateway answers in place of the server behind it.

    A llama-server that loads its model answers 503 too, and says so (source: tools/server/server-http.cpp).
    """
    return isinstance(answer, Answer) and answer.status in _GATEWAY and not is_loading(answer)


def is_loading(answer: Answer | Failure) -> bool:
    """Return whether a server answers that it still loads its model."""
    if not isinstance(answer, Answer) or answer.status != 503:
        return False
    error = (json_object(answer) or {}).get("error")
    return isinstance(error, dict) and error.get("message") == "Loading model"


def refuses_key(answer: Answer | Failure) -> bool:
    """Return whether a server refuses the key, or wants one.

    A page for people with 403 is not about the key: a firewall or a rule about paths refuses the request.
    """
    if not isinstance(answer, Answer):
        return False
    return answer.status == 401 or (answer.status == 403 and not is_html(answer))


def is_html(answer: Answer) -> bool:
    """Return whether it is an HTML page."""
    start = answer.body[:200].lstrip().lower()
    return "html" in answer.headers.get("content-type", "").lower() or start.startswith((b"<!doctype", b"<html"))


def state_without_answer(failure: Failure, url: str = "") -> ServerState:
    """Return the state of a server that did not answer: only a refused connection shows that it is down.

    Not even that for a name of a container's network, which leads elsewhere on this machine, if anywhere.
    """
    if host_of(url) in _NAMES_IN_CONTAINERS and failure.kind is not FailureKind.OURS:
        return ServerState.UNREACHABLE
    if failure.kind in {FailureKind.REFUSED, FailureKind.BAD_URL}:
        return ServerState.DOWN
    if failure.kind is FailureKind.UNRESOLVED:
        return ServerState.UNREACHABLE
    if failure.kind is FailureKind.GATEWAY:
        return ServerState.DEGRADED
    if failure.kind in {FailureKind.TLS, FailureKind.NOT_HTTP, FailureKind.TOO_BIG}:
        return ServerState.STRANGE
    return ServerState.SILENT


def describe_failure(failure: Failure) -> str:
    """Return a failure in words, with the usual causes of a connection that was cut."""
    if failure.kind is FailureKind.CUT:
        return f"{failure.text}, as by a port forward or a container whose server is not up"
    return failure.text


def age(seen: float, now: float) -> str:
    """Return how old the last answer is, in steps of ten seconds; empty below ten."""
    old = (now - seen) // 10 * 10
    return f"; the last answer is {duration(old)} old" if old > 0 else ""


def text_field(answer: Answer | Failure, name: str) -> str | None:
    """Return a string field of a JSON answer."""
    value = (json_object(answer) or {}).get(name)
    return shown(value, 60) if isinstance(value, str) and value else None


def served_models(answer: Answer | Failure) -> tuple[ServedModel, ...] | None:
    """Return the entries of ``/v1/models`` in OpenAI's or Anthropic's format, ``None`` for anything else."""
    entries = (json_object(answer) or {}).get("data")
    if isinstance(answer, Failure) or answer.status != 200 or not isinstance(entries, list):
        return None
    models: list[ServedModel] = []
    for entry in entries[:_MOST_MODELS]:
        if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
            continue
        length, root = entry.get("max_model_len"), entry.get("root")
        models.append(
            ServedModel(
                id=shown(entry["id"]),
                max_model_len=length if type(length) is int and length > 0 else None,
                root=shown(root) if isinstance(root, str) else None,
            )
        )
    return tuple(models)


class Latency:
    """Median of the last five latencies, rounded, and changed only by differences worth showing."""

    def __init__(self) -> None:
        self._last: deque[float] = deque(maxlen=5)
        self.shown: int | None = None
        """Milliseconds, in steps of 1 below 20 and of 5 above; ``None`` without an answer."""

    def add(self, ms: float) -> None:
        """Add one; changes below a half, or below 5 ms, are noise."""
        self._last.append(ms)
        ordered, half = sorted(self._last), len(self._last) // 2
        middle = (ordered[half] + ordered[-1 - half]) / 2
        if self.shown is None or abs(middle - self.shown) > max(5.0, self.shown / 2):
            self.shown = max(1, round(middle)) if middle < 20 else 5 * round(middle / 5)
