"""The theme that the user chose in the panel, remembered over restarts."""

from __future__ import annotations

from pathlib import Path

from stormdeck.model.text import clean
from stormdeck.sources.contents import contents
from stormdeck.sources.folders import make_private
from stormdeck.sources.staging import NewFile, clear, with_new_file

MOST_BYTES = 200
_TAG = "theme"


class ThemeMemory:
    """One name in one small file; no call raises."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def recall(self) -> str:
        """Return the name; empty where none was chosen or the file cannot be read."""
        try:
            return contents(self._path, MOST_BYTES).decode("utf-8", "replace").strip()
        except OSError:
            return ""

    def keep(self, name: str) -> str:
        """Write the name; return in words what stands in the way, empty when it is written."""
        if name == self.recall():
            return ""
        try:
            make_private(self._path.parent)
            clear(self._path.parent, _TAG)
            with_new_file(self._path.parent, _TAG, lambda file: self._write(file, name))
        except OSError as error:
            return clean(f"The theme is not kept for the next start: {self._path}: {error.strerror}.")
        return ""

    def _write(self, file: NewFile, name: str) -> None:
        file.write(f"{name}\n".encode())
        file.replace(self._path, self._path.parent)
