"""A new file that is whole before it has a name, so that a writer that is killed leaves nothing behind."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from stormdeck.sources.io.folders import make_private

_MARK = ".stormdeck-"
_ENDING = ".tmp"
_DESCRIPTORS = Path("/proc/self/fd")
_HAS_NO_NAME = getattr(os, "O_TMPFILE", None)


Result = TypeVar("Result")


class _NoNameError(OSError):
    """The system gives no name to a file that was made without one."""


def with_new_file(folder: Path, tag: str, make: Callable[[NewFile], Result]) -> Result:
    """Return what ``make`` returns for a new file in a folder; ``tag`` marks its temporary names.

    Where a file without a name cannot be used after all, ``make`` is called once more, for one with a name.
    """
    file = NewFile(folder, tag)
    try:
        return make(file)
    except _NoNameError:
        pass
    finally:
        file.close()
    file = NewFile(folder, tag, unnamed=False)
    try:
        return make(file)
    finally:
        file.close()


def replace_private(path: Path, data: bytes, tag: str) -> None:
    """Put bytes in the place of a small file of stormdeck's own, at once, for its owner alone; raises ``OSError``."""

    def put(file: NewFile) -> None:
        file.write(data)
        file.replace(path, path.parent)

    make_private(path.parent)
    clear(path.parent, tag)
    with_new_file(path.parent, tag, put)


class NewFile:
    """A file that is being written, in the folder where it will stand.

    It has no name until ``appear`` or ``replace``: the system removes it when its writer dies. A system that cannot
    do that gives it a name that ``clear`` recognises.
    """

    def __init__(self, folder: Path, tag: str, *, unnamed: bool = True) -> None:
        """Create the file, for its owner alone whatever the umask says."""
        self._folder = folder
        self._tag = tag
        self._named: Path | None = None
        self.handle = self._unnamed() if unnamed else -1
        if self.handle < 0:
            self._named = folder / self._temporary_name()
            self.handle = os.open(self._named, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        os.fchmod(self.handle, 0o600)

    def write(self, data: bytes) -> None:
        """Write the bytes, and have them on the disk when this returns."""
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self.handle, rest) :]
        os.fsync(self.handle)

    def appear(self, path: Path) -> None:
        """Give the file a name that nothing has; raises ``FileExistsError`` where something has it."""
        if self._named is None:
            self._link(path)
            return
        try:
            os.link(self._named, path)
        except FileExistsError:
            raise
        except OSError:  # a file system without hard links
            if os.path.lexists(path):
                raise FileExistsError(errno.EEXIST, "it is there already", str(path)) from None
            self._named.replace(path)
            self._named = None

    def replace(self, path: Path, own: Path) -> None:
        """Put the file in the place of another one, at once.

        No system call replaces a file by one without a name. For the instant between its two steps the file has a
        temporary name: in ``own``, a folder of stormdeck's where no ``git add`` finds it, or beside the file where
        that is on another file system.
        """
        if self._named is None:
            self._named = self._linked_in(own) or self._linked_in(self._folder)
        if self._named is None:
            raise _NoNameError
        self._named.replace(path)
        self._named = None

    def close(self) -> None:
        """Give the file back; without a name of its own it is gone."""
        os.close(self.handle)
        if self._named is not None:
            self._named.unlink(missing_ok=True)

    def _unnamed(self) -> int:
        """Return a descriptor of a file without a name; -1 where the system has none."""
        if _HAS_NO_NAME is None or not _DESCRIPTORS.is_dir():
            return -1
        try:
            return os.open(self._folder, os.O_RDWR | _HAS_NO_NAME | os.O_CLOEXEC, 0o600)
        except OSError:  # this file system cannot, or the folder is not there: the next step tells which
            return -1

    def _linked_in(self, folder: Path) -> Path | None:
        path = folder / self._temporary_name()
        try:
            self._link(path)
        except _NoNameError:
            return None
        return path

    def _link(self, path: Path) -> None:
        # With descriptors of folders Python calls linkat, which follows the link in /proc to the file itself.
        source = str(_DESCRIPTORS / str(self.handle))
        try:
            folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.link(source, path.name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=True)
            finally:
                os.close(folder)
        except FileExistsError:
            raise
        except OSError as error:
            raise _NoNameError(error.errno, error.strerror) from error

    def _temporary_name(self) -> str:
        return f"{_MARK}{self._tag}-{os.urandom(4).hex()}{_ENDING}"


def clear(folder: Path, tag: str) -> None:
    """Remove the temporary files that killed writers of a file left; its lock must be held."""
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            if path.name.startswith(f"{_MARK}{tag}-") and path.name.endswith(_ENDING):
                path.unlink(missing_ok=True)
