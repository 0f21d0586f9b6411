"""Store the theme that the user chose in the panel."""

from __future__ import annotations

from pathlib import Path

from stormdeck.model.text import clean
from stormdeck.sources.io.atomic_write import atomic_write
from stormdeck.sources.io.bounded_read import read_bounded

MOST_BYTES = 200


class ThemeStore:
    """A theme name in a small file. No call raises."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> str:
        """Return the name, empty where none was chosen or the file cannot be read."""
        try:
            return read_bounded(self._path, MOST_BYTES).decode("utf-8", "replace").strip()
        except OSError:
            return ""

    def save(self, name: str) -> str:
        """Write the name; return why that failed, empty when it is written."""
        if name == self.load():
            return ""
        try:
            atomic_write(self._path, f"{name}\n".encode())
        except OSError as error:
            return clean(f"The theme is not kept for the next start: {self._path}: {error.strerror}.")
        return ""
