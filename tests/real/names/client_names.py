"""Write the names that Claude Code knows into stormdeck's data module.

Run it with a version: ``python tests/real/names/client_names.py 2.1.332``. It installs the package into the cache and
runs none of it. Names are added and never removed: an older client may still know them.
"""

from __future__ import annotations

import importlib
import re
import sys
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path[:0] = [str(HERE.parent / folder) for folder in (".", "clients", "texts")]

from bundle import bundle_of, source_of, string_end  # noqa: E402
from claude_code import COMMAND, client  # noqa: E402
from versions import CLAUDE_CODE, newest_first  # noqa: E402

MODULE = "stormdeck.model.rules.client_names"
FILE = ROOT / "app" / "stormdeck" / "model" / "rules" / "client_names.py"
CONSTANTS = {
    "VARIABLES": "That settings are made with: a misspelt name is compared with these.",
    "READ": "All others that the client's program reads, its libraries' among them: they are not misspelt.",
    "ROOT_KEYS": "At the root of settings.json.",
}
HEADING = '''"""The names that Claude Code knows. Written by ``tests/real/names/client_names.py``.

The list goes out of date: use it to recognise misspelt names, not to reject new ones.
"""

from __future__ import annotations

VERSION = "{version}"
"""The newest Claude Code whose names are listed."""


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())

'''
WIDTH = 118
_NAME = r"[A-Z][A-Z0-9_]{2,}"
_READ = re.compile(rf"""process\.env(?:\??\.|\[["'])({_NAME})\b""")
_TABLE = re.compile(r"(?:[A-Za-z]\w+:\(\)=>[\w$]+,){8,}[A-Za-z]\w+:\(\)=>[\w$]+")
"""A module of 2.1.329 and later that declares variables: ``CLAUDE_CODE_SHELL:()=>ab,CLAUDE_CODE_SIMPLE:()=>cd``."""
_DECLARED = re.compile(rf"(?<!\w)({_NAME}):\(\)=>")
_LIST = re.compile(rf'\[((?:(?:"{_NAME}"|\.\.\.[\w$]+),?){{8,}})\]')
_OWN = ("ANTHROPIC_", "CLAUDE_", "OTEL_LOG")
_OWN_SHARE = 3
"""A list of names is one of variables where one of three is the client's."""
_ALWAYS_SETTABLE = {"BASH_DEFAULT_TIMEOUT_MS", "DISABLE_COST_WARNINGS", "MAX_THINKING_TOKENS"}
"""Every version lets a settings file set these: the list that holds them is that of its harmless variables."""
_OF_THE_SYSTEM = {"HOME", "PATH", "USER"}
_SCHEMA = re.compile(r'\{\$schema:[^{}]{1,80}\.describe\("JSON Schema reference for Claude Code settings"\)')
_KEY = re.compile(r"([A-Za-z_$][\w$]*):")
_SPREAD = re.compile(r"\.\.\.[^{},()]*(?:\([^()]*\)[^{},()]*)*\{")
"""``...env.CLAUDE_CODE_ENABLE_XAA&&{``: keys that stand behind a switch."""
_LEAST = {"VARIABLES": 50, "READ": 200, "ROOT_KEYS": 50}
"""Fewer were found only where a release is laid out differently."""


def variables_in(source: str) -> tuple[set[str], set[str]]:
    """Return the variables that any settings file may set without a question, and all that the program reads."""
    settable: set[str] = set()
    read = set(_READ.findall(source))
    for found in _LIST.finditer(source):
        names = set(re.findall(rf'"({_NAME})"', found[1]))
        if names >= _ALWAYS_SETTABLE:
            settable |= names
        if sum(name.startswith(_OWN) for name in names) * _OWN_SHARE > len(names):
            read |= names
    for table in _TABLE.finditer(source):
        names = set(_DECLARED.findall(table[0]))
        if names & _OF_THE_SYSTEM or any(name.startswith(_OWN) for name in names):
            read |= names
    return settable, read | settable


def root_keys_in(source: str) -> set[str]:
    """Return the keys of the schema of settings.json, those behind a switch too."""
    starts = [found.start() for found in _SCHEMA.finditer(source)]
    return set(_keys(source, starts[-1] + 1)) if starts else set()


def _keys(source: str, place: int) -> Iterator[str]:
    """Yield the keys of an object literal, and of objects that are spread into it."""
    depth, spread, fresh = 0, [True], True
    while True:
        character = source[place]
        if character in "\"'`":
            place, fresh = (string_end(source, place + 1, character) or place) + 1, False
            continue
        if fresh and all(spread):
            if opened := _SPREAD.match(source, place):
                place, depth = opened.end(), depth + 1
                spread.append(True)
                continue
            if key := _KEY.match(source, place):
                yield key[1]
                place, fresh = key.end(), False
                continue
        if character in "([{":
            depth += 1
            spread.append(False)
        elif character in ")]}":
            if depth == 0:
                return
            depth -= 1
            spread.pop()
        fresh = character == ","
        place += 1


def names_of(version: str) -> Mapping[str, set[str]]:
    """Return the names that a release knows."""
    command = client(version).command
    folder = Path(str(command).removesuffix(str(COMMAND)))
    bundle = bundle_of(folder)
    if bundle is None:
        raise FileNotFoundError(f"{folder} holds no Claude Code")
    source = source_of(bundle).decode("utf-8", "replace")
    settable, read = variables_in(source)
    found = {"VARIABLES": settable, "READ": read, "ROOT_KEYS": root_keys_in(source)}
    for name, names in found.items():
        if len(names) < _LEAST[name]:
            raise ValueError(f"only {len(names)} {name} in {version}: the release is laid out differently")
    return found


def module_text(version: str, names: Mapping[str, set[str]]) -> str:
    """Return the source of the data module."""
    parts = [HEADING.format(version=version)]
    for constant, words in CONSTANTS.items():
        rows = textwrap.wrap(" ".join(sorted(names[constant])), WIDTH, break_long_words=False, break_on_hyphens=False)
        parts.append("\n".join([f'{constant} = _names("""', *rows, '""")', f'"""{words}"""', ""]))
    return "\n".join(parts)


def write(version: str) -> None:
    """Add the names of a release to the data module."""
    found = names_of(version)
    before = importlib.import_module(MODULE) if FILE.exists() else None
    newest = newest_first((getattr(before, "VERSION", "0"), version))[0]
    merged = {name: set(getattr(before, name, ())) | found[name] for name in CONSTANTS}
    merged["READ"] -= merged["VARIABLES"]
    FILE.write_text(module_text(newest, merged), encoding="utf-8")
    sizes = ", ".join(f"{len(words)} {name}" for name, words in merged.items())
    sys.stdout.write(f"{FILE.relative_to(ROOT)}: Claude Code {newest}, {sizes}\n")
    if before is not None:
        importlib.reload(before)


if __name__ == "__main__":
    for release in sys.argv[1:] or CLAUDE_CODE[:1]:
        write(release)
