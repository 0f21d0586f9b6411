"""Read an open log file from where the last read ended, and notice truncation and rotation."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path
from typing import NamedTuple

from stormdeck.model.logs.batch import LogState
from stormdeck.sources.io.bounded_read import open_regular, special_kind
from stormdeck.sources.net.failure import NO_DESCRIPTORS, is_out_of_descriptors

READ_BYTES = 1024 * 1024
_MARK_BYTES = 32
_GZIP = b"\x1f\x8b"
"""How a file begins that gzip has packed."""


class Tail:
    """An open file with a read position.

    After a truncation it starts again, even if the file was written anew in between: the last bytes read are compared
    with the file's bytes at that position.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._mark = b""
        self.position = 0
        found = os.fstat(descriptor)
        self.identity = (found.st_dev, found.st_ino)
        self.size = found.st_size
        self._modified = found.st_mtime_ns
        self.written_at = found.st_mtime
        """When the last read bytes had been written, in Unix seconds of the drive's clock."""

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def refresh(self) -> bool:
        """Update the size; return whether the file was truncated or rewritten, and go to its start if so."""
        found = os.fstat(self._descriptor)
        modified, self._modified = found.st_mtime_ns != self._modified, found.st_mtime_ns
        self.size = found.st_size
        if self.size < self.position or (modified and self.size == self.position and not self._unchanged()):
            self.seek(0)
            return True
        return False

    def seek(self, position: int) -> None:
        """Continue at a position."""
        self.position, self._mark = position, b""

    @property
    def behind(self) -> int:
        """Return the number of unread bytes."""
        return self.size - self.position

    @property
    def unlinked(self) -> bool:
        """Return whether the file was deleted; its writer may still have it open."""
        return os.fstat(self._descriptor).st_nlink == 0

    def replaced(self, path: Path) -> bool | None:
        """Return whether another file has this file's name now; ``None``: there is none.

        An empty one does not count: after a rotation the writer continues in the old file for a while.
        """
        try:
            found = path.stat()
        except FileNotFoundError:
            return None
        except OSError:
            return False
        if (found.st_dev, found.st_ino) == self.identity:
            return False
        return not stat.S_ISREG(found.st_mode) or found.st_size > 0 or self.unlinked

    def read(self, most: int = READ_BYTES) -> bytes | None:
        """Return the next bytes, at most 1 MiB; ``None``: the file was rewritten, continue from its start."""
        mark = self._mark
        data = os.pread(self._descriptor, min(most, READ_BYTES) + len(mark), self.position - len(mark))
        # Taken after the read: the bytes were not written later.
        self.written_at = os.fstat(self._descriptor).st_mtime
        if not data.startswith(mark):
            self.seek(0)
            return None
        data = data[len(mark) :] if mark else data
        self.position += len(data)
        self._mark = (mark + data)[-_MARK_BYTES:] if len(data) < _MARK_BYTES else data[-_MARK_BYTES:]
        if data and not any(self._mark):
            self._skip_hole()
        return data

    def _unchanged(self) -> bool:
        mark = self._mark
        return os.pread(self._descriptor, len(mark), self.position - len(mark)) == mark

    def _skip_hole(self) -> None:
        """Skip the hole that truncating a file in use leaves: gigabytes of NUL that take no disk space."""
        # Fails before the writer's next write, and on file systems that do not report holes.
        with contextlib.suppress(OSError):
            self.seek(os.lseek(self._descriptor, self.position, os.SEEK_DATA))


class Obstacle(NamedTuple):
    """Why a log cannot be read."""

    state: LogState
    detail: str


def open_log(path: Path) -> int | Obstacle:
    """Return a descriptor, or why there is none.

    Only regular files are opened: opening a pipe would unblock its writer and then break it.
    """
    try:
        descriptor = open_regular(path)
    except OSError as error:
        return obstacle(path, error)
    with contextlib.suppress(OSError):
        if os.pread(descriptor, len(_GZIP), 0) == _GZIP:
            os.close(descriptor)
            why = f"{path} is packed with gzip, and a packed log does not grow; stormdeck analyze reads it"
            return Obstacle(LogState.NOT_A_FILE, why)
    return descriptor


def obstacle(path: Path, error: OSError) -> Obstacle:
    """Return what a system error means for following a log."""
    if isinstance(error, FileNotFoundError):
        return Obstacle(LogState.WAITING, f"{path} does not exist yet; it is read once it appears")
    if isinstance(error, PermissionError):
        return Obstacle(LogState.NO_PERMISSION, f"{path} may not be read by this user; chmod it, or join its group")
    if isinstance(error, NotADirectoryError):
        return Obstacle(LogState.NOT_A_FILE, f"a part of {path} is a file, not a folder")
    if error.errno in {errno.EISDIR, errno.EINVAL}:
        return Obstacle(LogState.NOT_A_FILE, f"{path} is {_kind(path)}; name a log file")
    if is_out_of_descriptors(error):
        return Obstacle(LogState.FAILED, f"{path} cannot be read: {NO_DESCRIPTORS}")
    return Obstacle(LogState.FAILED, f"{path}: {error.strerror or error}")


def _kind(path: Path) -> str:
    """Describe what is in place of a regular file."""
    try:
        return special_kind(path.stat().st_mode) or "not a regular file"
    except OSError:
        return "not a regular file"
