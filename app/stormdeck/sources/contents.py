"""A small file's bytes, without ever waiting for a pipe or taking in what is no such file."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path


def contents(path: Path, most: int) -> bytes:
    """Return a regular file's bytes.

    Raises ``OSError``: EISDIR for a folder, EINVAL for a pipe or a device, EFBIG for more than ``most`` bytes.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as stream:
        status = os.fstat(stream.fileno())
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(errno.EISDIR, "is a folder", str(path))
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "is no regular file", str(path))
        data = stream.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, "is too large", str(path))
    return data
