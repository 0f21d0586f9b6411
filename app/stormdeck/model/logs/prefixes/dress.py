"""Take off what collectors put before a server's lines: their time, and the name of a container, pod, unit or host.

Built against docker, compose, podman, the journal and rsyslog (recorded), and the documented output of the others.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from stormdeck.model.logs.prefixes.clocks import LocalTime, clock_in, number_time
from stormdeck.model.text import strip_escapes

LONGEST_PREFIX = 600
"""Characters in which a prefix is searched."""
_LAYERS = 8
_RECORDS = 3
"""Records within records that are opened at most."""
_LEVELS = r"(?:DEBUG|TRACE|INFO|NOTICE|WARN(?:ING)?|ERROR|CRITICAL|FATAL)"

_T = r"\d{4}-\d\d-\d\dT[\d:]{8}(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)"
_T_ANY = r"\d{4}-\d\d-\d\d[T ][\d:]{8}(?:[.,]\d{1,9})?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?"
_T_SYSLOG = r"[A-Z][a-z]{2} [ \d]\d (?:\d{4} )?[\d:]{8}(?:[.,]\d{1,9})?"
_T_FULL = r"[A-Z][a-z]{2} \d{4}-\d\d-\d\d [\d:]{8}(?:\.\d{1,9})?(?: [A-Z]{1,5}| [+-][\d:]{2,5})?"
_T_SHORT = r"[\d:]{8}(?:[.,]\d{1,9})?"
_T_UNIX = r"\d{10}\.\d{3,9}"
_T_SINCE = r"\[ *\d{1,9}\.\d{3,9}(?: +<[ \d.]{1,20}>)?\]"

_DIGIT, _UPPER, _LOWER = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"
_WORD = _DIGIT + _UPPER + _LOWER + "_"
_PATTERNS: tuple[tuple[str, str], ...] = (
    # RFC 5424.
    (
        "<",
        (
            rf"<\d{{1,3}}>\d (?:{_T}|-) \S{{1,255}} (?P<name>\S{{1,100}}) \S{{1,128}} \S{{1,64}} "
            r"(?:-|(?:\[[^\]]{0,500}\]){1,5}) ?"
        ),
    ),
    # CRI and podman's k8s-file.
    (_DIGIT, rf"{_T} (?:stdout|stderr) (?P<flag>[FP])(?::\S{{0,50}})? "),
    # The journal in its modes, syslog and rsyslog; a host and a tag, mostly with a process.
    (
        "<[" + _DIGIT + _UPPER,
        (
            rf"(?:<\d{{1,3}}>)?(?:{_T_SYSLOG}|{_T}|{_T_FULL}|{_T_UNIX}|{_T_SINCE}) (?!{_LEVELS}\b)[\w.:-]{{0,255}}\w "
            rf"(?!{_LEVELS}\b)(?P<name>[\w.@/\\-]{{1,100}})(?:\[\d{{1,9}}\])?: "
        ),
    ),
    (_DIGIT, rf"{_T_ANY} [\w.:-]{{1,255}} (?P<name>[\w.@/\\-]{{1,100}})\[\d{{1,9}}\]: "),
    # heroku and alike.
    (_DIGIT, rf"{_T} (?P<name>[A-Za-z][\w.-]{{0,60}})\[[\w.-]{{1,60}}\]: "),
    # kubectl --prefix, kubetail.
    ("[", r"\[(?:pod/[a-z0-9][\w.-]{0,252}/|[a-z0-9][\w.]{0,60}-[\w.-]{0,250}[/ ])(?P<name>[a-z0-9][\w.-]{0,252})\] "),
    # stern: a pod of a deployment or of a stateful set, and a container.
    (
        _LOWER + "+",
        (
            r"(?:\+ )?(?:[a-z0-9-]{1,63} )?[a-z0-9][a-z0-9.-]{0,200}-"
            r"(?:(?=[a-z]{0,9}\d)[a-z0-9]{4,10}-[a-z0-9]{5} |\d{1,3} "
            rf"(?=(?:› )?[a-z][a-z0-9-]{{0,62}}(?:: | │ | )(?:{_LEVELS}|[({{\[]|\d\d|Traceback| )))"
            r"(?:› )?(?P<name>[a-z][a-z0-9-]{0,62})(?:: | │ | )"
        ),
    ),
    # compose, swarm, foreman and honcho; pm2.
    (
        _WORD,
        rf"(?:{_T_SHORT} )?(?!{_LEVELS}\b)(?P<service>(?!\d{{4}}-)[A-Za-z0-9_][\w.@/-]{{0,150}}) {{1,100}}\| ?",
    ),
    (_DIGIT, r"\d{1,4}\|(?P<name>[^|\s]{1,80}) {0,60}\| ?"),
    # Ray; Serve.
    ("(", r"\([\w.:#-]{1,100} pid=\d{1,9}, ip=[\w.:]{1,45}\) "),
    ("(", r"\([\w.-]{1,50}:[\w.:#-]{1,100} pid=\d{1,9}\) "),
    # srun --label, mpirun, torchrun.
    (_DIGIT, r"\d{1,5}: (?=\S)"),
    ("[", r"\[\d{1,9},\d{1,9}\]<std(?:out|err)>: ?"),
    ("[", r"\[(?:rank|default)\d{1,5}\]: ?"),
    # A sidecar's name and an id.
    ("[", rf"\[(?!{_LEVELS}\])(?P<name>[A-Za-z][\w.-]{{0,100}}) [\w.-]{{1,100}}\]: "),
    (_DIGIT + "s", r"(?:\d{1,5} )?(?:stdout|stderr)(?:: ?| \| ?| )"),
    # Loki's labels, as logcli prints them.
    ("{", r'(?P<labels>\{(?:[A-Za-z_]\w{0,60}="[^"]{0,200}",? ?){1,20}\}) {1,200}'),
    # A time alone: docker logs -t, ts; with a dash or a tab before the text, or columns.
    (
        "-" + _DIGIT + _UPPER,
        rf"(?:- )?(?:{_T}|{_T_SYSLOG}(?: [A-Z]{{3,4}}(?= ))?|{_T_FULL})(?: \| | - |[ \t]|: )",
    ),
    (_DIGIT, rf"{_T_ANY}\t"),
    (_DIGIT, r"\d{4}-\d\d-\d\dT[\d:]{8}: "),
    # aws logs tail: the stream's name.
    (_WORD, r"(?P<name>[\w.-]{1,100})/[\w.-]{1,100}/[0-9a-f]{8,40} "),
    (_WORD, r"(?:[\w.@/:-]{1,120}\t){1,4}(?=\S)"),
    ("\x1ed", r"\x1e|data: (?=\{)"),
    # journalctl -o verbose and export.
    (" \tM", r"\s{0,8}MESSAGE="),
)
"""The first characters of each prefix, and the prefix."""
_PREFIXES: dict[str, tuple[re.Pattern[str], ...]] = {
    first: tuple(re.compile(pattern) for firsts, pattern in _PATTERNS if first in firsts)
    for first in sorted({first for firsts, _ in _PATTERNS for first in firsts})
}
OWN_START = re.compile(rf'{_LEVELS}:? |[ \t]+[^\sM"]|\(\w{{1,100}} pid=\d{{1,9}}\) ')
"""How uvicorn, vLLM and tracebacks begin a line: no prefix begins like this, which saves trying all of them."""
_LABEL = re.compile(r'(?:container(?:_name)?|service(?:_name)?|app|job|unit|pod)="([^"]+)"')
FLUENT_BIT = re.compile(r"\[\d{1,9}\] (?P<tag>[^\s:\[\]]{1,150}): \[\[?(?P<unix>\d{10}\.\d{1,9})")
_QUOTED = r'"[^"\\]*(?:\\.[^"\\]*)*"'
FLUENT_TEXT = re.compile(rf'"(?:log|message|MESSAGE|msg)"=>({_QUOTED})')
_PRETTY = re.compile(rf'\s{{1,8}}"MESSAGE" : ({_QUOTED}),?$')

TEXT_KEYS = ("log", "MESSAGE", "line", "textPayload", "message", "msg", "body", "text")
LEVEL_KEYS = frozenset({"level", "levelname", "lvl"})
CLOCK_KEYS = (
    "__REALTIME_TIMESTAMP",
    "time",
    "timestamp",
    "@timestamp",
    "asctime",
    "ts",
    "date",
    "datetime",
    "receiveTimestamp",
)
NAME_KEYS = (
    "CONTAINER_NAME",
    "container_name",
    "_SYSTEMD_UNIT",
    "SYSLOG_IDENTIFIER",
    "service",
    "app",
    "container",
    "job",
)


class Undressed(NamedTuple):
    """A line without its prefix."""

    text: str
    """The line as its server wrote it; the line itself if no prefix was recognised."""
    time: float | None = None
    """Unix seconds by the clock of the prefix; ``None`` if it has none, or one whose zone or year is not known."""
    name: str = ""
    """The service, container, pod or unit that the prefix names; empty if there is none."""
    partial: bool = False
    """The next line of the same log continues this one (CRI's and k8s-file's flag P)."""


class Peeled(NamedTuple):
    """What stands before a server's own text in a line."""

    end: int
    name: str = ""
    partial: bool = False


