"""Play the script: set each fault between two turns, and clear it after its time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

from stormdeck.demo.scenario import Fault, Scene


class Conductor:
    """Write the current fault to the control file that the simulated vLLM reads."""

    def __init__(self, control: Path | None, script: Iterator[Scene], speed: float) -> None:
        self._control = control
        self._script = script
        self._speed = speed
        self._scene = next(script)
        self._until = time.monotonic() + self._scene.seconds / speed
        self._release: asyncio.Task[None] | None = None

    @property
    def fault_is_due(self) -> bool:
        """Return whether the calm scene is over and the next fault should begin."""
        return self._control is not None and self._scene.calm and time.monotonic() >= self._until

    @property
    def seconds_of_calm(self) -> float:
        """Return the simulated seconds until the next fault; infinity during a fault, or if there will be none."""
        if self._control is None or not self._scene.calm:
            return float("inf")
        return max(0.0, (self._until - time.monotonic()) * self._speed)

    def begin_fault(self) -> None:
        """Begin the next scene now; it ends by itself."""
        self._enter(next(self._script))
        self._release = asyncio.create_task(self._end_in_time())

    async def _end_in_time(self) -> None:
        while not self._scene.calm:
            await asyncio.sleep(max(0.0, self._until - time.monotonic()))
            self._enter(next(self._script))

    def _enter(self, scene: Scene) -> None:
        self._scene = scene
        self._until = time.monotonic() + scene.seconds / self._speed
        self._write(scene.fault)

    def _write(self, fault: Fault) -> None:
        if self._control is None:
            return
        fresh = self._control.with_suffix(".new")
        fresh.write_text(fault.value)
        fresh.replace(self._control)
