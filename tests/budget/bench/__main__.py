"""``python -m bench [--quick] [CASE ...]``: measure, and write results/last.md and last.json."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from bench.cases import CASES
from bench.figures import Table
from bench.machine import describe
from bench.place import FULL, QUICK, Place
from bench.report import as_json, markdown, section

RESULTS = Path(__file__).parents[1] / "results"


def main() -> int:
    """Run the cases that are asked for, all of them if none is."""
    parser = argparse.ArgumentParser(prog="make bench", description="stormdeck beside its peers, in one run")
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"one of {', '.join(CASES)}; all of them if none")
    parser.add_argument("--quick", action="store_true", help="a few short runs, to see that it works")
    parser.add_argument("--out", type=Path, help="folder for last.md and last.json (a whole full run: results/)")
    asked = parser.parse_args()
    unknown = [name for name in asked.cases if name not in CASES]
    if unknown:
        parser.error(f"no case {unknown[0]!r}; there are {', '.join(CASES)}")
    machine = describe()
    tables = []
    for name in asked.cases or CASES:
        begun = time.monotonic()
        try:
            table = _measure(name, quick=asked.quick)
        except OSError as error:
            _say(f"{name} is left out: {error}")
            continue
        tables.append(table)
        _say("\n".join(section(table)), f"\n({time.monotonic() - begun:.0f} s)\n")
    whole = not asked.cases and not asked.quick
    out = asked.out or (RESULTS if whole else None)
    if out:
        out.mkdir(parents=True, exist_ok=True)
        (out / "last.md").write_text(markdown(tables, machine))
        (out / "last.json").write_text(as_json(tables, machine))
        _say(f"written: {out / 'last.md'} and last.json")
    return 0


def _measure(name: str, *, quick: bool) -> Table:
    with tempfile.TemporaryDirectory(prefix="stormdeck-bench-", ignore_cleanup_errors=True) as folder:
        return CASES[name](Place(Path(folder)).make(), QUICK if quick else FULL)


def _say(*words: str) -> None:
    sys.stdout.write(" ".join(words) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
