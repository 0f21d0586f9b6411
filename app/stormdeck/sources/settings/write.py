"""How a settings file is changed without ever being half written, and what is kept to undo it."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from stormdeck.sources.settings.read import digest_of, may_write, target_of

BACKUPS_KEPT = 10
"""Copies of each file; the oldest goes first."""
_NEW_FILE_MODE = 0o600
"""A file with a token is nobody else's business."""


@dataclass(frozen=True, slots=True)
class Written:
    """The file holds the text now."""

    path: Path
    """As named, links not followed."""
    backup: Path | None
    """The copy of what was there; ``None``: nothing was, or it was the same."""
    digest: str
    """Of the bytes as they are now: what the next write expects, undo included."""


class Reason(StrEnum):
    """Why nothing was written."""

    CHANGED = "changed"
    """Somebody else changed the file since it was read."""
    READ_ONLY = "read only"
    BACKUP = "backup"
    """The copy could not be kept, so the file was left alone."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Refused:
    """The file is as it was."""

    reason: Reason
    detail: str
    """What is wrong and what to do, one sentence."""


def write_settings(
    path: Path, text: str, expected_digest: str, backups: Path, clock: Callable[[], float] = time.time
) -> Written | Refused:
    """Replace a file's text at once and for good, or say why not.

    The new text is written beside the file, synced and renamed over it; mode and, where allowed, owner stay, a
    link stays a link, missing folders are made. ``expected_digest`` is the digest that was read, empty for a file
    that did not exist. What was there goes into ``backups`` first, the ten newest of each file are kept.
    """
    target = target_of(path)
    try:
        data = text.encode("utf-8")
        old = _current(target)
    except (OSError, UnicodeEncodeError) as error:
        return Refused(Reason.FAILED, f"{path} cannot be written: {_words(error)}.")
    if _digest(old) != expected_digest:
        return _changed(path)
    if old == data:
        return Written(path, None, _digest(old))
    if not may_write(target):
        return Refused(Reason.READ_ONLY, f"{path} or its folder is read only: allow writing, or edit another scope.")
    try:
        backup = _back_up(target, old, backups, clock()) if old is not None else None
    except OSError as error:
        return Refused(Reason.BACKUP, f"no copy could be kept in {backups}: {_words(error)}. The file is as it was.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        replaced = _replace(target, data, expected_digest)
    except OSError as error:
        return Refused(Reason.FAILED, f"{path} cannot be written: {_words(error)}. It is as it was.")
    return Written(path, backup, digest_of(data)) if replaced else _changed(path)


def backups_of(path: Path, backups: Path) -> tuple[Path, ...]:
    """Return the kept copies of a file, newest first."""
    return tuple(copy for _, copy in sorted(_kept(target_of(path), backups), reverse=True))


def _changed(path: Path) -> Refused:
    return Refused(Reason.CHANGED, f"{path} was changed by somebody else since it was read: look at it and save again.")


def _current(target: Path) -> bytes | None:
    """Return the bytes of a file, ``None`` when there is none."""
    if target.exists() and not target.is_file():
        raise OSError("it is no regular file")
    try:
        return target.read_bytes()
    except FileNotFoundError:
        return None


def _digest(data: bytes | None) -> str:
    return "" if data is None else digest_of(data)


def _replace(target: Path, data: bytes, expected_digest: str) -> bool:
    """Put the bytes in the file's place; ``False`` when it changed in the meantime. No temporary file stays."""
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            _keep_rights(target, stream.fileno())
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        if _digest(_current(target)) != expected_digest:
            return False
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(target.parent)
    return True


def _keep_rights(target: Path, handle: int) -> None:
    """Give the new file the mode and, where allowed, the owner of the old one."""
    try:
        status = target.stat()
    except FileNotFoundError:
        os.fchmod(handle, _NEW_FILE_MODE)
        return
    with contextlib.suppress(PermissionError):
        os.fchown(handle, status.st_uid, status.st_gid)
    os.fchmod(handle, stat.S_IMODE(status.st_mode))


def _sync_folder(folder: Path) -> None:
    """Make the rename last through a power cut, where the file system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _back_up(target: Path, data: bytes, backups: Path, now: float) -> Path:
    """Keep a copy that only the owner can read, and drop the oldest beyond ten."""
    backups.mkdir(parents=True, exist_ok=True, mode=0o700)
    backups.chmod(0o700)
    kept = sorted(_kept(target, backups))
    number = kept[-1][0] + 1 if kept else 1
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    copy = backups / f"{_tag(target)}-{number:06d}-{stamp}-{target.name}"
    handle = os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError:
        # Half a copy is none: undo would take it for the file.
        copy.unlink(missing_ok=True)
        raise
    for _, old in [*kept, (number, copy)][:-BACKUPS_KEPT]:
        old.unlink(missing_ok=True)
    return copy


def _kept(target: Path, backups: Path) -> list[tuple[int, Path]]:
    """Return the copies of a file with their running numbers."""
    pattern = re.compile(rf"{_tag(target)}-(\d{{6,}})-.*")
    copies = backups.iterdir() if backups.is_dir() else iter(())
    return [(int(found.group(1)), copy) for copy in copies if (found := pattern.fullmatch(copy.name))]


def _tag(target: Path) -> str:
    """Return what tells the copies of one file from those of others of the same name."""
    return digest_of(os.fsencode(target))[:12]


def _words(error: OSError | UnicodeEncodeError) -> str:
    """Return a system's message without the path, which the sentence names already."""
    if isinstance(error, UnicodeEncodeError):
        return "the text holds a character that no file can hold"
    return (error.strerror or str(error)).lower()
