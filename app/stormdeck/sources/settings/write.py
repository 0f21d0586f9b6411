"""Write a settings file whole or not at all, and keep a copy for undo."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from stormdeck.sources.io.atomic_write import NewFile, remove_leftovers, with_new_file
from stormdeck.sources.io.bounded_read import open_regular, read_bounded
from stormdeck.sources.io.folders import make_private
from stormdeck.sources.settings.backups import back_up, tag_of
from stormdeck.sources.settings.lock import BusyError, locked
from stormdeck.sources.settings.read import LARGEST, digest_of, may_write, target_of
from stormdeck.sources.settings.rights import NotKeptError, give_rights


@dataclass(frozen=True, slots=True)
class Written:
    """The file was written."""

    path: Path
    """As the caller named it, links not resolved."""
    backup: Path | None
    """The copy of the old text; ``None``: there was no file, or the text was the same."""
    digest: str
    """Digest of the new bytes: what the next write, or undo, expects."""


class Reason(StrEnum):
    """Why nothing was written."""

    CHANGED = "changed"
    """Another program changed the file since it was read."""
    BUSY = "busy"
    """Another program is writing into the folder."""
    READ_ONLY = "read only"
    RIGHTS = "rights"
    """The file's access rights could not be kept."""
    BACKUP = "backup"
    """No copy could be kept, so the file was not written."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Refused:
    """The file was not written."""

    reason: Reason
    detail: str
    """What is wrong and what to do, in one sentence."""


def write_settings(
    path: Path, text: str, expected_digest: str, backups: Path, clock: Callable[[], float] = time.time
) -> Written | Refused:
    """Replace a file's text atomically, or return why not.

    One program writes at a time. The new text is written to a file without a name, synced, and put in place of the
    old one: a writer that is killed leaves the old text or the new one, and no other file. Owner, group, mode, access
    list and extended attributes stay, a link stays a link, missing folders are created for their owner only. Where
    owner or group cannot be kept, nobody gains access.

    ``expected_digest`` is the digest that was read, empty for a file that did not exist. The old text is copied to
    ``backups`` first, where the ten newest copies of each file are kept.
    """
    target = target_of(path)
    try:
        data = text.encode("utf-8")
        old = _current(target)
        if _digest(old) != expected_digest:
            return _changed(path)
        if old == data:
            return Written(path, None, _digest(old))
        if not may_write(target):
            why = f"{path} or its folder is read only: allow writing, or edit another scope."
            return Refused(Reason.READ_ONLY, why)
        make_private(target.parent)
        with locked(target.parent):
            return _write(path, target, data, expected_digest, backups, clock())
    except BusyError:
        why = f"another program is writing into {target.parent}: try again. The file is as it was."
        return Refused(Reason.BUSY, why)
    except NotKeptError as error:
        return Refused(Reason.RIGHTS, f"{path} is not written: {error}. It is as it was: edit it with an editor.")
    except (OSError, UnicodeEncodeError) as error:
        return Refused(Reason.FAILED, f"{path} cannot be written: {_words(error)}. It is as it was.")


def _write(path: Path, target: Path, data: bytes, expected_digest: str, backups: Path, now: float) -> Written | Refused:
    """Write while the lock is held. Raises ``OSError`` and ``NotKeptError``."""
    for folder in (target.parent, backups):
        remove_leftovers(folder, tag_of(target))
    old = _current(target)
    if _digest(old) != expected_digest:
        return _changed(path)
    try:
        backup = back_up(target, old, backups, now) if old is not None else None
    except OSError as error:
        return Refused(Reason.BACKUP, f"no copy could be kept in {backups}: {_words(error)}. The file is as it was.")
    replaced = _replace(target, data, expected_digest, backups)
    return Written(path, backup, digest_of(data)) if replaced else _changed(path)


def _changed(path: Path) -> Refused:
    why = f"{path} was changed by another program since it was read: check it and save again."
    return Refused(Reason.CHANGED, why)


def _current(target: Path) -> bytes | None:
    """Return the bytes of a file, ``None`` where there is no file."""
    try:
        return read_bounded(target, LARGEST)
    except FileNotFoundError:
        return None


def _digest(data: bytes | None) -> str:
    return "" if data is None else digest_of(data)


def _replace(target: Path, data: bytes, expected_digest: str, own: Path) -> bool:
    """Replace the file; return whether it still was the expected one."""

    def put(file: NewFile) -> bool:
        if expected_digest:
            old = open_regular(target)
            try:
                give_rights(old, file.handle)
            finally:
                os.close(old)
        file.write(data)
        if _digest(_current(target)) != expected_digest:
            return False
        if expected_digest:
            file.replace(target, own)
        else:
            file.appear(target)
        return True

    try:
        replaced = with_new_file(target.parent, tag_of(target), put)
    except FileExistsError:
        return False
    if replaced:
        _sync_folder(target.parent)
    return replaced


def _sync_folder(folder: Path) -> None:
    """Make the rename survive a power cut, where the file system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _words(error: OSError | UnicodeEncodeError) -> str:
    """Return a system message without the path, which the sentence already has."""
    if isinstance(error, UnicodeEncodeError):
        return "the text has a character that cannot be written"
    if error.errno == errno.EBUSY:
        return "it is mounted by itself, as a volume of a container, so no other file can take its place"
    return (error.strerror or str(error)).lower()
