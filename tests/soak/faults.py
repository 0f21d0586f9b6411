"""What is done to the panel and its stack while it runs, one thing after the other."""

import json
import os
import signal
from pathlib import Path

FROZEN_S = 2.0
READ_S = 2.0
"""After this long the panel has read what stands in a log."""
LONGEST_WAIT_S = 12.0
"""Of the client between two attempts: it gives up after the sixth, and waits 8 to 10 s for that one."""


class Faults:
    """Each method is one fault, with its repair. ``rest`` lets the panel run on for some seconds."""

    def __init__(self, stack, terminal, rest):
        self._pids = stack["pids"]
        self._logs = [Path(log) for log in stack["logs"]]
        self._settings = Path(stack["settings"])
        self._ledger, self._fault = Path(stack["ledger"]), Path(stack["fault"])
        self._terminal = terminal
        self._rest = rest
        self._saves = 0

    @property
    def all(self):
        return (
            self.log_flooded,
            self.look_around,
            self.vllm_hangs,
            self.resized,
            self.settings_change,
            self.proxy_hangs,
            self.logs_truncated,
            self.settings_broken,
            self.panel_suspended,
        )

    def look_around(self):
        for key in "2341?":
            self._terminal.press(key)
            self._rest(0.5)
        self._terminal.press("\x1b")

    def vllm_hangs(self):
        self._frozen("vllm")

    def proxy_hangs(self):
        self._frozen("litellm")

    def resized(self):
        for height, width in ((12, 40), (24, 80), (60, 200), (5, 20), (40, 120)):
            self._terminal.resize(width, height)
            self._rest(0.4)

    def settings_change(self):
        """Another program writes the file, 50 times in a row."""
        before = self._settings.read_text()
        for _ in range(50):
            self._saves += 1
            self._write(json.dumps(json.loads(before) | {"x-soak": self._saves}, indent=2))
            self._rest(0.02)
        self._write(before)

    def settings_broken(self):
        before = self._settings.read_text()
        self._frozen("client", lambda: self._settings.write_text(before[: len(before) // 2]))
        self._write(before)

    def logs_truncated(self):
        """As by logrotate's copytruncate, while nobody writes: lines that nobody has read would be lost to anybody."""
        self._frozen("client", self._truncate)

    def log_flooded(self):
        """Somebody else's lines come in a flood, each write of whole lines."""
        noise = "".join(f"noise {number} " + 200 * "x" + "\n" for number in range(1000)).encode()
        log = os.open(self._logs[0], os.O_WRONLY | os.O_APPEND)
        for _ in range(100):
            os.write(log, noise)
        os.close(log)

    def panel_suspended(self):
        """Stopped as by a debugger, without a word before."""
        self._frozen("client", self._suspend)

    def client_leaves(self):
        """Take the client's token: it ends its turn, and sends no more.

        Killed in the middle of an answer, it would not write down the request, whose line stands in the log.
        """
        settings = json.loads(self._settings.read_text())
        del settings["env"]["ANTHROPIC_AUTH_TOKEN"]
        self._write(json.dumps(settings))
        size = None
        while size != (size := self._ledger.stat().st_size):
            self._terminal.rest(LONGEST_WAIT_S)

    def _suspend(self):
        os.kill(self._terminal.pid, signal.SIGSTOP)
        self._rest(FROZEN_S)
        os.kill(self._terminal.pid, signal.SIGCONT)

    def _truncate(self):
        for log in self._logs:
            os.truncate(log, 0)

    def _calm(self):
        """Wait for the end of a storm: lines that come late hide the client's waits, from anybody."""
        while (self._fault.exists() and self._fault.read_text() != "none") or self._failing():
            self._rest(0.2)

    def _failing(self):
        last = self._ledger.read_bytes()[-200:].rstrip().rpartition(b"\n")[2]
        return bool(last) and json.loads(last)["status"] >= 400

    def _frozen(self, name, meanwhile=lambda: None):
        self._calm()
        os.kill(self._pids[name], signal.SIGSTOP)
        self._rest(READ_S)
        meanwhile()
        self._rest(FROZEN_S)
        os.kill(self._pids[name], signal.SIGCONT)

    def _write(self, text):
        fresh = self._settings.with_suffix(".new")
        fresh.write_text(text)
        fresh.replace(self._settings)
