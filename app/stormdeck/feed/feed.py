"""The feed: which sources run, and where their snapshots go."""

from __future__ import annotations

import asyncio
import importlib
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from stormdeck import __version__
from stormdeck.feed.canary import CanaryFeed
from stormdeck.feed.clients import ClientWatch
from stormdeck.feed.logs import LogFeed
from stormdeck.feed.polling import woken_on_the_second
from stormdeck.feed.protocol import PanelFeed
from stormdeck.feed.reducer import Snapshot
from stormdeck.feed.servers import ServerFeed
from stormdeck.feed.settings import SettingsFeed
from stormdeck.feed.storms import StormFeed
from stormdeck.model.logs.book import LogBook
from stormdeck.model.logs.endings import LogTails
from stormdeck.model.retries.backoff import attempt_limit
from stormdeck.model.settings.schema import timeout_ms
from stormdeck.model.settings.scope import SettingsSnapshot
from stormdeck.model.snapshots.client import ClientSnapshot
from stormdeck.model.snapshots.gpu import GpuSnapshot, GpuState
from stormdeck.model.snapshots.own_faults import OwnFaults
from stormdeck.model.snapshots.traffic import TrafficSnapshot
from stormdeck.model.text import clean
from stormdeck.model.traffic.meter import TrafficMeter
from stormdeck.options import Options
from stormdeck.paths import UserPaths
from stormdeck.sources.client.state import read_client_state
from stormdeck.sources.client.version import find_client_version
from stormdeck.sources.io.background import run_in_thread
from stormdeck.sources.net.http import HttpClient
from stormdeck.sources.settings.exposure import exposures
from stormdeck.sources.state.storm_store import StormStore
from stormdeck.sources.transcripts.read import transcripts_folder

TRAFFIC_S = 1.0
COUNTED_S = 0.4
"""From one count to the next while requests come: a storm is still told within a second of its third attempt."""
MISSED_S = 30.0
"""For so long after a 404 the models are asked for with every poll."""
BUCKETS = 60
LONGEST_FAULT = 160


class Sampler(Protocol):
    """A GPU source: the real one, or the demo's."""

    def start(self) -> None:
        """Begin sampling."""

    def stop(self) -> None:
        """End at once."""

    def set_focused(self, focused: bool) -> None:
        """Sample less often while the terminal has no focus."""


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


