"""Write the generated parts of the README, each between its two marks: ``python tests/documents/fill.py``."""

import re
from pathlib import Path

from stormdeck.model.rules.registry import RULES
from stormdeck.model.rules.rule import markdown_table

TESTS = Path(__file__).parents[1]
README = TESTS.parent / "README.md"
BENCH = TESTS / "budget" / "results" / "last.md"
VERSIONS = TESTS / "real" / "VERSIONS.md"


def rules():
    """Return the table of all rules."""
    return markdown_table(RULES)


def bench():
    """Return the tables of the last whole benchmark, one heading deeper; nothing where none was kept."""
    return re.sub(r"^## ", "### ", _body(BENCH), flags=re.MULTILINE) if BENCH.is_file() else None


def versions():
    """Return the table of the real programs that the tests were run against."""
    return _body(VERSIONS)


PARTS = {"rules": rules, "versions": versions, "bench": bench}
"""What makes each part; ``None`` from it leaves the part as it is."""


def filled(text):
    """Return a document with every part as it is now."""
    for name, make in PARTS.items():
        made = make()
        if made is not None:
            text = _between(name).sub(lambda marks, made=made: f"{marks[1]}{made.strip()}\n{marks[3]}", text, count=1)
    return text


def part(text, name):
    """Return the text between a part's marks, ``None`` without marks."""
    found = _between(name).search(text)
    return found[2] if found else None


def _between(name):
    return re.compile(rf"(<!-- {name}: [^\n]*-->\n)(.*?)(<!-- end of {name} -->)", re.DOTALL)


def _body(file):
    """Return a Markdown file without its title."""
    return file.read_text(encoding="utf-8").partition("\n")[2].strip()


if __name__ == "__main__":
    README.write_text(filled(README.read_text(encoding="utf-8")), encoding="utf-8")
