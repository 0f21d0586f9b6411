"""No module imports itself by way of others, lazy imports and those for types included."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import stormdeck

PACKAGE = Path(stormdeck.__file__).parent


def modules():
    """Return the file of every module of the package by its dotted name."""
    files = {}
    for file in PACKAGE.rglob("*.py"):
        parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
        files[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return files


def imported(tree, known):
    """Return the modules of the package that a syntax tree imports, wherever the import stands."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            # ``from package import module`` imports the module, ``from module import name`` does not import the name.
            both = ((f"{node.module}.{alias.name}", node.module) for alias in node.names)
            names.update(inner if inner in known else outer for inner, outer in both)
    return names & known


def find_circle(graph):
    """Return the modules of one import circle in their order; an empty list: there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []


def test_no_import_circles():
    files = modules()
    graph = {name: imported(ast.parse(file.read_text()), files.keys()) - {name} for name, file in files.items()}
    assert len(graph) > 300
    assert graph["stormdeck.ui.app"] >= {"stormdeck.ui.panel_app", "stormdeck.ui.screens.save"}
    assert find_circle(graph) == []


def test_imports_are_relative_to_nothing():
    relative = [
        f"{name}:{node.lineno}"
        for name, file in modules().items()
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert not relative


def test_a_circle_of_lazy_imports_and_imports_for_types_is_found():
    known = {"a", "a.b", "a.c"}
    sources = {
        "a.b": "if TYPE_CHECKING:\n    from a.c import Thing\n",
        "a.c": "def run():\n    from a import b\n",
    }
    graph = {name: imported(ast.parse(text), known) for name, text in sources.items()}
    assert graph == {"a.b": {"a.c"}, "a.c": {"a.b"}}
    assert set(find_circle(graph)) == {"a.b", "a.c"}
