"""Read all transcripts of a folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Generic, TypeVar

from stormdeck.model.retries.transcript import LONGEST_ENTRY, Entry, parse_entry
from stormdeck.sources.logs.tail import Obstacle, open_log

Parsed = TypeVar("Parsed")

DEEPEST = 4
"""Levels of folders below ``projects``: one per project, and those of a session's subagents in it."""


def transcripts_folder(config_dir: Path) -> Path:
    """Return the transcripts folder of a client with this ``CLAUDE_CONFIG_DIR`` (by default ``~/.claude``)."""
    return config_dir / "projects"


def transcript_files(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield every transcript in or below a folder with its ``stat``; unreadable ones are skipped."""
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


class LineSplitter(Generic[Parsed]):
    """Split chunks of bytes into parsed lines, and keep an incomplete line for the next chunk.

    Lines longer than 4 MiB are skipped and never kept, and so are those that parse to ``None``.
    """

    def __init__(self, parse: Callable[[str], Parsed | None]) -> None:
        self._parse = parse
        self._held = bytearray()
        self._skipping = False

    def split(self, data: bytes) -> list[Parsed]:
        """Return what the lines say that this chunk completes."""
        *whole, rest = data.split(b"\n")
        entries: list[Parsed] = []
        for piece in whole:
            entry = self._end(piece)
            if entry is not None:
                entries.append(entry)
        self._hold(rest)
        return entries

    def skip_line(self) -> None:
        """Skip everything up to the next line end: the first chunk starts inside a line."""
        self._held.clear()
        self._skipping = True

    def forget(self) -> None:
        """Drop the incomplete line: the next bytes come from another place."""
        self._held.clear()
        self._skipping = False

    def _end(self, piece: bytes) -> Parsed | None:
        """Return what a completed line says."""
        if self._skipping:
            self._skipping = False
            return None
        line = bytes(self._held) + piece if self._held else piece
        self._held.clear()
        return self._parse(line.decode("utf-8", "replace")) if len(line) <= LONGEST_ENTRY else None

    def _hold(self, piece: bytes) -> None:
        if self._skipping:
            return
        self._held += piece
        if len(self._held) > LONGEST_ENTRY:
            self.skip_line()


class EntrySplitter(LineSplitter[Entry]):
    """Split chunks of bytes into transcript entries."""

    def __init__(self) -> None:
        super().__init__(parse_entry)


READ_BYTES = 1024 * 1024


def read_transcripts(folder: Path, since: float = 0.0) -> Iterator[Entry]:
    """Yield the entries of every transcript in or below a folder, file by file, each in order.

    ``folder`` is Claude Code's folder, its ``projects``, any folder above transcripts, or a single transcript. Files
    that did not change after ``since`` (Unix seconds) are skipped. An incomplete last line is not read: the client is
    still writing it. Never raises; ``folder_obstacle`` describes what is wrong with a folder.
    """
    for entries in parsed_files(folder, parse_entry, since):
        yield from entries


def parsed_files(
    folder: Path, parse: Callable[[str], Parsed | None], since: float = 0.0, unread: list[Path] | None = None
) -> Iterator[Iterator[Parsed]]:
    """Yield for each transcript, as ``read_transcripts`` reads them, an iterator of its parsed lines.

    Files that cannot be read, or not to their end, are added to ``unread``.
    """
    missed = [] if unread is None else unread
    if folder.is_file():
        yield _parsed(folder, parse, missed)
        return
    for path, state in transcript_files(folder):
        if state.st_mtime >= since:
            yield _parsed(path, parse, missed)


def folder_obstacle(folder: Path) -> str:
    """Return why a folder cannot be read and what to do, empty where it can be read."""
    try:
        next(folder.iterdir(), None)
    except FileNotFoundError:
        return f"{folder} does not exist; name the client's folder, by default ~/.claude/projects"
    except NotADirectoryError:
        opened = open_log(folder)
        if isinstance(opened, Obstacle):
            return opened.detail.replace("name a log file", "name the client's folder, or a transcript")
        os.close(opened)
    except PermissionError:
        return f"{folder} may not be read by this user; run as the user whose client it is"
    except OSError as error:
        return f"{folder}: {error.strerror or error}"
    return ""


def _parsed(path: Path, parse: Callable[[str], Parsed | None], missed: list[Path]) -> Iterator[Parsed]:
    opened = open_log(path)
    if isinstance(opened, Obstacle):
        missed.append(path)
        return
    splitter = LineSplitter(parse)
    try:
        while data := os.read(opened, READ_BYTES):
            yield from splitter.split(data)
    except OSError:
        missed.append(path)
    finally:
        os.close(opened)
