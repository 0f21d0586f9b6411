"""Store what the user chose inside the panel, for the next start."""

from __future__ import annotations

from pathlib import Path

from stormdeck.model.panel_choices import Choices, read_choices, write_choices
from stormdeck.model.text import clean
from stormdeck.sources.io.atomic_write import atomic_write
from stormdeck.sources.io.bounded_read import read_bounded

MOST_BYTES = 4000


class ChoiceStore:
    """Choices in a small file. No call raises."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> Choices:
        """Return the choices; none where the file is missing, damaged or cannot be read."""
        try:
            return read_choices(read_bounded(self._path, MOST_BYTES).decode("utf-8", "replace"))
        except OSError:
            return Choices()

    def save(self, choices: Choices) -> str:
        """Write the choices; return why that failed, empty when they are written."""
        if choices == self.load():
            return ""
        try:
            atomic_write(self._path, write_choices(choices).encode())
        except OSError as error:
            return clean(f"This is not kept for the next start: {self._path}: {error.strerror}.")
        return ""
