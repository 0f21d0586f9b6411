"""Define a rule: a page that explains it, and a function that finds it. Render pages as text and as Markdown."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from stormdeck.model.finding import Finding
from stormdeck.model.rules.audience import FAMILIES, Audience
from stormdeck.model.rules.facts import Facts

WRONG_MODEL = (
    "There's an issue with the selected model (X). It may not exist or you may not have access to it. "
    "Run --model to pick a different model."
)
"""What Claude Code 2.1.41 and later shows for any 404 of ``POST /v1/messages`` (measured)."""
NOT_LOGGED_IN = "Not logged in · Please run /login"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The explanation of a rule, in plain English."""

    code: str
    """Never changes once released: ``URL101``."""
    title: str
    """At most 60 characters."""
    what: str
    """What the rule looks for."""
    why: str
    """What goes wrong."""
    shown: str
    """The exact text that the user sees; empty where Claude Code shows none."""
    versions: str
    """The client and server versions that the rule applies to."""
    evidence: str
    """``measured``, ``source``, ``docs`` or ``report``, and what was measured."""
    fix: str
    example: str
    """A correct excerpt of settings.json, of the YAML or of a command line; empty where none helps."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A page, and the function that returns findings with the page's code."""

    page: Page
    find: Callable[[Facts], Iterable[Finding]]
    audience: Audience | None = None
    """How the rule is reported; ``None``: the default of its family."""

    @property
    def code(self) -> str:
        """Return the code."""
        return self.page.code

    @property
    def family(self) -> str:
        """Return the letters of the code: ``URL``."""
        return self.page.code.rstrip("0123456789")

    @property
    def effective_audience(self) -> Audience:
        """Return the audience of the rule, or that of its family."""
        return self.audience or FAMILIES[self.family]


def rule(page: Page, audience: Audience | None = None) -> Callable[[Callable[[Facts], Iterable[Finding]]], Rule]:
    """Turn the decorated function into a rule with this page."""
    return lambda find: Rule(page, find, audience)


_INDENT = 2
_NARROWEST = 20
_NOTHING_SHOWN = "Nothing: Claude Code shows no message."


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a page."""

    heading: str
    text: str
    verbatim: bool = False
    """Line breaks are kept."""


def sections(page: Page) -> tuple[Section, ...]:
    """Return the parts of a page in reading order, without those that are empty."""
    parts = (
        Section("What it does", page.what),
        Section("Why it matters", page.why),
        Section("What you see", page.shown or _NOTHING_SHOWN, verbatim=bool(page.shown)),
        Section("Fix", page.fix),
        Section("Example", page.example, verbatim=True),
        Section("Applies to", page.versions),
        Section("Evidence", page.evidence),
    )
    return tuple(part for part in parts if part.text)


def page_lines(page: Page, width: int = 80) -> tuple[str, ...]:
    """Return a page as plain lines of at most ``width`` cells; messages and examples keep their line breaks."""
    lines = [*_wrapped(f"{page.code}  {page.title}", width, 0)]
    for section in sections(page):
        lines += ["", section.heading.lower()]
        for row in section.text.split("\n") if section.verbatim else (section.text,):
            lines += _wrapped(row, width, _INDENT)
    return tuple(lines)


def _wrapped(text: str, width: int, indent: int) -> Iterator[str]:
    """Yield the lines of one paragraph; words longer than a line are broken, because panes are narrow."""
    inner = " " * (len(text) - len(text.lstrip(" ")))
    yield from textwrap.wrap(
        text.lstrip(" "),
        max(width, _NARROWEST),
        initial_indent=" " * indent + inner,
        subsequent_indent=" " * indent + inner,
        break_on_hyphens=False,
    )


def markdown_page(page: Page) -> str:
    """Return a page as a Markdown document."""
    parts = [f"# {page.code}: {_escaped(page.title)}"]
    for section in sections(page):
        body = f"```{_language(section)}\n{section.text}\n```" if section.verbatim else _escaped(section.text)
        parts += [f"## {section.heading}", body]
    return "\n\n".join(parts) + "\n"


def markdown_index(rules: Iterable[Rule], introduction: str) -> str:
    """Return a Markdown document that links the page of each rule, by family, with its versions and its evidence."""
    lines = ["# Rules", "", introduction, ""]
    for family, members in groupby(rules, key=lambda one: one.family):
        lines += [f"## {family}", "", "| code | finds | applies to | evidence |", "| --- | --- | --- | --- |"]
        for rule in members:
            cells = (rule.page.title, rule.page.versions, rule.page.evidence)
            lines.append(f"| [{rule.code}]({rule.code}.md) | {' | '.join(map(_cell, cells))} |")
        lines.append("")
    return "\n".join(lines)


def _language(section: Section) -> str:
    """Return the language of a code block: settings are JSON, though an excerpt, and LiteLLM's configuration YAML."""
    if section.heading != "Example":
        return "text"
    first = section.text.split("\n", 1)[0]
    return "json" if first.startswith('"') else "yaml" if first.endswith(":") or ": " in first else "sh"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace(">", "&gt;").replace("\n", " ")


def _escaped(text: str) -> str:
    """Return a text without Markdown's own characters; what is between backticks stays as it is."""
    parts = text.split("`")
    parts[::2] = [part.replace("<", "&lt;").replace(">", "&gt;").replace("*", "\\*") for part in parts[::2]]
    return "`".join(parts)
