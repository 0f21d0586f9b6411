"""Take one snapshot of the whole stack, for ``status``, ``explain`` and ``bundle``."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from stormdeck import __version__
from stormdeck.commands.check.knowledge import Knowledge, learn
from stormdeck.model.deck import Deck
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.logs.endings import LogTails, ending
from stormdeck.model.retries.backoff import attempt_limit
from stormdeck.model.settings.schema import timeout_ms
from stormdeck.model.settings.scope import SettingsSnapshot
from stormdeck.model.snapshots.gpu import GpuSnapshot, GpuState
from stormdeck.model.snapshots.gpu_hosts import GpuHost, GpuHosts
from stormdeck.model.snapshots.traffic import TrafficSnapshot
from stormdeck.model.snapshots.wire import WireSnapshot
from stormdeck.model.text import clean
from stormdeck.model.traffic.log_reader import has_times
from stormdeck.model.traffic.meter import TrafficMeter
from stormdeck.model.wire.running import RunningRequests
from stormdeck.options import Options
from stormdeck.options.declared import own_servers
from stormdeck.sources.gpu.exporter import GpuExporter
from stormdeck.sources.logs.recent import RecentLines, recent_lines
from stormdeck.sources.net.http import DEADLINE_S, HttpClient
from stormdeck.sources.wire.reader import JournalReader

QUICK_S = 0.8
"""Seconds to wait for the GPU exporters of other machines if a status bar waits."""
GPU_S = 1.0
"""Seconds to wait for the driver, which may hang for ever."""
_BUCKETS = 60


@dataclass(frozen=True, slots=True)
class StackSnapshot:
    """The state of the stack at one moment."""

    deck: Deck
    known: Knowledge
    logs: Mapping[str, tuple[str, ...]]
    """The last lines of each log, by path, the log nearest to the client first."""
    note: str = ""
    """Why something is missing, in words."""


def take_snapshot(
    options: Options, environ: Mapping[str, str], *, gpus: bool = True, quick: bool = False
) -> StackSnapshot:
    """Read settings, servers, logs and GPUs once; never raises. ``quick``: within about two seconds."""
    reading = _GpuReading() if gpus and options.gpu else None
    hosts = _GpuHostReading(options.gpu_metrics if gpus else (), quick=quick)
    known = learn(options, environ, offline=False, quick=quick)
    seen = known.seen
    recent = {str(log): recent_lines(log) for log in seen.discovery.logs}
    logs = {log: one.batch.lines for log, one in recent.items()}
    deck = Deck(
        discovery=seen.discovery,
        settings=known.settings,
        findings=known.report(),
        vllm=seen.vllm,
        proxy=seen.proxy,
        backends=seen.backends,
        gpu=reading.result() if reading is not None else GpuSnapshot(GpuState.ASKING),
        gpu_hosts=hosts.result(),
        traffic=_traffic([one.batch for one in recent.values()], known.settings, options, known.client.version),
        client_version=known.client.version,
        probe=seen.probe,
        exposures=known.exposures,
        proxy_config=known.proxy_config,
        client=known.state,
        named=own_servers(options),
        tails=_tails(logs),
        wire=_wire(known.paths.wire),
    )
    return StackSnapshot(deck, known, logs, " ".join(part for part in (seen.note, *_unread(recent, options)) if part))


def _unread(recent: Mapping[str, RecentLines], options: Options) -> Iterator[str]:
    """Yield a sentence for each log that the user named and that cannot be read."""
    for log in options.log:
        if why := recent[str(log)].why if str(log) in recent else "":
            yield clean(why)


def _tails(logs: Mapping[str, Sequence[str]]) -> LogTails:
    endings = {path: ending(lines) for path, lines in logs.items()}
    return LogTails(
        {path: lines[-1] for path, lines in logs.items() if lines},
        {path: one for path, one in endings.items() if one is not None},
    )


def _wire(folder: Path) -> WireSnapshot:
    """Return what running recorders see."""
    reader, running = JournalReader(folder), RunningRequests()
    for journal, exchange in reader.read():
        running.take(journal, exchange)
    return running.snapshot(reader.journals)


def _traffic(
    logs: Sequence[LogBatch], settings: SettingsSnapshot, options: Options, version: str | None
) -> TrafficSnapshot | None:
    """Return the requests of the last minutes; ``None`` if no log has times in its lines."""
    timed = [batch for batch in logs if has_times(batch, datetime.timestamp)]
    if not timed:
        return None
    now = time.time()
    meter = TrafficMeter(
        window_s=options.window * 60, bucket_s=max(1, options.window * 60 // _BUCKETS), local_time=datetime.timestamp
    )
    # With CLAUDE_CODE_MAX_RETRIES below 0 the client sends nothing, but other clients do.
    meter.set_limit(max(1, attempt_limit(settings.text("env.CLAUDE_CODE_MAX_RETRIES"), version)))
    meter.set_timeout(timeout_ms(settings.text("env.API_TIMEOUT_MS")))
    meter.set_primary(timed[0].log)
    for batch in timed:
        meter.take(replace(batch, arrived=now))
    return meter.snapshot(now)


class _GpuReading:
    """One reading of the GPUs, in a thread that is given a second."""

    def __init__(self) -> None:
        self._snapshot: GpuSnapshot | None = None
        self._end = time.monotonic() + GPU_S
        self._thread = threading.Thread(target=self._read, name="gpus", daemon=True)
        self._thread.start()

    def result(self) -> GpuSnapshot:
        self._thread.join(max(0.0, self._end - time.monotonic()))
        return self._snapshot or GpuSnapshot(GpuState.ASKING, f"the GPU driver did not answer within {GPU_S:g} s")

    def _read(self) -> None:
        from stormdeck.sources.gpu.nvml import Nvml
        from stormdeck.sources.gpu.reader import GpuReader

        self._snapshot = GpuReader(Nvml(), 1.0).read(time.monotonic(), slow=False)


class _GpuHostReading:
    """One reading of the GPU exporters of other machines, all at once, in a thread with a loop of its own."""

    def __init__(self, urls: Sequence[str], *, quick: bool) -> None:
        self._urls = tuple(dict.fromkeys(urls))
        self._deadline_s = QUICK_S if quick else DEADLINE_S
        self._hosts = GpuHosts()
        self._end = time.monotonic() + self._deadline_s + GPU_S
        self._thread = threading.Thread(target=self._read, name="gpu-hosts", daemon=True)
        if self._urls:
            self._thread.start()

    def result(self) -> GpuHosts:
        if not self._urls:
            return self._hosts
        self._thread.join(max(0.0, self._end - time.monotonic()))
        late = GpuSnapshot(GpuState.NO_FIGURES, f"no answer within {self._deadline_s:g} s.")
        return self._hosts if self._hosts.hosts else GpuHosts(tuple(GpuHost(url, late) for url in self._urls))

    def _read(self) -> None:
        self._hosts = asyncio.run(self._ask())

    async def _ask(self) -> GpuHosts:
        async with HttpClient(__version__) as http:
            exporters = [GpuExporter(url, http, time.monotonic) for url in self._urls]
            return GpuHosts(tuple(await asyncio.gather(*(one.poll(self._deadline_s) for one in exporters))))
