"""Read a file that others may have put there: never wait for it, and never read more than asked for.

Status bars read through this module too, so it imports nothing slow (``pathlib``, ``typing``).
"""

from __future__ import annotations

import errno
import os
import stat

TYPE_CHECKING = False  # typing is slow to import, and a status bar waits for it
if TYPE_CHECKING:
    from os import PathLike

_CHUNK = 1024 * 1024
OPEN_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
"""For a file that may be something else: does not wait for a pipe, nor take over a terminal."""


def read_bounded(path: str | PathLike[str], most: int) -> bytes:
    """Return the bytes of a regular file.

    Raises ``OSError``: EISDIR for a folder, EINVAL for a pipe, a socket or a device, EFBIG for more than ``most``
    bytes, EAGAIN for a kernel file that would block.
    """
    handle = open_regular(path)
    try:
        return read_whole(handle, most)
    finally:
        os.close(handle)


def read_whole(handle: int, most: int) -> bytes:
    """Return the bytes of an open file; raises ``OSError`` (EFBIG) for more than ``most``."""
    # The file may have grown since, and kernel files have no size: what is read is counted too.
    chunks, left = [], most + 1
    if os.fstat(handle).st_size <= most:
        while left and (chunk := os.read(handle, min(left, _CHUNK))):
            chunks.append(chunk)
            left -= len(chunk)
        if left:
            return b"".join(chunks)
    raise OSError(errno.EFBIG, "it is too large")


def open_regular(path: str | PathLike[str]) -> int:
    """Return a descriptor for reading a regular file; raises ``OSError`` as ``read_bounded`` does.

    The kind is checked before opening, since opening a pipe unblocks its writer and opening a device may start it,
    and again after opening, since another file may have the name by then.
    """
    _refuse_special(os.stat(path).st_mode, path)
    handle = os.open(path, OPEN_FLAGS)
    try:
        _refuse_special(os.fstat(handle).st_mode, path)
    except OSError:
        os.close(handle)
        raise
    return handle


def special_kind(mode: int) -> str:
    """Return what a file is that is not regular, as ``a folder``; empty for a regular file."""
    if stat.S_ISREG(mode):
        return ""
    if stat.S_ISDIR(mode):
        return "a folder"
    if stat.S_ISFIFO(mode):
        return "a pipe"
    return "a socket" if stat.S_ISSOCK(mode) else "a device"


def _refuse_special(mode: int, path: str | PathLike[str]) -> None:
    kind = special_kind(mode)
    if kind:
        number = errno.EISDIR if stat.S_ISDIR(mode) else errno.EINVAL
        raise OSError(number, f"it is {kind}, not a regular file", os.fspath(path))
