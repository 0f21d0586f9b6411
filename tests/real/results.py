"""What became of the checks, by program and version: collected in a run, kept as JSON, told as a table."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from cache import cache

ORDER = ("Claude Code", "LiteLLM", "vLLM")


@dataclass(frozen=True)
class Row:
    """One version of one program."""

    program: str
    version: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    note: str = ""
    date: str = ""
    """Of the run, ``2026-11-21``."""

    @property
    def key(self) -> tuple[str, str]:
        """Return what tells it from other rows."""
        return self.program, self.version

    def plus(self, outcome: str, note: str = "") -> Row:
        """Return the row with one check more: ``passed``, ``failed`` or ``skipped``; notes are told once each."""
        notes = self.note.split("; ") if self.note else []
        notes += [note] if note and note not in notes else []
        return replace(self, **{outcome: getattr(self, outcome) + 1}, note="; ".join(notes))


def results_file() -> Path:
    """Return where runs with ``--results`` leave their rows."""
    return cache() / "results.json"


def read(path: Path) -> list[Row]:
    """Return the rows of a file; none where there is no such file."""
    return [Row(**fields) for fields in json.loads(path.read_text())] if path.is_file() else []


def write(path: Path, rows: Iterable[Row]) -> None:
    """Put rows into a file in the place of older ones of the same versions; all others stay."""
    kept = {row.key: row for row in [*read(path), *rows]}
    beside = path.with_suffix(".part")
    beside.write_text(json.dumps([asdict(row) for row in sorted(kept.values(), key=_place)], indent=1) + "\n")
    beside.rename(path)


def table(rows: Iterable[Row]) -> str:
    """Return the rows as a Markdown table, each program's newest version first."""
    lines = ["| program | version | checks | date | note |", "|---|---|---|---|---|"]
    for row in sorted(rows, key=_place):
        counts = [f"{getattr(row, name)} {name}" for name in ("passed", "failed", "skipped") if getattr(row, name)]
        note = row.note.replace("|", "\\|").replace("\n", " ")
        lines.append(f"| {row.program} | {row.version} | {', '.join(counts)} | {row.date} | {note} |")
    return "\n".join(lines) + "\n"


def _place(row: Row) -> tuple[int, str, list[int]]:
    known = ORDER.index(row.program) if row.program in ORDER else len(ORDER)
    return known, row.program, [-int(number) for number in re.findall(r"\d+", row.version)]
