"""Notice that the options file was edited while the panel runs."""

from __future__ import annotations

from pathlib import Path

from stormdeck.options.file import MOST_BYTES
from stormdeck.sources.io.bounded_read import read_bounded
from stormdeck.sources.io.watch import FileWatcher


class OptionsFile:
    """Compare the options file with what it was when the panel started. Options are read at the start only."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._before: bytes | None = None
        self.remarks: tuple[str, ...] = ()
        """What to tell the user: empty while the file is as it was."""

    def watch(self, watcher: FileWatcher) -> None:
        """Compare the file after each change from now on. Blocking."""
        self._before = self._read()
        watcher.watch((self._path,), self._compare)

    def _compare(self) -> None:
        is_same = self._read() == self._before
        self.remarks = () if is_same else (f"{self._path} was changed: restart stormdeck to apply it.",)

    def _read(self) -> bytes | None:
        try:
            return read_bounded(self._path, MOST_BYTES)
        except OSError:
            return None
