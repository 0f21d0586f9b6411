"""Print the names that an installed LiteLLM knows, as JSON. Run by the Python of LiteLLM's own environment."""

from __future__ import annotations

import ast
import inspect
import json
import os
import re
import types
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
ROOT_FIRST = {"model_list", "litellm_settings", "general_settings", "router_settings", "include"}
_LOADS = re.compile(r"_?(?:load|init|get)_(?!.*(?:cron|schedule|reload))")
_DERIVED = ("_models", "_models_set")
"""Ends of module attributes that LiteLLM fills itself from its price map."""


def _reads(tree: ast.AST, names: set[str], *, whole: bool = False) -> Iterator[tuple[str, str]]:
    """Yield the dictionary and the key of each ``NAME.get("key")``, ``NAME["key"]`` and ``"key" in NAME``.

    A longer name that ends in ``_NAME`` counts too, unless ``whole`` is set.
    """
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=base, attr="get" | "pop"), args=[ast.Constant(value=str(key)), *_]):
                pass
            case ast.Call(func=ast.Name(id="getattr"), args=[ast.Name(id="litellm"), ast.Constant(value=str(key)), *_]):
                if "litellm_settings" in names and key.islower() and not key.startswith("_"):
                    yield "litellm_settings", key
                continue
            case ast.Subscript(value=base, slice=ast.Constant(value=str(key))):
                pass
            case ast.Compare(left=ast.Constant(value=str(key)), ops=[ast.In() | ast.NotIn()], comparators=[base]):
                pass
            case _:
                continue
        text = ast.unparse(base).lstrip("(").split(" or ")[0].rpartition(".")[2].lstrip("_")
        found = next((name for name in names if text == name or (not whole and text.endswith(f"_{name}"))), None)
        if found is not None:
            yield found, key


def _compared(tree: ast.AST, function: str) -> Iterator[str]:
    """Yield the texts that a variable ``key`` is compared with in one function."""
    for outer in ast.walk(tree):
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef) and outer.name == function:
            for node in ast.walk(outer):
                match node:
                    case ast.Compare(left=ast.Name(id="key"), comparators=[ast.Constant(value=str(text))]):
                        yield text


def _settings(home: Path) -> tuple[dict[str, set[str]], set[str]]:
    """Return the keys that LiteLLM's code reads from each section, and the keys of ``litellm_settings``."""
    read: dict[str, set[str]] = {"general_settings": set(), "litellm_settings": set(), "litellm_params": set()}
    branches: set[str] = set()
    for folder in (home, home.parent / "litellm_enterprise"):
        for path in folder.rglob("*.py"):
            try:
                tree = ast.parse(path.read_text(encoding="utf-8"))
            except (OSError, SyntaxError, ValueError):
                continue
            for name, key in _reads(tree, set(read)):
                read[name].add(key)
            for node in ast.walk(tree):
                match node:
                    case ast.AnnAssign(target=ast.Name(id=name), value=ast.Constant(value=str(key))) if name.endswith(
                        "_SETTING"
                    ):
                        read["general_settings"].add(key)
            if path.name == "proxy_server.py":
                branches.update(_compared(tree, "load_config"))
    return read, branches


def _root(home: Path) -> set[str]:
    """Return the keys that the functions which load the YAML read at its root."""
    found = set(ROOT_FIRST)
    for node in ast.walk(ast.parse((home / "proxy" / "proxy_server.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _LOADS.match(node.name):
            found.update(key for _, key in _reads(node, {"config"}, whole=True))
    return found


def _bare(litellm: Any, costs: dict[str, Any], providers: set[str]) -> set[str]:
    """Return the ids that need no provider before them."""
    found = set()
    for name in costs:
        if name.partition("/")[0] in providers and "/" in name:
            continue
        try:
            litellm.get_llm_provider(name)
        except Exception:  # noqa: S112  # LiteLLM raises what it likes for an id that it cannot place
            continue
        found.add(name)
    return found


def main() -> None:
    """Print the names."""
    import litellm
    from litellm.constants import DEFAULT_CHAT_COMPLETION_PARAM_VALUES
    from litellm.proxy._types import ConfigGeneralSettings
    from litellm.router import Router
    from litellm.types.router import GenericLiteLLMParams
    from litellm.types.utils import all_litellm_params

    litellm.suppress_debug_info = True
    home = Path(litellm.__file__).parent
    read, branches = _settings(home)
    attributes = {
        name
        for name, value in vars(litellm).items()
        if name.islower()
        and not name.startswith("_")
        and not name.endswith(_DERIVED)
        and isinstance(value, str | int | float | bool | list | dict | set | None)
        and not isinstance(value, types.ModuleType)
    }
    costs = json.loads((home / "model_prices_and_context_window_backup.json").read_text(encoding="utf-8"))
    json_providers = json.loads((home / "llms" / "openai_like" / "providers.json").read_text(encoding="utf-8"))
    providers = {getattr(one, "value", one) for one in litellm.provider_list} | set(json_providers)
    rules = costs.pop("fallback_generalizations", {}).get("rules", [])
    parameters = set(inspect.signature(litellm.completion).parameters) | set(GenericLiteLLMParams.model_fields)
    names = {
        "ROOT": _root(home),
        "LITELLM": attributes
        | {n for n in litellm.__annotations__ if n.islower()}
        | branches
        | read["litellm_settings"],
        "GENERAL": set(ConfigGeneralSettings.model_fields) | read["general_settings"],
        "ROUTER": set(inspect.signature(Router.__init__).parameters) - {"self"},
        "PARAMS": parameters
        | set(all_litellm_params)
        | set(DEFAULT_CHAT_COMPLETION_PARAM_VALUES)
        | read["litellm_params"],
        "PROVIDERS": providers,
        "PROMPT_MANAGERS": set(litellm._known_custom_logger_compatible_callbacks),
        "ENDPOINTS": set(litellm.openai_compatible_endpoints),
        "BARE_IDS": _bare(litellm, costs, providers),
        "ROUTES": {one["pattern"] for one in rules if "litellm_provider" in one.get("model_info", {})},
    }
    plain = {key: sorted(one for one in found if one and not one.startswith("_")) for key, found in names.items()}
    print(json.dumps({"VERSION": version("litellm"), **plain}))  # noqa: T201


if __name__ == "__main__":
    main()