def undress(line: str, local_time: LocalTime | None = None, arrived: float | None = None) -> Undressed:
    """Return a line as its server wrote it, with what the prefixes before it say.

    Prefixes are recognised one after the other, and JSON objects of collectors in between. A clock with a zone counts
    more than one without, which needs ``local_time``; a clock without a year needs ``arrived``, in unix seconds.
    Takes linear time and never raises.

    >>> undress("vllm-1  | 2026-11-29T12:00:00Z INFO: ready")
    Undressed(text='INFO: ready', time=1795953600.0, name='vllm-1', partial=False)
    """
    text = strip_escapes(line) if "\x1b" in line else line
    found = undress_rest(Undressed(text), local_time, arrived, _RECORDS)
    return found if found.text is not line else Undressed(line)


def undress_rest(
    outer: Undressed, local_time: LocalTime | None, arrived: float | None, records: int = _RECORDS - 1
) -> Undressed:
    """Return a line whose outer prefixes or record were taken off without those that are left, ``records`` at most."""
    text, time, name, partial = outer
    for _ in range(records):
        if OWN_START.match(text):
            break
        peeled = peel(text)
        if peeled.end:
            clock = clock_in(text, 0, peeled.end, local_time, arrived)
            time = time if time is not None or clock is None else clock.time
            name, partial = name or peeled.name, partial or peeled.partial
            text = text[peeled.end :]
        inner = _unwrap(text, local_time, arrived)
        if inner is None:
            break
        text = inner.text
        time = time if time is not None else inner.time
        name = name or inner.name
    return Undressed(text, time, name, partial) if text is not outer.text else outer


