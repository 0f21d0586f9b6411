"""The real program on a pseudo-terminal of its own, without tmux: signals, sizes, and an end of the terminal."""

import contextlib
import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

import psutil

from places import TESTS
from waiting import DEADLINE_S

# The child makes the terminal its own before it becomes the panel: without that it would get no SIGHUP.
BOOT = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[PX^_][^\x1b]*\x1b\\|[ -/]*[0-~])")
ALONE = TESTS / "helpers" / "alone.py"
TAKEN, GIVEN_BACK = "\x1b[?1049h", "\x1b[?1049l"


class Terminal:
    """A panel with a home and a folder for temporary files of its own."""

    def __init__(self, folder):
        self.home, self.temp = folder / "home", folder / "temp"
        self.home.mkdir()
        self.temp.mkdir()
        self.written = ""
        self._main, end = os.openpty()
        self.resize(80, 24)
        panel = [sys.executable, str(ALONE), "--home", str(self.home), "--project", str(self.home)]
        self.process = subprocess.Popen(
            [sys.executable, "-S", "-E", "-c", BOOT, *panel],
            stdin=end,
            stdout=end,
            stderr=end,
            start_new_session=True,
            env={**os.environ, "TERM": "xterm-256color", "TMPDIR": str(self.temp)},
        )
        self._cooked = termios.tcgetattr(end)
        self._end = end

    def resize(self, width, height):
        """Give the terminal another size."""
        fcntl.ioctl(self._main, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def press(self, keys):
        """Send keys."""
        os.write(self._main, keys.encode())

    def signal(self, number):
        """Send a signal to the panel."""
        self.process.send_signal(number)

    def until(self, happened, what):
        """Take what the panel writes until a condition holds."""
        end = time.monotonic() + DEADLINE_S
        while not happened():
            assert time.monotonic() < end, f"{what}; the last that was written:\n{self.text()[-2000:]}"
            if select.select([self._main], [], [], 0.02)[0]:
                with contextlib.suppress(OSError):
                    self.written += os.read(self._main, 65536).decode("utf-8", "replace")

    def text(self, since=0):
        """Return what was written as text, without escape sequences."""
        return ESCAPES.sub("", self.written[since:])

    def shows(self, words, since=0):
        """Wait until words are written."""
        self.until(lambda: words in self.text(since), f"{words!r} is not shown")

    def writes(self, sequence, since=0):
        """Wait until an escape sequence is written."""
        self.until(lambda: sequence in self.written[since:], f"{sequence!r} is not written")

    def state(self):
        """Return what the system says of the process: running, stopped."""
        return psutil.Process(self.process.pid).status()

    def ends(self):
        """Return the exit code once the panel has ended, with all that it wrote taken."""
        self.until(lambda: self.process.poll() is not None, "it does not end")
        while select.select([self._main], [], [], 0)[0]:
            self.written += os.read(self._main, 65536).decode("utf-8", "replace")
        return self.process.returncode

    def is_as_before(self):
        """Return whether screen, keyboard and mouse are as the panel found them."""
        given_back = self.written.rfind(GIVEN_BACK) > self.written.rfind(TAKEN)
        return given_back and termios.tcgetattr(self._end)[3] == self._cooked[3]

    def leftovers(self):
        """Return temporary files that are left."""
        return [*self.temp.iterdir(), *self.home.rglob("*.tmp")]

    def hang_up(self):
        """Take the terminal away, as a closed window does."""
        os.close(self._end)
        os.close(self._main)
        self._main = self._end = -1

    def close(self):
        """End whatever still runs."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        for descriptor in {self._main, self._end} - {-1}:
            os.close(descriptor)
