"""``stormdeck explain``: print a rule's page, list rules, or find the cause of a message."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

from stormdeck.commands.colour import Ink, Paint, paint_for
from stormdeck.commands.exit_codes import FAILURE, SUCCESS
from stormdeck.commands.output import standard_output, write_err, write_out
from stormdeck.commands.rule_codes import FAMILIES, family, nearest, showing
from stormdeck.commands.text_layout import wrap
from stormdeck.model.rules.registry import RULES, page_of
from stormdeck.model.rules.rule import Page, Rule, sections
from stormdeck.options import Options
from stormdeck.options.kinds import quoted

_COLUMNS = 88


def explain(words: str, options: Options, environ: Mapping[str, str], *, as_json: bool) -> int:
    """Print a rule's page, the rules of a family, or the causes of a message; without words, list all rules.

    Part of a message is enough if only one message contains it; otherwise all that contain it are listed. For anything
    else, print the most similar codes or messages.
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
    return explain_message.unknown(words, options, environ) if len(words.split()) > 1 else _unknown(words)


def _show(page: Page, *, as_json: bool) -> int:
    if as_json:
        write_out(json.dumps({"version": 1, **asdict(page)}, indent=2, ensure_ascii=False))
        return SUCCESS
    for line in page_text(page, paint_for(standard_output())):
        write_out(line)
    return SUCCESS


def _list(rules: Sequence[Rule], *, as_json: bool) -> int:
    """Print the codes and titles of rules."""
    if as_json:
        entries = [{"code": rule.code, "title": rule.page.title} for rule in rules]
        write_out(json.dumps({"version": 1, "rules": entries}, indent=2, ensure_ascii=False))
        return SUCCESS
    paint = paint_for(standard_output())
    width = max(len(rule.code) for rule in rules)
    for rule in rules:
        write_out(f"{paint(rule.code.ljust(width), Ink.BOLD)}  {rule.page.title}")
    write_err("`stormdeck explain CODE` shows a rule's page.")
    return SUCCESS


def page_text(page: Page, paint: Paint) -> list[str]:
    """Return the lines of a page."""
    lines = [f"{paint(page.code, Ink.BOLD)}  {page.title}"]
    for section in sections(page):
        rows = section.text.splitlines() if section.verbatim else wrap(section.text, _COLUMNS)
        lines += _section(section.heading.lower(), rows, paint)
    return lines


def _section(heading: str, rows: Iterable[str], paint: Paint) -> list[str]:
    return ["", paint(heading, Ink.QUIET), *(f"  {row}" for row in rows)]


def _unknown(words: str) -> int:
    near = nearest(words)
    write_err(f"stormdeck: no rule and no known message contains {quoted(words)}.")
    write_err(f"Did you mean {', '.join(near)}?" if near else f"Codes begin with {', '.join(FAMILIES)}.")
    write_err(
        "`stormdeck explain` lists all rules. For a message, paste more of it, in quotes, as Claude Code shows it."
    )
    return FAILURE
