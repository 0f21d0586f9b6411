"""The panel's hold on the terminal, which survives being stopped: Ctrl-Z, ``kill -STOP``, a job moved by the shell."""

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

from textual._xterm_parser import XTermParser
from textual.app import App
from textual.constants import ESCAPE_DELAY
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

TYPED_AT_ONCE = 4096
"""Bytes: much that is pasted comes in several reads."""


class WakingEvent(threading.Event):
    """Wakes up, too, who waits for a descriptor."""

    def __init__(self, waker: int) -> None:
        super().__init__()
        self._waker = waker

    def set(self) -> None:
        """Let it have happened."""
        super().set()
        os.write(self._waker, b"\0")


class PanelDriver(LinuxDriver):
    """Lets go of the terminal before a stop that announces itself, and takes hold of it anew after any.

    Textual's own driver takes hold twice when it is continued after a stop that it was not told of: keys are read by
    two threads then, and the program never ends (measured, Textual 8.2.8).
    """

    _held = False

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._woken, waker = os.pipe()
        self.exit_event = WakingEvent(waker)

    def start_application_mode(self) -> None:
        """Take hold of the terminal."""
        super().start_application_mode()  # type: ignore[no-untyped-call]
        self._held = True
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTSTP, self._stop)
        loop.add_signal_handler(signal.SIGCONT, self._go_on)

    def run_input_thread(self) -> None:
        """Hand on what is typed, asleep until something is.

        Textual's own thread looks up ten times a second, which is a third of what an idle panel costs, and waits a
        tenth of a second or two at its end, which is half of what leaving takes (measured, Textual 8.2.8).
        """
        parser, decode = XTermParser(self._debug), getincrementaldecoder("utf-8")("replace").decode
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            settled_at = 0.0
            while not self.exit_event.is_set():
                unsettled = time.monotonic() < settled_at
                for key, _ in selector.select(ESCAPE_DELAY if unsettled else None):
                    typed = _read(key.fd)
                    if not typed:
                        selector.unregister(key.fd)
                    elif key.fd == self.fileno and (text := decode(typed)):
                        self._hand_on(parser.feed(text))
                        # Only time tells an escape key from the first byte of another one.
                        settled_at = time.monotonic() + 2 * ESCAPE_DELAY
                self._hand_on(parser.tick())

    def _hand_on(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self.process_message(message)

    def _stop(self) -> None:
        """Stop as the shell asks, the terminal as it was before."""
        self._let_go()
        os.kill(os.getpid(), signal.SIGSTOP)

    def _go_on(self) -> None:
        """Go on after a stop; in the background nobody may touch the terminal, so wait for the next word there."""
        if not self._is_in_front:
            if not self._held:
                os.kill(os.getpid(), signal.SIGSTOP)
            return
        self._let_go()
        self.resume_application_mode()
        self._app.refresh(layout=True)

    def _let_go(self) -> None:
        if self._held:
            self._held = False
            self.suspend_application_mode()

    @property
    def _is_in_front(self) -> bool:
        try:
            return os.tcgetpgrp(self.fileno) == os.getpgrp()
        except OSError:
            return False


def _read(descriptor: int) -> bytes:
    """Return what can be read, nothing where the terminal is gone."""
    try:
        return os.read(descriptor, TYPED_AT_ONCE)
    except OSError:
        return b""
