"""What became of the checks, by program and version: collected in a run, kept as JSON, shown as a table."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from cache import cache
from versions import version_key

ORDER = ("Claude Code", "LiteLLM", "vLLM")
COLUMNS = 5
OUTCOMES = ("passed", "failed", "skipped")


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
        """Return what distinguishes it from other rows."""
        return self.program, self.version

    @property
    def ran(self) -> bool:
        """Return whether any check ran: none did where the program could not be installed."""
        return bool(self.passed or self.failed)

    def plus(self, outcome: str, note: str = "") -> Row:
        """Return the row with one check more: ``passed``, ``failed`` or ``skipped``; notes are given once each."""
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
    beside = path.with_suffix(".part")
    beside.write_text(json.dumps([asdict(row) for row in newest([*read(path), *rows])], indent=1) + "\n")
    beside.rename(path)


def newest(rows: Iterable[Row]) -> list[Row]:
    """Return the last row of each version, in the order of the table.

    A row with an older date replaces none, and one of which no check ran replaces none that did.
    """
    kept: dict[tuple[str, str], Row] = {}
    for row in rows:
        before = kept.get(row.key)
        if before is None or (row.date >= before.date and row.ran >= before.ran):
            kept[row.key] = row
    return sorted(kept.values(), key=_place)


def table(rows: Iterable[Row]) -> str:
    """Return the rows as a Markdown table, each program's newest version first."""
    lines = ["| program | version | checks | date | note |", "|---|---|---|---|---|"]
    for row in sorted(rows, key=_place):
        counts = [f"{getattr(row, name)} {name}" for name in OUTCOMES if getattr(row, name)]
        note = row.note.replace("|", "\\|").replace("\n", " ")
        lines.append(f"| {row.program} | {row.version} | {', '.join(counts)} | {row.date} | {note} |")
    return "\n".join(lines) + "\n"


def rows_in(text: str) -> list[Row]:
    """Return the rows of a table that ``table`` wrote."""
    rows = []
    for line in text.splitlines():
        cells = [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        counts = {name: int(count) for count, name in re.findall(rf"(\d+) ({'|'.join(OUTCOMES)})", line)}
        if len(cells) == COLUMNS and counts:
            program, version, _, date, note = cells
            rows.append(Row(program, version, **counts, note=note, date=date))
    return rows


def _place(row: Row) -> tuple[int, str, list[int]]:
    known = ORDER.index(row.program) if row.program in ORDER else len(ORDER)
    return known, row.program, [-number for number in version_key(row.version)]
