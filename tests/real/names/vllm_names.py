"""Write the tool call and reasoning parsers that vLLM has into stormdeck's data module.

Run it with a version: ``python tests/real/names/vllm_names.py 0.33.0``. It downloads the wheel, 340 MB, and runs none
of it. Names are added and never removed: an older vLLM may still have them.
"""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
MODULE = "stormdeck.model.rules.vllm.parsers"
FILE = ROOT / "app" / "stormdeck" / "model" / "rules" / "vllm" / "parsers.py"
LISTS = {
    "TOOL": ("vllm/tool_parsers/__init__.py", "_TOOL_PARSERS_TO_REGISTER", "``--tool-call-parser``"),
    "REASONING": ("vllm/reasoning/__init__.py", "_REASONING_PARSERS_TO_REGISTER", "``--reasoning-parser``"),
}
HEADING = '''"""The parsers that vLLM has, and the class of each. Written by ``tests/real/names/vllm_names.py``.

Parsers of the same class are the same. The list goes out of date: a parser that is missing is not judged.
"""

from __future__ import annotations

from collections.abc import Mapping

VERSION = "{version}"
"""The newest vLLM whose parsers are listed."""
'''


def wheel(version: str, folder: Path) -> Path:
    """Download the wheel of a release."""
    flags = ("--quiet", "--no-cache-dir", "--no-deps", "--only-binary", ":all:")
    subprocess.run([sys.executable, "-m", "pip", "download", *flags, "-d", folder, f"vllm=={version}"], check=True)
    (found,) = folder.glob("vllm-*.whl")
    return found


def registered(source: str, variable: str) -> Mapping[str, str]:
    """Return the class of each parser in a table of ``name: (file, class)``."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Dict() as table) if name == variable:
                entries: Mapping[str, tuple[str, str]] = ast.literal_eval(table)
                return {parser: place[1] for parser, place in entries.items()}
    raise ValueError(f"no {variable}: vLLM has moved its table of parsers")


def write(version: str) -> None:
    """Add the parsers of a release to the data module."""
    before = importlib.import_module(MODULE) if FILE.exists() else None
    newest = max(getattr(before, "VERSION", "0"), version, key=lambda text: tuple(map(int, text.split("."))))
    parts = [HEADING.format(version=newest)]
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(wheel(version, Path(folder))) as archive:
        for constant, (path, variable, flag) in LISTS.items():
            known = {**getattr(before, constant, {}), **registered(archive.read(path).decode(), variable)}
            rows = "".join(f'    "{name}": "{made}",\n' for name, made in sorted(known.items()))
            parts.append(f'{constant}: Mapping[str, str] = {{\n{rows}}}\n"""For {flag}."""\n')
            sys.stdout.write(f"{FILE.relative_to(ROOT)}: vLLM {newest}, {len(known)} {constant}\n")
    FILE.write_text("".join(parts), encoding="utf-8")


if __name__ == "__main__":
    for release in sys.argv[1:]:
        write(release)
