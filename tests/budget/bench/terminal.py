"""A program in a pseudo-terminal of its own: what it shows, when, and what keys do to it.

What a program writes is searched as a stream, without its escape sequences. No screen is kept: a screen in Python
would slow down what floods it. So a text to wait for is one word, which programs write in one piece.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

WIDTH, HEIGHT = 120, 40
AT_ONCE = 1 << 16
OVERLAP = 4096
"""Bytes searched again with the next ones: a text may come in two writes."""
ENDING_S = 5.0
"""A program that has closed its terminal may still need this long to end."""
LAST_WORDS = 1200
"""Characters shown of what it said at last: the end of a traceback."""

ESCAPES = re.compile(
    rb"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI
    rb"|\x1b[\]P_^X][^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC, DCS and their like
    rb"|\x1b[ -/]*[0-~]"  # two or three characters
)
QUERIES = (
    (re.compile(rb"\x1b\[0?c"), b"\x1b[?62;22c"),
    (re.compile(rb"\x1b\[>0?c"), b"\x1b[>41;388;0c"),
    (re.compile(rb"\x1b\[>0?q"), b"\x1bP>|XTerm(388)\x1b\\"),
    (re.compile(rb"\x1b\[5n"), b"\x1b[0n"),
    (re.compile(rb"\x1b\[6n"), b"\x1b[1;1R"),
    (re.compile(rb"\x1b\[\?2026\$p"), b"\x1b[?2026;2$y"),
    (re.compile(rb"\x1b\[\?(?!2026\b)(\d+)\$p"), b"\x1b[?%s;0$y"),
    (re.compile(rb"\x1b\]1([01]);\?(?:\x07|\x1b\\)"), b"\x1b]1%s;rgb:0000/0000/0000\x1b\\"),
    (re.compile(rb"\x1b\[18t"), b"\x1b[8;%d;%dt" % (HEIGHT, WIDTH)),
    (re.compile(rb"\x1b\[14t"), b"\x1b[4;%d;%dt" % (HEIGHT * 16, WIDTH * 8)),
)
"""What a program asks its terminal, and what xterm answers (``%s``: what it asked about). Some programs wait for it."""


class NotShownError(Exception):
    """A program did not show a text, or ended before it."""


class GaveUpError(NotShownError):
    """It still runs, and has not shown or done in time what was waited for."""


def plain(raw: bytes) -> bytes:
    """Return what was written without its escape sequences."""
    return ESCAPES.sub(b"", raw)


def answers(raw: bytes) -> bytes:
    """Return what a terminal answers to the queries in what was written, in their order."""
    found = [(match, answer) for query, answer in QUERIES for match in query.finditer(raw)]
    found.sort(key=lambda one: one[0].start())
    return b"".join(answer.replace(b"%s", b"".join(match.groups())) for match, answer in found)


class Terminal:
    """One run of one program in a terminal of 120x40; a context manager that kills what is left."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str], folder: Path) -> None:
        self._master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
        self._tail = b""
        self._closed = False
        self.begun = time.monotonic()
        # Safe: this process has one thread.
        self._process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=dict(environ),
            cwd=folder,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509
        )
        os.close(slave)
        self.pid = self._process.pid

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *exc: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._master)

    def until_shows(self, text: str, within_s: float) -> float:
        """Read until the text is written and return the monotonic time at which it was."""
        end, wanted = time.monotonic() + within_s, text.encode()
        if wanted in plain(self._tail):
            return time.monotonic()
        while not self._closed:
            before = self._tail
            came = self._read(end - time.monotonic())
            if wanted in plain(before + came):
                self._tail = before + came  # what comes with it may hold what is waited for next
                return time.monotonic()
            if time.monotonic() >= end:
                raise GaveUpError(f"{text!r} was not shown within {within_s:.0f} s")
        raise NotShownError(f"it ended before it showed {text!r}, {self._ending()}")

    def rest(self, seconds: float) -> None:
        """Read for a while, so that the program never waits for its terminal."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not self._closed:
            self._read(left)
        if self._closed:
            raise NotShownError(f"it ended by itself, {self._ending()}")

    def press(self, keys: str) -> None:
        """Type keys; only what is written after them is searched."""
        self._tail = b""
        os.write(self._master, keys.encode())

    def painted_after(self, keys: str, silence_s: float, most_s: float) -> float | None:
        """Type keys and return the seconds to the last byte before a silence; ``None``: nothing was painted."""
        self.press(keys)
        pressed = time.monotonic()
        last: float | None = None
        while (now := time.monotonic()) - pressed < most_s:
            if self._read(most_s - (now - pressed) if last is None else silence_s):
                last = time.monotonic() - pressed
            elif self._closed:
                raise NotShownError(f"it ended after a key, {self._ending()}")
            elif last is not None:
                break
        return last

    def resize(self, width: int, height: int) -> None:
        """Give the terminal another size, as a user who drags its border."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def until_ends(self, within_s: float) -> float:
        """Read until the program has ended and return the monotonic time at which it had."""
        end = time.monotonic() + within_s
        while self._process.poll() is None:
            if time.monotonic() >= end:
                raise GaveUpError(f"it did not end within {within_s:.0f} s of its key")
            self._read(0.002)
            if self._closed:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(max(0.0, end - time.monotonic()))
        return time.monotonic()

    def _ending(self) -> str:
        """Say how a program that has closed its terminal ended, and its last words."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(ENDING_S)
        status = self._process.returncode
        how = f"signal {-status}" if status is not None and status < 0 else f"status {status}"
        return f"{how}: {' '.join(plain(self._tail).decode(errors='replace').split())[-LAST_WORDS:]}"

    def _read(self, within_s: float) -> bytes:
        """Return what is written next, answer its queries, and keep its end for the next search."""
        if not select.select([self._master], [], [], max(0.0, within_s))[0]:
            return b""
        try:
            came = os.read(self._master, AT_ONCE)
        except OSError:  # Linux says EIO when the last program has closed the terminal
            came = b""
        if not came:
            self._closed = True
            return b""
        asked = answers(came)
        if asked:
            os.write(self._master, asked)
        self._tail = (self._tail + came)[-OVERLAP:]
        return came
