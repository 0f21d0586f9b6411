"""Quote the line of a file that a finding refers to, with carets below its value."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rich.cells import cell_len

from stormdeck.model.json_edit.document import Document, FileError
from stormdeck.model.masking.json_text import mask_json
from stormdeck.model.masking.yaml_text import mask_yaml
from stormdeck.model.text import clean

_WIDEST = 96
_WORD = re.compile(r"[^\s:,#]+")
_BEFORE = 40
"""Characters of a long line that are kept before the carets."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """One line as it is shown, with secrets masked, and the position of the carets below it."""

    line: int
    text: str
    caret: int = 0
    """Columns before the carets."""
    width: int = 0
    """Number of carets; 0 for none."""


class Source:
    """A file that findings refer to."""

    def __init__(self, text: str) -> None:
        self._text = text.split("\n")
        self._shown = mask_json(text) if text.lstrip("\ufeff \t\r\n")[:1] in "{[" else _as_yaml(text)
        self._document = Document.parse(self._shown)

    def setting(self, path: str) -> Excerpt | None:
        """Return the line of a setting's value; ``None`` if the text lacks it or is not JSON."""
        extent = None if isinstance(self._document, FileError) else self._document.extent(path)
        return None if extent is None else _excerpt(self._shown, *extent)

    def place(self, line: int, column: int | None) -> Excerpt | None:
        """Return a line, with carets below the word at the column."""
        rows = self._shown.split("\n")
        if not 0 < line <= len(rows):
            return None
        if column is None or rows[line - 1] != self._text[line - 1]:
            # A masked secret moves the rest of the line: no carets rather than carets below the wrong word.
            return _excerpt(self._shown, line, 1, 0)
        word = _WORD.match(rows[line - 1], column - 1)
        return _excerpt(self._shown, line, column, len(word.group()) if word else 1)


def _as_yaml(text: str) -> str:
    return "\n".join(mask_yaml(text.split("\n")))


def _excerpt(text: str, line: int, column: int, length: int) -> Excerpt:
    row = text.split("\n")[line - 1].rstrip("\r").removeprefix("\ufeff")
    at = min(column - 1, len(row))
    start = max(0, at - _BEFORE) if len(row) > _WIDEST else 0
    end = min(len(row), start + _WIDEST)
    before = ("…" if start else "") + clean(row[start:at])
    marked = clean(row[at : min(at + length, end)])
    after = clean(row[min(at + length, end) : end]) + ("…" if end < len(row) else "")
    width = max(1, cell_len(marked)) if length else 0
    return Excerpt(line, before + marked + after, cell_len(before), width)
