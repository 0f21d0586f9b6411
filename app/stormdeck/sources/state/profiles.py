"""Read and write the profiles in the options folder. Secrets stand in files for their owner only."""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Callable
from pathlib import Path

from stormdeck.model.profiles.profile import (
    HOSTED,
    MOST,
    Profile,
    ProfileError,
    file_name,
    name_of,
    read_profile,
    read_secrets,
    secrets_file_name,
    texts_of,
)
from stormdeck.sources.io.atomic_write import atomic_write
from stormdeck.sources.io.bounded_read import open_regular, read_bounded, read_whole
from stormdeck.sources.settings.backups import back_up

LARGEST = 256 * 1024
"""Bytes; a profile has a few hundred."""
_OTHERS_WRITE = 0o022
_OTHERS_READ = 0o077
_REASONS = {
    errno.EISDIR: "it is a folder, not a file",
    errno.EINVAL: "it is not a regular file",
    errno.EFBIG: f"it is larger than {LARGEST // 1024} KiB",
    errno.ENOENT: "there is no such file",
}


def read_profiles(folder: Path) -> tuple[Profile, ...]:
    """Return the built-in profile and those in a folder, by name; one that cannot be used has its error.

    Blocking. Never raises.
    """
    try:
        names = sorted(filter(None, (name_of(entry.name) for entry in os.scandir(folder))), key=str.lower)
    except OSError:
        names = []
    return (HOSTED, *(_read(folder, name) for name in names[:MOST]))


def _read(folder: Path, name: str) -> Profile:
    try:
        return Profile(name, _values(folder, name))
    except ProfileError as error:
        return Profile(name, error=str(error))


def _values(folder: Path, name: str) -> dict[str, object]:
    path = folder / file_name(name)
    try:
        stored = read_profile(_text(path, _OTHERS_WRITE, "written by others: allow that to yourself only, chmod 600"))
    except ProfileError as error:
        raise ProfileError(f"{path}: {error}") from None
    values = dict(stored.values)
    for file in dict.fromkeys(stored.secrets.values()):
        path = folder / file
        try:
            secrets = read_secrets(_text(path, _OTHERS_READ, "read by others: allow that to yourself only, chmod 600"))
        except ProfileError as error:
            raise ProfileError(f"{path}: {error}") from None
        wanted = [key for key, where in stored.secrets.items() if where == file]
        if missing := next((key for key in wanted if key not in secrets), None):
            raise ProfileError(f"{path}: {missing} is missing")
        values.update((key, secrets[key]) for key in wanted)
    return values


def _text(path: Path, forbidden: int, how: str) -> str:
    """Return the text of a file of the user's that others have no such rights for."""
    try:
        handle = open_regular(path)
        try:
            status = os.fstat(handle)
            if status.st_uid not in {os.geteuid(), 0}:
                raise ProfileError("it belongs to another user")
            if stat.S_IMODE(status.st_mode) & forbidden:
                raise ProfileError(f"it can be {how}")
            return read_whole(handle, LARGEST).decode("utf-8")
        finally:
            os.close(handle)
    except OSError as error:
        raise ProfileError(_words(error)) from None
    except UnicodeDecodeError:
        raise ProfileError("it is not UTF-8 text") from None


def save_profile(folder: Path, profile: Profile, backups: Path, clock: Callable[[], float] = time.time) -> Path:
    """Write a profile and return its file; a copy of what it replaces is kept. Raises ``ProfileError``.

    The secrets are written first: no profile ever names a file that is not there.
    """
    text, secrets = texts_of(profile)
    path, hidden = folder / file_name(profile.name), folder / secrets_file_name(profile.name)
    try:
        for file, new in ((hidden, secrets), (path, text)):
            old = _current(file)
            if old is not None and old != (new or "").encode():
                back_up(file, old, backups, clock())
            if new is not None:
                atomic_write(file, new.encode())
        if secrets is None and not _is_named(hidden.name, folder):
            hidden.unlink(missing_ok=True)
    except OSError as error:
        raise ProfileError(f"{folder} cannot be written: {_words(error)}") from None
    return path


def _current(path: Path) -> bytes | None:
    """Return the bytes of a profile's file; ``None`` if there is none that could be kept."""
    try:
        return read_bounded(path, LARGEST)
    except OSError:
        return None


def _is_named(file: str, folder: Path) -> bool:
    """Return whether another profile refers to a file of secrets."""
    profiles = (one for one in folder.iterdir() if name_of(one.name) is not None)
    return any(file.encode() in (_current(one) or b"") for one in profiles)


def _words(error: OSError) -> str:
    return _REASONS.get(error.errno or 0) or (error.strerror or str(error)).lower()
