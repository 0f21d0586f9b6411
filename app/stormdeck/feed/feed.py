"""Run the data sources and deliver their snapshots to the app."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from stormdeck import __version__
from stormdeck.feed.actions.canary import CanaryFeed
from stormdeck.feed.actions.profiles import ProfilesFeed
from stormdeck.feed.actions.restart import RestartFeed
from stormdeck.feed.clients import ClientWatch
from stormdeck.feed.fleet import FleetFeed
from stormdeck.feed.history import HistoryFeed
from stormdeck.feed.logs import LogFeed
from stormdeck.feed.options_file import OptionsFile
from stormdeck.feed.polling import wait_aligned
from stormdeck.feed.protocol import PanelFeed
from stormdeck.feed.reducer import Snapshot
from stormdeck.feed.remote.exporter import DeckExporter
from stormdeck.feed.remote.gpu_hosts import GpuHostFeed
from stormdeck.feed.remote.machines import MachineFeed
from stormdeck.feed.servers import ServerFeed
from stormdeck.feed.settings import SettingsFeed
from stormdeck.feed.storms import StormFeed
from stormdeck.feed.timeline import TimelineFeed
from stormdeck.feed.usage import UsageFeed
from stormdeck.feed.wire import WireFeed
from stormdeck.model.fleet.past import FleetHistory
from stormdeck.model.logs.book import LogBook
from stormdeck.model.logs.endings import LogTails
from stormdeck.model.logs.spec import LogSpec
from stormdeck.model.retries.backoff import attempt_limit
from stormdeck.model.settings.schema import timeout_ms
from stormdeck.model.settings.scope import SettingsSnapshot
from stormdeck.model.snapshots.client import ClientSnapshot
from stormdeck.model.snapshots.containers import ContainersSnapshot
from stormdeck.model.snapshots.gpu import GpuSnapshot, GpuState
from stormdeck.model.snapshots.own_faults import OwnFaults
from stormdeck.model.snapshots.traffic import TrafficSnapshot
from stormdeck.model.text import clean
from stormdeck.model.traffic.meter import TrafficMeter
from stormdeck.options import Options
from stormdeck.paths import UserPaths
from stormdeck.sources.client.state import read_client_env, read_client_state
from stormdeck.sources.client.version import find_client_version
from stormdeck.sources.io.background import call_in_loop, run_in_thread
from stormdeck.sources.io.watch import FileWatcher
from stormdeck.sources.net.http import HttpClient
from stormdeck.sources.settings.exposure import exposures
from stormdeck.sources.settings.read import digest_of
from stormdeck.sources.state.agreed_logs import AgreedLogs
from stormdeck.sources.state.history_store import HistoryStore
from stormdeck.sources.state.storm_store import StormStore
from stormdeck.sources.state.timeline_store import TimelineStore
from stormdeck.sources.transcripts.read import transcripts_folder
from stormdeck.sources.usage import UsageReader

TRAFFIC_S = 1.0
COUNTED_S = 0.4
"""Least time between two counts while requests arrive: a storm still shows within a second of its third attempt."""
MISSED_S = 30.0
"""How long after a 404 the models are listed with every poll."""
CLIENT_S = 5.0
"""Least time between two readings of the client's state, however often the client writes it."""
BUCKETS = 60
LONGEST_FAULT = 160


class Sampler(Protocol):
    """A source of GPU snapshots: the real one, or the demo's."""

    def start(self) -> None:
        """Start sampling."""

    def stop(self) -> None:
        """Stop at once."""

    def set_focused(self, focused: bool) -> None:
        """Sample less often while the terminal has no focus."""


class MakeSampler(Protocol):
    """Build a GPU source that calls ``deliver`` from a thread of its own.

    ``load`` returns from 0 to 1 how busy the engine is; the demo's simulated GPUs follow it.
    """

    def __call__(self, deliver: Callable[[GpuSnapshot], None], load: Callable[[], float]) -> Sampler:
        """Return a source that is not yet started."""


