"""Who else can read a settings file, by its mode and by git's index; nothing is run."""

from __future__ import annotations

import stat
from collections.abc import Iterable
from pathlib import Path

from stormdeck.model.rules.facts import Exposure
from stormdeck.model.settings.scope import SettingsFile
from stormdeck.sources.io.bounded_read import read_bounded

_LARGEST_INDEX = 64 * 1024 * 1024
_DEEPEST = 64


def exposures(files: Iterable[SettingsFile]) -> tuple[Exposure, ...]:
    """Return who can read the files that exist. Blocking, some milliseconds. Never raises."""
    return tuple(
        Exposure(file.path, _is_world_readable(file.path), _is_tracked(file.path)) for file in files if file.exists
    )


def _is_world_readable(path: Path) -> bool:
    """Say whether every user may read a file, and look into all folders on the way to it."""
    try:
        target = path.resolve()
        readable = bool(target.stat().st_mode & stat.S_IROTH)
        return readable and all(folder.stat().st_mode & stat.S_IXOTH for folder in target.parents)
    except (OSError, RuntimeError):
        return False


def _is_tracked(path: Path) -> bool:
    """Say whether git tracks a file.

    Its index holds the names of tracked files, each with a NUL behind it; version 4 of it shortens names, and is not
    understood.
    """
    try:
        target = path.resolve()
        root = next((folder for folder in list(target.parents)[:_DEEPEST] if (folder / ".git").is_dir()), None)
        if root is None:
            return False
        index = root / ".git" / "index"
        name = target.relative_to(root).as_posix().encode("utf-8", "surrogateescape")
        data = read_bounded(index, _LARGEST_INDEX)
    except (OSError, RuntimeError, ValueError):
        return False
    # Two bytes stand before a name: its length in the lower twelve bits, above them flags, 0 without a conflict.
    length = min(len(name), 0xFFF).to_bytes(2, "big")
    return data.startswith(b"DIRC") and length + name + b"\x00" in data
