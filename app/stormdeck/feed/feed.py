"""The feed: which sources run, and where their snapshots go."""

from __future__ import annotations

import asyncio
import importlib
import time
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from typing import Any, Protocol

from stormdeck import __version__
from stormdeck.feed.canarydesk import CanaryDesk
from stormdeck.feed.logdesk import LogDesk
from stormdeck.feed.reduce import Snapshot
from stormdeck.feed.servers import ServerDesk
from stormdeck.feed.stormdesk import StormDesk
from stormdeck.feed.waiting import woken
from stormdeck.model.canary.check import Check
from stormdeck.model.canary.plan import Plan
from stormdeck.model.canary.summary import CanaryReport
from stormdeck.model.client import ClientSnapshot
from stormdeck.model.deck import Deck
from stormdeck.model.gpu import GpuSnapshot, GpuState
from stormdeck.model.logs.book import LogBook
from stormdeck.model.logs.tails import LogTails
from stormdeck.model.meter import TrafficMeter
from stormdeck.model.retries.ladder import attempt_limit
from stormdeck.model.settings.scope import SettingsFile, SettingsSnapshot
from stormdeck.options import Options
from stormdeck.paths import UserPaths
from stormdeck.sources.client_version import find_client_version
from stormdeck.sources.http import HttpClient
from stormdeck.sources.memory import StormMemory
from stormdeck.sources.settings.exposure import exposures
from stormdeck.sources.settings.read import read_settings, settings_paths
from stormdeck.sources.settings.watch import SettingsWatcher
from stormdeck.sources.settings.write import Refused, write_settings
from stormdeck.sources.transcripts.files import transcripts_folder

TRAFFIC_S = 1.0
BUCKETS = 60


class Sampler(Protocol):
    """A GPU source: the real one, or the demo's."""

    def start(self) -> None:
        """Begin sampling."""

    def stop(self) -> None:
        """End at once."""

    def pause(self) -> None:
        """Stop sampling for a while."""

    def resume(self) -> None:
        """Go on sampling."""


class MakeSampler(Protocol):
    """Makes a GPU source that hands its snapshots on, from a thread of its own.

    ``load`` tells from 0 to 1 how busy the engine is: the demo's GPUs follow it.
    """

    def __call__(self, hand: Callable[[GpuSnapshot], None], load: Callable[[], float]) -> Sampler:
        """Return a source that is not started."""


def real_gpus(hand: Callable[[GpuSnapshot], None], load: Callable[[], float]) -> Sampler:
    """Return the source that asks NVML."""
    from stormdeck.sources.gpu.sampler import GpuSampler

    return GpuSampler(hand)


