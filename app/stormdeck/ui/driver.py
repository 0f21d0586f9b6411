"""The panel's hold on the terminal, which survives being stopped: Ctrl-Z, ``kill -STOP``, a job moved by the shell."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import termios

from textual.drivers.linux_driver import LinuxDriver


class PanelDriver(LinuxDriver):
    """Lets go of the terminal before a stop that announces itself, and takes hold of it anew after any.

    Textual's own driver takes hold twice when it is continued after a stop that it was not told of: keys are read by
    two threads then, and the program never ends (measured, Textual 8.2.8).
    """

    _held = False
    _comes_back = False

    def start_application_mode(self) -> None:
        """Take hold of the terminal."""
        super().start_application_mode()  # type: ignore[no-untyped-call]
        self._held = True
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTSTP, self._stop)
        loop.add_signal_handler(signal.SIGCONT, self._go_on)

    def suspend_application_mode(self) -> None:
        """Let go of the terminal for a while."""
        self._comes_back = True
        super().suspend_application_mode()
        self._comes_back = False

    def disable_input(self) -> None:
        """Read no more keys; for good, nobody need wait until the thread that reads them has noticed.

        It looks up ten times a second, and waits a tenth of a second more at its end (measured, Textual 8.2.8): the
        half of the time that leaving takes.
        """
        if self._comes_back:
            super().disable_input()
        elif not self.exit_event.is_set():
            signal.signal(signal.SIGWINCH, signal.SIG_DFL)
            self._disable_mouse_support()
            self.exit_event.set()
            with contextlib.suppress(termios.error):
                termios.tcflush(self.fileno, termios.TCIFLUSH)

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
