"""Find Claude Code's version by its transcripts and installed files. Never runs it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stormdeck.model.rules.facts import NEWEST
from stormdeck.sources.io.bounded_read import open_regular, read_bounded
from stormdeck.sources.transcripts.read import transcript_files, transcripts_folder

_VERSION = re.compile(r"\d{1,6}(?:\.\d{1,6}){1,3}", re.ASCII)
_WRITTEN = re.compile(rb'"version"\s?:\s?"(\d{1,6}(?:\.\d{1,6}){1,3})"')
_TAIL = 128 * 1024
"""Bytes; every transcript line has the version (measured, all versions), and few lines are longer."""
_MOST_TRANSCRIPTS = 5
_PACKAGE = "@anthropic-ai/claude-code"
_LARGEST_PACKAGE = 256 * 1024


@dataclass(frozen=True, slots=True)
class ClientVersion:
    """Claude Code's version, and how it was found."""

    version: str | None
    """``2.1.329``; ``None``: not known, so the rules assume the newest measured version."""
    how: str
    """In words: ``--client-version``, ``the transcript of ...``, ``not found: assumed 2.1.329, ...``."""


@dataclass(frozen=True, slots=True)
class _Trace:
    version: str
    how: str
    at: float
    """Unix time of the file that has it."""


def find_client_version(claude: Path, home: Path, search_path: str = "", given: str | None = None) -> ClientVersion:
    """Return the version that the user gave, else that of the newest transcript or installed program.

    ``claude`` is the client's folder, ``search_path`` a ``PATH``, or empty. An installation newer than the last
    transcript will run next; an older one may not be the one in use. Blocking, a few milliseconds. Never raises.
    """
    if given:
        return ClientVersion(given, "--client-version")
    traces = [*_transcripts(claude), *_installed(home, claude, search_path)]
    newest = max(traces, key=lambda trace: trace.at, default=None)
    if newest is None:
        return ClientVersion(None, f"not found: assumed {NEWEST}, the newest measured version")
    return ClientVersion(newest.version, newest.how)


def _transcripts(claude: Path) -> Iterator[_Trace]:
    """Yield the version in the newest transcript that has one."""
    files = sorted(transcript_files(transcripts_folder(claude)), key=lambda file: file[1].st_mtime, reverse=True)
    for path, state in files[:_MOST_TRANSCRIPTS]:
        found = _WRITTEN.findall(_tail(path))
        if found:
            yield _Trace(found[-1].decode("ascii"), f"the transcript {path}", state.st_mtime)
            return


def _tail(path: Path) -> bytes:
    try:
        with os.fdopen(open_regular(path), "rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - _TAIL))
            return file.read(_TAIL)
    except OSError:
        return b""


def _installed(home: Path, claude: Path, search_path: str) -> Iterator[_Trace]:
    """Yield the versions of programs on the path and of the client's own installers, by their folders."""
    folders = [Path(folder) for folder in search_path.split(os.pathsep) if folder.startswith("/")]
    for program in (*(folder / "claude" for folder in folders), home / ".local" / "bin" / "claude"):
        trace = _of_program(program)
        if trace is not None:
            yield trace
            break
    local = _of_package(claude / "local" / "node_modules" / "@anthropic-ai" / "claude-code" / "package.json")
    if local is not None:
        yield local


def _of_program(program: Path) -> _Trace | None:
    """Return the version of a program: from the package around it, or its own name (``versions/2.1.329``)."""
    try:
        target = program.resolve(strict=True)
        at = target.stat().st_mtime
    except (OSError, RuntimeError):
        return None
    if not target.is_file():
        return None
    for folder in list(target.parents)[:3]:
        found = _of_package(folder / "package.json")
        if found is not None:
            return found
    named = next((part for part in (target.name, target.parent.name) if _VERSION.fullmatch(part)), None)
    return _Trace(named, f"the program {target}", at) if named is not None else None


def _of_package(path: Path) -> _Trace | None:
    try:
        read = json.loads(read_bounded(path, _LARGEST_PACKAGE))
        at = path.stat().st_mtime
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(read, dict) or read.get("name") != _PACKAGE:
        return None
    version = read.get("version")
    if not isinstance(version, str) or not _VERSION.match(version):
        return None
    return _Trace(_VERSION.findall(version)[0], f"the package {path.parent}", at)
