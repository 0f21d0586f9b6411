"""Where the client keeps its transcripts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from stat import S_ISDIR, S_ISREG

DEEPEST = 4
"""Folders below ``projects``: one by project, and those of a session's subagents inside."""


def transcripts_folder(config_dir: Path) -> Path:
    """Return where a client with this ``CLAUDE_CONFIG_DIR`` (by default ``~/.claude``) writes its transcripts."""
    return config_dir / "projects"


def transcript_files(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield every transcript in or below a folder with its state; what cannot be read is left out."""
    yield from _below(str(folder), DEEPEST)


def _below(folder: str, depth: int) -> Iterator[tuple[Path, os.stat_result]]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        try:
            state = entry.stat()
        except OSError:
            continue
        if entry.name.endswith(".jsonl") and S_ISREG(state.st_mode):
            yield Path(entry.path), state
        elif depth > 0 and S_ISDIR(state.st_mode) and not entry.is_symlink():
            yield from _below(entry.path, depth - 1)
