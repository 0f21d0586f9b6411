"""Keep the access rights of a settings file when a new file replaces it, and never widen them."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

_ACL = "system.posix_acl_access"
_LABELS = "security."
"""Attributes that the system's policy sets; a new file in the same folder gets the right ones."""
_HAS_ATTRIBUTES = hasattr(os, "listxattr")


class NotKeptError(Exception):
    """A right of the old file cannot be given to the new one; the message describes it."""


def give_rights(old: int, new: int) -> None:
    """Copy owner, group, mode, access list and extended attributes from one descriptor to another.

    Where only the owner or only the group can be kept, the mode is narrowed. Raises ``NotKeptError`` for what must not
    be lost.
    """
    was = os.fstat(old)
    for owner, group in ((was.st_uid, was.st_gid), (-1, was.st_gid), (was.st_uid, -1)):
        try:
            os.fchown(new, owner, group)
        except OSError:
            continue
        break
    now = os.fstat(new)
    attributes = _attributes(old)
    if _ACL in attributes and now.st_gid != was.st_gid:
        raise NotKeptError(f"it has an access list (ACL), and its group {was.st_gid} cannot be kept")
    _give_attributes(attributes, new)
    os.fchmod(new, kept_mode(was, now))


def kept_mode(was: os.stat_result, now: os.stat_result) -> int:
    """Return the mode for a file with a new owner or group, so that nobody gains rights.

    Members of the new group were "others" before, and members of the old group are now: both get what both had.
    """
    mode = stat.S_IMODE(was.st_mode)
    if (was.st_uid, was.st_gid) == (now.st_uid, now.st_gid):
        return mode
    if was.st_gid == now.st_gid:
        return mode & 0o777
    both = (mode >> 3) & mode & 0o7
    return mode & 0o700 | both << 3 | both


def write_caveats(path: Path) -> tuple[str, ...]:
    """Return what writing a file changes besides its text, one sentence each. Never raises."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return ()
    said: list[str] = []
    if status.st_nlink > 1:
        others = "the other one keeps" if status.st_nlink == 2 else f"the other {status.st_nlink - 1} keep"
        said.append(f"It is a hard link, a file with {status.st_nlink} names: {others} the old text.")
    me = os.geteuid()
    if me not in {0, status.st_uid}:
        keeps = "its group stays" if status.st_gid in {os.getegid(), *os.getgroups()} else "its group loses it"
        said.append(f"It belongs to user {status.st_uid}: the new file will be yours, {keeps}.")
    return tuple(said)


def _attributes(handle: int) -> dict[str, bytes]:
    """Return a file's extended attributes, its access list included; empty where the file system has none."""
    if not _HAS_ATTRIBUTES:
        return {}
    try:
        return {name: os.getxattr(handle, name) for name in os.listxattr(handle)}
    except OSError as error:
        if error.errno in {errno.ENOTSUP, errno.ENOSYS}:
            return {}
        raise NotKeptError(f"its extended attributes cannot be read ({error.strerror})") from error


def _give_attributes(wanted: dict[str, bytes], new: int) -> None:
    has = _attributes(new)
    for name, value in wanted.items():
        if has.get(name) == value:
            continue
        try:
            os.setxattr(new, name, value)
        except OSError as error:
            if not name.startswith(_LABELS):
                what = "access list (ACL)" if name.startswith("system.") else f"extended attribute {name}"
                raise NotKeptError(f"its {what} cannot be kept ({error.strerror})") from error
    if _ACL in has and _ACL not in wanted:
        # Inherited from the folder: it would give access to others than the old file did.
        os.removexattr(new, _ACL)
