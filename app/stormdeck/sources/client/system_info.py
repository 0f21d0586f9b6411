"""Collect the versions of stormdeck, its libraries, the system and the terminal. Runs no program."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from stormdeck import __version__

_LIBRARIES = ("textual", "rich", "httpx", "psutil", "pyyaml", "prometheus-client", "nvidia-ml-py")
_TOLD = ("TERM", "COLORTERM", "TERM_PROGRAM", "TERM_PROGRAM_VERSION", "LANG", "LC_ALL", "LC_CTYPE", "NO_COLOR")
_SET = ("TMUX", "STY", "SSH_CONNECTION", "WSL_DISTRO_NAME", "VIRTUAL_ENV", "CLAUDE_CONFIG_DIR", "XDG_CONFIG_HOME")


def program_versions() -> dict[str, str]:
    """Return the versions of stormdeck, Python and the libraries, ``not installed`` for a missing one."""
    found = {"stormdeck": __version__, "python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def system_versions(environ: Mapping[str, str]) -> dict[str, str]:
    """Return facts on the system and the terminal; variables that may identify a user are only shown as set."""
    return {
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "distribution": _distribution(),
        "container": "yes" if Path("/.dockerenv").exists() or Path("/run/.containerenv").exists() else "no",
        "terminal": _size(),
        **{name: environ[name] for name in _TOLD if name in environ},
        **{name: "set" for name in _SET if environ.get(name)},
    }


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "unknown")
    except OSError:
        return platform.platform(terse=True)


def _size() -> str:
    try:
        size = os.get_terminal_size(2)
    except OSError:
        return "none"
    return f"{size.columns}x{size.lines}"
