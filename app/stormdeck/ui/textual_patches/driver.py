"""A terminal driver that blocks while no key comes, and survives Ctrl-Z, ``kill -STOP`` and job control."""

from __future__ import annotations

import asyncio
import os
import selectors
import signal
import threading
import time
from codecs import getincrementaldecoder
from collections.abc import Iterable
from typing import Any

from textual import constants
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message
from typing_extensions import override

READ_SIZE = 4096
"""Bytes; a long paste takes several reads."""
ESCAPE_DELAY_S = 0.025
"""How long an escape may be the first byte of another key: htop waits as long. Textual waits 0.1 s, which is felt."""


def escape_delay() -> float:
    """Return how long to wait after an escape, and make Textual's parser wait as long; ``ESCDELAY`` sets it in ms.

    Upstream: an argument of ``XTermParser``.
    """
    if "ESCDELAY" not in os.environ:
        vars(constants)["ESCAPE_DELAY"] = ESCAPE_DELAY_S
    return constants.ESCAPE_DELAY


class WakingEvent(threading.Event):
    """An event that also wakes a thread which waits for a pipe in ``select``."""

    def __init__(self, pipe: int) -> None:
        super().__init__()
        self._pipe = pipe

    @override
    def set(self) -> None:
        """Set the event and wake the thread that selects on the pipe."""
        super().set()
        os.write(self._pipe, b"\0")


class PanelDriver(LinuxDriver):
    """Restores the terminal before a stop that can be handled, and starts again after any stop.

    Textual 8.2.8 starts application mode twice when it is continued after a stop that it did not handle (SIGSTOP): two
    threads read the keys then, and the program never ends (measured).

    Upstream: in ``_sigcont_application``, suspend before resuming if application mode is on, and resume only in the
    foreground process group.
    """

    _started = False

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._wakeups, pipe = os.pipe()
        self.exit_event = WakingEvent(pipe)

    @override
    def start_application_mode(self) -> None:
        """Take over the terminal, and handle SIGTSTP and SIGCONT."""
        super().start_application_mode()  # type: ignore[no-untyped-call]
        self._started = True
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTSTP, self._on_tstp)
        loop.add_signal_handler(signal.SIGCONT, self._on_cont)

    @override
    def run_input_thread(self) -> None:
        """Read terminal input, blocking until there is some.

        Textual's own thread wakes up ten times a second, a third of what an idle panel costs, and its end takes a tenth
        of a second or two, half of the time to leave (measured, Textual 8.2.8).

        Upstream: select without a timeout, on the terminal and on a pipe that ``exit_event`` writes to.
        """
        delay = escape_delay()
        parser, decode = XTermParser(self._debug), getincrementaldecoder("utf-8")("replace").decode
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            selector.register(self._wakeups, selectors.EVENT_READ)
            escape_until = 0.0
            while not self.exit_event.is_set():
                may_be_escape = time.monotonic() < escape_until
                for key, _ in selector.select(delay if may_be_escape else None):
                    data = _read(key.fd)
                    if not data:
                        selector.unregister(key.fd)
                    elif key.fd == self.fileno and (text := decode(data)):
                        self._process(parser.feed(text))
                        # Only time tells the escape key from the first byte of another key.
                        escape_until = time.monotonic() + 2 * delay
                self._process(parser.tick())

    def _process(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self.process_message(message)

    def _on_tstp(self) -> None:
        """Restore the terminal, then stop as the shell asked."""
        self._suspend()
        os.kill(os.getpid(), signal.SIGSTOP)

    def _on_cont(self) -> None:
        """Restore the screen after SIGCONT.

        In a background process group, stop again: only the foreground group may use the terminal.
        """
        if not self._is_in_foreground:
            if not self._started:
                os.kill(os.getpid(), signal.SIGSTOP)
            return
        self._suspend()
        self.resume_application_mode()
        self._app.refresh(layout=True)

    def _suspend(self) -> None:
        if self._started:
            self._started = False
            self.suspend_application_mode()

    @property
    def _is_in_foreground(self) -> bool:
        try:
            return os.tcgetpgrp(self.fileno) == os.getpgrp()
        except OSError:
            return False


def write_sequence(app: App[Any], sequence: str) -> None:
    """Send an escape sequence that draws nothing to the terminal, such as a desktop notification.

    Upstream: a public method of ``App`` for it.
    """
    if app._driver is not None and not app.is_headless:
        app._driver.write(sequence)


def _read(descriptor: int) -> bytes:
    """Return what can be read, or nothing if the terminal is gone."""
    try:
        return os.read(descriptor, READ_SIZE)
    except OSError:
        return b""
