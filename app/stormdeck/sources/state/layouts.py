"""Remember which profile a settings file has, and how the file looked with each profile before a switch.

One file for each settings file, for its owner only like the copies of settings files. Nothing depends on it but the
layout of keys that come back: it may be removed at any time.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable
from pathlib import Path

from stormdeck.model.profiles.plan import Layouts
from stormdeck.sources.io.atomic_write import atomic_write
from stormdeck.sources.io.bounded_read import read_bounded
from stormdeck.sources.settings.backups import tag_of
from stormdeck.sources.settings.read import target_of

_LONGEST = 1024 * 1024
"""Characters of a text that is remembered."""
_LARGEST = 32 * 1024 * 1024


def read_layouts(folder: Path, settings: Path) -> Layouts:
    """Return what is remembered of a settings file. Blocking. Never raises: an unreadable memory is none."""
    with contextlib.suppress(OSError, ValueError, RecursionError):
        found = json.loads(read_bounded(_file(folder, settings), _LARGEST))
        if isinstance(found, dict):
            last, texts = found.get("last"), found.get("texts")
            kept = texts.items() if isinstance(texts, dict) else ()
            return Layouts(
                last if isinstance(last, str) else None,
                {name: text for name, text in kept if isinstance(text, str)},
            )
    return Layouts()


def remember(folder: Path, settings: Path, name: str, text: str, known: Iterable[str]) -> None:
    """Store how a file looks with a profile; texts of profiles that are not ``known`` are dropped.

    Raises ``OSError``.
    """
    before = read_layouts(folder, settings)
    texts = {one: old for one, old in before.texts.items() if one in set(known) - {name}}
    if len(text) <= _LONGEST:
        texts[name] = text
    _write(folder, settings, Layouts(before.last, texts))


def set_last(folder: Path, settings: Path, name: str | None) -> None:
    """Store which profile a file has now, ``None``: none that is known. Raises ``OSError``."""
    before = read_layouts(folder, settings)
    if before.last != name:
        _write(folder, settings, Layouts(name, before.texts))


def _write(folder: Path, settings: Path, layouts: Layouts) -> None:
    text = json.dumps({"version": 1, "last": layouts.last, "texts": layouts.texts})
    atomic_write(_file(folder, settings), text.encode())


def _file(folder: Path, settings: Path) -> Path:
    return folder / f"{tag_of(target_of(settings))}.json"
