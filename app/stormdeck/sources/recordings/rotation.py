"""Where the older lines of a rotated log are: ``FILE.1`` comes before ``FILE``, ``FILE.2`` before that."""

from __future__ import annotations

import stat
from pathlib import Path

_ANY_ORDER_S = 2.0
"""Files that were copied together are this far apart at most, in any order."""


def with_predecessors(path: Path) -> tuple[Path, ...]:
    """Return a log with the files that were rotated away from it, oldest first, compressed ones too.

    A ``FILE.1`` that was written to after ``FILE`` is not its predecessor.
    """
    chain = [path]
    changed = _modified(path)
    while changed is not None:
        older = _numbered(path, len(chain))
        written = _modified(older) if older is not None else None
        if older is None or written is None or written > changed + _ANY_ORDER_S:
            break
        chain.append(older)
        changed = written
    return tuple(reversed(chain))


def _numbered(path: Path, number: int) -> Path | None:
    names = (path.with_name(f"{path.name}.{number}{ending}") for ending in ("", ".gz"))
    return next((one for one in names if _modified(one) is not None), None)


def _modified(path: Path) -> float | None:
    """Return when a regular file was written to, ``None`` for everything else."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_mtime if stat.S_ISREG(found.st_mode) else None
