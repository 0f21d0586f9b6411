"""Draw the lines of a diff."""

from __future__ import annotations

from textual.content import Content

from stormdeck.model.editing.diff import DiffKind, DiffLine
from stormdeck.model.text import clean
from stormdeck.ui.rendering import hanging, line

STYLES = {DiffKind.CONTEXT: "$quiet", DiffKind.REMOVED: "$error", DiffKind.ADDED: "$success"}


def diff_rows(shown: DiffLine, width: int) -> list[Content]:
    """Return one line of a diff with its number and sign, wrapped under its text."""
    number = shown.new if shown.kind is DiffKind.ADDED else shown.old
    head = line((f"{number:>4} ", "$faint"), (f"{shown.kind.value} ", STYLES[shown.kind]))
    return hanging(Content.styled(clean(shown.text), STYLES[shown.kind]), width, head)
