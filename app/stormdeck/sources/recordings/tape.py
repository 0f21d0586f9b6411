"""Load a recording to replay it: its lines with their times, and what is wrong with it."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.logs.prefixes.clocks import END_OF_TIME
from stormdeck.model.text import clean
from stormdeck.sources.recordings.entry import Recorded, read_recorded
from stormdeck.sources.recordings.files import read_chunks

RECORDING = "recording.jsonl"
"""The recording's file name in a bundle."""
LARGEST_BYTES = 512 * 1024 * 1024
"""A tape is kept in memory."""


@dataclass(frozen=True, slots=True)
class Tape:
    """A recording that can be replayed."""

    name: str
    """The file's name."""
    batches: tuple[LogBatch, ...]
    """At least one; their times never decrease."""
    damage: str = ""
    """Which lines were skipped and why; empty where all are valid."""

    @property
    def started(self) -> float:
        """Return the time of the first line, in Unix seconds."""
        return self.batches[0].arrived

    @property
    def ended(self) -> float:
        """Return the time of the last line, in Unix seconds."""
        return self.batches[-1].arrived


def recording_in(path: Path) -> Path:
    """Return the recording in a bundle's folder; any other path is returned as it is."""
    try:
        inside = path / RECORDING
        return inside if path.is_dir() and inside.is_file() else path
    except (OSError, ValueError):
        return path


def load_tape(path: Path) -> Tape | str:
    """Return a recording, or why it cannot be replayed; of a bundle's folder, the recording inside.

    Damaged lines are skipped, as in ``analyze``, and reported. Where the clock was set back, the time stays until the
    clock has caught up.
    """
    path = recording_in(path)
    if path.is_dir():
        return f"{path} is a folder without a {RECORDING}: name a recording, as `stormdeck watch --record` keeps one"
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return f"{path} is not a regular file: name a recording"
        reading = _Reading()
        batches = tuple(_batches(path, reading))
    except _TooLargeError:
        most = f"{LARGEST_BYTES // 1024**2} MiB"
        return f"{path} is larger than {most}; play a part of it: head -n 1000000 {path} > part.jsonl"
    except (OSError, ValueError) as error:
        why = error.strerror or str(error) if isinstance(error, OSError) else str(error)
        return f"{path} cannot be read: {why[:1].lower()}{why[1:]}"
    if not batches:
        return f"{path} {reading.nothing()}"
    return Tape(clean(path.name), batches, reading.damage())


class _TooLargeError(Exception):
    """The recording has too much text, counted while it is decompressed."""


class _Reading:
    """Count the lines that were read, and those that are damaged."""

    def __init__(self) -> None:
        self.number = 0
        self.damaged: list[int] = []
        self.cut = False
        """Whether the last line that is not empty is cut off."""
        self.first = ""

    def take(self, text: str, recorded: Recorded | None) -> Recorded | None:
        """Count a line; return its entry if it is valid."""
        self.number += 1
        if not text.strip("\ufeff \t"):
            return None
        self.first = self.first or text
        known = recorded if recorded is not None and 0 <= recorded.t < END_OF_TIME else None
        self.cut = known is None and text.startswith('{"t"') and not text.endswith("}")
        if known is None:
            self.damaged.append(self.number)
        return known

    def nothing(self) -> str:
        """Return why there is nothing to replay."""
        if not self.first:
            return "is empty: no line was recorded in it"
        if self.cut and len(self.damaged) == 1:
            return f"has only a line that is cut off (line {self.damaged[0]})"
        return (
            f'is no recording: line {self.damaged[0]} is no {{"t": seconds, "line": text}}. `stormdeck analyze` reads '
            "plain logs; `stormdeck watch --record FILE` keeps a recording"
        )

    def damage(self) -> str:
        """Return which lines were skipped, or an empty text."""
        if not self.damaged:
            return ""
        if self.cut and len(self.damaged) == 1:
            return f"line {self.damaged[0]}, the last one, is cut off and skipped"
        first, more = self.damaged[0], len(self.damaged) - 1
        which = f"line {first} is" if not more else f"line {first} and {more} more are"
        return f'{which} no {{"t": seconds, "line": text}} and left out'


def _batches(path: Path, reading: _Reading) -> Iterator[LogBatch]:
    latest = 0.0
    size = 0
    for texts in read_chunks(path):
        size += sum(map(len, texts)) + len(texts)
        if size > LARGEST_BYTES:
            raise _TooLargeError
        known = [
            one for text, entry in zip(texts, read_recorded(texts), strict=True) if (one := reading.take(text, entry))
        ]
        for (t, log), group in groupby(known, itemgetter(0, 2)):
            latest = max(latest, t)
            lines = tuple(recorded.line for recorded in group)
            yield LogBatch(log or path.name, lines, latest, history=False)
