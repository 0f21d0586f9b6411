"""Compare versions."""

from __future__ import annotations

import re


def version_key(version: str) -> tuple[int, ...]:
    """Return a version as numbers to compare; a text without numbers comes first.

    >>> version_key("2.1.329") > version_key("2.1.41")
    True
    """
    return tuple(int(part[:9]) for part in re.findall(r"\d+", version)[:4])


def at_least(version: str | None, least: str) -> bool:
    """Return whether a version is known and not older than another."""
    return version is not None and version_key(version) >= version_key(least)


def below(version: str | None, bound: str) -> bool:
    """Return whether a version is known and older than another."""
    return version is not None and version_key(version) < version_key(bound)
