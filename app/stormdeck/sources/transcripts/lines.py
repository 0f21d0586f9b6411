"""Bytes of a transcript, in pieces as they come, to entries."""

from __future__ import annotations

from stormdeck.model.retries.transcript import LONGEST_ENTRY, Entry, parse_entry


class EntrySplitter:
    """Holds back what has no line end yet: a line that is half written tells nothing until it is whole.

    A line longer than 4 MiB is left out, and never held.
    """

    def __init__(self) -> None:
        self._held = bytearray()
        self._skipping = False

    def split(self, data: bytes) -> list[Entry]:
        """Return the entries of the lines that this piece completes."""
        *whole, rest = data.split(b"\n")
        entries: list[Entry] = []
        for piece in whole:
            entry = self._end(piece)
            if entry is not None:
                entries.append(entry)
        self._hold(rest)
        return entries

    def skip_line(self) -> None:
        """Leave out everything up to the next line end: the first piece starts inside a line."""
        self._held.clear()
        self._skipping = True

    def forget(self) -> None:
        """Drop what is held back: what comes next is from elsewhere."""
        self._held.clear()
        self._skipping = False

    def _end(self, piece: bytes) -> Entry | None:
        """Complete a line."""
        if self._skipping:
            self._skipping = False
            return None
        line = bytes(self._held) + piece if self._held else piece
        self._held.clear()
        return parse_entry(line.decode("utf-8", "replace")) if len(line) <= LONGEST_ENTRY else None

    def _hold(self, piece: bytes) -> None:
        if self._skipping:
            return
        self._held += piece
        if len(self._held) > LONGEST_ENTRY:
            self.skip_line()
