"""Read the running programs lazily: reading a process costs time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stormdeck.model.snapshots.server import ServerKind
from stormdeck.sources.processes.command_line import kind_of, option
from stormdeck.sources.processes.namespaces import inside, root_of

if TYPE_CHECKING:
    import psutil


@dataclass(frozen=True, slots=True)
class Program:
    """One process."""

    pid: int
    parent: int
    argv: tuple[str, ...]
    name: str
    started: int
    """Unix seconds."""
    kind: ServerKind | None
    config: Path | None
    """LiteLLM's YAML, from ``--config``."""


class ProcessTable:
    """The running processes: all command lines, and more of a process on request.

    Processes that are gone or hidden are skipped.
    """

    def __init__(self, processes: Iterable[psutil.Process]) -> None:
        self._found: dict[int, tuple[psutil.Process, tuple[str, ...], ServerKind | None]] = {}
        self._read: dict[int, Program | None] = {}
        for process in processes:
            try:
                argv = _trimmed(process.cmdline())
            except unreadable():
                continue
            self._found[process.pid] = process, argv, kind_of(argv)

    @property
    def processes(self) -> Iterator[psutil.Process]:
        """Yield all processes."""
        return (process for process, _, _ in self._found.values())

    @property
    def commands(self) -> Iterator[tuple[str, ...]]:
        """Yield all command lines."""
        return (argv for _, argv, _ in self._found.values())

    @property
    def servers(self) -> list[Program]:
        """Return the servers, the oldest first."""
        found = [self.get(pid) for pid, (_, _, kind) in self._found.items() if kind is not None]
        return sorted((one for one in found if one is not None), key=lambda one: one.started)

    def get(self, pid: int) -> Program | None:
        """Return a process, ``None`` where it is gone or hidden."""
        if pid not in self._read:
            found = self._found.get(pid)
            self._read[pid] = None if found is None else _program(*found)
        return self._read[pid]


def unreadable() -> tuple[type[Exception], ...]:
    """Return what psutil raises for a process that is gone, and for kernel tables that are empty, hidden or cut.

    It parses them unchecked: an empty ``/proc`` is an ``IndexError`` (measured, 7.0).
    """
    import psutil

    return psutil.Error, OSError, LookupError, ValueError, RuntimeError


def yaml_of(process: psutil.Process, argv: Sequence[str]) -> Path | None:
    """Return where a LiteLLM's YAML can be read; ``None`` if it is not known.

    A path is relative to the folder it was started in, and one of the files that it sees: in a container, those are
    not this machine's, and only root and its own user can read them.
    """
    config = option(argv, "--config", "-c")
    if not config:
        return None
    root = root_of(process.pid)
    if root is None:
        return None
    try:
        path = Path(process.cwd()) / config
    except unreadable():
        path = Path(config)
    return inside(root, str(path)) if path.is_absolute() else None


def _program(process: psutil.Process, argv: tuple[str, ...], kind: ServerKind | None) -> Program | None:
    try:
        with process.oneshot():
            config = yaml_of(process, argv) if kind is ServerKind.LITELLM else None
            parent, name, started = process.ppid(), process.name(), int(process.create_time())
    except unreadable():
        return None
    return Program(process.pid, parent, argv, name, started, kind, config)


def _trimmed(argv: list[str]) -> tuple[str, ...]:
    """Return a command line without the empty arguments that a process leaves when it renames itself."""
    last = max((place for place, word in enumerate(argv) if word), default=-1)
    return tuple(argv[: last + 1])
