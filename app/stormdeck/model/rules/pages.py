"""The rules' pages as text: for ``stormdeck explain``, for the form, and as a table for the README."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from stormdeck.model.rules.rule import Page, Rule

_INDENT = 2
_NARROWEST = 20
_PARTS = (
    ("what it looks at", "what"),
    ("what happens", "why"),
    ("what you see", "shown"),
    ("holds for", "versions"),
    ("evidence", "evidence"),
    ("fix", "fix"),
    ("example", "example"),
)
_AS_WRITTEN = {"shown", "example"}
_NOTHING_SHOWN = "nothing: the client does not tell"


def page_lines(page: Page, width: int = 80) -> tuple[str, ...]:
    """Return a page as plain lines of at most ``width`` cells; what is quoted keeps its own line breaks."""
    lines = [*_wrapped(f"{page.code}  {page.title}", width, 0)]
    for heading, name in _PARTS:
        text: str = getattr(page, name) or (_NOTHING_SHOWN if name == "shown" else "")
        if not text:
            continue
        lines += ["", heading]
        for row in text.split("\n") if name in _AS_WRITTEN else (text,):
            lines += _wrapped(row, width, _INDENT)
    return tuple(lines)


def _wrapped(text: str, width: int, indent: int) -> Iterator[str]:
    """Yield the lines of one paragraph; a word that is longer than a line is broken, for panes are narrow."""
    inner = " " * (len(text) - len(text.lstrip(" ")))
    yield from textwrap.wrap(
        text.lstrip(" "),
        max(width, _NARROWEST),
        initial_indent=" " * indent + inner,
        subsequent_indent=" " * indent + inner,
        break_on_hyphens=False,
    )


def markdown_table(rules: Iterable[Rule]) -> str:
    """Return all rules as a Markdown table: code, what it finds, what it holds for, and its evidence."""
    rows = [("code", "finds", "holds for", "evidence"), ("---", "---", "---", "---")]
    rows += [(one.code, one.page.title, one.page.versions, one.page.evidence) for one in rules]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace(">", "&gt;").replace("\n", " ")