def peel(text: str) -> Peeled:
    """Return where a server's own text begins in a line without escape sequences."""
    at, name, partial = 0, "", False
    for _ in range(_LAYERS):
        match = _next_prefix(text, at)
        if match is None or match.end() == at:
            break
        groups = match.groupdict()
        # Compose under systemd: the service says more than the unit.
        name = groups.get("service") or name or _name(groups)
        partial = partial or groups.get("flag") == "P"
        at = match.end()
        if at > LONGEST_PREFIX:
            break
    return Peeled(at, name, partial)


def _next_prefix(text: str, at: int) -> re.Match[str] | None:
    prefixes = _PREFIXES.get(text[at : at + 1], ())
    return next((match for prefix in prefixes if (match := prefix.match(text, at))), None)


def _name(groups: dict[str, str | None]) -> str:
    labels = groups.get("labels")
    if labels:
        found = _LABEL.search(labels)
        return found[1] if found else ""
    return (groups.get("name") or "").removesuffix(".service")


def json_object(text: str) -> dict[str, object] | None:
    """Return the JSON object that a text consists of, ``None`` if it is none."""
    if not text.startswith("{") or not text.rstrip().endswith("}"):
        return None
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) else None


def json_clock(fields: dict[str, object], local_time: LocalTime | None, arrived: float | None = None) -> float | None:
    """Return the time in a JSON object of a collector or server, in unix seconds."""
    for key in CLOCK_KEYS:
        if key in fields and (time := value_time(fields[key], local_time, arrived)) is not None:
            return time
    return None


