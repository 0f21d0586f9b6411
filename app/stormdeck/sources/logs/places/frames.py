"""Read the log stream of an Engine API: frames of standard output and standard error, or the raw text of a terminal.

A frame has eight bytes of head, ``[stream, 0, 0, 0, size]``, and one message: a line, or a piece of a long one, with
its time stamp in front (Docker's API reference, "Attach to a container"; measured with dockerd 20.10 and podman 4.3).
"""

from __future__ import annotations

from collections.abc import Iterator

from stormdeck.sources.logs.places.delivery import Dated
from stormdeck.sources.logs.places.stamps import LONGEST_STAMP, dated
from stormdeck.sources.logs.splitter import LineSplitter

_HEAD = 8
_STREAMS = (0, 1, 2, 3)


class FramedLines:
    """Joins the frames of both streams to lines. A frame is never held whole, whatever size it names."""

    def __init__(self) -> None:
        self._head = b""
        self._left = 0
        """Bytes of the current frame that have not come yet."""
        self._streams = {number: _Stream() for number in _STREAMS}
        self._current = self._streams[0]
        self._raw: RawLines | None = None

    def feed(self, data: bytes) -> Iterator[Dated]:
        """Yield the lines that these bytes complete."""
        while data and self._raw is None:
            if self._left:
                payload, data = data[: self._left], data[self._left :]
                self._left -= len(payload)
                yield from self._current.feed(payload, ends=not self._left)
                continue
            self._head, data = (self._head + data)[:_HEAD], data[_HEAD - len(self._head) :]
            if self._head[0] not in _STREAMS or self._head[1:4] != b"\0\0\0"[: len(self._head[1:4])]:
                # A terminal's log although the container is not said to have one.
                self._raw, data = RawLines(), self._head + data
            elif len(self._head) == _HEAD:
                self._current = self._streams[self._head[0]]
                self._left = int.from_bytes(self._head[4:], "big")
                self._head = b""
                self._current.begin()
        if self._raw is not None:
            yield from self._raw.feed(data)

    def end(self) -> Iterator[Dated]:
        """Yield the lines that were not complete when the stream ended."""
        for stream in self._streams.values():
            yield from stream.end()
        if self._raw is not None:
            yield from self._raw.end()


class RawLines:
    """Reads lines with a time stamp each: a terminal's log, or what ``--timestamps`` prints."""

    def __init__(self) -> None:
        self._splitter = LineSplitter()

    def feed(self, data: bytes) -> Iterator[Dated]:
        """Yield the lines that these bytes complete."""
        return map(dated, self._splitter.split(data))

    def end(self) -> Iterator[Dated]:
        """Yield the line that was not complete when the stream ended."""
        return map(dated, self._splitter.flush())


class _Stream:
    """The lines of one stream. Each frame begins with a time stamp, also in the middle of a line."""

    def __init__(self) -> None:
        self._splitter = LineSplitter()
        self._stamp: bytes | None = None
        """The begin of a frame, until its time stamp is complete."""
        self._time: float | None = None
        self._line_time: float | None = None

    def begin(self) -> None:
        self._stamp = b""

    def feed(self, payload: bytes, *, ends: bool) -> Iterator[Dated]:
        if self._stamp is not None:
            payload = self._stamp + payload
            if not ends and len(payload) < LONGEST_STAMP and b" " not in payload:
                self._stamp = payload
                return
            self._stamp = None
            payload = self._without_stamp(payload)
        time = self._line_time if self._splitter.holds else self._time
        for line in self._splitter.split(payload):
            yield Dated(line, time)
            time = self._time
        self._line_time = time

    def end(self) -> Iterator[Dated]:
        for line in self._splitter.flush():
            yield Dated(line, self._line_time)

    def _without_stamp(self, payload: bytes) -> bytes:
        head = payload[: LONGEST_STAMP + 1].decode("latin-1")
        rest, self._time = dated(head)
        return payload[len(head) - len(rest) :]
