"""Reading the transcripts of a folder at once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from stormdeck.model.retries.transcript import Entry
from stormdeck.sources.logs.opening import Obstacle, open_log
from stormdeck.sources.transcripts.files import transcript_files
from stormdeck.sources.transcripts.lines import EntrySplitter

READ_BYTES = 1024 * 1024


def read_transcripts(folder: Path, since: float = 0.0) -> Iterator[Entry]:
    """Yield the entries of every transcript in or below a folder, file by file, each in its order.

    ``folder`` is the client's own, its ``projects``, or any with transcripts somewhere below; a single transcript will
    do as well. Files that did not change after ``since`` (unix seconds) are left out. A last line without its end is
    not read: the client is still writing it. Nothing is raised; see ``folder_obstacle`` for what is wrong with one.
    """
    if folder.is_file():
        yield from _entries(folder)
        return
    for path, state in transcript_files(folder):
        if state.st_mtime >= since:
            yield from _entries(path)


def folder_obstacle(folder: Path) -> str:
    """Return why a folder cannot be read, in plain words with what to do; empty where it can."""
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


def _entries(path: Path) -> Iterator[Entry]:
    opened = open_log(path)
    if isinstance(opened, Obstacle):
        return
    splitter = EntrySplitter()
    try:
        while data := os.read(opened, READ_BYTES):
            yield from splitter.split(data)
    except OSError:
        return
    finally:
        os.close(opened)
