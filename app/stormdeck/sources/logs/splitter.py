"""Split a log's bytes, as they are read, into complete lines."""

from __future__ import annotations

LONGEST_LINE = 64 * 1024
"""Characters; longer lines are cut and end with an ellipsis, which bounds memory whatever a server writes."""


class LineSplitter:
    r"""Split chunks of bytes into lines, and keep an incomplete line for the next chunk.

    NUL bytes are removed: a file that is truncated while its writer does not append starts with a run of them
    (measured). Invalid UTF-8 becomes U+FFFD.

    >>> splitter = LineSplitter()
    >>> splitter.split(b"one\ntw"), splitter.split(b"o\n")
    (['one'], ['two'])
    """

    def __init__(self) -> None:
        self._held = b""
        self._skipping = False
        self._counting = False
        self.dropped = 0
        """Bytes cut off long lines."""

    @property
    def holds(self) -> bool:
        """Return whether an incomplete line is kept."""
        return bool(self._held)

    def split(self, data: bytes) -> list[str]:
        """Return the lines that this chunk completes."""
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

    def flush(self) -> list[str]:
        """Return the incomplete line as a line; the rest of it will be another.

        The first bytes of an incomplete character are kept.
        """
        end = _whole(self._held)
        text, self._held = self._held[:end], self._held[end:]
        return [text.decode("utf-8", "replace").removesuffix("\r")] if text else []

    def forget(self) -> None:
        """Drop the incomplete line: the next bytes come from another place."""
        self._held, self._skipping = b"", False

    def skip_line(self, *, count: bool = False) -> None:
        """Skip everything up to the next line end; with ``count`` it adds to ``dropped``."""
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
    """Return the lines of a chunk that ends with a line end."""
    if b"\r\n" in data:
        data = data.replace(b"\r\n", b"\n")
    lines = data.decode("utf-8", "replace").split("\n")
    del lines[-1]
    return lines


def _whole(data: bytes) -> int:
    """Return the length of the data without an incomplete character at its end."""
    for back in range(1, min(3, len(data)) + 1):
        byte = data[-back]
        if byte >= 0xC0:
            size = 4 if byte >= 0xF0 else 3 if byte >= 0xE0 else 2
            return len(data) - back if back < size else len(data)
        if byte < 0x80:
            break
    return len(data)