def real_gpus(deliver: Callable[[GpuSnapshot], None], load: Callable[[], float]) -> Sampler:
    """Return the source that reads NVML."""
    from stormdeck.sources.gpu.sampler import GpuSampler

    return GpuSampler(deliver)


class Feed(PanelFeed):
    """Start the sources inside the running loop and deliver their snapshots.

    ``deliver`` gets each snapshot that differs from the one before it, ``on_lines`` is called when the log book grew::

        feed = Feed(options, paths, os.environ, book, app.deliver, app.notify_lines)
        feed.start()
        ...
        await feed.stop()
    """

    def __init__(
        self,
        options: Options,
        paths: UserPaths,
        environ: Mapping[str, str],
        book: LogBook,
        deliver: Callable[[Snapshot], None],
        on_lines: Callable[[], None],
        sampler: MakeSampler | None = None,
    ) -> None:
        self._options = options
        self._paths = paths
        self._environ = environ
        store = HistoryStore(paths.state / "history.sqlite3", writes=not options.readonly)
        self._history = HistoryFeed(store, deliver)
        self._usage = UsageReader(transcripts_folder(paths.claude), store.path)
        self._fleet = FleetFeed(options.prometheus, environ, deliver)

        def deliver_seen(snapshot: Snapshot) -> None:
            self._history.see(snapshot)
            deliver(snapshot)

        self._deliver = deliver_seen
        self._meter = TrafficMeter(
            window_s=options.window * 60, bucket_s=max(1, options.window * 60 // BUCKETS), local_time=datetime.timestamp
        )
        self._logs = LogFeed(book, self._meter, on_lines)
        self._http = HttpClient(__version__)
        self._watcher = FileWatcher()
        self._servers = ServerFeed(options, self._http, deliver_seen, self._logs, self._spawn, self._watcher)
        self._agreed = AgreedLogs(paths.agreed_logs, writes=not options.readonly)
        self._servers.agreed = self._agreed.load()
        self.canary = CanaryFeed(self._servers.key)
        self._logs.without_own = self.canary.without_own
        self._logs.on_requests = self._on_requests
        self._has_requests = asyncio.Event()
        transcripts = transcripts_folder(paths.claude)
        file, writes = paths.state / "storms.sqlite3", not options.readonly
        self._storms = StormFeed(StormStore(file, writes=writes, transcripts=transcripts))
        events = TimelineStore(paths.state / "timeline.sqlite3", _scope(options, paths), writes=writes)
        past = StormStore(file, writes=False, transcripts=transcripts)
        self.timeline: TimelineFeed = TimelineFeed(events, past.load, deliver, paths.home)
        self._sampler = (sampler or real_gpus)(deliver_seen, lambda: self._servers.load) if options.gpu else None
        self.exporter = DeckExporter(options.export) if options.export is not None else None
        self._gpu_hosts = GpuHostFeed(options.gpu_metrics, self._http, deliver_seen, options.poll)
        self.settings: SettingsFeed = SettingsFeed(options, paths, environ, self._take_settings, self._watcher)
        self.settings.before_save = self.timeline.note_save
        note = self.timeline.note_restart
        self.restart = None if options.readonly else RestartFeed(book, on_lines, self._servers.search, note=note)
        self.profiles: ProfilesFeed = ProfilesFeed(paths)
        self._client_task: asyncio.Task[None] | None = None
        self._client: ClientSnapshot | None = None
        self._options_file = OptionsFile(paths.config)
        self._tasks: set[asyncio.Task[None]] = set()
        self._task_error = ""
        self._last_settings = SettingsSnapshot()
        self._version = options.client_version or ""
        self._limit_is_set = False

    def start(self) -> None:
        """Start all sources and return at once."""
        if self._sampler is not None:
            self._sampler.start()
        else:
            self._deliver(GpuSnapshot(GpuState.OFF, "Not watched: start stormdeck with --gpu to see them."))
        for machine in self._servers.machines:
            watched = MachineFeed(machine, self._servers.search)
            watched.deliver = self._gpu_hosts.add(watched.host)
            self._spawn(watched.run())
        self._gpu_hosts.start(self._spawn)
        if self.exporter is not None:
            self._spawn(self.exporter.run())
        # Before the search for servers, which takes a second: the logs that the user named show at once.
        self._logs.follow(self._options.log)
        self._spawn(self._run())
        self._spawn(self._storms.run())
        self._spawn(self._history.keep())
        self._spawn(self._history.run())
        self._spawn(UsageFeed(self._usage, self._deliver).run())
        self._spawn(self._fleet.run())
        self._spawn(self.timeline.run())
        self._spawn(self._count_traffic())
        self._spawn(ClientWatch(self._meter).run())
        self._spawn(self._watch_files())
        self._spawn(WireFeed(self._paths.wire, self._meter, self._deliver, self._watcher).run())
        self._logs.follow_transcripts(transcripts_folder(self._paths.claude))

    async def stop(self) -> None:
        """Stop everything. No task or connection is left, and no thread that would delay the exit."""
        if self._sampler is not None:
            self._sampler.stop()
        self._logs.stop()
        self._watcher.stop()
        self._storms.take(self._meter.snapshot(time.time()))
        kept = (self._storms.wait_saved(), self.timeline.stop(), self._history.finish())
        served = (self.exporter.stop(),) if self.exporter is not None else ()
        await asyncio.gather(self._servers.stop(), self.settings.stop(), *kept, *served)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._http.aclose()

    def follow_log(self, log: LogSpec) -> str:
        """Follow a log that was proposed, now and from now on; return why the choice is not kept, if it is not."""
        self._servers.agreed |= {log}
        self._servers.search()
        return self._agreed.add(log)

    def add_log(self, log: LogSpec) -> None:
        """Follow a log that the user has named, until the panel ends."""
        if log not in self._servers.added:
            self._servers.added += (log,)
            self._servers.search()

    def search(self) -> None:
        """Search for servers and logs again, now."""
        self._servers.search()

    def request_sessions(self) -> dict[tuple[str, int], list[tuple[float, str]]]:
        """Return the times and sessions of the newest requests of each connection (address, port)."""
        return self._meter.request_sessions()

    async def fleet_history(self, key: str, figure: str, since: float, step: float) -> FleetHistory:
        """Return a figure of one instance over time, from the Prometheus that knows it."""
        return await self._fleet.history(key, figure, since, step)

    def set_focused(self, focused: bool) -> None:
        """Poll less often while the terminal has no focus, and catch up at once when it has."""
        self._servers.set_focused(focused)
        self._gpu_hosts.set_focused(focused)
        self._fleet.set_focused(focused)
        if self._sampler is not None:
            self._sampler.set_focused(focused)

    def set_interval(self, seconds: float) -> None:
        """Poll servers at another interval."""
        self._servers.set_interval(seconds)

    async def _run(self) -> None:
        """Read the settings, then search for the servers that they name, again and again."""
        self._spawn(self.settings.run())
        await self.settings.known.wait()
        await self._servers.run()

    def _take_settings(self, settings: SettingsSnapshot) -> None:
        self._last_settings = settings
        self._meter.set_timeout(timeout_ms(settings.text("env.API_TIMEOUT_MS")))
        self._servers.take_settings(settings)
        self._deliver(settings)
        if self._client_task is not None:
            self._client_task.cancel()
        self._client_task = self._spawn(self._read_client(settings))

    async def _read_client(self, settings: SettingsSnapshot) -> None:
        client = self._client = await run_in_thread(self._client_snapshot, settings)
        self._version = self._options.client_version or self._meter.client_version or client.version or ""
        self._set_attempt_limit()
        self._deliver(client)

    def _set_attempt_limit(self) -> None:
        """Set after how many attempts this version of the client gives up with these settings.

        With a limit of 0 retries, the first failure is the last. A file that does not parse changes nothing: running
        clients keep the settings that they have read.
        """
        if self._limit_is_set and self._last_settings.broken:
            return
        self._limit_is_set = True
        setting = self._last_settings.text("env.CLAUDE_CODE_MAX_RETRIES")
        self._meter.set_limit(max(1, attempt_limit(setting, self._version or None)))

    def _client_snapshot(self, settings: SettingsSnapshot) -> ClientSnapshot:
        """Read the client's version and state from its files, and who else can read those files."""
        version = find_client_version(
            self._paths.claude, self._paths.home, self._environ.get("PATH", ""), self._options.client_version
        )
        return ClientSnapshot(version.version, version.how, exposures(settings.files), read_client_state(self._paths))

    async def _count_traffic(self) -> None:
        """Deliver the traffic, the logs' endings and stormdeck's own faults once a second, if they changed."""
        last, ends, own_faults, containers = None, LogTails(), OwnFaults(), ContainersSnapshot()
        while True:
            detected = self._options.client_version or self._meter.client_version
            if detected and detected != self._version:
                self._version = detected
                self._set_attempt_limit()
            traffic = replace(self._storms.take(self._meter.snapshot(time.time())), uncounted=self._logs.uncounted())
            if traffic != last:
                last = traffic
                self._deliver(traffic)
            if _had_404(traffic, time.time()):
                self._servers.list_again()
            if (tails := self._logs.tails(last_lines=self._servers.missing)) != ends:
                ends = tails
                self._deliver(tails)
            if (seen := self._logs.containers()) != containers:
                containers = seen
                self._deliver(containers)
            now = self._logs.own_faults()
            unkept = (self._history.problem,) if self._history.problem else ()
            unserved = (self.exporter.problem,) if self.exporter is not None and self.exporter.problem else ()
            remarks = (*now.remarks, *self._options_file.remarks, *unkept, *unserved)
            now = replace(now, remarks=remarks, memory=self._storms.problem, stopped=self._task_error)
            if now != own_faults:
                own_faults = now
                self._deliver(own_faults)
            self._has_requests.clear()
            counted = time.monotonic()
            if await wait_aligned(self._has_requests, TRAFFIC_S):
                await asyncio.sleep(max(0.0, counted + COUNTED_S - time.monotonic()))

    async def _watch_files(self) -> None:
        """Watch the options file and Claude Code's state, and read the latter again when it changes.

        A busy client rewrites its state all the time: it is read every few seconds at most, in a thread.
        """
        changed, loop = asyncio.Event(), asyncio.get_running_loop()
        files = (self._paths.client_state, self._paths.credentials)
        env = await run_in_thread(read_client_env, self._paths)
        await run_in_thread(self._watcher.watch, files, partial(call_in_loop, loop, changed.set))
        await run_in_thread(self._options_file.watch, self._watcher)
        while True:
            await changed.wait()
            changed.clear()
            state = await run_in_thread(read_client_state, self._paths)
            had, env = env, await run_in_thread(read_client_env, self._paths)
            is_other = self._client is not None and state != self._client.state
            if self._client is not None and is_other:
                self._client = replace(self._client, state=state)
                self._deliver(self._client)
            if is_other or env != had:
                self.settings.read_again()
            await asyncio.sleep(CLIENT_S)

    def _on_requests(self) -> None:
        """Count and poll at once, so that a storm shows within a second of its third attempt."""
        self._has_requests.set()
        self._servers.on_requests()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._on_task_end)
        return task

    def _on_task_end(self, task: asyncio.Task[None]) -> None:
        """Record the error that ended a task, or the numbers would freeze without a reason on the screen."""
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._task_error = clean(f"{type(error).__name__}: {error}")[:LONGEST_FAULT]


def _scope(options: Options, paths: UserPaths) -> str:
    """Return a digest of what a panel looks at: URLs may hold passwords, so they are not kept themselves."""
    looks_at = (paths.project, paths.claude, options.settings, options.vllm, options.proxy)
    return digest_of("\n".join(map(str, looks_at)).encode("utf-8", "surrogatepass"))


def _had_404(traffic: TrafficSnapshot, now: float) -> bool:
    """Return whether a request got a 404 lately: the list of models may be out of date."""
    failure = traffic.failure
    return failure is not None and failure.status == 404 and 0 <= now - failure.at < MISSED_S
