"""Watch a few files for changes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from stormdeck.sources.io.imports import import_without_package
from stormdeck.sources.io.mounts import is_on_network

STEP_MS = 500
"""How often ``watchfiles`` wakes to collect events: 2 wake-ups a second and 0.0 % of a core (measured, 1.3.0)."""
_CHECK_MS = 5_000
"""How often the files are compared without an event: a folder above them may have been replaced."""
_BUSY = {Path("/"), Path("/etc")}
"""Not watched, only checked: every program that starts opens files there (31 wake-ups a second on a busy machine)."""
MOST_IDLE = 20
"""After so many collections of events that were all about other files, a folder is polled: a log that is written
beside a watched file woke this program 43 times a second (measured, watchfiles 1.3.0)."""
_MOST_LINKS = 40

_State = tuple[int, int, int, int, int] | None


@dataclass(slots=True)
class _Watch:
    paths: tuple[Path, ...]
    on_change: Callable[[], object]
    seen: tuple[_State, ...]


class FileWatcher:
    """Call back when one of a few files appears, changes, is replaced, gets other rights or goes.

    >>> watcher = FileWatcher()
    >>> watcher.watch([Path("settings.json")], lambda: print("changed"))
    >>> watcher.stop()

    An event only wakes the watcher; ``stat`` then decides what changed. The folders of the file and of every link that
    leads to it are watched, for a missing file its nearest folder that exists. Files on network drives, and all files
    where the system watches no more folders or other files of a folder change all the time, are polled: by ``stat``,
    since polling by ``watchfiles`` misses changed rights and reads whole folders.
    """

    def __init__(self, step_ms: int = STEP_MS) -> None:
        self._step_ms = step_ms
        self._watches: tuple[_Watch, ...] = ()
        self._stopped = threading.Event()
        self._replan = threading.Event()
        """Ends the wait for events: there are other files to watch, or it is over."""
        self._calling = threading.RLock()
        self._thread: threading.Thread | None = None

    def watch(self, paths: Iterable[Path], on_change: Callable[[], object]) -> None:
        """Call ``on_change``, in the watcher's thread, after each change from now on. Blocking: it reads states."""
        files = tuple(paths)
        added = _Watch(files, on_change, tuple(map(_state, files)))
        with self._calling:
            if self._stopped.is_set():
                return
            self._watches = (*self._watches, added)
            self._replan.set()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="file watcher", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """End, even while a drive hangs; no call of ``on_change`` begins after this returns."""
        with self._calling:
            self._stopped.set()
            self._replan.set()

    def _run(self) -> None:
        while True:
            self._replan.clear()
            if self._stopped.is_set():  # checked after the clear, so that no stop is lost
                return
            folders = self._folders()
            for _ in self._wake_ups(folders):
                self._check(folders)
                if self._replan.is_set():
                    break

    def _wake_ups(self, folders: frozenset[Path]) -> Iterator[None]:
        """Yield whenever it is time to compare the files, until ``_replan`` is set."""
        try:
            if not any(map(is_on_network, folders)):
                yield from self._events(folders)
        except (OSError, RuntimeError, ImportError):
            # A folder is unreadable or gone, or a limit of the system is reached; with no descriptor left even the
            # import fails.
            pass
        while not self._replan.wait(self._step_ms / 1000):
            yield

    def _events(self, folders: frozenset[Path]) -> Iterator[None]:
        """Yield when the system reports changes in these folders; raises ``OSError`` or ``RuntimeError`` else."""
        # Imported here, after the first paint: it takes 60 ms.
        import_without_package("watchfiles.main")
        from watchfiles.main import watch

        idle = 0
        for changes in watch(
            *folders,
            watch_filter=None,
            debounce=self._step_ms,
            step=self._step_ms,
            stop_event=_AtFirst(partial(self._check, folders), self._replan),
            rust_timeout=_CHECK_MS,
            yield_on_timeout=True,
            debug=False,
            raise_interrupt=False,
            recursive=False,
        ):
            names = {Path(name).name for _, name in changes}
            idle = idle + 1 if names.isdisjoint(self._names()) and names else 0
            if idle >= MOST_IDLE:
                return
            yield

    def _check(self, folders: frozenset[Path]) -> None:
        """Compare the files, and have other folders watched where that is due."""
        self._compare()
        if self._folders() != folders:
            self._replan.set()

    def _compare(self) -> None:
        for watch in self._watches:
            now = tuple(map(_state, watch.paths))
            if now != watch.seen:
                watch.seen = now
                with self._calling:
                    if not self._stopped.is_set():
                        watch.on_change()

    def _names(self) -> frozenset[str]:
        """Return the names of all files, folders and links whose change affects a watched file."""
        paths = (path for watch in self._watches for path in watch.paths)
        return frozenset(point.name for path in paths for point in _points(path))

    def _folders(self) -> frozenset[Path]:
        paths = (path for watch in self._watches for path in watch.paths)
        return frozenset(point.parent for path in paths for point in _points(path)) - _BUSY


class _AtFirst:
    """Run a check once the system watches: ``watchfiles`` asks its stop event at each step, not before."""

    def __init__(self, check: Callable[[], None], stop: threading.Event) -> None:
        self._check: Callable[[], None] | None = check
        self._stop = stop

    def is_set(self) -> bool:
        """Return whether to stop."""
        if self._check is not None:
            check, self._check = self._check, None
            check()
        return self._stop.is_set()


def _state(path: Path) -> _State:
    """Return what differs after any change of a file or its rights; ``None`` when it cannot be seen."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _points(path: Path) -> Iterator[Path]:
    """Yield the paths whose change affects a file: each link on the way, and the file or the first missing part."""
    here, *names = path.absolute().parts
    folder, left, links = Path(here), names[::-1], 0
    while left and links < _MOST_LINKS:
        name = left.pop()
        if name == "..":
            folder = folder.parent
            continue
        point = folder / name
        try:
            target = point.readlink()
        except (OSError, ValueError):
            if not left or not point.is_dir():
                yield point
                return
            folder = point
            continue
        yield point
        links += 1
        if target.is_absolute():
            folder = Path(target.anchor)
        left += [part for part in reversed(target.parts) if part != target.anchor]
