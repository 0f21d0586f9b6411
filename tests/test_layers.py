"""The arrows of docs/architecture.md: model <- sources <- feed <- ui, and model <- sources <- commands."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "app" / "stormdeck"
OUTSIDE = {"textual", "rich", "httpx", "pynvml", "psutil", "starlette", "uvicorn", "yaml", "prometheus_client", "shtab"}

ALLOWED = {
    "model": {"model"},
    "sources": {"model", "sources", "paths"},
    "feed": {"model", "sources", "feed", "options", "paths"},
    "options": {"model", "sources", "options", "paths"},
    "paths": {"paths"},
    "demo": {"model", "sources", "demo", "options", "paths"},
    "commands": {"model", "sources", "feed", "commands", "options", "paths", "demo"},
    "ui": {"model", "feed", "options", "paths", "ui", "sources"},
}
FOREIGN = {
    "model": set(),
    "paths": set(),
    "options": {"yaml"},
    "sources": {"httpx", "pynvml", "psutil", "yaml", "prometheus_client"},
    "feed": set(),
    "commands": {"shtab", "rich"},
    "demo": {"starlette", "uvicorn", "httpx"},
    "ui": {"textual", "rich"},
}


def modules():
    return sorted(
        path
        for path in PACKAGE.rglob("*.py")
        if (path.name != "__main__.py" and path.parent != PACKAGE) or path.stem in ALLOWED
    )


def layer(path):
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[0]


def imports(path):
    """Yield the dotted names that a module imports, wherever in it the import stands."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: import from the package by its full name"
            yield node.module


def test_modules_are_found():
    assert {layer(path) for path in modules()} >= {"model", "sources", "feed", "commands", "ui", "demo"}


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_follow_the_arrows(path):
    own = layer(path)
    for name in imports(path):
        root, _, rest = name.partition(".")
        if root == "stormdeck":
            target = rest.split(".")[0]
            if target:
                assert target in ALLOWED[own], f"{own} must not import {name}"
        elif root in OUTSIDE:
            assert root in FOREIGN[own], f"{own} must not import {name}"


@pytest.mark.parametrize("path", [p for p in modules() if layer(p) == "model"], ids=lambda path: path.stem)
def test_model_has_no_clock_and_no_files(path):
    names = {name.split(".")[0] for name in imports(path)}
    assert not names & {"time", "os", "subprocess", "socket", "asyncio", "threading", "random", "tempfile", "shutil"}


def test_commands_run_without_the_ui():
    code = "import sys, stormdeck.__main__ as m; m.main(['config', 'path']); sys.exit('textual' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
