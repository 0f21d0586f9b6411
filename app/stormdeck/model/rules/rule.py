"""What a rule is: a page that explains it, and a function that finds it."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from stormdeck.model.finding import Finding
from stormdeck.model.rules.audience import FAMILIES, Audience
from stormdeck.model.rules.facts import Facts

WRONG_MODEL = (
    "There's an issue with the selected model (X). It may not exist or you may not have access to it. "
    "Run --model to pick a different model."
)
"""How a client from 2.1.41 on renders any 404 of ``POST /v1/messages`` (measured)."""
NOT_LOGGED_IN = "Not logged in · Please run /login"


@dataclass(frozen=True, slots=True)
class Page:
    """A rule explained, in plain words."""

    code: str
    """Stable for ever: ``URL101``."""
    title: str
    what: str
    """What it looks at."""
    why: str
    """What happens when it is wrong."""
    shown: str
    """The exact text that the user sees; empty where the client shows none."""
    versions: str
    """The client and server versions that it holds for."""
    evidence: str
    """``measured``, ``source``, ``docs`` or ``report``, with what was measured."""
    fix: str
    example: str
    """What is right, as it stands in settings.json, in the YAML or on the command line; empty where none helps."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: facts in, findings with its code out."""

    page: Page
    find: Callable[[Facts], Iterable[Finding]]
    audience: Audience | None = None
    """For whom it speaks; ``None``: as its family does."""

    @property
    def code(self) -> str:
        """Return the code."""
        return self.page.code

    @property
    def family(self) -> str:
        """Return the letters of the code: ``URL``."""
        return self.page.code.rstrip("0123456789")

    @property
    def speaks_for(self) -> Audience:
        """Return for whom it speaks."""
        return self.audience or FAMILIES[self.family]


def rule(page: Page, audience: Audience | None = None) -> Callable[[Callable[[Facts], Iterable[Finding]]], Rule]:
    """Make a rule of the function below its page."""
    return lambda find: Rule(page, find, audience)


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
