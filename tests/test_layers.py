"""What import-linter's contracts in pyproject.toml do not check: a pure model, and commands without screens."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

MODEL = Path(__file__).parents[1] / "app" / "stormdeck" / "model"
MODULES = sorted(MODEL.rglob("*.py"))


def imports(path):
    """Yield the dotted names that a module imports, wherever in it the import stands."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_modules_are_found():
    assert len(MODULES) > 50


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(MODEL)))
def test_model_has_no_clock_and_no_files(path):
    names = {name.split(".")[0] for name in imports(path)}
    assert not names & {"time", "os", "subprocess", "socket", "asyncio", "threading", "random", "tempfile", "shutil"}


def test_commands_run_without_the_ui():
    code = "import sys, stormdeck.__main__ as m; m.main(['config', 'path']); sys.exit('textual' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
