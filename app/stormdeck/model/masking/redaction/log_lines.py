"""Reduce log lines to their structure: requests, statuses, errors, places of failure; never prompts or answers.

Lines are not masked but rebuilt from what was parsed, so that nothing unknown gets through.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from stormdeck.model.logs.prefixes.clocks import LocalTime
from stormdeck.model.logs.records import Record, RecordReader
from stormdeck.model.logs.requests.access import Access
from stormdeck.model.logs.requests.access_reader import AccessReader
from stormdeck.model.masking.redaction.identities import is_public
from stormdeck.model.masking.redaction.public_names import (
    PACKAGES,
    StandIn,
    api_path,
    error_name,
    nameless,
    source_name,
)
from stormdeck.model.text import strip_escapes

_NAMES = re.compile(r"[\w.]++")
_ENDINGS = ("Error", "Exception", "Timeout", "Wrapper")
_QUOTE = re.compile(r"['\"`{\[(<]")
_BEGINNING = 300
"""Characters before the first quote that are searched for exceptions."""
_STATUS = re.compile(r"(?<!\d)(?:40[013489]|413|42[249]|499|50[0234]|529)(?!\d)")
_PHRASES = re.compile(
    r"No deployments available|in cooldown|cooldown_list"
    r"|EngineCore encountered an issue|EngineCore died|EngineDeadError|Engine core exited unexpectedly"
    r"|Engine core initialization failed|AsyncLLM output_handler failed|Exception in ASGI application"
    r"|Cannot connect to host|Connection refused|Connection reset|Connection error|Server disconnected"
    r"|Response payload is not completed|Not enough data to satisfy transfer length header|Timeout on reading data"
    r"|Request timed out|Read timed out|APITimeoutError|Max retries exceeded"
    r"|does not exist|Valid aliases|Invalid model name passed in|maximum context length|exceeds? (?:the )?context"
    r"|max_tokens|max_completion_tokens|input_tokens|prompt is too long|out of memory"
    r"|Authentication Error|No api key passed in|Invalid proxy server token|Unauthorized|Forbidden|Malformed API Key"
    r"|Input should be a valid (?:string|list|integer|number|dictionary|boolean)"
    r"|Extra inputs are not permitted|Field required|Cannot apply chat template"
    r"|does not support parameters|UnsupportedParamsError|drop_params|tool choice requires|enable-auto-tool-choice"
    r"|tool-call-parser|rate limit|Too Many Requests|Overloaded|Service Unavailable|Internal Server Error|Bad Gateway"
    r"|Gateway Time-?out|Not Found|Method Not Allowed|upstream Responses stream|mid-stream error"
    r"|(?<=\")(?:invalid_request_error|authentication_error|permission_error|not_found_error|rate_limit_error|api_error"
    r"|overloaded_error)(?=\")|\b(?:InternalServerError|NotFoundError|BadRequestError|AuthenticationError"
    r"|RateLimitError|ServiceUnavailableError|VLLMValidationError)\b",
    re.IGNORECASE,
)
"""Phrases of vLLM, LiteLLM, aiohttp and others (measured: vLLM 0.28 and 0.32, LiteLLM 1.80 and 1.109)."""
_MOST = 6


def message_structure(message: str, stand_in: StandIn = nameless) -> str:
    """Return the exceptions at the beginning of a message, its status and the known phrases in it.

    ``(a message)`` if nothing in it is known. An exception that is not public gets a stand-in.

    >>> message_structure("InternalServerError: 500 'EngineCore died' for a prompt")
    'InternalServerError 500: EngineCore died'
    """
    quote = _QUOTE.search(message)
    beginning = message[: min(quote.start() if quote else len(message), _BEGINNING)]
    last = [name.rstrip(".").rpartition(".")[2] for name in _NAMES.findall(beginning)]
    found = dict.fromkeys(name for name in last if name.endswith(_ENDINGS) and name not in _ENDINGS)
    names = [error_name(name, stand_in) for name in found][:_MOST]
    status = _STATUS.search(message)
    phrases = [one for one in dict.fromkeys(_PHRASES.findall(message)) if one not in names][:_MOST]
    head = " ".join([*names, *([status[0]] if status else [])])
    return ": ".join(part for part in (head, ", ".join(phrases)) if part) or "(a message)"


_STATS = re.compile(
    r"Engine \d{3}: Avg prompt throughput: [\d.]+ tokens/s, Avg generation throughput: [\d.]+ tokens/s, "
    r"Running: \d+ reqs, Waiting: \d+ reqs(?:, (?:[GC]PU KV cache usage|Swapped|Pending|Prefix cache hit rate"
    r"|External prefix cache hit rate|MM cache hit rate): [\d.]+ ?%?(?: reqs)?)*"
)
_LIFECYCLE = re.compile(
    r"Started server process \[\d+\]|Waiting for application startup|Application startup complete|Uvicorn running on"
    r"|Shutting down|Waiting for application shutdown|Application shutdown complete|Finished server process \[\d+\]"
    r"|API server: shutdown triggered|Engine core initialization failed|LiteLLM proxy refused to start"
    r"|vLLM API server version [\d.]+"
)
_FRAME = re.compile(
    r'File "(?:[^"]{0,4000}/)?(site-packages|dist-packages|python3\.\d+)/([\w./-]+)", line (\d+), in (\w+|<\w+>)'
)
"""A frame in a library; frames in the user's files or in a prompt do not match."""
_METHODS = frozenset({"GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"})
_SPEAKERS = frozenset({"LiteLLM", "LiteLLM Proxy", "LiteLLM Router"})
_SHORT_CLOCK = re.compile(r"\d\d:\d\d:\d\d")
_DAY_CLOCK = re.compile(r"\d\d-\d\d \d\d:\d\d:\d\d")
_SOURCE = re.compile(r"(?:(?P<name>[\w .-]{1,40}) )?(?P<file>[\w.-]{1,60}\.py:\d+)")


