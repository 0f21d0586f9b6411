"""A log's lines cut to their structure: who asked for what, what came of it, where it failed. Never what was said.

Lines are not masked but built anew from what was read in them, so that what is not known cannot slip through.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from stormdeck.model.logs.access import Access, LocalTime
from stormdeck.model.logs.reader import AccessReader
from stormdeck.model.logs.records import Record, RecordReader
from stormdeck.model.redaction.messages import message_structure
from stormdeck.model.redaction.people import is_open
from stormdeck.model.redaction.public import PACKAGES, StandIn, api_path, nameless, source_name
from stormdeck.model.text import strip_escapes

_STATS = re.compile(
    r"Engine \d{3}: Avg prompt throughput: [\d.]+ tokens/s, Avg generation throughput: [\d.]+ tokens/s, "
    r"Running: \d+ reqs, Waiting: \d+ reqs(?:, (?:[GC]PU KV cache usage|Swapped|Pending|Prefix cache hit rate"
    r"|External prefix cache hit rate|MM cache hit rate): [\d.]+ ?%?(?: reqs)?)*"
)
_LIFE = re.compile(
    r"Started server process \[\d+\]|Waiting for application startup|Application startup complete|Uvicorn running on"
    r"|Shutting down|Waiting for application shutdown|Application shutdown complete|Finished server process \[\d+\]"
    r"|API server: shutdown triggered|Engine core initialization failed|LiteLLM proxy refused to start"
    r"|vLLM API server version [\d.]+"
)
_FRAME = re.compile(
    r'File "(?:[^"]{0,4000}/)?(site-packages|dist-packages|python3\.\d+)/([\w./-]+)", line (\d+), in (\w+|<\w+>)'
)
"""A place in a library; one in a user's own file, or in a prompt, is left out."""
_METHODS = frozenset({"GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"})
_SPEAKERS = frozenset({"LiteLLM", "LiteLLM Proxy", "LiteLLM Router"})
_SHORT_CLOCK = re.compile(r"\d\d:\d\d:\d\d")
_DAY_CLOCK = re.compile(r"\d\d-\d\d \d\d:\d\d:\d\d")
_SOURCE = re.compile(r"(?:(?P<name>[\w .-]{1,40}) )?(?P<file>[\w.-]{1,60}\.py:\d+)")


class Structure:
    """Reads one log in order."""

    def __init__(self, local_time: LocalTime | None = None, stand_in: StandIn = nameless) -> None:
        self._stand_in = stand_in
        self._requests = AccessReader(local_time)
        self._records = RecordReader()
        self._failed = False
        """The record that is read tells a failure: the frames of its traceback are worth their place."""

    def line(self, line: str) -> str | None:
        """Return the structure of a line, which the log's readers understand as they do the line; ``None``: nothing.

        A request keeps its time, method, path and status, an error record the names of its exceptions and the phrases
        that servers are known to use, a traceback its places in libraries.
        """
        if " HTTP/" in line or '"reqId":' in line:
            request = self._requests.read(line)
            if request is not None:
                self._failed = False
                return self._request(request)
        record = self._records.read(line)
        if record is None:
            return (self._frame(line) if self._failed else None) or _life(line)
        self._failed = record.level.is_failure
        message = message_structure(record.message, self._stand_in) if self._failed else _known(record.message)
        return self._record(record, message) if message else None

    def _request(self, request: Access) -> str:
        """Return an access line in uvicorn's form, its time before it."""
        told = f"{_clock(request.time)} " if request.time is not None else ""
        host = (
            request.host if not request.host or is_open(request.host) else self._stand_in("host", request.host.lower())
        )
        client = f"{host}:{request.port} - " if request.port else " - "
        method = request.method if request.method in _METHODS else "GET"
        return f'{told}INFO:     {client}"{method} {_path(request.path)} HTTP/1.1" {request.status}'

    def _frame(self, line: str) -> str | None:
        """Return the place of a frame; outside of public packages only that there is one."""
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
        """Return a record in the form of the server that wrote it, so that it is read as the same."""
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
    """Return what a record without a failure says, where servers are known to say just that."""
    found = _STATS.search(message) or _LIFE.search(message)
    return found[0] if found else ""


def _life(line: str) -> str | None:
    found = _LIFE.search(strip_escapes(line))
    return f"INFO:     {found[0]}" if found else None
