"""One look at the stack for ``stormdeck status``, where no running panel answers."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime

from stormdeck.commands.colour import Ink, Paint, paint_for
from stormdeck.commands.output import put, say, standard_error, standard_output
from stormdeck.commands.status.formats import EXITS, STATUSLINE, TMUX, show
from stormdeck.commands.status.once import Glance, glance
from stormdeck.model.request_path import Hop, path
from stormdeck.model.status.document import bar_of, state_of, status_json
from stormdeck.model.symbols import Health, to_ascii
from stormdeck.model.text import clean
from stormdeck.model.verdict.ranking import statements
from stormdeck.model.verdict.statement import Statement
from stormdeck.options import Options

_BARS = {TMUX, STATUSLINE}
"""Lines that are asked for every few seconds. They have no room for GPUs, whose driver may take a second."""
_INKS = {Health.OK: Ink.GOOD, Health.ERROR: Ink.ERROR, Health.WARNING: Ink.WARNING}


def look_and_show(options: Options, environ: Mapping[str, str], shape: str, session: str, model: str) -> int:
    """Look once, print it in one of ``bars.FORMATS``, and return the exit code."""
    bar = shape in _BARS
    seen = glance(options, environ, gpus=not bar, quick=bar)
    said = statements(seen.deck, time.time(), _minute)
    status = status_json(seen.deck, said)
    return show(bar_of(seen.deck, said), status, shape, environ, session=session, model=model, as_ascii=options.ascii)


def look_and_tell(options: Options, environ: Mapping[str, str]) -> int:
    """Look once, print it as text, and return the exit code."""
    seen = glance(options, environ)
    said = statements(seen.deck, time.time(), _minute)
    for line in _text(seen, said, paint_for(standard_output())):
        put(to_ascii(line) if options.ascii else line)
    if seen.note:
        say(paint_for(standard_error())(seen.note, Ink.QUIET))
    return EXITS[state_of(said[0])]


def _minute(at: float) -> str:
    return datetime.fromtimestamp(at).strftime("%H:%M")  # noqa: DTZ006 - the user's own clock is meant


def _text(seen: Glance, said: tuple[Statement, ...], paint: Paint) -> list[str]:
    first = said[0]
    lines = [_path_line(path(seen.deck), paint), f"{_light(first.light, paint)} {_headline(first, paint)}"]
    if first.light is not Health.OK:
        lines += [f"  {part}" for part in (first.evidence, f"next: {first.step}" if first.step else "") if part]
    others = [one for one in said[1:] if one.light in {Health.ERROR, Health.WARNING}]
    return [*lines, *(f"{_light(one.light, paint)} {_headline(one, paint)}" for one in others)]


def _headline(one: Statement, paint: Paint) -> str:
    words = clean(one.headline)
    return f"{words}  {paint(one.code, Ink.INFO)}" if one.code else words


def _path_line(hops: tuple[Hop, ...], paint: Paint) -> str:
    return paint(" ── ", Ink.QUIET).join(
        " ".join(part for part in (clean(hop.name), hop.place, _light(hop.light, paint), hop.figure) if part)
        for hop in hops
    )


def _light(light: Health, paint: Paint) -> str:
    return paint(light.glyph, _INKS.get(light, Ink.QUIET))
