"""``stormdeck analyze``: count requests, turns and retries in logs and recordings, and find storms."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from stormdeck.commands.colour import paint_for
from stormdeck.commands.exit_codes import FAILURE, SUCCESS
from stormdeck.commands.output import standard_output, write_err, write_out
from stormdeck.commands.retries import summary
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.retries.storms.report import Report
from stormdeck.model.text import clean
from stormdeck.model.traffic.log_analyzer import LogAnalyzer
from stormdeck.model.units import plural
from stormdeck.sources.recordings.archive import Archive
from stormdeck.sources.recordings.side_by_side import SideBySide, usual_jobs
from stormdeck.sources.transcripts.read import Unread, folder_obstacle, read_transcripts


def run(
    files: Sequence[str],
    *,
    transcripts: str | None,
    api_timeout_ms: int | None,
    as_json: bool,
    jobs: int | None = None,
) -> int:
    """Read everything and print the report. What cannot be read is named on stderr; the rest is counted.

    ``jobs``: how many processes read several logs; by default as many as are worth it. The report is the same.
    """
    analyzer = LogAnalyzer(api_timeout_ms=api_timeout_ms, local_time=datetime.timestamp)
    try:
        archive = Archive(files, local_time=datetime.timestamp)
    except ValueError as error:
        write_err(f"stormdeck: {clean(str(error))}")
        return FAILURE
    with SideBySide(archive, usual_jobs(archive) if jobs is None else jobs) as reading:
        for head in reading.heads():
            analyzer.note_read_head(head)
        for read in reading.reads():
            analyzer.take_read(read)
    problems = list(archive.problems)
    if transcripts is not None:
        problems += _read_transcripts(Path(transcripts), analyzer)
    for problem in problems:
        write_err(f"stormdeck: {clean(problem)}")
    if archive.damaged:
        write_err(f"stormdeck: {plural(archive.damaged, 'damaged line')} in a recording skipped")
    if not archive.read:
        return FAILURE
    report = analyzer.report()
    if as_json:
        write_out(json.dumps(_masked(report).as_json(), indent=2))
    else:
        for line in summary.as_text(report, paint_for(standard_output())):
            write_out(line)
    return FAILURE if problems else SUCCESS


def _masked(report: Report) -> Report:
    """Return the report with its texts from logs safe to show."""
    return replace(
        report,
        errors=tuple(mask_text(clean(error)) for error in report.errors),
        clients={mask_text(clean(agent)): count for agent, count in report.clients.items()},
        first_unread=mask_text(clean(report.first_unread)),
        notes=tuple(clean(note) for note in report.notes),
    )


def _read_transcripts(folder: Path, analyzer: LogAnalyzer) -> list[str]:
    """Read a folder of transcripts into the analyzer; return what cannot be read."""
    obstacle = folder_obstacle(folder)
    if obstacle:
        return [obstacle]
    unread = Unread()
    for entry in read_transcripts(folder, unread=unread):
        analyzer.take_entry(entry)
    return unread.sentences()
