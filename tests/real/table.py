"""Put the table of versions that were run into VERSIONS.md, and into docs/versions.md between its two marks."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from results import Row, newest, read, results_file, rows_in, table

HERE = Path(__file__).parent
VERSIONS = HERE / "VERSIONS.md"
PAGE = HERE.parents[1] / "docs" / "versions.md"
BEGIN, END = "<!-- versions: written by `make versions` -->\n", "<!-- end of versions -->\n"


def merged(page: Path, rows: Iterable[Row]) -> str:
    """Return the table of a page with results put in; what there is no result for, or an older one, stays."""
    before = rows_in(page.read_text()) if page.is_file() else []
    return table(newest([*before, *rows]))


def main() -> None:
    """Take the results of the last runs; say where there are none."""
    rows = read(results_file())
    if not rows:
        sys.exit(f"{results_file()} has no results: run `make test-real` first")
    text = merged(VERSIONS, rows)
    VERSIONS.write_text(f"# Real programs that the tests were run against\n\n{text}")
    before, begin, rest = PAGE.read_text().partition(BEGIN)
    if begin:
        PAGE.write_text(before + begin + text + END + rest.partition(END)[2])


if __name__ == "__main__":
    main()
