"""Parse log records: recognise their first lines, and read level, time, source and message.

Tracebacks, banners and bodies take many lines: a line that begins no record belongs to the record before it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum

from stormdeck.model.logs.prefixes.dress import LONGEST_PREFIX, undress
from stormdeck.model.text import strip_escapes


class Level(StrEnum):
    """The level of a record, as its server logs it."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"

    @property
    def is_failure(self) -> bool:
        """Return whether the level reports a failure."""
        return self in {Level.ERROR, Level.CRITICAL}


@dataclass(frozen=True, slots=True)
class Record:
    """The first line of a record."""

    level: Level
    clock: str
    """The time as written, with or without a date; empty if there is none (uvicorn, claude-code-router)."""
    source: str
    """The logger: ``LiteLLM Proxy common_request_processing.py:1984``, ``APIServer loggers.py:335``, ``uvicorn``."""
    message: str
    """The rest of the line, including control characters."""


_NAMES = {level.value.upper(): level for level in Level} | {
    "TRACE": Level.DEBUG,
    "WARN": Level.WARNING,
    "FATAL": Level.CRITICAL,
}
_NUMBERS = {10: Level.DEBUG, 20: Level.DEBUG, 30: Level.INFO, 40: Level.WARNING, 50: Level.ERROR, 60: Level.CRITICAL}
"""pino's levels, as claude-code-router writes them."""

_LEVEL = r"(?P<level>DEBUG|TRACE|INFO|WARN(?:ING)?|ERROR|CRITICAL|FATAL)"
_LITELLM = re.compile(
    rf"(?P<clock>\d\d:\d\d:\d\d) - (?P<name>LiteLLM[\w .]*):{_LEVEL}: (?P<file>[\w.<>-]+:\d+) - ?(?P<message>.*)",
    re.DOTALL,
)
_VLLM = re.compile(
    r"(?:\((?P<name>[\w.-]+) pid=\d+\) )?"
    rf"(?:{_LEVEL} (?P<clock>\d\d-\d\d \d\d:\d\d:\d\d) \[(?P<file>[^\]]+)\] ?|(?P<uvicorn>[A-Z]+): +)(?P<message>.*)",
    re.DOTALL,
)
_ASCTIME = re.compile(
    r"\[?(?P<clock>\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?[+-]\d\d:?\d\d|Z)?)\]?"
    rf" (?:\[\d+\] |- )?(?:(?P<name>[\w.]+) - )?\[?{_LEVEL}\]?(?::| -)? +(?P<message>.*)",
    re.DOTALL,
)
_CLEAR = re.compile(
    r"(?<![\w(])(?:\([\w.-]{1,60} pid=\d{1,9}\) )?(?:DEBUG|INFO|WARNING|ERROR|CRITICAL) \d\d-\d\d [\d:]{8} "
    r"\[[\w./-]{1,80}:\d{1,6}\]"
    r"|(?<![\d:])\d\d:\d\d:\d\d - LiteLLM[\w .]{0,40}:[A-Z]{4,8}: [\w.<>-]{1,80}:\d{1,6} -"
)
"""The beginning of a record that only vLLM or LiteLLM writes."""
PIECE = re.compile(r"[\w.]+|\)")
"""A line of a validation error that contains only the name of a field."""
_BARE_ACCESS = re.compile(r'[^\s"]*:\d{1,5} - "[A-Z]{3,10} \S+ HTTP/')


def classify(line: str) -> Record | None:
    """Return the record that begins with this line, ``None`` for a line that continues a record."""
    record = _begin(line)
    return None if record is None or _continues(record.message) else record


