"""Read usage from transcripts."""

from __future__ import annotations

from pathlib import Path

from stormdeck.model.usage.counter import UsageCounter
from stormdeck.model.usage.record import parse_record
from stormdeck.sources.transcripts.read import Unread, parsed_files


def read_usage(folder: Path, counter: UsageCounter, since: float) -> Unread:
    """Count the usage in every transcript that changed after ``since``; return what could not be read.

    Files are read piece by piece, whatever their size.
    """
    unread = Unread()
    for records in parsed_files(folder, parse_record, since, unread):
        for record in records:
            counter.take(record)
        counter.end_file()
    return unread
