"""Read what running recorders note."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from stormdeck.model.wire.exchange import Exchange, from_line
from stormdeck.sources.wire.journal import MOST_BYTES, SUFFIX, is_running

_MOST_JOURNALS = 64
"""Recorders that are read at the same time."""
_MOST_READ = 2 * MOST_BYTES
"""Bytes read from one journal in one call; the rest is read in the next."""


class Noted(NamedTuple):
    """One line of a journal."""

    journal: str
    exchange: Exchange


class JournalReader:
    """Read the journals in a folder, each line once. Blocking; a call without news costs one listing and stats.

    >>> JournalReader(Path("~/.local/state/stormdeck/wire").expanduser()).read()
    []
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._places: dict[Path, _Place] = {}

    @property
    def journals(self) -> frozenset[str]:
        """Return the names of the journals that were there at the last call."""
        return frozenset(path.stem for path in self._places)

    def read(self) -> list[Noted]:
        """Return the new lines of all journals. Never raises."""
        found = {path: status for path in self._paths() if (status := _status(path)) is not None}
        self._places = {path: place for path, place in self._places.items() if path in found}
        noted: list[Noted] = []
        for path, status in found.items():
            place = self._places.get(path)
            if not _runs(path):
                # What a recorder wrote before it was killed counts; it is gone at the next call.
                self._places.pop(path, None)
                if place is None:
                    continue
                noted += [Noted(path.stem, exchange) for exchange in place.read(path)]
                continue
            if place is None or place.inode != status.st_ino or status.st_size < place.offset:
                place = self._places[path] = _Place(status.st_ino)
            if status.st_size > place.offset:
                noted += [Noted(path.stem, exchange) for exchange in place.read(path)]
        return noted

    def _paths(self) -> list[Path]:
        try:
            names = sorted(os.listdir(self._folder))  # noqa: PTH208 - a listing without a Path for each name
        except OSError:
            return []
        return [self._folder / name for name in names if name.endswith(SUFFIX)][:_MOST_JOURNALS]


@dataclass(slots=True)
class _Place:
    """How far a journal was read."""

    inode: int
    offset: int = 0

    def read(self, path: Path) -> Iterator[Exchange]:
        """Yield the exchanges of the lines after the offset that are complete."""
        try:
            file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return
        try:
            text = os.pread(file, _MOST_READ, self.offset)
        except OSError:
            return
        finally:
            os.close(file)
        end = text.rfind(b"\n") + 1
        # A line longer than all that is read at once is no line of a journal: skip it.
        self.offset += end or (len(text) if len(text) == _MOST_READ else 0)
        for line in text[:end].splitlines():
            exchange = from_line(line)
            if exchange is not None:
                yield exchange


def _status(path: Path) -> os.stat_result | None:
    try:
        status = path.lstat()
    except OSError:
        return None
    return status if stat.S_ISREG(status.st_mode) else None


def _runs(path: Path) -> bool:
    try:
        return is_running(path)
    except OSError:
        return False
