"""Follow a log on another host by the user's own OpenSSH: its configuration, its agent, no password.

All logs of a host share one connection (ControlMaster). The host's own shell runs what is asked of it; every word is
quoted for it.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import secrets
import shlex
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from stormdeck.model.logs.batch import LogState
from stormdeck.model.logs.spec import ContainerLog, JournalLog, PodLog, RemoteLog
from stormdeck.sources.logs.places.command import CommandLog, LineReader, last_line
from stormdeck.sources.logs.places.delivery import HISTORY_BYTES, LIVE, Dated, Span
from stormdeck.sources.logs.places.frames import RawLines
from stormdeck.sources.logs.places.journal import JournalLines, denied, explain_journal, journal_argv
from stormdeck.sources.logs.places.kubernetes import explain_kubectl, kubectl_argv, remark_of_kubectl, utc
from stormdeck.sources.logs.places.source import Ended, Receiver
from stormdeck.sources.logs.splitter import LineSplitter

_OPTIONS = {
    "BatchMode": "yes",
    "ConnectTimeout": "10",
    "ServerAliveInterval": "15",
    "ServerAliveCountMax": "3",
    "ControlMaster": "auto",
    "ControlPersist": "no",
}
KEPT: set[str] = set()
"""Hosts whose connection is kept by somebody else (``sources/remote/``): their logs use it and open none."""
STEP_S = 0.02
"""Between two looks whether the connection is open."""
_PREFIX = "stormdeck-"
_OWN = secrets.token_hex(8)
_PLAIN = re.compile(r"/[A-Za-z0-9_./+@,-]{0,58}")
"""The path of a socket has at most 104 bytes on macOS, with the name and what ssh appends while it makes it."""
_PIECE_BYTES = 64 * 1024
_MESSAGE_BYTES = 4096
_DIGITS = 18
"""Of a size in bytes."""
_FAILED = 255
"""The exit code of ssh itself."""


def ssh_argv(host: str, words: Sequence[str], *, is_holder: bool = False, purpose: str = "") -> list[str]:
    """Return the command line that runs a command on a host; the one that holds the connection comes first.

    Commands for the same purpose share a connection.
    """
    chosen = _OPTIONS | {"ControlMaster": "no"} if host in KEPT and not is_holder else _OPTIONS
    options = [f"-o{name}={value}" for name, value in chosen.items()] + [f"-oControlPath={control_path(host, purpose)}"]
    user, at, address = host.rpartition("@")
    return ["ssh", "-T", *options, "--", f"{user}{at}{address.strip('[]')}", " ".join(map(quoted, words))]


def quoted(word: str) -> str:
    """Quote a word for the host's shell; ``~/`` stays the home folder there.

    >>> quoted("~/my logs/vllm.log"), quoted("$(reboot)")
    ("~/'my logs/vllm.log'", "'$(reboot)'")
    """
    return f"~/{shlex.quote(word[2:])}" if word.startswith("~/") and word != "~/" else shlex.quote(word)


def control_path(host: str, purpose: str = "") -> Path:
    """Return where the connection to a host is shared: no other user can guess the name, and make it first."""
    name = hashlib.sha256(f"{host} {_OWN} {purpose}".encode()).hexdigest()[:16]
    return _socket_folder() / f"{_PREFIX}{name}"


def _socket_folder() -> Path:
    """Return a folder that ssh can use: its name is short and has nothing that ssh's options expand or split."""
    for folder in (os.environ.get("XDG_RUNTIME_DIR", ""), tempfile.gettempdir()):
        if _PLAIN.fullmatch(folder) and os.access(folder, os.W_OK | os.X_OK):
            return Path(folder)
    return Path("/tmp")  # noqa: S108 - ssh lets nobody else use the socket


def is_forward_of_stormdeck(command: Sequence[str]) -> bool:
    """Return whether a command line is that of an ssh which a stormdeck started: its ports lead to another machine."""
    return any(word.startswith("-oControlPath=") and f"/{_PREFIX}" in word for word in command)


def explain_ssh(name: str, host: str, message: str) -> Ended:
    """Return why ssh did not reach a host."""
    last = last_line(message)
    if "Permission denied" in message or "Too many authentication failures" in message:
        return Ended(
            LogState.NO_PERMISSION,
            f"{name}: {host} wants a password, or a key that the agent does not have: try `ssh {host}`; {last}",
        )
    if "Host key verification failed" in message or "REMOTE HOST IDENTIFICATION HAS CHANGED" in message:
        return Ended(LogState.NO_PERMISSION, f"{name}: the key of {host} is not known or has changed: try `ssh {host}`")
    return Ended(LogState.FAILED, f"{name}: {host} cannot be reached: {last}")


