"""``stormdeck explain``: the page of a rule, or a message decoded."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from difflib import get_close_matches

from stormdeck.commands.paint import Ink, Paint, paint_for
from stormdeck.commands.talk import put, say, standard_output
from stormdeck.model.rules.registry import RULES, page_of
from stormdeck.model.rules.rule import Page
from stormdeck.options import Options
from stormdeck.options.kinds import quoted

UNKNOWN = 2
_COLUMNS = 88
_NEAREST = 4


def explain(words: str, options: Options, environ: Mapping[str, str], *, as_json: bool) -> int:
    """Print the page of the rule that the words name, or the causes of the message that they are.

    For others, name the codes or the messages that come near.
    """
    page = page_of(words)
    if page is None:
        from stormdeck.commands.decoded import explain_message, is_message

        return explain_message(words, options, environ, wants_json=as_json) if is_message(words) else _unknown(words)
    if as_json:
        put(json.dumps({"version": 1, **asdict(page)}, indent=2, ensure_ascii=False))
        return 0
    for line in page_text(page, paint_for(standard_output())):
        put(line)
    return 0


def page_text(page: Page, paint: Paint) -> list[str]:
    """Return a page as lines."""
    lines = [f"{paint(page.code, Ink.BOLD)}  {page.title}"]
    prose = (("looks at", page.what), ("why", page.why))
    for heading, text in prose:
        lines += _section(heading, _wrapped(text), paint)
    if page.shown:
        lines += _section("you see", page.shown.splitlines(), paint)
    for heading, text in (("versions", page.versions), ("evidence", page.evidence), ("fix", page.fix)):
        lines += _section(heading, _wrapped(text), paint)
    if page.example:
        lines += _section("example", page.example.splitlines(), paint)
    return lines


def nearest(words: str) -> tuple[str, ...]:
    """Return the codes that come nearest: of the family that is named, else by spelling."""
    word = words.strip().upper()
    letters = word.rstrip("0123456789")
    family = [rule.code for rule in RULES if rule.family == letters]
    if family and word == letters:
        return tuple(family)
    number = int(word[len(letters) :][:9] or "0")
    by_number = sorted(family, key=lambda code: (abs(int(code.removeprefix(letters)) - number), code))
    return tuple(by_number[:_NEAREST]) or tuple(get_close_matches(word, [rule.code for rule in RULES], n=_NEAREST))


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _COLUMNS, break_long_words=False, break_on_hyphens=False)


def _section(heading: str, rows: Iterable[str], paint: Paint) -> list[str]:
    return ["", paint(heading, Ink.QUIET), *(f"  {row}" for row in rows)]


def _unknown(words: str) -> int:
    near = nearest(words)
    families = dict.fromkeys(rule.family for rule in RULES)
    say(f"stormdeck: there is no rule {quoted(words)}.")
    say(
        f"Did you mean {', '.join(near)}?"
        if near
        else f"Codes begin with {', '.join(families)}, as in {RULES[0].code}."
    )
    return UNKNOWN
