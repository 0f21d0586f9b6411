"""Keep one connection to a machine by the user's own OpenSSH: run commands there, and pass ports on from here.

The user's configuration, agent and known hosts decide; there is no terminal, so nobody is asked for a password. All
that runs there are ``sh``, ``grep``, ``ls``, ``tr``, ``cat``, ``readlink``, and ``nvidia-smi`` where it is.
"""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Sequence
from contextlib import suppress

from stormdeck.sources.logs.places.ssh import KEPT, control_path, explain_ssh, ssh_argv
from stormdeck.sources.processes.start import ProgramProtocol, signal_group, start

ANSWER_S = 15.0
"""For a command on the machine, the connection included."""
PIECE_BYTES = 64 * 1024
OUTPUT_BYTES = 4 * 1024 * 1024
MESSAGE_BYTES = 4096
_STEP_S = 0.02
_END_S = 2.0
_TRIES = 3
"""For a local port that another program takes before ssh does."""


class UnreachableError(Exception):
    """The machine cannot be reached; the text says why and what to do, without a full stop."""


class Connection:
    """One connection. The commands and forwards of one machine share it; it ends with this program, even if killed."""

    def __init__(self, host: str, *, is_shared: bool = False) -> None:
        """Keep a connection; the logs of the machine use it too if it ``is_shared``."""
        self.host = host
        self._is_shared = is_shared
        self._purpose = "" if is_shared else f"machine {id(self)}"
        if is_shared:
            KEPT.add(host)
        self._holder: asyncio.subprocess.Process | None = None
        self._messages: asyncio.Task[str] | None = None
        self._lock = asyncio.Lock()
        self._programs: dict[int, tuple[asyncio.SubprocessTransport, ProgramProtocol]] = {}
        self.forwards: dict[tuple[str, int], int] = {}
        """The local port that leads to an address and port there."""

    @property
    def is_open(self) -> bool:
        """Return whether the connection stands."""
        return self._holder is not None and self._holder.returncode is None

    async def open(self) -> None:
        """Open the connection unless it is open. Raises ``UnreachableError``."""
        async with self._lock:
            if self.is_open:
                return
            await self._end()
            # It ends when its standard input does, so also when this program is killed.
            path = control_path(self.host, self._purpose)
            # An ssh that was killed leaves its socket.
            path.unlink(missing_ok=True)
            holder = await self._start(self._argv(["cat"], is_holder=True), stdin=asyncio.subprocess.PIPE)
            self._holder, self._messages = holder, asyncio.create_task(_messages(holder))
            try:
                async with asyncio.timeout(ANSWER_S):
                    while not path.exists():
                        await asyncio.wait({self._messages}, timeout=_STEP_S)
                        if self._messages.done():
                            raise UnreachableError(_why(self.host, self._messages.result()))
            except TimeoutError:
                await self._end()
                raise UnreachableError(self._silent()) from None

    async def ended(self) -> str:
        """Wait until the connection is lost, and return the last words of ssh."""
        return await asyncio.shield(self._messages) if self._messages is not None else ""

    async def address(self) -> str:
        """Return the machine's name or address by the user's configuration, which may be another one than ``host``."""
        argv = self._argv([])
        process = await self._start(["ssh", "-G", *argv[argv.index("--") :][:2]])
        try:
            async with asyncio.timeout(ANSWER_S):
                assert process.stdout is not None  # noqa: S101 - for mypy
                text = (await _bounded(process.stdout)).decode("utf-8", "replace")
        except TimeoutError:
            return ""
        finally:
            await self.finish(process)
        return next((line.split()[1] for line in text.splitlines() if line.startswith("hostname ")), "")

    async def output(self, script: str) -> str:
        """Return what a script of ``sh`` prints there, at most ``OUTPUT_BYTES``. Raises ``UnreachableError``."""
        await self.open()
        process = await self._start(self._argv(["sh", "-s"]), stdin=asyncio.subprocess.PIPE)
        try:
            async with asyncio.timeout(ANSWER_S):
                assert process.stdin is not None  # noqa: S101 - for mypy, as the next
                assert process.stdout is not None  # noqa: S101
                with suppress(OSError):
                    process.stdin.write(script.encode())
                    process.stdin.write_eof()
                messages = asyncio.create_task(_messages(process))
                text = await _bounded(process.stdout)
                if await process.wait() == 255:
                    raise UnreachableError(_why(self.host, await messages))
        except TimeoutError:
            raise UnreachableError(self._silent()) from None
        finally:
            await self.finish(process)
        return text.decode("utf-8", "replace")

    async def stream(self, words: Sequence[str]) -> asyncio.subprocess.Process:
        """Start a program there; the caller reads its output and ends it with ``finish``."""
        await self.open()
        return await self._start(self._argv(words), stderr=asyncio.subprocess.DEVNULL)

    async def finish(self, process: asyncio.subprocess.Process) -> None:
        """End a program and what it started, and wait for it."""
        transport, protocol = self._programs[process.pid]
        try:
            if process.returncode is None:
                signal_group(process.pid, signal.SIGTERM)
                try:
                    async with asyncio.timeout(_END_S):
                        await protocol.exited.wait()
                except TimeoutError:
                    signal_group(process.pid, signal.SIGKILL)
                    await protocol.exited.wait()
        finally:
            # Its pipes may be full, or held open by what it left running, so their end is not waited for.
            del self._programs[process.pid]
            transport.close()

    async def forward(self, address: str, port: int) -> int:
        """Return a local port that leads to an address and port there. Raises ``UnreachableError``."""
        known = self.forwards.get((address, port))
        if known is not None:
            return known
        await self.open()
        for _ in range(_TRIES):
            local = _free_port()
            code, words = await self._control("forward", local, address, port)
            if code == 0:
                self.forwards[address, port] = local
                return local
        raise UnreachableError(f"{self.host} passes no port on: {words}")

    async def restore(self) -> None:
        """Open the forwards again after the connection was lost, each on its port."""
        for (address, port), local in tuple(self.forwards.items()):
            code, _ = await self._control("forward", local, address, port)
            if code:
                del self.forwards[address, port]

    async def close(self) -> None:
        """Close the connection and with it all forwards."""
        async with self._lock:
            await self._end()
        self.forwards.clear()
        if self._is_shared:
            KEPT.discard(self.host)

    def stop(self) -> None:
        """End the connection at once, without waiting."""
        if self.is_open and self._holder is not None:
            signal_group(self._holder.pid, signal.SIGTERM)

    async def _control(self, request: str, local: int, address: str, port: int) -> tuple[int, str]:
        argv = self._argv([])
        spec = f"127.0.0.1:{local}:{address}:{port}"
        at = argv.index("--")
        process = await self._start([*argv[:at], "-O", request, "-L", spec, *argv[at : at + 2]])
        try:
            async with asyncio.timeout(ANSWER_S):
                words = await _messages(process)
        except TimeoutError:
            words = "no answer"
        finally:
            await self.finish(process)
        return process.returncode or 0, words.strip()[-200:]

    def _argv(self, words: Sequence[str], *, is_holder: bool = False) -> list[str]:
        return ssh_argv(self.host, words, is_holder=is_holder, purpose=self._purpose)

    def _silent(self) -> str:
        return f"{self.host} does not answer within {ANSWER_S:g} s: try `ssh {self.host}`"

    async def _start(
        self,
        argv: Sequence[str],
        stdin: int = asyncio.subprocess.DEVNULL,
        stderr: int = asyncio.subprocess.PIPE,
    ) -> asyncio.subprocess.Process:
        try:
            transport, protocol = await start(argv, PIECE_BYTES, stdin=stdin, stderr=stderr)
        except FileNotFoundError:
            raise UnreachableError("ssh is not installed on this machine: install OpenSSH's client") from None
        except OSError as error:
            raise UnreachableError(f"ssh cannot be run: {error.strerror}") from None
        process = asyncio.subprocess.Process(transport, protocol, asyncio.get_running_loop())
        self._programs[process.pid] = transport, protocol
        return process

    async def _end(self) -> None:
        holder, messages = self._holder, self._messages
        self._holder = self._messages = None
        if holder is not None and messages is not None:
            await self.finish(holder)
            # An ssh that had to be killed leaves its socket.
            control_path(self.host, self._purpose).unlink(missing_ok=True)
            await messages


async def _messages(process: asyncio.subprocess.Process) -> str:
    """Return the last messages of a program at its end."""
    kept = b""
    if process.stderr is not None:
        while data := await process.stderr.read(PIECE_BYTES):
            kept = (kept + data)[-MESSAGE_BYTES:]
    await process.wait()
    return kept.decode("utf-8", "replace")


async def _bounded(stream: asyncio.StreamReader) -> bytes:
    """Return all that a stream has, at most ``OUTPUT_BYTES``; the rest is read and dropped."""
    kept = bytearray()
    while data := await stream.read(PIECE_BYTES):
        kept += data[: max(0, OUTPUT_BYTES - len(kept))]
    return bytes(kept)


def _why(host: str, messages: str) -> str:
    return explain_ssh("", host, messages).detail.removeprefix(": ")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
