"""Recognise a log that is named twice: its lines would count for two servers in a row."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from stormdeck.model.logs.spec import LogSpec, StandardInput


def distinct(logs: Iterable[LogSpec]) -> list[LogSpec]:
    """Return the logs without those that are another name of an earlier one: the same path, a link, a hard link."""
    found: dict[object, LogSpec] = {}
    for log in logs:
        found.setdefault(identity(log), log)
    return list(found.values())


def identity(log: LogSpec) -> object:
    """Return what is equal for two names of the same log. A file that does not exist yet is known by its path."""
    if isinstance(log, StandardInput):
        return _of_standard_input() or log
    if not isinstance(log, Path):
        return log
    try:
        status = log.stat()
    except (OSError, ValueError):
        return os.path.realpath(log) if "\0" not in str(log) else str(log)
    return status.st_dev, status.st_ino


def _of_standard_input() -> tuple[int, int] | None:
    """Return which file standard input is redirected from."""
    try:
        status = os.fstat(0)
    except OSError:
        return None
    return status.st_dev, status.st_ino
