"""``stormdeck analyze``: requests, turns, retries and storms in logs and recordings, after the fact."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from stormdeck.commands.colour import paint_for
from stormdeck.commands.exit_codes import FAILURE, SUCCESS
from stormdeck.commands.output import put, say, standard_output
from stormdeck.commands.retries import summary
from stormdeck.model.retries.analyzer import RetryAnalyzer
from stormdeck.model.text import clean
from stormdeck.model.units import plural
from stormdeck.sources.recordings.archive import Archive
from stormdeck.sources.transcripts.read import folder_obstacle, read_transcripts


def run(files: Sequence[str], *, transcripts: str | None, api_timeout_ms: int | None, as_json: bool) -> int:
    """Read everything and print the account; what could not be read is told, and the rest counts all the same."""
    ledger = RetryAnalyzer(api_timeout_ms=api_timeout_ms, local_time=datetime.timestamp)
    archive = Archive(files, local_time=datetime.timestamp)
    for batch in archive.batches():
        ledger.take(batch)
    troubles = list(archive.troubles)
    if transcripts is not None:
        troubles += _read_transcripts(Path(transcripts), ledger)
    for trouble in troubles:
        say(f"stormdeck: {clean(trouble)}")
    if archive.damaged:
        say(f"stormdeck: {plural(archive.damaged, 'damaged line')} in a recording left out")
    if not archive.read:
        return FAILURE
    report = ledger.report()
    if as_json:
        put(json.dumps(report.as_json(), indent=2))
    else:
        for line in summary.as_text(report, paint_for(standard_output())):
            put(line)
    return FAILURE if troubles else SUCCESS


def _read_transcripts(folder: Path, ledger: RetryAnalyzer) -> list[str]:
    """Let the ledger take a folder of transcripts; return what stands in the way."""
    obstacle = folder_obstacle(folder)
    if obstacle:
        return [obstacle]
    for entry in read_transcripts(folder):
        ledger.take_entry(entry)
    return []