class OverSsh(CommandLog):
    """Base of the logs on another host. A process of ssh holds the connection; the others share it."""

    spec: RemoteLog
    longest_wait_s = 30.0

    def __init__(self, spec: RemoteLog, to: Receiver, name: str = "", span: Span = LIVE) -> None:
        super().__init__(spec, to, name, span)
        self._holder: asyncio.subprocess.Process | None = None
        self._messages_of_holder: asyncio.Task[str] | None = None

    async def connect(self) -> Ended | None:
        """Open the connection unless it is open; return why it cannot be."""
        if self._holder is not None and self._holder.returncode is None:
            return None
        if self.spec.host in KEPT:
            is_open = control_path(self.spec.host).exists()
            return None if is_open else Ended(LogState.FAILED, f"{self.name}: {self.spec.host} cannot be reached now")
        await self._leave()
        # It ends when its standard input does, so also when this program is killed.
        process = await self.spawn(ssh_argv(self.spec.host, ["cat"], is_holder=True), asyncio.subprocess.PIPE)
        if isinstance(process, Ended):
            return process
        self._holder, messages = process, asyncio.create_task(_messages(process))
        self._messages_of_holder = messages
        while not control_path(self.spec.host).exists():
            await asyncio.wait({messages}, timeout=STEP_S)
            if messages.done():
                return explain_ssh(self.name, self.spec.host, messages.result())
        return None

    async def close(self) -> None:
        """End what runs there, and close the connection."""
        await self._leave()
        await super().close()

    async def _leave(self) -> None:
        holder, messages = self._holder, self._messages_of_holder
        self._holder = self._messages_of_holder = None
        if holder is not None and messages is not None:
            await self.finish(holder)
            # An ssh that had to be killed leaves its socket.
            control_path(self.spec.host).unlink(missing_ok=True)
            await messages

    async def read(self) -> Ended:
        """Run the command on the host to its end."""
        return await self.connect() or await super().read()


async def _messages(process: asyncio.subprocess.Process) -> str:
    """Return what a program that prints little says until its end."""
    text = await _bounded(process.stderr) if process.stderr is not None else b""
    await process.wait()
    return text.decode("utf-8", "replace")


async def _bounded(stream: asyncio.StreamReader) -> bytes:
    """Return the last bytes of what a stream has, however much that is."""
    kept = b""
    while data := await stream.read(_PIECE_BYTES):
        kept = (kept + data)[-_MESSAGE_BYTES:]
    return kept


class RemoteSource(OverSsh):
    """Follow a container, a unit or a pod that a program on the host shows."""

    @property
    def reads_errors(self) -> bool:  # type: ignore[override]
        """Return whether standard error is a part of the log."""
        return isinstance(self.spec.log, ContainerLog)

    def argv(self, since: float) -> Sequence[str]:
        """Return the command line."""
        log, follow = self.spec.log, self.span.follow
        if isinstance(log, JournalLog):
            words = journal_argv(log, since, follow=follow)
        elif isinstance(log, PodLog):
            words = kubectl_argv(log, since, follow=follow)
        else:
            assert isinstance(log, ContainerLog)  # noqa: S101 - a path has a source of its own
            more = ["--follow"] if follow else []
            words = [log.runtime.value, "logs", "--timestamps", f"--since={utc(since)}", *more, log.container]
        return ssh_argv(self.spec.host, words)

    def reader(self) -> LineReader:
        """Return a reader of what the program prints."""
        return JournalLines() if isinstance(self.spec.log, JournalLog) else RawLines()

    def remark(self, message: str) -> str:
        """Return what a message means for a log that is followed."""
        if isinstance(self.spec.log, JournalLog):
            return denied(message)
        return remark_of_kubectl(message) if isinstance(self.spec.log, PodLog) else ""

    def explain(self, code: int, message: str) -> Ended:
        """Return why ssh, or the program on the host, ended."""
        log, host, last = self.spec.log, self.spec.host, last_line(message)
        if code == _FAILED:
            return explain_ssh(self.name, host, message)
        if code == 127:
            return Ended(LogState.FAILED, f"{self.name}: on {host}: {last}")
        if isinstance(log, JournalLog):
            return explain_journal(self.name, code, message)
        if isinstance(log, PodLog):
            return explain_kubectl(self.name, code, message)
        if code == 0:
            return Ended(LogState.WAITING, f"{self.name}: the container does not run; it is followed once it does")
        state = LogState.NO_PERMISSION if "permission denied" in message.lower() else LogState.WAITING
        return Ended(state, f"{self.name}: on {host}: {last}")


