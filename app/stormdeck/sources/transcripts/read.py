"""Read all transcripts of a folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Generic, TypeVar

from stormdeck.model.retries.transcript import LONGEST_ENTRY, Entry, parse_entry
from stormdeck.model.units import plural
from stormdeck.sources.logs.tail import Obstacle, open_log

Parsed = TypeVar("Parsed")

DEEPEST = 24
"""Levels of folders below the one that is named, which may be far above ``projects``. A session's subagents are three
levels below that (measured, 2.1.332)."""


def transcripts_folder(config_dir: Path) -> Path:
    """Return the transcripts folder of a client with this ``CLAUDE_CONFIG_DIR`` (by default ``~/.claude``)."""
    return config_dir / "projects"


@dataclass(slots=True)
class Unread:
    """What of some transcripts was not read."""

    paths: list[Path] = field(default_factory=list)
    """Files and folders that cannot be read, or not to their end, and folders that lie too deep."""
    long_lines: int = 0

    def sentences(self) -> list[str]:
        """Return what is missing, a sentence each without a full stop."""
        found = []
        if self.paths:
            others = f" and {len(self.paths) - 1} more" if len(self.paths) > 1 else ""
            found.append(f"{self.paths[0]}{others} could not be read: what is in there is not counted")
        if self.long_lines:
            lines = plural(self.long_lines, "line")
            found.append(f"{lines} over {LONGEST_ENTRY // 1024**2} MiB in transcripts not read: not counted")
        return found


def transcript_files(folder: Path, unread: Unread | None = None) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield every transcript in or below a folder with its ``stat``; folders that are left out go to ``unread``."""
    yield from _below(str(folder), DEEPEST, Unread() if unread is None else unread)


def _below(folder: str, depth: int, unread: Unread) -> Iterator[tuple[Path, os.stat_result]]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        unread.paths.append(Path(folder))
        return
    for entry in entries:
        try:
            state = entry.stat()
        except OSError:
            continue
        if entry.name.endswith(".jsonl") and S_ISREG(state.st_mode):
            yield Path(entry.path), state
        elif S_ISDIR(state.st_mode) and not entry.is_symlink():
            if depth > 0:
                yield from _below(entry.path, depth - 1, unread)
            else:
                unread.paths.append(Path(entry.path))


class LineSplitter(Generic[Parsed]):
    """Split chunks of bytes into parsed lines, and keep an incomplete line for the next chunk.

    Lines longer than 4 MiB are skipped, counted and never kept; those that parse to ``None`` are skipped.
    """

    def __init__(self, parse: Callable[[str], Parsed | None]) -> None:
        self._parse = parse
        self._held = bytearray()
        self._skipping = False
        self.long_lines = 0
        """Lines that were too long."""

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
        if len(line) > LONGEST_ENTRY:
            self.long_lines += 1
            return None
        return self._parse(line.decode("utf-8", "replace"))

    def _hold(self, piece: bytes) -> None:
        if self._skipping:
            return
        self._held += piece
        if len(self._held) > LONGEST_ENTRY:
            self.long_lines += 1
            self.skip_line()


class EntrySplitter(LineSplitter[Entry]):
    """Split chunks of bytes into transcript entries."""

    def __init__(self) -> None:
        super().__init__(parse_entry)


READ_BYTES = 1024 * 1024


def read_transcripts(folder: Path, since: float = 0.0, unread: Unread | None = None) -> Iterator[Entry]:
    """Yield the entries of every transcript in or below a folder, file by file, each in order.

    ``folder`` is Claude Code's folder, its ``projects``, any folder above transcripts, or a single transcript. Files
    that did not change after ``since`` (Unix seconds) are skipped. An incomplete last line is not read: the client is
    still writing it. What is left out goes to ``unread``. Never raises; ``folder_obstacle`` says what is wrong with a
    folder.
    """
    for entries in parsed_files(folder, parse_entry, since, unread):
        yield from entries


def parsed_files(
    folder: Path, parse: Callable[[str], Parsed | None], since: float = 0.0, unread: Unread | None = None
) -> Iterator[Iterator[Parsed]]:
    """Yield for each transcript, as ``read_transcripts`` reads them, an iterator of its parsed lines.

    What is not read goes to ``unread``.
    """
    missed = Unread() if unread is None else unread
    if folder.is_file():
        yield _parsed(folder, parse, missed)
        return
    for path, state in transcript_files(folder, missed):
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


def _parsed(path: Path, parse: Callable[[str], Parsed | None], missed: Unread) -> Iterator[Parsed]:
    opened = open_log(path)
    if isinstance(opened, Obstacle):
        missed.paths.append(path)
        return
    splitter = LineSplitter(parse)
    try:
        while data := os.read(opened, READ_BYTES):
            yield from splitter.split(data)
    except OSError:
        missed.paths.append(path)
    finally:
        missed.long_lines += splitter.long_lines
        os.close(opened)
