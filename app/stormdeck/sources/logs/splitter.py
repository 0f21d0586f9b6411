"""Bytes of a log, in pieces as they come, to whole lines."""

from __future__ import annotations

LONGEST_LINE = 64 * 1024
"""Longer lines are cut here and end with an ellipsis: memory stays bounded whatever a server writes."""


class LineSplitter:
    """Holds back what has no line end yet.

    NUL bytes go: a file truncated under a writer that does not append starts with a run of them (measured). What
    is not UTF-8 becomes U+FFFD. Every byte is handed on at most once.
    """

    def __init__(self) -> None:
        self._held = b""
        self._skipping = False
        self._counting = False
        self.dropped = 0
        """Bytes cut off over-long lines."""

    @property
    def holds(self) -> bool:
        """Say whether a line without its end is held back."""
        return bool(self._held)

    def split(self, data: bytes) -> list[str]:
        """Return the lines that this piece completes."""
        if b"\0" in data:
            data = data.replace(b"\0", b"")
        if self._skipping:
            data = self._skip(data)
        if self._held:
            data = self._held + data
        end = data.rfind(b"\n") + 1
        self._held = data[end:]
        lines = _decode(data[:end]) if end else []
        if lines and len(max(lines, key=len)) > LONGEST_LINE:
            lines = [self._cut(line) for line in lines]
        if len(self._held) > LONGEST_LINE:
            lines.append(self._cut_held())
        return lines

    def take_held(self) -> list[str]:
        """Return what is held back as a line of its own; what comes after it will be one too.

        A character of which only some bytes are there stays.
        """
        end = _whole(self._held)
        text, self._held = self._held[:end], self._held[end:]
        return [text.decode("utf-8", "replace").removesuffix("\r")] if text else []

    def forget(self) -> None:
        """Drop what is held back: what comes next is from elsewhere."""
        self._held, self._skipping = b"", False

    def skip_line(self, *, count: bool = False) -> None:
        """Leave out everything up to the next line end, counted where it is the rest of a line that was handed on."""
        self.forget()
        self._skipping, self._counting = True, count

    def _skip(self, data: bytes) -> bytes:
        end = data.find(b"\n") + 1
        if end:
            self._skipping = False
        self.dropped += (end - 1 if end else len(data)) if self._counting else 0
        return data[end:] if end else b""

    def _cut(self, line: str) -> str:
        if len(line) <= LONGEST_LINE:
            return line
        self.dropped += len(line) - LONGEST_LINE
        return line[:LONGEST_LINE] + "…"

    def _cut_held(self) -> str:
        self.dropped += len(self._held) - LONGEST_LINE
        text = self._held[: _whole(self._held[:LONGEST_LINE])].decode("utf-8", "replace")
        self.skip_line(count=True)
        return text + "…"


def _decode(data: bytes) -> list[str]:
    """Return the lines of a piece that ends with a line end."""
    if b"\r\n" in data:
        data = data.replace(b"\r\n", b"\n")
    lines = data.decode("utf-8", "replace").split("\n")
    del lines[-1]
    return lines


def _whole(data: bytes) -> int:
    """Return the length of the data without the bytes of an unfinished character at its end."""
    for back in range(1, min(3, len(data)) + 1):
        byte = data[-back]
        if byte >= 0xC0:
            size = 4 if byte >= 0xF0 else 3 if byte >= 0xE0 else 2
            return len(data) - back if back < size else len(data)
        if byte < 0x80:
            break
    return len(data)
