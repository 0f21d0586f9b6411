"""Write the generated documents: parts of the README, and the rule pages in docs/rules.

Run it with ``python tests/documents/fill.py`` or ``make readme``.
"""

import re
from pathlib import Path

from stormdeck.model.rules.registry import RULES
from stormdeck.model.rules.rule import markdown_index, markdown_page, markdown_table

TESTS = Path(__file__).parents[1]
README = TESTS.parent / "README.md"
RULE_PAGES = TESTS.parent / "docs" / "rules"
BENCH = TESTS / "budget" / "results" / "last.md"
VERSIONS = TESTS / "real" / "VERSIONS.md"


def rules():
    """Return the table of all rules."""
    return markdown_table(RULES)


def bench():
    """Return the tables of the last complete benchmark, one heading level deeper; ``None`` if there is no such file."""
    return re.sub(r"^## ", "### ", _body(BENCH), flags=re.MULTILINE) if BENCH.is_file() else None


def versions():
    """Return the table of the real programs that the tests were run against."""
    return _body(VERSIONS)


PARTS = {"rules": rules, "versions": versions, "bench": bench}
"""Functions that generate the parts of the README; a part is left as it is if its function returns ``None``."""


def filled(text):
    """Return a document with all generated parts up to date."""
    for name, make in PARTS.items():
        made = make()
        if made is not None:
            text = _between(name).sub(lambda marks, made=made: f"{marks[1]}{made.strip()}\n{marks[3]}", text, count=1)
    return text


def part(text, name):
    """Return the text between the two marks of a part, ``None`` if they are missing."""
    found = _between(name).search(text)
    return found[2] if found else None


def rule_pages():
    """Return the documents in docs/rules by file name: one page for each rule, and an index."""
    pages = {f"{rule.code}.md": markdown_page(rule.page) for rule in RULES}
    return {"README.md": markdown_index(RULES), **pages}


def write_rule_pages():
    """Write docs/rules, and remove pages of rules that no longer exist."""
    RULE_PAGES.mkdir(parents=True, exist_ok=True)
    pages = rule_pages()
    for old in RULE_PAGES.glob("*.md"):
        if old.name not in pages:
            old.unlink()
    for name, text in pages.items():
        (RULE_PAGES / name).write_text(text, encoding="utf-8")


def _between(name):
    return re.compile(rf"(<!-- {name}: [^\n]*-->\n)(.*?)(<!-- end of {name} -->)", re.DOTALL)


def _body(file):
    """Return a Markdown file without its title."""
    return file.read_text(encoding="utf-8").partition("\n")[2].strip()


if __name__ == "__main__":
    README.write_text(filled(README.read_text(encoding="utf-8")), encoding="utf-8")
    write_rule_pages()
