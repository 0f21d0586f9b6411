"""Find who else can read a settings file, by its mode and git's index. Runs no program."""

from __future__ import annotations

import stat
from collections.abc import Iterable
from pathlib import Path

from stormdeck.model.settings.scope import SettingsFile
from stormdeck.model.snapshots.client import Exposure
from stormdeck.sources.io.bounded_read import read_bounded

_LARGEST_INDEX = 64 * 1024 * 1024
_DEEPEST = 64


def exposures(files: Iterable[SettingsFile]) -> tuple[Exposure, ...]:
    """Return who can read the files that exist. Blocking, some milliseconds. Never raises."""
    return tuple(
        Exposure(file.path, _is_world_readable(file.path), _is_tracked(file.path)) for file in files if file.exists
    )


def _is_world_readable(path: Path) -> bool:
    """Return whether every user may read a file and enter all folders above it."""
    try:
        target = path.resolve()
        readable = bool(target.stat().st_mode & stat.S_IROTH)
        return readable and all(folder.stat().st_mode & stat.S_IXOTH for folder in target.parents)
    except (OSError, RuntimeError):
        return False


def _is_tracked(path: Path) -> bool:
    """Return whether git tracks a file.

    Git's index lists tracked files, each name followed by a NUL. Version 4 shortens names and is not supported.
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
    # Two bytes precede a name: its length in the lower twelve bits, flags above them, 0 without a conflict.
    length = min(len(name), 0xFFF).to_bytes(2, "big")
    return data.startswith(b"DIRC") and length + name + b"\x00" in data
