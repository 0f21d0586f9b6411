"""Open a log for reading, without waiting for it or disturbing what is no file."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import NamedTuple

from stormdeck.model.logs.batch import LogState
from stormdeck.sources.contents import open_regular, strange_kind
from stormdeck.sources.trouble import NO_DESCRIPTORS, is_short


class Obstacle(NamedTuple):
    """Why a log cannot be read."""

    state: LogState
    detail: str


def open_log(path: Path) -> int | Obstacle:
    """Return a descriptor, or why there is none.

    What is no regular file is never opened: opening a pipe would set its writer free and then break it.
    """
    try:
        return open_regular(path)
    except OSError as error:
        return obstacle(path, error)


def obstacle(path: Path, error: OSError) -> Obstacle:
    """Return what an error of the system means for the one who waits for lines."""
    if isinstance(error, FileNotFoundError):
        return Obstacle(LogState.WAITING, f"{path} does not exist yet; it is read once it appears")
    if isinstance(error, PermissionError):
        return Obstacle(LogState.NO_PERMISSION, f"{path} may not be read by this user; chmod it, or join its group")
    if isinstance(error, NotADirectoryError):
        return Obstacle(LogState.NOT_A_FILE, f"a part of {path} is a file, not a folder")
    if error.errno in {errno.EISDIR, errno.EINVAL}:
        return Obstacle(LogState.NOT_A_FILE, f"{path} is {_kind(path)}; name a log file")
    if is_short(error):
        return Obstacle(LogState.FAILED, f"{path} cannot be read: {NO_DESCRIPTORS}")
    return Obstacle(LogState.FAILED, f"{path}: {error.strerror or error}")


def _kind(path: Path) -> str:
    """Return in words what stands in place of a file."""
    try:
        return strange_kind(path.stat().st_mode) or "no regular file"
    except OSError:
        return "no regular file"
