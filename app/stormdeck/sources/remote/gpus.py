"""Read the GPUs of another machine: one ``nvidia-smi`` that prints a line for each every two seconds.

The names of the fields are those of ``nvidia-smi --help-query-gpu`` (documentation; drivers from 450 on have them).
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Mapping

from stormdeck.model.snapshots.gpu import Gpu, GpuSnapshot, GpuState
from stormdeck.model.text import clean
from stormdeck.sources.gpu.history import History
from stormdeck.sources.remote.connection import Connection

INTERVAL_S = 2.0
_FIELDS = (
    *("index", "name", "utilization.gpu", "memory.used", "memory.total", "temperature.gpu", "power.draw"),
    *("power.limit", "clocks.sm", "clocks.max.sm", "driver_version"),
)
_FORM = ("--format=csv,noheader,nounits", f"-lms={INTERVAL_S * 1000:.0f}")
COMMAND = ("nvidia-smi", f"--query-gpu={','.join(_FIELDS)}", *_FORM)
_MIB = 1024 * 1024
_LINE_BYTES = 4096
MOST_GPUS = 64
ANSWER_S = 60.0
"""For the next line: without persistence mode, the driver of many GPUs takes its time."""
_MOST_LINES = 256 * MOST_GPUS
"""In one interval; that many may have been kept for a panel that was suspended for an hour."""


class _UnreadableError(Exception):
    """What the program prints is not what is asked for."""


class RemoteGpus:
    """The GPUs of one machine, with their history."""

    def __init__(self) -> None:
        self._rows: dict[int, Gpu] = {}
        self._histories: dict[int, History] = {}
        self._driver: str | None = None

    def take(self, line: str, now: float) -> GpuSnapshot | None:
        """Return the GPUs once a line completes a round, which begins with the first GPU; ``None`` before."""
        words = [word.strip() for word in line.split(",")]
        if len(words) != len(_FIELDS) or not re.fullmatch("[0-9]{1,3}", words[0]) or int(words[0]) >= MOST_GPUS:
            return None
        index = int(words[0])
        values = dict(zip(_FIELDS, words, strict=True))
        history = self._histories.setdefault(index, History(INTERVAL_S))
        self._driver = clean(values["driver_version"])[:20] or None
        is_new = index not in self._rows
        used = _number(values, "utilization.gpu")
        self._rows[index] = Gpu(
            index=index,
            name=clean(values["name"])[:60],
            utilization_percent=used,
            memory_used_bytes=_bytes(values, "memory.used"),
            memory_total_bytes=_bytes(values, "memory.total"),
            temperature_c=_number(values, "temperature.gpu"),
            power_w=_number(values, "power.draw"),
            power_limit_w=_number(values, "power.limit"),
            clock_mhz=_number(values, "clocks.sm"),
            clock_max_mhz=_number(values, "clocks.max.sm"),
            history=history.add(now, used),
        )
        is_last = index == max(self._rows)
        return self.snapshot if is_last or is_new else None

    @property
    def snapshot(self) -> GpuSnapshot:
        """Return what is known now."""
        return GpuSnapshot(GpuState.OK, "", self._driver, tuple(gpu for _, gpu in sorted(self._rows.items())))


async def gpu_snapshots(connection: Connection) -> AsyncIterator[GpuSnapshot]:
    """Yield the GPUs of a machine until the connection or the program ends. Raises ``UnreachableError``."""
    process = await connection.stream(COMMAND)
    gpus, is_read, begun, lines = RemoteGpus(), False, time.monotonic(), 0
    try:
        assert process.stdout is not None  # noqa: S101 - for mypy
        while line := await _line(process.stdout):
            now = time.monotonic()
            begun, lines = (begun, lines + 1) if now - begun < INTERVAL_S else (now, 0)
            if lines > _MOST_LINES:
                raise _UnreadableError("prints too much")
            snapshot = gpus.take(line, now)
            if snapshot is not None:
                is_read = True
                yield snapshot
        if not is_read:
            yield _without(await process.wait(), connection.host)
    except _UnreadableError as error:
        yield _no_figures(connection.host, str(error))
    finally:
        await connection.finish(process)


async def _line(stream: asyncio.StreamReader) -> str:
    """Return the next line; empty at the end. Raises ``_UnreadableError`` if it does not come, or has no end."""
    try:
        async with asyncio.timeout(ANSWER_S):
            return (await stream.readuntil(b"\n"))[:_LINE_BYTES].decode("utf-8", "replace")
    except asyncio.IncompleteReadError:
        return ""
    except asyncio.LimitOverrunError:
        raise _UnreadableError("prints no lines") from None
    except TimeoutError:
        raise _UnreadableError(f"does not answer within {ANSWER_S:g} s") from None


def _without(code: int, host: str) -> GpuSnapshot:
    if code == 127:
        return GpuSnapshot(GpuState.NO_DRIVER, f"nvidia-smi is not found on {host}: there is no NVIDIA driver")
    return _no_figures(host, "shows no GPU")


def _no_figures(host: str, what: str) -> GpuSnapshot:
    return GpuSnapshot(GpuState.NO_FIGURES, f"nvidia-smi on {host} {what}: try `ssh {host} nvidia-smi`")


def _number(values: Mapping[str, str], name: str) -> int | None:
    """Return a figure; ``None`` for ``[N/A]`` and the like."""
    try:
        return round(float(values[name]))
    except (ValueError, OverflowError):
        return None


def _bytes(values: Mapping[str, str], name: str) -> int | None:
    number = _number(values, name)
    return number * _MIB if number is not None else None