class Feed:
    """Starts the sources inside the running loop and hands their snapshots on."""

    def __init__(
        self,
        options: Options,
        paths: UserPaths,
        environ: Mapping[str, str],
        book: LogBook,
        hand: Callable[[Snapshot], None],
        lines_came: Callable[[], None],
        sampler: MakeSampler | None = None,
    ) -> None:
        self._options = options
        self._paths = paths
        self._environ = environ
        self._hand = hand
        self._meter = TrafficMeter(
            window_s=options.window * 60, bucket_s=max(1, options.window * 60 // BUCKETS), local_time=datetime.timestamp
        )
        self._logs = LogDesk(book, self._meter, lines_came)
        self._http = HttpClient(__version__)
        self._servers = ServerDesk(options, self._http, hand, self._logs)
        self._canary = CanaryDesk(self._servers.key)
        self._logs.counted = self._canary.without_own
        self._logs.on_requests = self._requests_came
        self._news = asyncio.Event()
        self._storms = StormDesk(StormMemory(paths.state / "storms.sqlite3"))
        self._sampler = (sampler or real_gpus)(hand, lambda: self._servers.load) if options.gpu else None
        self._watcher: SettingsWatcher | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._settings: SettingsSnapshot | None = None
        self._version = options.client_version or ""

    def start(self) -> None:
        """Begin; returns at once."""
        if self._sampler is not None:
            self._sampler.start()
        else:
            self._hand(GpuSnapshot(GpuState.OFF, "Not watched: start stormdeck with --gpu to see them."))
        self._spawn(self._run())
        self._spawn(self._keep_counting())
        self._logs.follow_transcripts(transcripts_folder(self._paths.claude))

    async def stop(self) -> None:
        """End everything; no thread, task or connection is left."""
        if self._sampler is not None:
            self._sampler.stop()
        if self._watcher is not None:
            self._watcher.stop()
        self._logs.stop()
        await self._servers.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._http.aclose()

    def search(self) -> None:
        """Look for servers and logs again, now."""
        self._servers.search()

    def attention(self, given: bool) -> None:
        """Slow down while nobody looks, and catch up at once when somebody does."""
        self._servers.attention(given)
        if self._sampler is not None:
            (self._sampler.resume if given else self._sampler.pause)()

    def plan_canary(self, deck: Deck) -> Plan:
        """Return what a canary would send; nothing is sent."""
        return self._canary.plan(deck)

    async def run_canary(self, plan: Plan, hand: Callable[[Check], None]) -> CanaryReport:
        """Send a canary; cancel the task to stop it."""
        return await self._canary.run(plan, hand)

    async def save(self, file: SettingsFile, text: str) -> str:
        """Write a settings file; return why not in plain words, or nothing when it is written."""
        outcome = await asyncio.to_thread(write_settings, file.path, text, file.digest, self._paths.backups)
        await self._read_settings()
        return outcome.detail if isinstance(outcome, Refused) else ""

    async def _run(self) -> None:
        """Read the settings, then look for what they point at, and go on looking."""
        await asyncio.to_thread(importlib.import_module, "httpx")
        watched = settings_paths(self._paths, self._options.settings, managed=self._paths.managed)
        loop = asyncio.get_running_loop()
        changed = asyncio.Event()

        def changed_outside() -> None:
            loop.call_soon_threadsafe(changed.set)

        self._watcher = SettingsWatcher([path for _, path in watched], changed_outside)
        self._watcher.start()
        await self._read_settings()
        self._spawn(self._servers.run())
        while True:
            await changed.wait()
            changed.clear()
            await self._read_settings()

    async def _read_settings(self) -> None:
        settings = await asyncio.to_thread(
            read_settings, self._paths, self._environ, self._options.settings, managed=self._paths.managed
        )
        if settings == self._settings:
            return
        self._settings = settings
        timeout = settings.text("env.API_TIMEOUT_MS") or ""
        self._meter.set_timeout(int(timeout) if timeout.isdecimal() else None)
        self._servers.take_settings(settings)
        self._hand(settings)
        client = await asyncio.to_thread(self._learn_client, settings)
        self._version = self._options.client_version or self._meter.client_version or client.version or ""
        self._set_limit()
        self._hand(client)

    def _set_limit(self) -> None:
        """Tell the meter after how many attempts this version of the client gives up with these settings.

        Where it sends none at all, the first failure of any other client counts as the last.
        """
        setting = None if self._settings is None else self._settings.text("env.CLAUDE_CODE_MAX_RETRIES")
        self._meter.set_limit(max(1, attempt_limit(setting, self._version or None)))

    def _learn_client(self, settings: SettingsSnapshot) -> ClientSnapshot:
        """Return what the client left behind of its version, and who else can read its files."""
        told = find_client_version(
            self._paths.claude, self._paths.home, self._environ.get("PATH", ""), self._options.client_version
        )
        return ClientSnapshot(told.version, told.how, exposures(settings.files))

    async def _keep_counting(self) -> None:
        """Hand on the traffic once a second, where it is another, and remember the storms that are over."""
        await self._storms.recall()
        last, ends = None, LogTails()
        while True:
            told = self._options.client_version or self._meter.client_version
            if told and told != self._version:
                self._version = told
                self._set_limit()
            traffic = self._meter.snapshot(time.time())
            if traffic != last:
                last = traffic
                self._hand(self._storms.with_past(traffic))
                await self._storms.remember(traffic)
            if (tails := self._logs.tails(last_lines=self._servers.missing)) != ends:
                ends = tails
                self._hand(tails)
            self._news.clear()
            await woken(self._news, TRAFFIC_S)

    def _requests_came(self) -> None:
        """Count and ask at once: a storm is to be seen within a second of its third attempt."""
        self._news.set()
        self._servers.requests_came()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
