"""Keep copies of settings files from before stormdeck wrote them."""

from __future__ import annotations

import os
import re
import time
from calendar import timegm
from pathlib import Path

from stormdeck.model.settings.backup import Backup
from stormdeck.sources.io.atomic_write import NewFile, with_new_file
from stormdeck.sources.io.bounded_read import read_bounded
from stormdeck.sources.io.folders import PRIVATE, make_private
from stormdeck.sources.settings.read import LARGEST, digest_of, target_of

KEPT = 10
"""Copies kept of each file; the oldest is removed first."""
_FORMAT = "%Y%m%dT%H%M%SZ"
_STAMP = re.compile(r"-(\d{8}T\d{6}Z)-")


def back_up(target: Path, data: bytes, backups: Path, now: float) -> Path:
    """Keep a copy for the owner only, whole or not at all, and remove the oldest beyond ten."""
    make_private(backups)
    backups.chmod(PRIVATE)
    tag = tag_of(target)
    kept = sorted(_numbered(target, backups))
    number = kept[-1][0] + 1 if kept else 1
    stamp = time.strftime(_FORMAT, time.gmtime(now))
    copy = backups / f"{tag}-{number:06d}-{stamp}-{target.name}"

    def keep(file: NewFile) -> None:
        file.write(data)
        file.appear(copy)

    with_new_file(backups, tag, keep)
    for _, old in [*kept, (number, copy)][:-KEPT]:
        old.unlink(missing_ok=True)
    return copy


def backups_of(path: Path, backups: Path) -> tuple[Path, ...]:
    """Return the kept copies of a file, newest first."""
    return tuple(copy for _, copy in sorted(_numbered(target_of(path), backups), reverse=True))


def tag_of(target: Path) -> str:
    """Return a tag that distinguishes the copies of files with the same name."""
    return digest_of(os.fsencode(target))[:12]


def _numbered(target: Path, backups: Path) -> list[tuple[int, Path]]:
    """Return the copies of a file with their running numbers."""
    pattern = re.compile(rf"{tag_of(target)}-(\d{{6,}})-.*")
    copies = backups.iterdir() if backups.is_dir() else iter(())
    return [(int(found.group(1)), copy) for copy in copies if (found := pattern.fullmatch(copy.name))]


def read_backups(path: Path, backups: Path) -> tuple[Backup, ...]:
    """Return the kept copies of a file with their texts, newest first."""
    found = []
    for copy in backups_of(path, backups):
        try:
            data = read_bounded(copy, LARGEST)
        except OSError:
            continue
        stamp = _STAMP.search(copy.name)
        taken = float(timegm(time.strptime(stamp[1], _FORMAT))) if stamp is not None else copy.stat().st_mtime
        try:
            text: str | None = data.decode("utf-8")
        except UnicodeDecodeError:
            text = None
        found.append(Backup(copy.name, taken, len(data), text, str(backups)))
    return tuple(found)
