"""Find the folders that Claude Code runs in, by the process table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

_RUNTIMES = {"node", "bun", "nodejs"}


def client_folders() -> frozenset[str]:
    """Return the folders that clients of this user run in. Reads every process, so run it in a thread."""
    import psutil

    folders = set()
    for process in psutil.process_iter(["cmdline"]):
        if is_client(process.info["cmdline"] or ()):
            try:
                folders.add(process.cwd())
            except (psutil.Error, OSError):
                continue
    return frozenset(folders)


def is_client(command: Sequence[str]) -> bool:
    """Return whether a command line is Claude Code's: the native build, or the script run by Node or Bun."""
    if not command:
        return False
    name = PurePath(command[0]).name
    if name in _RUNTIMES and len(command) > 1:
        script = PurePath(command[1])
        return script.name == "claude" or "claude-code" in script.parts
    return name == "claude"
