"""``stormdeck usage``: print what was used by day, as a table or JSON."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from stormdeck.commands.exit_codes import FAILURE, SUCCESS
from stormdeck.commands.output import write_err, write_out
from stormdeck.commands.timeline.moments import read_moment
from stormdeck.commands.usage.table import lines
from stormdeck.model.text import clean
from stormdeck.model.usage.counter import UsageCounter
from stormdeck.model.usage.energy import energy_by_day
from stormdeck.model.usage.report import Report, report
from stormdeck.model.usage.servers import counted_by_day
from stormdeck.options import Options
from stormdeck.paths import user_paths
from stormdeck.sources.state.history_store import HistoryStore
from stormdeck.sources.transcripts.read import folder_obstacle, transcripts_folder
from stormdeck.sources.transcripts.usage import read_usage
from stormdeck.sources.usage import begin_of, local_day, read_undelivered

_DAYS_BEFORE = 6


def run(
    options: Options, environ: Mapping[str, str], *, since: str | None, transcripts: str | None, as_json: bool
) -> int:
    """Print the usage since a moment and return the exit code."""
    now = time.time()
    try:
        begin = _week(now) if since is None else read_moment(since, now)
    except ValueError as error:
        write_err(f"stormdeck usage: --since: {clean(str(error))}")
        return FAILURE
    if begin > now:
        write_err("stormdeck usage: --since is in the future.")
        return FAILURE
    paths = user_paths(environ, options.home, options.project)
    folder = transcripts_folder(paths.claude) if transcripts is None else Path(transcripts)
    counter = UsageCounter(local_day, begin, now)
    problems = _read(folder, counter, begin, is_named=transcripts is not None)
    history = HistoryStore(paths.state / "history.sqlite3", writes=False)
    samples = history.load(now)
    energy = energy_by_day(samples, local_day, begin, now)
    servers = counted_by_day(samples, local_day, begin, now)
    wire = read_undelivered(paths.wire, begin, now)
    if history.problem:
        problems.append(history.problem)
    for problem in problems:
        write_err(f"stormdeck: {clean(problem)}")
    found = report(counter.days(), counter.models(), energy, options.prices, servers, wire)
    if as_json:
        write_out(json.dumps(_as_json(found, options, begin, now), indent=2))
    elif found.days:
        for line in lines(found, local_day(now), has_prices=bool(options.prices)):
            write_out(line)
    elif not problems:
        write_out(f"No turn since {datetime.fromtimestamp(begin).astimezone():%Y-%m-%d %H:%M} in {clean(str(folder))}.")
        write_out("--since 30d looks further back, --transcripts DIR elsewhere.")
    return FAILURE if problems else SUCCESS


def _read(folder: Path, counter: UsageCounter, since: float, *, is_named: bool) -> list[str]:
    """Count what the transcripts say; return what could not be read. A client that never ran has no folder."""
    obstacle = folder_obstacle(folder)
    if obstacle:
        return [obstacle] if is_named or folder.exists() else []
    return read_usage(folder, counter, since).sentences()


def _as_json(found: Report, options: Options, since: float, until: float) -> dict[str, object]:
    return {
        "version": 1,
        "since": since,
        "until": until,
        "prices": {price.name: price.amount for price in options.prices} or None,
        "days": [{"day": day.isoformat(), **row.as_json()} for day, row in found.days.items()],
        "models": [{"model": clean(name), **row.as_json()} for name, row in found.models.items()],
        "total": found.whole.as_json(),
        "recorded": found.undelivered.as_json(),
    }


def _week(now: float) -> float:
    """Return the midnight, in the user's time zone, that began the sixth day before today."""
    return begin_of(local_day(now) - timedelta(days=_DAYS_BEFORE))