class RemoteFileSource(OverSsh):
    """Follow a file on the host by ``wc -c`` and ``tail -F``; after a lost connection, from where it was."""

    def __init__(self, spec: RemoteLog, to: Receiver, name: str = "", span: Span = LIVE) -> None:
        super().__init__(spec, to, name, span)
        self._position: int | None = None
        """How many bytes of the file have been read."""
        self._past = 0
        """Up to which position the file was written before it was opened."""
        self._lost_at: float | None = None
        """When the connection was lost before."""

    @property
    def _path(self) -> str:
        text = str(self.spec.log)
        return f"./{text}" if text.startswith("-") else text

    async def read(self) -> Ended:
        """Ask for the size of the file, then read on from the right place."""
        size = await self.connect() or await self._size()
        if isinstance(size, Ended):
            return size
        if self._position is None:
            self._position = max(0, size - int(min(self.span.history_bytes, HISTORY_BYTES)))
        elif size < self._position:
            self._position = 0
        self._past = size
        words = ["tail", "-c", f"+{self._position + 1}", *(["-F"] if self.span.follow else []), self._path]
        self.report(LogState.FOLLOWING)
        try:
            return await self.run(ssh_argv(self.spec.host, words))
        finally:
            self._lost_at = self.to.clock()

    def argv(self, since: float) -> Sequence[str]:
        """Return the command line that asks for the size."""
        return ssh_argv(self.spec.host, ["wc", "-c", self._path])

    def reader(self) -> LineReader:
        """Return a reader that knows which bytes are old."""
        return _FileLines(self.take_bytes)

    def take_bytes(self, splitter: LineSplitter, data: bytes) -> None:
        """Deliver the lines in the next bytes of the file: those that were there before as history."""
        position = self._position or 0
        past = data[: max(0, self._past - position)]
        self._give(splitter, past, self._lost_at)
        if position + len(past) >= self._past and self.span.follow:
            self.delivery.settle()
        self._give(splitter, data[len(past) :], None)
        self._position = position + len(data)

    def remark(self, message: str) -> str:
        """Notice that the file was replaced: its bytes are counted anew."""
        if any(words in message for words in ("has been replaced", "file truncated", "has appeared")):
            self._position = self._past = 0
        return ""

    def explain(self, code: int, message: str) -> Ended:
        """Return why ssh or tail ended."""
        if code == _FAILED or code < 0:
            return explain_ssh(self.name, self.spec.host, message)
        denies = "Permission denied" in message
        return Ended(LogState.NO_PERMISSION if denies else LogState.WAITING, f"{self.name}: {last_line(message)}")

    async def _size(self) -> int | Ended:
        process = await self.spawn(self.argv(0.0))
        if isinstance(process, Ended):
            return process
        try:
            assert process.stdout is not None  # noqa: S101 - for mypy, as the next
            assert process.stderr is not None  # noqa: S101
            out, err = await asyncio.gather(_bounded(process.stdout), _bounded(process.stderr))
            await process.wait()
        finally:
            await self.finish(process)
        words = out.split()
        if process.returncode == 0 and words and words[0].isdigit() and len(words[0]) <= _DIGITS:
            return int(words[0])
        return self.explain(process.returncode or 0, err.decode("utf-8", "replace"))

    def _give(self, splitter: LineSplitter, data: bytes, since: float | None) -> None:
        if lines := [Dated(line, None) for line in splitter.split(data)]:
            self.delivery.take(lines, since)


class _FileLines:
    """Passes the bytes of a file on, with the splitter that keeps its last incomplete line."""

    def __init__(self, take: Callable[[LineSplitter, bytes], None]) -> None:
        self._splitter = LineSplitter()
        self._take = take

    def feed(self, data: bytes) -> Iterator[Dated]:
        """Pass bytes on; yields nothing."""
        self._take(self._splitter, data)
        return iter(())

    def end(self) -> Iterator[Dated]:
        """Yield the line that was not complete when the stream ended."""
        return (Dated(line, None) for line in self._splitter.flush())
