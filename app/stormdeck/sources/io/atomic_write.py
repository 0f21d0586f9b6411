"""Write a file whole or not at all. A writer that is killed leaves nothing behind."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from stormdeck.sources.io.folders import make_private

_PREFIX = ".stormdeck-"
_SUFFIX = ".tmp"
_DESCRIPTORS = Path("/proc/self/fd")
_O_TMPFILE = getattr(os, "O_TMPFILE", None)


Result = TypeVar("Result")


class _NoNameError(OSError):
    """The system cannot name a file that was created without a name."""


def atomic_write(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Replace a file of stormdeck's own, readable for its owner only; raises ``OSError``.

    Missing folders are created. Without ``durable`` the data is not synced to disk, which takes milliseconds.

    >>> atomic_write(paths.theme, b"nord")
    """

    def put(file: NewFile) -> None:
        file.write(data, durable=durable)
        file.replace(path, path.parent)

    make_private(path.parent)
    remove_leftovers(path.parent, path.name)
    with_new_file(path.parent, path.name, put)


def with_new_file(folder: Path, tag: str, make: Callable[[NewFile], Result]) -> Result:
    """Return what ``make`` returns for a new file in a folder; ``tag`` is part of its temporary names.

    Where a file without a name turns out not to work, ``make`` is called again for a file with one.
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


class NewFile:
    """A file that is being written in its future folder.

    It has no name until ``appear`` or ``replace``, so the system removes it when its writer dies (``O_TMPFILE``).
    Where the system cannot do that, it has a temporary name that ``remove_leftovers`` recognises.
    """

    def __init__(self, folder: Path, tag: str, *, unnamed: bool = True) -> None:
        """Create the file, for its owner only whatever the umask is."""
        self._folder = folder
        self._tag = tag
        self._named: Path | None = None
        self.handle = self._open_unnamed() if unnamed else -1
        if self.handle < 0:
            self._named = folder / self._temporary_name()
            self.handle = os.open(self._named, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        os.fchmod(self.handle, 0o600)

    def write(self, data: bytes, *, durable: bool = True) -> None:
        """Write the bytes; with ``durable`` they are on disk when this returns."""
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self.handle, rest) :]
        if durable:
            os.fsync(self.handle)

    def appear(self, path: Path) -> None:
        """Give the file its name; raises ``FileExistsError`` where the name is taken."""
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
        """Replace another file by this one.

        No system call replaces a file by one without a name, so for an instant the file has a temporary name: in
        ``own``, a folder of stormdeck's where no ``git add`` finds it, or beside the file where ``own`` is on another
        file system.
        """
        if self._named is None:
            self._named = self._linked_in(own) or self._linked_in(self._folder)
        if self._named is None:
            raise _NoNameError
        self._named.replace(path)
        self._named = None

    def close(self) -> None:
        """Close the file; without a name of its own it is gone."""
        os.close(self.handle)
        if self._named is not None:
            self._named.unlink(missing_ok=True)

    def _open_unnamed(self) -> int:
        """Return a descriptor of a file without a name, -1 where the system has no such files."""
        if _O_TMPFILE is None or not _DESCRIPTORS.is_dir():
            return -1
        try:
            return os.open(self._folder, os.O_RDWR | _O_TMPFILE | os.O_CLOEXEC, 0o600)
        except OSError:  # not on this file system, or the folder is missing: the next step shows which
            return -1

    def _linked_in(self, folder: Path) -> Path | None:
        path = folder / self._temporary_name()
        try:
            self._link(path)
        except _NoNameError:
            return None
        return path

    def _link(self, path: Path) -> None:
        # With folder descriptors Python calls linkat, which follows the link in /proc to the file itself.
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
        return f"{_PREFIX}{self._tag}-{os.urandom(4).hex()}{_SUFFIX}"


def remove_leftovers(folder: Path, tag: str) -> None:
    """Remove temporary files that killed writers left. The caller must be the only writer with this tag."""
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            if tag_of_temporary(path.name) == tag:
                path.unlink(missing_ok=True)


def tag_of_temporary(name: str) -> str | None:
    """Return the tag of a temporary file by its name, ``None`` for other files."""
    if not (name.startswith(_PREFIX) and name.endswith(_SUFFIX)):
        return None
    return name.removeprefix(_PREFIX).rpartition("-")[0]
