"""Requests and retries by scenario: what the server counted, and what stormdeck reported.

``make versions`` writes LEDGER.md from what runs with ``--results`` left.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from differences import section

HERE = Path(__file__).parent
_HEAD = """# What real clients sent, and what stormdeck made of it

Written by `make test-real`: Claude Code from its package, in a scratch home, with a recording server on the loopback.
*Server* is what the server counted: a retry is the same request again after an answer that did not come whole. *Log* is
`stormdeck analyze` on uvicorn's own access lines, *transcripts* the same with the client's transcripts beside it.
"""
_TITLE = "## Claude Code "
_ROW = re.compile(r"\| (?P<scenario>.+?) \| (?P<counts>\d+ \| \d+ \| \d+ \| \d+) \| (?P<why>.*?) ?\|")


@dataclass(frozen=True)
class Line:
    """One scenario with one version of the client."""

    version: str
    scenario: str
    requests: int
    """Of every kind, as the server counted them."""
    retries: int
    """As the server counted them."""
    from_log: int
    """As stormdeck counted them from the access log alone."""
    with_transcripts: int
    why: str = ""
    """Why stormdeck cannot tell them all, where it cannot."""


def summary(lines: Sequence[Line]) -> str:
    """Return the sums of one version in a few words."""
    requests, retries, log, both = (
        sum(getattr(line, name) for line in lines) for name in ("requests", "retries", "from_log", "with_transcripts")
    )
    return f"{requests} requests, {retries} retries counted by the server; {both} found with transcripts, {log} without"


def table(lines: Iterable[Line]) -> str:
    """Return the lines of one version as a Markdown table."""
    rows = ["| scenario | requests | retries: server | log | transcripts | |", "|---|---|---|---|---|---|"]
    rows += [
        f"| {one.scenario} | {one.requests} | {one.retries} | {one.from_log} | {one.with_transcripts} | {one.why} |"
        for one in lines
    ]
    return "\n".join(rows) + "\n"


def lines_file() -> Path:
    """Return where runs with ``--results`` leave their lines."""
    from cache import cache

    return cache() / "ledger.json"


def read(path: Path) -> list[Line]:
    """Return the lines of a file; none where there is no such file."""
    return [Line(**fields) for fields in json.loads(path.read_text())] if path.is_file() else []


def write(path: Path, lines: Iterable[Line]) -> None:
    """Put lines into a file in the place of older ones of the same versions and scenarios; all others stay."""
    kept = {(line.version, line.scenario): line for line in [*read(path), *lines]}
    path.write_text(json.dumps([asdict(line) for line in kept.values()], indent=1) + "\n")


def page(lines: Sequence[Line]) -> str:
    """Return all lines as a page, the newest version first."""
    from versions import newest_first

    parts = [_HEAD, section(lines)]
    for version in newest_first(line.version for line in lines):
        own = [line for line in lines if line.version == version]
        parts.append(f"{_TITLE}{version}\n\n{summary(own)}.\n\n{table(own)}")
    return "\n".join(parts)


def lines_in(text: str) -> list[Line]:
    """Return the lines of a page that ``page`` wrote."""
    lines, version = [], ""
    for row in text.splitlines():
        if row.startswith(_TITLE):
            version = row.removeprefix(_TITLE)
        elif found := _ROW.fullmatch(row):
            requests, retries, log, both = map(int, found["counts"].split(" | "))
            lines.append(Line(version, found["scenario"], requests, retries, log, both, found["why"]))
    return lines


def merged(path: Path, lines: Iterable[Line]) -> str:
    """Return a page with lines put in; what there is no result for stays."""
    before = lines_in(path.read_text()) if path.is_file() else []
    return page(list({(line.version, line.scenario): line for line in [*before, *lines]}.values()))


def main() -> None:
    """Write the page; say where no run has left anything."""
    lines = read(lines_file())
    if not lines:
        sys.stderr.write(f"{lines_file()} has no lines: run `make test-real` for some\n")
        return
    (HERE / "LEDGER.md").write_text(merged(HERE / "LEDGER.md", lines))


if __name__ == "__main__":
    # Run by itself it has only its own folder on the path.
    sys.path.append(str(HERE.parent))
    main()
