"""Opening a log for reading without ever waiting for it, or disturbing what is no file."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import NamedTuple

from stormdeck.model.logs.batch import LogState
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
        if kind := _strange(path.stat().st_mode):
            return Obstacle(LogState.NOT_A_FILE, f"{path} is {kind}; name a log file")
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        return obstacle(path, error)
    if kind := _strange(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return Obstacle(LogState.NOT_A_FILE, f"{path} is {kind}; name a log file")
    return descriptor


def obstacle(path: Path, error: OSError) -> Obstacle:
    """Return what an error of the system means for the one who waits for lines."""
    if isinstance(error, FileNotFoundError):
        return Obstacle(LogState.WAITING, f"{path} does not exist yet; it is read once it appears")
    if isinstance(error, PermissionError):
        return Obstacle(LogState.NO_PERMISSION, f"{path} may not be read by this user; chmod it, or join its group")
    if isinstance(error, NotADirectoryError):
        return Obstacle(LogState.NOT_A_FILE, f"a part of {path} is a file, not a folder")
    if is_short(error):
        return Obstacle(LogState.FAILED, f"{path} cannot be read: {NO_DESCRIPTORS}")
    return Obstacle(LogState.FAILED, f"{path}: {error.strerror or error}")


def _strange(mode: int) -> str:
    """Return what stands in place of a file, empty for a file."""
    if stat.S_ISREG(mode):
        return ""
    if stat.S_ISDIR(mode):
        return "a folder"
    if stat.S_ISFIFO(mode):
        return "a pipe"
    return "a socket" if stat.S_ISSOCK(mode) else "a device"
