"""The table of deployments: what ``status``, ``check`` and the panel said of each."""

import re
from pathlib import Path

FOLDER = Path(__file__).parent
TABLE = FOLDER / "TABLE.md"
HEAD = """# Deployments, and what stormdeck says of each

Written by `WRITE_TABLE=1 pytest tests/deployments` from what the commands and the panel said.

| deployment | `status` | `check` | headline of the panel |
|---|---|---|---|
"""


def row_of(name, state, codes, headline, folder):
    """Return a row, without what differs from run to run."""
    headline = headline.replace("\N{NO-BREAK SPACE}", " ").replace(str(folder), "~").replace("|", "\\|")
    headline = re.sub(r"(port |:)\d{4,5}\b", r"\g<1>PORT", headline)
    headline = re.sub(r"(pid|process) \d+", r"\1 N", headline)
    return f"| {name} | {state} | {', '.join(dict.fromkeys(codes)) or 'no findings'} | {headline} |"


def rows(text):
    """Return the rows of a table by deployment, in order."""
    lines = (line for line in text.splitlines() if line.startswith("| "))
    named = {line.split(" | ", 1)[0].removeprefix("| "): line for line in lines}
    return {name: row for name, row in named.items() if name != "deployment"}


def is_tested(name):
    """Return whether a test beside the table names a deployment."""
    return any(f'"{name}"' in file.read_text(encoding="utf-8") for file in FOLDER.glob("test_*.py"))


def table(seen, before):
    """Return the table of the rows seen; a row whose test was skipped in this run stays as it was."""
    kept = {name: row for name, row in rows(before).items() if is_tested(name)} | seen
    return HEAD + "".join(f"{kept[name]}\n" for name in sorted(kept, key=str.casefold))
