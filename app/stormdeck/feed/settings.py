"""Read, watch and write the client's settings files, even on a drive that stops answering."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from stormdeck.feed.polling import wait_for
from stormdeck.model.json_edit.document import Document, FileError
from stormdeck.model.masking.findings import known_secrets
from stormdeck.model.settings.backup import Backup
from stormdeck.model.settings.merge import merged
from stormdeck.model.settings.scope import Scope, SettingsFile, SettingsSnapshot
from stormdeck.model.settings.trust import is_led_by_folder
from stormdeck.options import Options
from stormdeck.paths import UserPaths
from stormdeck.sources.client.trust import agree
from stormdeck.sources.io.background import SingleFlight, call_in_loop, run_in_thread, with_timeout
from stormdeck.sources.io.watch import FileWatcher
from stormdeck.sources.settings.backups import read_backups
from stormdeck.sources.settings.read import read_client_scope, read_file, settings_paths, variables, with_trust
from stormdeck.sources.settings.write import Refused, Written, write_settings

PATIENCE_S = 3.0
"""Timeout for reading or writing a file; after it the panel reports that the drive does not answer, and goes on."""
AGAIN_S = 5.0
"""Until a file is read again that could not be read for a reason of stormdeck's own."""
SAVING_S = 1.0
"""How long a write under way may delay quitting."""
_SILENT = "its drive does not answer"

_LONG = 100_000
"""Characters of settings files that are prepared in a thread."""

Listed = tuple[tuple[Scope, Path], ...]


class SettingsFeed:
    """Deliver the settings whenever they change, and write them. ``deliver`` is called in the event loop."""

    def __init__(
        self,
        options: Options,
        paths: UserPaths,
        environ: Mapping[str, str],
        deliver: Callable[[SettingsSnapshot], None],
        watcher: FileWatcher,
    ) -> None:
        self._paths = paths
        self._file = options.settings
        self._shell = variables(environ, options.settings)
        self._named = (options.vllm, options.proxy)
        self._deliver = deliver
        self._changed = asyncio.Event()
        self._starting = SingleFlight(self._start)
        self._listed: Listed = ((Scope.USER, options.settings or paths.user_settings),)
        self._watcher = watcher
        self._is_watching = False
        self._reads: dict[Path, SingleFlight[SettingsFile]] = {}
        self._now: SettingsSnapshot | None = None
        self._writing: set[asyncio.Future[Written | Refused]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self.before_save: Callable[[str], None] | None = None
        """Called with the text of each write of this panel, before it is made."""
        self.known = asyncio.Event()
        """Set once settings were delivered, even if only with the reason why they cannot be read."""

    async def run(self) -> None:
        """Read the files whenever one has changed, until cancelled."""
        self._loop = asyncio.get_running_loop()
        while True:
            if not self._is_watching and (listed := await self._starting.take(PATIENCE_S)) is not None:
                self._listed, self._is_watching = listed, True
            await self.read()
            if self._is_watching and self._now is not None and not any(map(_unread, self._now.files)):
                await self._changed.wait()
            else:
                await wait_for(self._changed, AGAIN_S)
            self._changed.clear()

    async def read(self) -> None:
        """Read all files at the same time, so that one on a silent drive does not delay the others."""
        files = await asyncio.gather(*(self._read(scope, path) for scope, path in self._listed))
        settings = await self._trusted(merged((*files, *await self._read_client()), self._shell))
        if settings != self._now:
            if sum(len(file.text) for file in settings.files) > _LONG:
                await run_in_thread(_prepare, settings)
            self._now = settings
            self._deliver(settings)
        self.known.set()

    def read_again(self) -> None:
        """Read all files soon: the folders that the client trusts have changed."""
        self._changed.set()

    async def trust(self, folder: str, origin: str) -> str:
        """Record that a folder's own settings may send the token to ``origin``; return an error text, or ``""``."""
        refused = await with_timeout(PATIENCE_S, _SILENT, agree, self._paths.trusted, folder, origin)
        await self.read()
        return refused

    async def _trusted(self, settings: SettingsSnapshot) -> SettingsSnapshot:
        """Return the settings with the recorded trust in their folder; unchanged if the drive does not answer."""
        if not is_led_by_folder(settings):
            return settings
        before = self._now.trust if self._now is not None else settings.trust
        return await with_timeout(
            PATIENCE_S, replace(settings, trust=before), with_trust, settings, self._paths, self._named
        )

    async def save(self, file: SettingsFile, text: str) -> str:
        """Write a file; return an error text for the user, or ``""`` if it was written."""
        if self.before_save is not None:
            self.before_save(text)
        writing = asyncio.ensure_future(
            run_in_thread(write_settings, file.path, text, file.digest, self._paths.backups)
        )
        self._writing.add(writing)
        writing.add_done_callback(self._writing.discard)
        await asyncio.wait({writing}, timeout=PATIENCE_S)
        if not writing.done():
            return f"{file.path}: {_SILENT}. It may still be written: check the file before you save again."
        outcome = writing.result()
        await self.read()
        return outcome.detail if isinstance(outcome, Refused) else ""

    async def backups(self, file: SettingsFile) -> tuple[Backup, ...] | None:
        """Return the kept copies of a file, newest first; ``None`` if their drive does not answer."""
        return await with_timeout(PATIENCE_S, None, read_backups, file.path, self._paths.backups)

    async def stop(self) -> None:
        """Wait for a write under way, at most ``SAVING_S``."""
        if self._writing:
            await asyncio.wait(self._writing, timeout=SAVING_S)

    async def _read_client(self) -> tuple[SettingsFile, ...]:
        """Return the variables in the client's state; those read last if its drive does not answer."""
        if self._file is not None:
            return ()
        before = self._now.file(Scope.CLIENT) if self._now is not None else None
        known = () if before is None else (before,)
        return await with_timeout(PATIENCE_S, known, read_client_scope, self._paths)

    def _start(self) -> Listed:
        """Return the files to read, and watch them. Blocks."""
        listed = settings_paths(self._paths, self._file, managed=self._paths.managed)
        self._watcher.watch((*(path for _, path in listed), self._paths.trusted), self._on_change)
        return listed

    def _on_change(self) -> None:
        if self._loop is not None:
            call_in_loop(self._loop, self._changed.set)

    async def _read(self, scope: Scope, path: Path) -> SettingsFile:
        """Return a file. If stormdeck cannot read it now, return its last known content with the reason."""
        flight = self._reads.setdefault(path, SingleFlight(partial(read_file, scope, path)))
        read = await flight.take(PATIENCE_S)
        if read is not None and not _unread(read):
            return read
        before = self._now.file(scope) if self._now is not None else None
        known = before if before is not None and before.path == path else SettingsFile(scope, path, exists=True)
        error = read.error if read is not None else FileError(_SILENT, ours=True)
        return replace(known, writable=False, error=error)


def _unread(file: SettingsFile) -> bool:
    return file.error is not None and file.error.ours


def _prepare(settings: SettingsSnapshot) -> None:
    """Find the secrets and offsets in long files: half a second for 20,000 secrets, in which keys must work."""
    known_secrets(settings)
    for file in settings.files:
        if isinstance(document := file.document, Document):
            document.index()
