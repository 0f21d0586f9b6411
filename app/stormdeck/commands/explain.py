"""``stormdeck explain``: the page of a rule, a list of rules, or a message decoded."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

from stormdeck.commands.colour import Ink, Paint, paint_for
from stormdeck.commands.output import put, say, standard_output
from stormdeck.commands.rule_codes import FAMILIES, family, nearest, showing
from stormdeck.model.rules.registry import RULES, page_of
from stormdeck.model.rules.rule import Page, Rule, sections
from stormdeck.options import Options
from stormdeck.options.kinds import quoted

UNKNOWN = 2
_COLUMNS = 88


def explain(words: str, options: Options, environ: Mapping[str, str], *, as_json: bool) -> int:
    """Print the page of the rule that the words name, the rules of a family, or the causes of a message.

    A piece of a message is enough where it is in one alone; where it is in several those are listed. Without words
    all rules are. For words that are none of these, name the codes or the messages that come near.
    """
    page = page_of(words)
    if page is not None:
        return _show(page, as_json=as_json)
    rules = family(words) if words.strip() else RULES
    if rules:
        return _list(rules, as_json=as_json)
    from stormdeck.commands import explain_message
    from stormdeck.model.symptoms.matching import quoting

    if explain_message.is_known(words):
        return explain_message.explain_message(words, options, environ, wants_json=as_json)
    quotes = quoting(words)
    if len(quotes) == 1:
        return explain_message.explain_message(quotes[0].text, options, environ, wants_json=as_json)
    if quotes:
        return explain_message.list_messages(words, quotes, wants_json=as_json)
    rules = showing(words)
    if rules:
        return _list(rules, as_json=as_json) if len(rules) > 1 else _show(rules[0].page, as_json=as_json)
    return explain_message.unknown(words) if len(words.split()) > 1 else _unknown(words)


def _show(page: Page, *, as_json: bool) -> int:
    if as_json:
        put(json.dumps({"version": 1, **asdict(page)}, indent=2, ensure_ascii=False))
        return 0
    for line in page_text(page, paint_for(standard_output())):
        put(line)
    return 0


def _list(rules: Sequence[Rule], *, as_json: bool) -> int:
    """Print the codes and the titles of rules."""
    if as_json:
        told = [{"code": rule.code, "title": rule.page.title} for rule in rules]
        put(json.dumps({"version": 1, "rules": told}, indent=2, ensure_ascii=False))
        return 0
    paint = paint_for(standard_output())
    width = max(len(rule.code) for rule in rules)
    for rule in rules:
        put(f"{paint(rule.code.ljust(width), Ink.BOLD)}  {rule.page.title}")
    say("`stormdeck explain CODE` shows the page of one.")
    return 0


def page_text(page: Page, paint: Paint) -> list[str]:
    """Return a page as lines."""
    lines = [f"{paint(page.code, Ink.BOLD)}  {page.title}"]
    for section in sections(page):
        rows = section.text.splitlines() if section.verbatim else _wrapped(section.text)
        lines += _section(section.heading.lower(), rows, paint)
    return lines


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _COLUMNS, break_long_words=False, break_on_hyphens=False)


def _section(heading: str, rows: Iterable[str], paint: Paint) -> list[str]:
    return ["", paint(heading, Ink.QUIET), *(f"  {row}" for row in rows)]


def _unknown(words: str) -> int:
    near = nearest(words)
    say(f"stormdeck: no rule and no known message has {quoted(words)}.")
    say(f"Did you mean {', '.join(near)}?" if near else f"Codes begin with {', '.join(FAMILIES)}.")
    say("`stormdeck explain` lists all rules; of a message, paste more, in quotes, as the client shows it.")
    return UNKNOWN
