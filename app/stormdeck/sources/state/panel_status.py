"""Find a running panel that watches the same stack, and read the status that it publishes.

Each panel keeps one small file, ``HOST-PID.json``, in a folder that only its user can read. The file's time shows that
the panel is alive. A status bar runs only this, so nothing slow is imported (``dataclasses``, ``pathlib``, ``typing``).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping

from stormdeck import __version__
from stormdeck.model.status.bar import Bar
from stormdeck.sources.io.bounded_read import open_regular, read_whole

HEARTBEAT_S = 5.0
"""A panel updates its file at least this often."""
STALE_S = 12.0
"""After this long without an update a panel is stopped, or its machine was asleep: its status is ignored."""
MOST_BYTES = 256 * 1024
_BASE_URL = "ANTHROPIC_BASE_URL"


class Question:
    """Which stack a ``stormdeck status`` means, as far as its options and environment show."""

    __slots__ = ("any_path", "claude", "file", "named", "project", "same_names", "shell_url")

    def __init__(
        self,
        environ: Mapping[str, str],
        *,
        claude: str,
        project: str,
        named: Mapping[str, object] | None,
        file: object = None,
        shape: str = "",
    ) -> None:
        self.claude = claude
        """Claude Code's folder."""
        self.project = project
        self.named = named
        """The options that name the stack; ``None``: those in ``file``, which has not been read yet."""
        self.file = file
        """``stamp`` of the options file."""
        self.shell_url = environ.get(_BASE_URL) or None
        """The shell's base URL; Claude Code passes the one in force to its children (measured, 2.1.112 and 2.1.329)."""
        self.any_path = shape == "tmux"
        """tmux's status line belongs to no session and no project: any panel of the user may answer."""
        self.same_names = shape not in {"tmux", "statusline"}
        """A script that names no stack does not mean a panel that was started with one."""


class Published:
    """What one panel published last."""

    __slots__ = ("bar", "only_ascii", "status")

    def __init__(self, bar: Bar, status: dict[str, object], only_ascii: bool | None) -> None:
        self.bar = bar
        self.status = status
        """As ``status --json`` prints it."""
        self.only_ascii = only_ascii
        """The panel's ``ascii`` option; ``None``: not set."""


def published(folder: str, question: Question, now: float) -> Published | None:
    """Return what a running panel publishes of the stack that is meant, ``None`` where no panel watches it.

    Of several panels the one with the same options answers, then the one started last, so that answers do not
    alternate.
    """
    best: tuple[bool, float] | None = None
    answer = None
    for entry in _running(folder, now):
        watches, bar, status = entry.get("watches"), Bar.from_json(entry.get("bar")), entry.get("status")
        if not isinstance(watches, dict) or not isinstance(status, dict) or bar is None:
            continue
        if not _answers(watches, question):
            continue
        started = entry.get("started")
        rank = (watches.get("named") == question.named, started if isinstance(started, float) else 0.0)
        if best is None or rank > best:
            only_ascii = entry.get("ascii")
            best, answer = rank, Published(bar, status, only_ascii if isinstance(only_ascii, bool) else None)
    return answer


def stamp(path: str) -> list[object] | None:
    """Return what changes whenever a file changes, ``None`` where there is no file."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return [path, status.st_mtime_ns, status.st_size]


def project_files(project: str, user: str) -> list[str]:
    """Return a project's own settings files, without the user's."""
    names = ("settings.json", "settings.local.json")
    paths = [os.path.join(project, ".claude", name) for name in names]
    return [path for path in paths if os.path.exists(path) and path != os.path.join(user, "settings.json")]


def panel_name(pid: int) -> str:
    """Return the name of a panel's file. It has the host, since machines may share a home folder."""
    host = "".join(letter if letter.isalnum() else "-" for letter in os.uname().nodename)
    return f"{host}-{pid}.json"


def is_left_behind(name: str) -> bool:
    """Return whether a file belongs to a panel of this machine that has ended."""
    pid = name.removesuffix(".json").rpartition("-")[2]
    return pid.isdecimal() and name == panel_name(int(pid)) and not _runs(int(pid))


def _running(folder: str, now: float) -> Iterator[dict[str, object]]:
    """Yield what each running panel of this machine published."""
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return
    for name in names:
        pid = name.removesuffix(".json").rpartition("-")[2]
        if not pid.isdecimal() or name != panel_name(int(pid)):
            continue
        entry = _read(os.path.join(folder, name), now)
        if entry is not None and _runs(int(pid)):
            yield entry


def _read(path: str, now: float) -> dict[str, object] | None:
    try:
        handle = open_regular(path)
        try:
            status = os.fstat(handle)
            if abs(now - status.st_mtime) > STALE_S or status.st_uid != os.getuid():
                return None
            entry = json.loads(read_whole(handle, MOST_BYTES))
        finally:
            os.close(handle)
    except (OSError, ValueError, RecursionError):
        return None
    return entry if isinstance(entry, dict) and entry.get("stormdeck") == __version__ else None


def _answers(watches: dict[str, object], question: Question) -> bool:
    """Return whether a panel watches the stack that is meant."""
    if watches.get("claude") != question.claude or not _same_options(watches, question):
        return False
    if question.any_path:
        return True
    if watches.get("files") != project_files(question.project, question.claude):
        return False
    asked = question.shell_url
    return asked == watches.get("shell_url") or (asked is not None and asked == watches.get("url"))


def _same_options(watches: dict[str, object], question: Question) -> bool:
    named = watches.get("named")
    if not isinstance(named, dict):
        return False
    if question.named is None:
        return watches.get("file") == question.file and watches.get("only_file") is True
    if question.same_names:
        return named == question.named
    return all(named.get(name) == value for name, value in question.named.items())


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
