"""Keep the exchanges of a running recorder in a file, for panels. The file ends with the recorder."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections import OrderedDict
from pathlib import Path

from stormdeck.model.wire.exchange import Exchange, to_line

SUFFIX = ".jsonl"
MOST_BYTES = 4 * 1024 * 1024
"""Size at which the file is written anew with the newest exchanges only."""
MOST_EXCHANGES = 2_000
"""Exchanges that are kept then: 500 to 900 bytes each."""


class Journal:
    """Write exchanges as lines of JSON; newer lines of an exchange replace older ones.

    The file is locked while the recorder runs, so that a reader can tell a file that was left behind.
    """

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = folder / f"{name}{SUFFIX}"
        self._kept: OrderedDict[str, Exchange] = OrderedDict()
        self._size = 0
        self._file = self._open(self.path)

    @property
    def kept(self) -> tuple[Exchange, ...]:
        """Return the newest state of the newest exchanges."""
        return tuple(self._kept.values())

    def note(self, exchange: Exchange) -> None:
        """Write one line. A disk that is full loses the line, never a request."""
        self._kept[exchange.id] = exchange
        self._kept.move_to_end(exchange.id)
        while len(self._kept) > MOST_EXCHANGES:
            self._kept.popitem(last=False)
        with contextlib.suppress(OSError):
            self._size += os.write(self._file, f"{to_line(exchange)}\n".encode())
            if self._size > MOST_BYTES:
                self._write_anew()

    def close(self) -> None:
        """Remove the file."""
        with contextlib.suppress(OSError):
            self.path.unlink()
        os.close(self._file)

    def _write_anew(self) -> None:
        fresh = self.path.with_suffix(".new")
        file = self._open(fresh)
        text = "".join(f"{to_line(one)}\n" for one in self._kept.values()).encode()
        os.write(file, text)
        fresh.replace(self.path)
        old, self._file, self._size = self._file, file, len(text)
        os.close(old)

    @staticmethod
    def _open(path: Path) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        file = os.open(path, flags, 0o600)
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return file


def remove_left_behind(folder: Path) -> None:
    """Remove the files of recorders that were killed. Never raises."""
    with contextlib.suppress(OSError):
        for path in list(folder.iterdir()):
            with contextlib.suppress(OSError):
                if not is_running(path):
                    path.unlink()


def is_running(path: Path) -> bool:
    """Return whether the recorder that writes a file still runs. Raises ``OSError`` for one that cannot be read."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False


class PrivateFile:
    """A file that only the user can read, locked like a journal and removed at the end of the ``with`` block."""

    def __init__(self, folder: Path, name: str, text: str) -> None:
        self.path = folder / name
        self.path.unlink(missing_ok=True)
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.write(self._file, text.encode())

    def __enter__(self) -> PrivateFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.path.unlink(missing_ok=True)
        os.close(self._file)
