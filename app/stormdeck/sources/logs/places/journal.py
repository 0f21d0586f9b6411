"""Follow a unit in systemd's journal, by ``journalctl -o json`` (tried: systemd 252)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from stormdeck.model.logs.batch import LogState
from stormdeck.model.logs.spec import JournalLog
from stormdeck.sources.logs.places.command import CommandLog, last_line
from stormdeck.sources.logs.places.delivery import Dated
from stormdeck.sources.logs.places.source import Ended
from stormdeck.sources.logs.splitter import LineSplitter

_BEGIN = re.compile(r'"MESSAGE"\s*:\s*"')
_MICRO = 1_000_000


def journal_argv(log: JournalLog, since: float, *, follow: bool) -> list[str]:
    """Return the command line that prints the messages of a unit since a moment, in unix seconds.

    ``--all``: without it a message of more than 4 KiB, or with a colour, is not printed.
    """
    scope = "--user-unit" if log.user else "--unit"
    wanted = [f"{scope}={log.unit}", f"--since=@{since:.6f}", "--output-fields=MESSAGE"]
    return ["journalctl", "--output=json", "--all", "--no-pager", *wanted, *(["--follow"] if follow else [])]


class JournalLines:
    """Reads entries in JSON, one a line."""

    def __init__(self) -> None:
        self._splitter = LineSplitter()

    def feed(self, data: bytes) -> Iterator[Dated]:
        """Yield the lines of the messages that these bytes complete."""
        for line in self._splitter.split(data):
            yield from entry_lines(line)

    def end(self) -> Iterator[Dated]:
        """Yield nothing: an entry that is cut off cannot be read."""
        return iter(())


def entry_lines(entry: str) -> Iterator[Dated]:
    """Yield the lines of one entry's message; nothing for what is no entry."""
    try:
        fields = json.loads(entry)
    except (ValueError, RecursionError):
        fields = _cut_entry(entry)
    if not isinstance(fields, dict) or not fields:
        return
    stamp = fields.get("__REALTIME_TIMESTAMP")
    time = int(stamp) / _MICRO if isinstance(stamp, str) and stamp.isdecimal() and len(stamp) < 20 else None
    for line in _message(fields.get("MESSAGE")).split("\n"):
        yield Dated(line.removesuffix("\r"), time)


def _message(value: object) -> str:
    """Return a message. With control characters in it, it is a list of bytes; of several fields, a list of messages."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        if all(type(one) is int and 0 <= one < 256 for one in value):
            return bytes(value).decode("utf-8", "replace")
        return "\n".join(map(_message, value))
    return ""


def _cut_entry(entry: str) -> dict[str, Any]:
    """Return what is left of an entry that is longer than a line may be."""
    found = _BEGIN.search(entry)
    if found is None:
        return {}
    stamp = re.search(r'"__REALTIME_TIMESTAMP"\s*:\s*"(\d+)"', entry[: found.start()])
    text = entry[found.end() :].removesuffix("…")
    # The cut may be within an escape: \u001b has six characters.
    for back in range(7):
        try:
            message = json.loads(f'"{text[: len(text) - back]}"')
        except ValueError:
            continue
        return {"MESSAGE": f"{message}…", "__REALTIME_TIMESTAMP": stamp[1] if stamp is not None else None}
    return {}


class JournalSource(CommandLog):
    """Follow one unit."""

    spec: JournalLog

    def argv(self, since: float) -> Sequence[str]:
        """Return the command line."""
        return journal_argv(self.spec, since, follow=self.span.follow)

    def reader(self) -> JournalLines:
        """Return a reader of entries."""
        return JournalLines()

    def quiet_words(self) -> str:
        """Return how to find out whether there is such a unit: journalctl does not say."""
        scope = "--user " if self.spec.user else ""
        status = f"systemctl {scope}status {self.spec.unit}"
        return f"{self.name}: no message of this unit in the last hour; `{status}` shows whether there is one"

    def remark(self, message: str) -> str:
        """Return why the journal shows less than it has."""
        return denied(message)

    def explain(self, code: int, message: str) -> Ended:
        """Return why journalctl ended."""
        return explain_journal(self.name, code, message)


def denied(message: str) -> str:
    """Return what journalctl's hint about permissions means."""
    if "insufficient permissions" in message or "not seeing messages from other users" in message:
        return "this user may not read all of the journal; join the group systemd-journal"
    return ""


def explain_journal(name: str, code: int, message: str) -> Ended:
    """Return why journalctl ended."""
    if why := denied(message):
        return Ended(LogState.NO_PERMISSION, f"{name}: {why}")
    if "No journal files were found" in message:
        return Ended(LogState.WAITING, f"{name}: there is no journal on this machine yet")
    return Ended(LogState.FAILED, f"{name}: journalctl ended with code {code}: {last_line(message)}")
