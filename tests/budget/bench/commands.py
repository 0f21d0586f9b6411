"""Programs that do one thing and end: how long they take, and the most memory they hold."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import tempfile
import time

from bench.measure import PROC, kib
from bench.place import Place
from bench.programs import Program

TAKES_S = 300.0
LOOK_S = 0.005
"""Between two looks at the memory."""


def once(program: Program, place: Place, fine: frozenset[int] = frozenset({0})) -> dict[str, float]:
    """Run a command to its end, its output into a file; raises OSError when it fails or takes too long."""
    # A file, for grep stops at its first match where nobody reads what it says (measured, 3.8).
    with tempfile.TemporaryFile(dir=place.folder) as errors, tempfile.TemporaryFile(dir=place.folder) as said:
        begun = time.monotonic()
        process = subprocess.Popen(
            program.command,
            env={**place.environ, "TERM": "dumb"},
            cwd=place.work,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=errors,
        )
        peak = _watch(process.pid, begun + TAKES_S)
        took = time.monotonic() - begun
        _, status, spent = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in fine:
            errors.seek(0)
            raise OSError(f"it ended with {process.returncode} {errors.read()[-120:].decode(errors='replace').strip()}")
    return {"took": took, "cpu_s": spent.ru_utime + spent.ru_stime, "peak": peak}


def _watch(pid: int, until: float) -> float:
    """Wait for the end of a process and return the most memory it held, in MiB.

    Its ru_maxrss would not do: Linux begins it with that of the process that started it.
    """
    peak, ended = 0.0, os.pidfd_open(pid)
    try:
        while not select.select([ended], [], [], LOOK_S)[0]:
            if time.monotonic() > until:
                signal.pidfd_send_signal(ended, signal.SIGKILL)
            with contextlib.suppress(OSError):
                peak = max(peak, dict(kib(PROC / str(pid) / "status")).get("VmHWM", 0) / 1024)
    finally:
        os.close(ended)
    return peak
