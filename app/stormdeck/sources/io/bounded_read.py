"""Read a file that somebody else may have put there: without waiting for it, and never more of it than asked for.

Status bars read through here too, so nothing slow is imported, ``pathlib`` and ``typing`` included.
"""

from __future__ import annotations

import errno
import os
import stat

TYPE_CHECKING = False  # typing is slow to import, and a status bar waits for it
if TYPE_CHECKING:
    from os import PathLike

_PIECE = 1024 * 1024
READING = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
"""How a file is opened that may be something else: a pipe or a terminal is not waited for, nor taken over."""


def contents(path: str | PathLike[str], most: int) -> bytes:
    """Return a regular file's bytes.

    Raises ``OSError``: EISDIR for a folder, EINVAL for a pipe, a socket or a device, EFBIG for more than ``most``
    bytes, EAGAIN for a file of the kernel's that would have to be waited for.
    """
    handle = open_regular(path)
    try:
        return read_whole(handle, most)
    finally:
        os.close(handle)


def read_whole(handle: int, most: int) -> bytes:
    """Return the bytes of an open file; raises ``OSError`` (EFBIG) for more than ``most``."""
    # The size is that of a moment ago, and files of the kernel's tell none: what is read is counted too.
    pieces, left = [], most + 1
    if os.fstat(handle).st_size <= most:
        while left and (piece := os.read(handle, min(left, _PIECE))):
            pieces.append(piece)
            left -= len(piece)
        if left:
            return b"".join(pieces)
    raise OSError(errno.EFBIG, "it is too large")


def open_regular(path: str | PathLike[str]) -> int:
    """Return a descriptor of a regular file to read from; raises ``OSError`` as ``contents`` does.

    The kind is checked before, since opening a pipe frees its writer and opening a device may set it going, and
    once more on what was opened, since the name may be another file's by then.
    """
    _refuse_strange(os.stat(path).st_mode, path)
    handle = os.open(path, READING)
    try:
        _refuse_strange(os.fstat(handle).st_mode, path)
    except OSError:
        os.close(handle)
        raise
    return handle


def strange_kind(mode: int) -> str:
    """Return in words what stands in place of a regular file; empty for a regular file."""
    if stat.S_ISREG(mode):
        return ""
    if stat.S_ISDIR(mode):
        return "a folder"
    if stat.S_ISFIFO(mode):
        return "a pipe"
    return "a socket" if stat.S_ISSOCK(mode) else "a device"


def _refuse_strange(mode: int, path: str | PathLike[str]) -> None:
    kind = strange_kind(mode)
    if kind:
        number = errno.EISDIR if stat.S_ISDIR(mode) else errno.EINVAL
        raise OSError(number, f"it is {kind}, no regular file", os.fspath(path))
