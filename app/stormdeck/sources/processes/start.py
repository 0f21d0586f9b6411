"""Start a program in a process group of its own, without a shell and without a terminal, and signal such a group."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Sequence
from contextlib import suppress

_PIPE, _NOTHING = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL


class ProgramProtocol(asyncio.subprocess.SubprocessStreamProtocol):
    """Knows when the program itself has ended: ``Process.wait`` may wait for whoever holds its pipes too."""

    def __init__(self, piece_bytes: int) -> None:
        super().__init__(limit=piece_bytes, loop=asyncio.get_running_loop())
        self.exited = asyncio.Event()

    def process_exited(self) -> None:
        """Note the end."""
        super().process_exited()
        self.exited.set()


async def start(
    argv: Sequence[str], piece_bytes: int, *, stdin: int = _NOTHING, stderr: int = _PIPE
) -> tuple[asyncio.SubprocessTransport, ProgramProtocol]:
    """Start a program whose output is read in pieces. Raises ``OSError``: it is not installed, or cannot be run.

    It speaks English, and has no terminal to ask for a password on.
    """
    # As create_subprocess_exec does, which keeps the transport to itself.
    return await asyncio.get_running_loop().subprocess_exec(
        lambda: ProgramProtocol(piece_bytes),
        *argv,
        stdin=stdin,
        stdout=_PIPE,
        stderr=stderr,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        start_new_session=True,
    )


def signal_group(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process group; nothing happens if it is gone."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)
