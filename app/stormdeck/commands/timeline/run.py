"""``stormdeck timeline``: print the events that the panel keeps, as text or JSON."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from datetime import datetime

from stormdeck.commands.colour import Ink, Paint, paint_for
from stormdeck.commands.exit_codes import FAILURE, SUCCESS
from stormdeck.commands.output import standard_output, write_err, write_out
from stormdeck.commands.timeline.moments import read_moment
from stormdeck.model.symbols import Health
from stormdeck.model.text import clean
from stormdeck.model.timeline.event import Event, Kind
from stormdeck.model.timeline.sentences import sentence, sign
from stormdeck.model.timeline.storms import storm_events
from stormdeck.model.timeline.timeline import as_json as event_json
from stormdeck.model.timeline.timeline import in_order, within
from stormdeck.options import Options
from stormdeck.paths import user_paths
from stormdeck.sources.state.storm_store import StormStore
from stormdeck.sources.state.timeline_store import TimelineStore
from stormdeck.sources.transcripts.read import transcripts_folder

_INKS = {Health.ERROR: Ink.ERROR, Health.WARNING: Ink.WARNING, Health.OK: Ink.GOOD, Health.UNKNOWN: Ink.QUIET}
_KIND = max(len(kind) for kind in Kind)


def run(options: Options, environ: Mapping[str, str], *, since: str | None, until: str | None, as_json: bool) -> int:
    """Print the events of a time and return the exit code."""
    now = time.time()
    moments: list[float | None] = []
    for flag, text in (("--since", since), ("--until", until)):
        try:
            moments.append(None if text is None else read_moment(text, now, next(iter(moments), None)))
        except ValueError as error:
            write_err(f"stormdeck timeline: {flag}: {clean(str(error))}")
            return FAILURE
    begin, end = moments
    if begin is not None and end is not None and begin > end:
        write_err("stormdeck timeline: --since is later than --until.")
        return FAILURE
    paths = user_paths(environ, options.home, options.project)
    kept = TimelineStore(paths.state / "timeline.sqlite3", writes=False)
    storms = StormStore(paths.state / "storms.sqlite3", writes=False, transcripts=transcripts_folder(paths.claude))
    found = (*kept.load().events, *storm_events(storms.load()))
    problems = [problem for problem in (kept.problem, storms.problem) if problem]
    for problem in problems:
        write_err(f"stormdeck: {problem}")
    shown = tuple(reversed(in_order(within(found, begin, end))))
    if as_json:
        _print_json(shown, begin, end, now)
    else:
        _print_text(shown, now)
        if not found and not problems:
            write_out("No event is kept yet: the panel writes them while it runs. Start it with `stormdeck`.")
        elif not shown and not problems:
            write_out(f"None of the {len(found)} events that are kept is in this time.")
    return FAILURE if problems else SUCCESS


def _print_json(shown: Sequence[Event], begin: float | None, end: float | None, now: float) -> None:
    events = [event_json(event, now) for event in shown]
    write_out(json.dumps({"version": 1, "since": begin, "until": end, "events": events}, indent=2))


def _print_text(shown: Sequence[Event], now: float) -> None:
    paint = paint_for(standard_output())
    for event in shown:
        write_out(_line(event, now, paint))


def _line(event: Event, now: float, paint: Paint) -> str:
    health = sign(event, now)
    words = paint(sentence(event, now), _INKS.get(health, Ink.PLAIN) if health is not None else Ink.PLAIN)
    return f"{_moment(event.moment)}  {paint(event.kind.value.ljust(_KIND), Ink.QUIET)}  {words}"


def _moment(at: float) -> str:
    """Return a time in the user's time zone."""
    try:
        return f"{datetime.fromtimestamp(at).astimezone():%Y-%m-%d %H:%M:%S}"
    except (ValueError, OverflowError, OSError):  # a clock that is wrong by millennia
        return "????-??-?? ??:??:??"
