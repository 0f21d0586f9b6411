"""``stormdeck status`` when no open panel has the answer: ask the servers and print the result."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime

from stormdeck.commands.colour import Ink, Paint, paint_for
from stormdeck.commands.output import standard_error, standard_output, write_err, write_out
from stormdeck.commands.status.formats import EXITS, STATUSLINE, TMUX, show
from stormdeck.commands.status.once import StackSnapshot, take_snapshot
from stormdeck.model.request_path import Hop, path
from stormdeck.model.status.document import bar_of, state_of, status_json
from stormdeck.model.symbols import Health, to_ascii
from stormdeck.model.text import clean
from stormdeck.model.verdict.ranking import statements
from stormdeck.model.verdict.statement import Statement
from stormdeck.options import Options

_BARS = {TMUX, STATUSLINE}
"""Formats that are requested every few seconds. They do not show GPUs, whose driver may take a second to answer."""
_INKS = {Health.OK: Ink.GOOD, Health.ERROR: Ink.ERROR, Health.WARNING: Ink.WARNING}


def ask_and_show(options: Options, environ: Mapping[str, str], shape: str, session: str, model: str) -> int:
    """Take a snapshot, print it in one of ``formats.FORMATS`` and return the exit code."""
    bar = shape in _BARS
    stack = take_snapshot(options, environ, gpus=not bar, fleet=True, quick=bar)
    ranked = statements(stack.deck, time.time(), _minute)
    status = status_json(stack.deck, ranked)
    return show(
        bar_of(stack.deck, ranked), status, shape, environ, session=session, model=model, as_ascii=options.ascii
    )


def ask_and_print(options: Options, environ: Mapping[str, str]) -> int:
    """Take a snapshot, print it as text and return the exit code."""
    stack = take_snapshot(options, environ, fleet=True)
    ranked = statements(stack.deck, time.time(), _minute)
    for line in _text(stack, ranked, paint_for(standard_output())):
        write_out(to_ascii(line) if options.ascii else line)
    if stack.note:
        write_err(paint_for(standard_error())(stack.note, Ink.QUIET))
    return EXITS[state_of(ranked[0])]


def _minute(at: float) -> str:
    return datetime.fromtimestamp(at).strftime("%H:%M")  # noqa: DTZ006 - in the user's time zone


def _text(stack: StackSnapshot, ranked: tuple[Statement, ...], paint: Paint) -> list[str]:
    first = ranked[0]
    lines = [_path_line(path(stack.deck), paint), f"{_sign(first.health, paint)} {_headline(first, paint)}"]
    if first.health is not Health.OK:
        lines += [f"  {part}" for part in (first.evidence, f"next: {first.step}" if first.step else "") if part]
    others = [one for one in ranked[1:] if one.health in {Health.ERROR, Health.WARNING}]
    return [*lines, *(f"{_sign(one.health, paint)} {_headline(one, paint)}" for one in others)]


def _headline(one: Statement, paint: Paint) -> str:
    words = clean(one.headline)
    return f"{words}  {paint(one.code, Ink.INFO)}" if one.code else words


def _path_line(hops: tuple[Hop, ...], paint: Paint) -> str:
    return paint(" ── ", Ink.QUIET).join(
        " ".join(part for part in (clean(hop.name), hop.place, _sign(hop.health, paint), hop.figure) if part)
        for hop in hops
    )


def _sign(health: Health, paint: Paint) -> str:
    return paint(health.glyph, _INKS.get(health, Ink.QUIET))
