"""Write TABLE.md: one row for each attack that a test in this folder or below plays.

A test carries ``@pytest.mark.attack("what is tried", "what holds")``; parametrised tests stand for one row.
Run this file to write the table again.
"""

import ast
from pathlib import Path

FOLDER = Path(__file__).parent
TABLE = FOLDER / "TABLE.md"
HEAD = """# Attacks that are tried, and what holds

Written by `python tests/security/attack_table.py` from the tests beside it; all of them run in `make test`.

| attack | what holds | test |
| --- | --- | --- |
"""


def rows() -> list[tuple[str, str, str]]:
    """Return (attack, what holds, test) for each marked test, in the order of files and lines."""
    found = []
    for file in sorted(FOLDER.rglob("test_*.py"), key=lambda one: one.name):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                found += [(*words, f"`{file.stem}.{node.name}`") for words in map(_words, node.decorator_list) if words]
    return found


def _words(decorator: ast.expr) -> tuple[str, str] | None:
    if not (isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.attack"):
        return None
    attack, holds = (ast.literal_eval(argument) for argument in decorator.args)
    return attack, holds


def text() -> str:
    """Return the whole table as Markdown."""
    return HEAD + "".join(f"| {attack} | {holds} | {test} |\n" for attack, holds, test in rows())


if __name__ == "__main__":
    TABLE.write_text(text(), encoding="utf-8")