class RecordReader:
    """Reads the records of one log, in order.

    vLLM puts its prefix before every line of a traceback (measured, 0.28 and 0.32), and does not indent the last lines.
    After the first indented line, lines with the same level, second and source continue that record.
    """

    def __init__(self) -> None:
        self._last: tuple[Level, str, str] | None = None
        self._inside = False

    def read(self, line: str) -> Record | None:
        """Return the record that begins with this line, ``None`` for a line that continues a record."""
        record = _begin(line)
        if record is None:
            return None
        head = (record.level, record.clock, record.source)
        same = bool(record.clock) and head == self._last
        self._inside = _continues(record.message) or (
            same and (self._inside or PIECE.fullmatch(record.message) is not None)
        )
        self._last = head
        return None if self._inside else record


def _begin(line: str) -> Record | None:
    if not line or line[0] in " \t^~}])#":
        return None
    if "\x1b" in line:
        line = strip_escapes(line)
    return _of_server(line) or _carried(line)


def _carried(line: str) -> Record | None:
    """Return the record behind a collector's prefix, or behind any prefix if it is clearly one of vLLM or LiteLLM."""
    inner = undress(line).text
    record = _of_server(inner) if inner is not line else None
    if record is not None:
        return record
    start = _CLEAR.search(inner, 0, LONGEST_PREFIX)
    return _of_server(inner[start.start() :]) if start is not None else None


def _of_server(line: str) -> Record | None:
    first = line[:1]
    if first == "{":
        return _from_json(line)
    if first.isdigit() or first == "[":
        return _from_litellm(line) or _from_asctime(line) or _from_access(line)
    if first == "(" or first.isupper():
        return _from_vllm(line)
    return _from_access(line)


def _continues(message: str) -> bool:
    return not message.strip() or message[0] in " \t" or message.startswith("Traceback (most recent")


def _from_litellm(line: str) -> Record | None:
    match = _LITELLM.match(line)
    if match is None:
        return None
    # LiteLLM's debug records may start with an empty line.
    message = match["message"] if match["message"].strip() else match["file"]
    return Record(_NAMES[match["level"]], match["clock"], f"{match['name']} {match['file']}", message.lstrip())


def _from_vllm(line: str) -> Record | None:
    match = _VLLM.match(line)
    if match is None:
        return None
    name = match["name"] or ""
    if match["uvicorn"] is None:
        return Record(_NAMES[match["level"]], match["clock"], f"{name} {match['file']}".strip(), match["message"])
    level = _NAMES.get(match["uvicorn"])
    return Record(level, "", "uvicorn", match["message"].lstrip()) if level is not None else None


def _from_asctime(line: str) -> Record | None:
    match = _ASCTIME.match(line)
    return Record(_NAMES[match["level"]], match["clock"], match["name"] or "", match["message"]) if match else None


def _from_access(line: str) -> Record | None:
    """Return the record of an access line without a level, as gunicorn writes it."""
    return Record(Level.INFO, "", "access", line) if " HTTP/" in line and _BARE_ACCESS.match(line) else None


def _from_json(line: str) -> Record | None:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if "log" in fields and isinstance(fields["log"], str) and "stream" in fields:  # docker's own file
        return _of_server(strip_escapes(fields["log"].rstrip("\r\n")))
    written = fields.get("level", fields.get("levelname"))
    level = _NAMES.get(written.upper()) if isinstance(written, str) else None
    if isinstance(written, int):
        level = _NUMBERS.get(written)
    if level is None:
        return None
    clock = fields.get("timestamp", fields.get("asctime"))
    source = " ".join(str(fields[name]) for name in ("component", "logger", "name") if fields.get(name))
    return Record(level, clock if isinstance(clock, str) else "", source, _json_message(fields))


def _json_message(fields: dict[str, object]) -> str:
    """Return the text of a JSON record: ``message`` in LiteLLM and vLLM, ``msg`` in pino."""
    for name in ("message", "msg", "type", "tppe"):  # claude-code-router 2.0.0 misspells one of its own
        if isinstance(text := fields.get(name), str) and text.strip():
            return text
    error = fields.get("err")
    text = error.get("message") if isinstance(error, dict) else None
    return text if isinstance(text, str) and text else "data"