def value_time(written: object, local_time: LocalTime | None = None, arrived: float | None = None) -> float | None:
    """Return unix seconds for a time in JSON: text in any known form, or a number in any unit."""
    if isinstance(written, int | float) and not isinstance(written, bool):
        try:
            return number_time(float(written))
        except OverflowError:
            return None
    if not isinstance(written, str) or len(written) > LONGEST_PREFIX:
        return None
    if written.isascii() and written.isdigit() and len(written) <= 20:
        return number_time(float(written))
    clock = clock_in(written, 0, len(written), local_time, arrived)
    return clock.time if clock is not None else None


def _unwrap(text: str, local_time: LocalTime | None, arrived: float | None) -> Undressed | None:
    """Return what a collector's record holds, ``None`` if it is no such record, or the server's own."""
    if "=>" in text and (match := FLUENT_BIT.match(text)) and (inner := FLUENT_TEXT.search(text, match.end())):
        return Undressed(_decoded(inner[1]), float(match["unix"]), match["tag"])
    if "MESSAGE" in text and (pretty := _PRETTY.match(text)):
        return Undressed(_decoded(pretty[1]))
    if not text.startswith("{"):
        return None
    fields = json_object(text)
    if fields is None:
        return None
    inner_text = _text_in(fields)
    if inner_text is None:
        return None
    return Undressed(inner_text, json_clock(fields, local_time, arrived), server_name(fields))


def _decoded(quoted: str) -> str:
    try:
        text = str(json.loads(quoted))
    except ValueError:
        text = quoted[1:-1]
    return strip_escapes(text.rstrip("\r\n"))


def _text_in(fields: dict[str, object]) -> str | None:
    """Return the text of a record that a collector wrapped; ``None`` for a server's own record."""
    if not LEVEL_KEYS.isdisjoint(fields) and not ("log" in fields and "stream" in fields):
        return None
    record = fields.get("record")
    if isinstance(record, dict) and isinstance(record.get("message"), str):  # loguru's serialize
        return strip_escapes(str(record["message"]).rstrip("\r\n"))
    for key in TEXT_KEYS:
        value = fields.get(key)
        if isinstance(value, list) and key == "MESSAGE":
            return strip_escapes(_from_bytes(value).rstrip("\r\n"))
        if isinstance(value, str):
            return strip_escapes(value.rstrip("\r\n"))
    return None


def _from_bytes(values: list[object]) -> str:
    """Return the text of a field that the journal writes as bytes, since it has colours in it."""
    known = bytes(
        value for value in values if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 256
    )
    return known.decode("utf-8", "replace")


def server_name(fields: dict[str, object]) -> str:
    """Return the container, unit or service that a collector's record names."""
    kubernetes = fields.get("kubernetes")
    if isinstance(kubernetes, dict) and isinstance(kubernetes.get("container_name"), str):
        return str(kubernetes["container_name"])
    labels = fields.get("labels")
    for holder in (fields, labels if isinstance(labels, dict) else {}):
        for key in NAME_KEYS:
            if isinstance(value := holder.get(key), str) and value:
                return value.removeprefix("/").removesuffix(".service")
    return ""