class LogStructure:
    """Reads one log, line by line."""

    def __init__(self, local_time: LocalTime | None = None, stand_in: StandIn = nameless) -> None:
        self._stand_in = stand_in
        self._requests = AccessReader(local_time)
        self._records = RecordReader()
        self._failed = False
        """Whether the current record is a failure: the frames of its traceback are kept."""

    def line(self, line: str) -> str | None:
        """Return the structure of a line, which parses like the line itself; ``None``: nothing to keep.

        A request keeps time, method, path and status; an error record its exceptions and known phrases; a traceback
        its frames in libraries.
        """
        # Without the blank: an escape sequence may stand between.
        if "HTTP/" in line or '"reqId":' in line:
            request = self._requests.read(line)
            if request is not None:
                self._failed = False
                return self._request(request)
        record = self._records.read(line)
        if record is None:
            return (self._frame(line) if self._failed else None) or _lifecycle(line)
        self._failed = record.level.is_failure
        message = message_structure(record.message, self._stand_in) if self._failed else _known(record.message)
        return self._record(record, message) if message else None

    def _request(self, request: Access) -> str:
        """Return an access line in uvicorn's format, after its time."""
        time = f"{_clock(request.time)} " if request.time is not None else ""
        host = request.host
        if host and not is_public(host):
            host = self._stand_in("host", host.lower())
        client = f"{host}:{request.port} - " if request.port else " - "
        method = request.method if request.method in _METHODS else "GET"
        return f'{time}INFO:     {client}"{method} {_path(request.path)} HTTP/1.1" {request.status}'

    def _frame(self, line: str) -> str | None:
        """Return a traceback frame; outside of public packages without its names."""
        frame = _FRAME.search(line)
        if frame is None:
            return None
        root, path, number, function = frame.groups()
        package = path.partition("/")[0].removesuffix(".py")
        if package not in PACKAGES:
            package = self._stand_in("package", package).strip("<>")
            path, function = f"{package}/{self._stand_in('file', path).strip('<>')}.py", "<function>"
        return f'  File "{root}/{path}", line {number}, in {function}'

    def _record(self, record: Record, message: str) -> str:
        """Return a record in the format of its server, so that it parses as the same."""
        level = record.level.value.upper()
        source = _SOURCE.fullmatch(strip_escapes(record.source))
        if source is None:
            return f"{level}:     {message}"
        name, _, number = source["file"].partition(":")
        place = f"{source_name(name, self._stand_in)}:{number}"
        if _DAY_CLOCK.fullmatch(record.clock):
            return f"{level} {record.clock} [{place}] {message}"
        if _SHORT_CLOCK.fullmatch(record.clock) and (source["name"] or "").startswith("LiteLLM"):
            speaker = source["name"] if source["name"] in _SPEAKERS else "LiteLLM"
            return f"{record.clock} - {speaker}:{level}: {place} - {message}"
        return f"{level}:     {message}"


def _clock(t: float) -> str:
    return datetime.fromtimestamp(t, UTC).isoformat(timespec="milliseconds")


def _path(path: str) -> str:
    bare, query, rest = path.partition("?")
    return f"{api_path(bare)}?{rest if rest == 'beta=true' else '*'}" if query else api_path(bare)


def _known(message: str) -> str:
    """Return the known part of a record that is not a failure."""
    found = _STATS.search(message) or _LIFECYCLE.search(message)
    return found[0] if found else ""


def _lifecycle(line: str) -> str | None:
    found = _LIFECYCLE.search(strip_escapes(line))
    return f"INFO:     {found[0]}" if found else None
