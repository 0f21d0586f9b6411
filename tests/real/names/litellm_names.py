"""Write the names that LiteLLM knows into stormdeck's data modules.

Run it with a version: ``python tests/real/names/litellm_names.py 1.110.2``.
Names are added and never removed: an older LiteLLM may still know them.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path.insert(0, str(HERE.parent))

from programs import litellm  # noqa: E402
from versions import LITELLM  # noqa: E402

PACKAGE = "stormdeck.model.litellm"
FOLDER = ROOT / "app" / "stormdeck" / "model" / "litellm"
MODULES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "known_names": (
        """The keys that LiteLLM's YAML may have. Written by ``tests/real/names/litellm_names.py``.

The list goes out of date: use it to find misspelt names, not to call an unknown name wrong.""",
        {
            "ROOT": "At the root of the YAML.",
            "LITELLM": "In ``litellm_settings``.",
            "GENERAL": "In ``general_settings``.",
            "ROUTER": "In ``router_settings``.",
            "PARAMS": "In ``litellm_params``; unknown names are sent on to the server.",
        },
    ),
    "known_models": (
        """The providers and ids that LiteLLM can place. Written by ``tests/real/names/litellm_names.py``.

LiteLLM loads a newer price map at its start where it can: an id that is missing here may be known there.""",
        {
            "PROVIDERS": "Before the first slash of a model.",
            "PROMPT_MANAGERS": "Before the first slash too: LiteLLM asks them for the model.",
            "ENDPOINTS": "An ``api_base`` with one of these needs no provider.",
            "BARE_IDS": "Ids that need no provider.",
            "ROUTES": "Regular expressions of ids that need no provider.",
        },
    ),
}
WIDTH = 118


def read(python: Path) -> Mapping[str, str | Sequence[str]]:
    """Return the names of the LiteLLM that is installed beside a Python."""
    environment = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    done = subprocess.run(
        [python, HERE / "read_litellm.py"], capture_output=True, check=True, text=True, env=environment, timeout=300
    )
    names: Mapping[str, str | Sequence[str]] = json.loads(done.stdout.splitlines()[-1])
    return names


def module_text(name: str, version: str, names: Mapping[str, Sequence[str]]) -> str:
    """Return the source of a data module."""
    heading, constants = MODULES[name]
    parts = [
        f'"""{heading}\n"""\n\nfrom __future__ import annotations\n',
        f'VERSION = "{version}"\n"""The newest LiteLLM whose names are listed."""\n\n',
        "def _names(text: str) -> frozenset[str]:\n    return frozenset(text.split())\n\n",
    ]
    for constant, words in constants.items():
        rows = textwrap.wrap(" ".join(names[constant]), WIDTH, break_long_words=False, break_on_hyphens=False)
        raw = "r" if any("\\" in row for row in rows) else ""
        parts.append("\n".join([f'{constant} = _names({raw}"""', *rows, '""")', f'"""{words}"""', ""]))
    return "\n".join(parts)


def write(version: str) -> None:
    """Add the names of a release to the data modules."""
    found = read(litellm(version).parent / "python")
    for name, (_, constants) in MODULES.items():
        path = FOLDER / f"{name}.py"
        before = importlib.import_module(f"{PACKAGE}.{name}") if path.exists() else None
        merged = {one: sorted({*getattr(before, one, ()), *found[one]}) for one in constants}
        newest = max(getattr(before, "VERSION", "0"), version, key=lambda text: tuple(map(int, text.split("."))))
        path.write_text(module_text(name, newest, merged), encoding="utf-8")
        sizes = ", ".join(f"{len(words)} {one}" for one, words in merged.items())
        sys.stdout.write(f"{path.relative_to(ROOT)}: LiteLLM {newest}, {sizes}\n")


if __name__ == "__main__":
    for release in sys.argv[1:] or LITELLM[:1]:
        write(release)
