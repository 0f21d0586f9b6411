"""Run ``check`` on every settings file and LiteLLM YAML in a folder, and print how many files get each code.

    make corpus FOLDER=~/collected
    make corpus FOLDER=~/collected CODE=PROXY804      # name the files of one code

A rule that speaks about a large share of other people's files is more often wrong than they are: read some of them.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from stormdeck.__main__ import main

SEVERITIES = ("error", "warning", "info")
KEPT = ("PATH", "HOME", "LANG", "LC_ALL")
LARGEST = 1024 * 1024


def files_in(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield the files to check with the flag that names each."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.stat().st_size > LARGEST:
            continue
        if path.suffix in {".yaml", ".yml"}:
            yield path, "--litellm-config"
        elif path.suffix == ".json":
            yield path, "--settings"


def findings_of(path: Path, flag: str, empty: str, client: str) -> Sequence[Mapping[str, Any]] | None:
    """Return what ``check --offline`` finds in one file; ``None`` if it could not run."""
    out = io.StringIO()
    places = ("--home", empty, "--project", empty)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        code = main(["check", "--offline", "--json", *places, "--client-version", client, flag, str(path)])
    if code not in {0, 1}:
        return None
    found: Sequence[Mapping[str, Any]] = json.loads(out.getvalue())["findings"]
    return found


def report(folder: Path, client: str, code: str) -> int:
    """Print the table, and the files of ``code``. Return 2 if a file could not be checked."""
    files: dict[str, Counter[str]] = {flag: Counter() for flag in ("--litellm-config", "--settings")}
    totals: Counter[str] = Counter()
    named: defaultdict[str, list[str]] = defaultdict(list)
    failed: list[Path] = []
    with tempfile.TemporaryDirectory() as empty:
        os.environ["XDG_CONFIG_HOME"] = os.environ["XDG_STATE_HOME"] = empty
        for path, flag in files_in(folder):
            findings = findings_of(path, flag, empty, client)
            totals[flag] += 1
            if findings is None:
                failed.append(path)
                continue
            keys = {f"{one['code']} {one['severity']}" for one in findings}
            files[flag].update(keys or {"no finding"})
            files[flag].update({f"any {one['severity']}" for one in findings})
            for one in findings:
                if code and one["code"].startswith(code):
                    named[f"{one['code']} {one['severity']}: {one['title']}"].append(f"{path}:{one['line'] or 1}")
    for flag, counts in files.items():
        if totals[flag]:
            sys.stdout.write(f"\n{flag}: {totals[flag]} files, Claude Code {client}\n")
        for key, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
            sys.stdout.write(f"  {key:<22}{count:>6}{100 * count / totals[flag]:>7.1f} %\n")
    for title, places in sorted(named.items()):
        sys.stdout.write(f"\n{title}\n" + "".join(f"  {place}\n" for place in places))
    for path in failed:
        sys.stdout.write(f"could not be checked: {path}\n")
    return 2 if failed else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--client", default="2.1.332")
    parser.add_argument("--code", default="", help="name the files of this code, or of codes that begin so")
    given = parser.parse_args()
    for name in set(os.environ) - set(KEPT):
        del os.environ[name]
    if not given.folder.is_dir():
        sys.exit(f"not a folder: {given.folder}")
    sys.exit(report(given.folder, given.client, given.code))
