"""Lines of a server's log, and the batches in which a follower hands them on."""

from datetime import UTC, datetime
from http import HTTPStatus

from places import DATA
from stormdeck.model.logs.batch import LogBatch

MESSAGES = "/v1/messages?beta=true"


def access(
    status: int = 200,
    port: int = 40000,
    path: str = MESSAGES,
    method: str = "POST",
    *,
    at: float | None = None,
    prefix: str = "",
) -> str:
    """Return an access line as uvicorn writes it; with ``at``, behind the time that LiteLLM's ``--log_config`` adds."""
    when = "" if at is None else datetime.fromtimestamp(at).strftime("%Y-%m-%d %H:%M:%S,%f")[:-3] + " "
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    return f'{prefix}{when}INFO:     127.0.0.1:{port} - "{method} {path} HTTP/1.1" {status} {phrase}'.rstrip()


def batch(*lines: str, t: float, log: str = "litellm", history: bool = False) -> LogBatch:
    """Return lines that were read together at a time."""
    return LogBatch(log, lines, t, history)


def utc(moment: datetime) -> float:
    """Return the timestamp of a time without a zone, read as UTC."""
    return moment.replace(tzinfo=UTC).timestamp()


def lines_of(name: str) -> list[str]:
    """Return the lines of a recorded log of ``tests/data/logs``."""
    text = (DATA / "logs" / name).read_bytes().decode("utf-8", "replace")
    return [line.removesuffix("\r") for line in text.split("\n")]
