"""Write the generated documents: parts of some pages of docs, and the rule pages in docs/rules.

Run it with ``python tests/documents/fill.py`` or ``make readme``.
"""

import re
from pathlib import Path

from stormdeck.model.rules.registry import RULES
from stormdeck.model.rules.rule import markdown_index, markdown_page

TESTS = Path(__file__).parents[1]
ROOT = TESTS.parent
DOCS = ROOT / "docs"
RULE_PAGES = DOCS / "rules"
BENCH = TESTS / "budget" / "results" / "last.md"
VERSIONS = TESTS / "real" / "VERSIONS.md"
ABOUT_RULES = """\
`stormdeck explain CODE` shows the page of a rule: what it does, why it matters, the message you see, and the fix.

Rules about a server of your own apply only if there is one: a base URL on this machine or a private network, a
server that you name with `--vllm` or `--proxy`, or a model that the hosted API does not have. A hosted gateway gets
notes at most. If requests go to the hosted API or to a cloud (`CLAUDE_CODE_USE_BEDROCK` and the like), there is
nothing to check: `stormdeck check` says so and exits with 0."""


def bench():
    """Return the tables of the last complete benchmark; ``None`` if there is no such file."""
    return _body(BENCH) if BENCH.is_file() else None


def versions():
    """Return the table of the real programs that the tests were run against."""
    return _body(VERSIONS)


PARTS = {"versions": (DOCS / "versions.md", versions), "bench": (DOCS / "how-fast.md", bench)}
"""Page and function of each generated part; a part is left as it is if its function returns ``None``."""


def filled(name):
    """Return the page of a generated part with that part up to date."""
    file, make = PARTS[name]
    text, made = file.read_text(encoding="utf-8"), make()
    if made is None:
        return text
    return _between(name).sub(lambda marks: f"{marks[1]}{made.strip()}\n{marks[3]}", text, count=1)


def part(text, name):
    """Return the text between the two marks of a part, ``None`` if they are missing."""
    found = _between(name).search(text)
    return found[2] if found else None


def rule_pages():
    """Return the documents in docs/rules by file name: one page for each rule, and an index."""
    pages = {f"{rule.code}.md": markdown_page(rule.page) for rule in RULES}
    return {"README.md": markdown_index(RULES, ABOUT_RULES), **pages}


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
    for name, (file, _) in PARTS.items():
        file.write_text(filled(name), encoding="utf-8")
    write_rule_pages()