class Feed(PanelFeed):
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
        self._logs = LogFeed(book, self._meter, lines_came)
        self._http = HttpClient(__version__)
        self._servers = ServerFeed(options, self._http, hand, self._logs, self._spawn)
        self.canary = CanaryFeed(self._servers.key)
        self._logs.counted = self.canary.without_own
        self._logs.on_requests = self._requests_came
        self._news = asyncio.Event()
        transcripts = transcripts_folder(paths.claude)
        memory = StormStore(paths.state / "storms.sqlite3", writes=not options.readonly, transcripts=transcripts)
        self._storms = StormFeed(memory)
        self._sampler = (sampler or real_gpus)(hand, lambda: self._servers.load) if options.gpu else None
        self.settings: SettingsFeed = SettingsFeed(options, paths, environ, self._take_settings)
        self._learning: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopped = ""
        self._last_settings = SettingsSnapshot()
        self._version = options.client_version or ""
        self._limit_is_told = False

    def start(self) -> None:
        """Begin; returns at once."""
        if self._sampler is not None:
            self._sampler.start()
        else:
            self._hand(GpuSnapshot(GpuState.OFF, "Not watched: start stormdeck with --gpu to see them."))
        # Before the search for servers, which takes a second: what the user named is shown at once.
        self._logs.follow(self._options.log)
        self._spawn(self._run())
        self._spawn(self._storms.run())
        self._spawn(self._keep_counting())
        self._spawn(ClientWatch(self._meter).run())
        self._logs.follow_transcripts(transcripts_folder(self._paths.claude))

    async def stop(self) -> None:
        """End everything; no task or connection is left, and no thread that the program would wait for."""
        if self._sampler is not None:
            self._sampler.stop()
        self._logs.stop()
        self._storms.take(self._meter.snapshot(time.time()))
        await asyncio.gather(self._servers.stop(), self.settings.stop(), self._storms.settled())
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._http.aclose()

    def search(self) -> None:
        """Look for servers and logs again, now."""
        self._servers.search()

    def set_focused(self, focused: bool) -> None:
        """Poll less often while the terminal has no focus, and catch up at once when it has."""
        self._servers.set_focused(focused)
        if self._sampler is not None:
            self._sampler.set_focused(focused)

    async def _run(self) -> None:
        """Read the settings, then look for what they point at, and go on looking."""
        await asyncio.to_thread(importlib.import_module, "httpx")
        self._spawn(self.settings.run())
        await self.settings.known.wait()
        await self._servers.run()

    def _take_settings(self, settings: SettingsSnapshot) -> None:
        self._last_settings = settings
        self._meter.set_timeout(timeout_ms(settings.text("env.API_TIMEOUT_MS")))
        self._servers.take_settings(settings)
        self._hand(settings)
        if self._learning is not None:
            self._learning.cancel()
        self._learning = self._spawn(self._learn(settings))

    async def _learn(self, settings: SettingsSnapshot) -> None:
        client = await run_in_thread(self._learn_client, settings)
        self._version = self._options.client_version or self._meter.client_version or client.version or ""
        self._set_limit()
        self._hand(client)

    def _set_limit(self) -> None:
        """Tell the meter after how many attempts this version of the client gives up with these settings.

        Where it sends none at all, the first failure of any other client counts as the last. A file that does not
        parse changes nothing: clients that run go on with what they have read.
        """
        if self._limit_is_told and self._last_settings.broken:
            return
        self._limit_is_told = True
        setting = self._last_settings.text("env.CLAUDE_CODE_MAX_RETRIES")
        self._meter.set_limit(max(1, attempt_limit(setting, self._version or None)))

    def _learn_client(self, settings: SettingsSnapshot) -> ClientSnapshot:
        """Return what the client left behind of its version and itself, and who else can read its files."""
        told = find_client_version(
            self._paths.claude, self._paths.home, self._environ.get("PATH", ""), self._options.client_version
        )
        return ClientSnapshot(told.version, told.how, exposures(settings.files), read_client_state(self._paths))

    async def _keep_counting(self) -> None:
        """Hand on the traffic once a second, where it is another, and what stands in the way of telling it."""
        last, ends, troubles = None, LogTails(), OwnFaults()
        while True:
            told = self._options.client_version or self._meter.client_version
            if told and told != self._version:
                self._version = told
                self._set_limit()
            if (traffic := self._storms.take(self._meter.snapshot(time.time()))) != last:
                last = traffic
                self._hand(traffic)
            if _missed_a_model(traffic, time.time()):
                self._servers.list_again()
            if (tails := self._logs.tails(last_lines=self._servers.missing)) != ends:
                ends = tails
                self._hand(tails)
            now = replace(self._logs.troubles(), memory=self._storms.trouble, stopped=self._stopped)
            if now != troubles:
                troubles = now
                self._hand(troubles)
            self._news.clear()
            counted = time.monotonic()
            if await woken_on_the_second(self._news, TRAFFIC_S):
                await asyncio.sleep(max(0.0, counted + COUNTED_S - time.monotonic()))

    def _requests_came(self) -> None:
        """Count and ask at once: a storm is to be seen within a second of its third attempt."""
        self._news.set()
        self._servers.requests_came()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Keep what ended a task: without it the numbers would stand still and say nothing."""
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._stopped = clean(f"{type(error).__name__}: {error}")[:LONGEST_FAULT]


def _missed_a_model(traffic: TrafficSnapshot, now: float) -> bool:
    """Return whether a request was answered with 404 lately: the list of models that is known may be another's."""
    failure = traffic.failure
    return failure is not None and failure.status == 404 and 0 <= now - failure.at < MISSED_S
