"""Find the files that a process's stdout and stderr go to: from ``/proc``, elsewhere (macOS) from psutil."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from stormdeck.sources.io.bounded_read import read_bounded
from stormdeck.sources.processes.namespaces import inside, root_of
from stormdeck.sources.processes.table import unreadable

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Outputs:
    """Standard output and error of one process."""

    log: Path | None
    """The file of stdout, or of both; that of stderr if only that one has a file."""
    error_log: Path | None
    """The file of stderr if it is another one."""
    note: str
    """A description of both: ``both to /var/log/vllm.log``, ``to a terminal``."""


@dataclass(frozen=True, slots=True)
class _Stream:
    file: Path | None
    words: str


_OTHER_USER = _Stream(None, "unknown: the process belongs to another user")
_UNKNOWN = _Stream(None, "unknown: not to a file that this system lists")


def outputs_of(pid: int, proc: Path = _PROC) -> Outputs:
    """Return where a process's stdout and stderr go."""
    out, err = (_stream(pid, 1, proc), _stream(pid, 2, proc)) if proc.is_dir() else _open_files(pid)
    if out.file is not None and out.file == err.file:
        return Outputs(out.file, None, f"both {out.words}")
    if out.words == err.words:
        return Outputs(None, None, out.words)
    note = f"standard output {out.words}, standard error {err.words}"
    if out.file is None:
        return Outputs(err.file, None, note)
    return Outputs(out.file, err.file, note)


def _open_files(pid: int) -> tuple[_Stream, _Stream]:
    """Return both streams as far as psutil knows: the regular files of this user's own processes."""
    import psutil

    try:
        files = {file.fd: Path(file.path) for file in psutil.Process(pid).open_files()}
    except psutil.AccessDenied:
        return _OTHER_USER, _OTHER_USER
    except unreadable():
        return _UNKNOWN, _UNKNOWN
    out, err = (_Stream(file, f"to {file}") if (file := files.get(fd)) else _UNKNOWN for fd in (1, 2))
    return out, err


def _stream(pid: int, number: int, proc: Path) -> _Stream:
    """Return where a file descriptor goes."""
    link = proc / str(pid) / "fd" / str(number)
    try:
        target = str(link.readlink())
    except PermissionError:
        return _OTHER_USER
    except OSError:
        return _Stream(None, "nowhere: it is closed")
    if target.startswith("pipe:"):
        return _piped(target, proc)
    if target.startswith("socket:"):
        return _Stream(None, "to a socket: the journal of systemd, or a container's log")
    if target.startswith(("/dev/pts/", "/dev/tty", "/dev/console")):
        return _Stream(None, "to a terminal")
    if target == os.devnull:
        return _Stream(None, "to /dev/null")
    if target.endswith(" (deleted)"):
        return _Stream(None, f"to {target.removesuffix(' (deleted)')}, which was deleted")
    root = root_of(pid, proc)
    file = inside(root, target) if root is not None else None
    if file is not None and file.is_file():
        return _Stream(file, f"to {file}")
    return _Stream(None, f"to {target}, which is not a file on this machine")


def _piped(pipe: str, proc: Path) -> _Stream:
    """Follow a pipe to ``tee``, which many use to see and keep a log."""
    for reader in _readers(pipe, proc):
        with suppress(OSError):
            if read_bounded(reader / "comm", 64).strip() != b"tee":
                continue
            for number in sorted((reader / "fd").iterdir(), key=lambda path: int(path.name)):
                file = number.readlink()
                if int(number.name) > 2 and file.is_file():
                    return _Stream(file, f"through tee to {file}")
    return _Stream(None, "to a pipe")


def _readers(pipe: str, proc: Path) -> Iterator[Path]:
    try:
        folders = [folder for folder in proc.iterdir() if folder.name.isdigit()]
    except OSError:
        return
    for folder in folders:
        with suppress(OSError):
            if str((folder / "fd" / "0").readlink()) == pipe:
                yield folder
