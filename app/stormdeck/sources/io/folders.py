"""Create folders for their owner only."""

from __future__ import annotations

import errno
from pathlib import Path

PRIVATE = 0o700


def make_private(folder: Path) -> None:
    """Create a folder and its missing parents, for their owner only whatever the umask is.

    Existing folders keep their rights. Raises ``OSError``.
    """
    missing: list[Path] = []
    while not folder.exists() and folder != folder.parent:
        missing.append(folder)
        folder = folder.parent
    for one in reversed(missing):
        try:
            one.mkdir(PRIVATE)
        except FileExistsError:  # another program made it meanwhile
            continue
        one.chmod(PRIVATE)
    if missing and not missing[0].is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "it is no folder", str(missing[0]))
