"""Server-sent events out of bytes that may be anything: bounded, and never an exception."""

from __future__ import annotations

from dataclasses import dataclass

MOST_BYTES = 256 * 1024
"""Of a whole stream; one of 64 tokens has 8 000 (measured, vLLM 0.32)."""
MOST_LINE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Event:
    """One event as it stood on the wire."""

    name: str
    """Of its ``event:`` line, empty where it has none."""
    data: str
    """Of its ``data:`` lines, joined by line ends."""


class EventReader:
    """Takes bytes as they come, hands out whole events.

    Lines end with LF, CR or both; wrong UTF-8 becomes replacement characters; comments and unknown fields are
    dropped; what has no blank line after it is no event (all as in the HTML standard).
    """

    def __init__(self, most_bytes: int = MOST_BYTES, most_line: int = MOST_LINE) -> None:
        self._most_bytes = most_bytes
        self._most_line = most_line
        self._taken = 0
        self._rest = b""
        self._name = ""
        self._data: list[str] = []
        self._begun = False
        self._after_cr = False
        self.overflow = ""
        """Why no more is taken, in words; empty while all is well."""

    def take(self, chunk: bytes) -> list[Event]:
        """Return the events that a piece of the stream completes; nothing once it has overflowed."""
        if self.overflow or not chunk:
            return []
        self._taken += len(chunk)
        if self._taken > self._most_bytes:
            self.overflow = f"more than {self._most_bytes // 1024} KiB for a tiny answer"
            return []
        return [event for line in self._lines(chunk) if (event := self._line(line)) is not None]

    def _lines(self, chunk: bytes) -> list[bytes]:
        if self._after_cr and chunk.startswith(b"\n"):
            chunk = chunk[1:]
        self._after_cr = chunk.endswith(b"\r") if chunk else False
        whole = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *lines, rest = whole.split(b"\n")
        if lines:
            lines[0] = self._rest + lines[0]
            self._rest = rest
        else:
            self._rest += rest
        if max(map(len, (*lines, self._rest))) > self._most_line:
            self.overflow = f"a line of more than {self._most_line // 1024} KiB"
            return []
        return lines

    def _line(self, raw: bytes) -> Event | None:
        line = raw.decode("utf-8", "replace")
        if not self._begun:
            self._begun, line = True, line.removeprefix("\ufeff")
        if not line:
            event = Event(self._name, "\n".join(self._data)) if self._data else None
            self._name, self._data = "", []
            return event
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            self._name = value
        elif field == "data":
            self._data.append(value)
        return None
