"""A pane of a private tmux server, and what runs in it (facts/textual.md 3.3)."""

import os
import shlex
import subprocess
import time
import uuid

DEADLINE_S = 60.0
LOOK_S = 0.05


class Pane:
    """One pane. The command runs in a shell that prints its exit code and stays, so that the screen can be read."""

    def __init__(self, command, width, height, temp):
        self._socket = f"stormdeck-{uuid.uuid4().hex[:12]}"
        self.environ = {**os.environ, "TMPDIR": str(temp), "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        script = f"echo BEFORE; {shlex.join(command)}; echo EXIT:$?; sleep 120"
        self.tmux("new-session", "-d", "-x", str(width), "-y", str(height), "sh", "-c", script)
        self.tmux("set", "-s", "escape-time", "0")
        self.tmux("set", "-g", "status", "off")
        self.tmux("resize-window", "-x", str(width), "-y", str(height))

    def tmux(self, *arguments):
        """Run one tmux command and return what it prints."""
        done = subprocess.run(
            ["tmux", "-L", self._socket, "-f", "/dev/null", *arguments],
            env=self.environ,
            check=True,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
        )
        return done.stdout

    def screen(self):
        """Return the visible text."""
        return self.tmux("capture-pane", "-p")

    def found(self, name):
        """Return one of tmux's variables: ``alternate_on``, ``cursor_flag``."""
        return self.tmux("display-message", "-p", f"#{{{name}}}").strip()

    def copied(self):
        """Return the beginning of what was copied last; empty where nothing was."""
        return self.tmux("list-buffers", "-F", "#{buffer_sample}")

    def press(self, *keys):
        """Send keys, one after the other."""
        for key in keys:
            self.tmux("send-keys", key)

    def send(self, sequence):
        """Send bytes as the terminal itself does, such as that it has lost the focus."""
        self.tmux("send-keys", "-H", *(f"{byte:02x}" for byte in sequence.encode()))

    def resize(self, width, height):
        """Give the pane another size, as a user who drags its border."""
        self.tmux("resize-window", "-x", str(width), "-y", str(height))

    def until(self, happened, what):
        """Return the first true value of a condition on the screen, or fail at the deadline with the screen."""
        end = time.monotonic() + DEADLINE_S
        while time.monotonic() < end:
            if value := happened(self.screen()):
                return value
            time.sleep(LOOK_S)
        raise AssertionError(f"{what}; the screen:\n{self.screen()}")

    def until_shows(self, *texts):
        """Wait until all these texts are on the screen."""
        self.until(lambda screen: all(text in screen for text in texts), f"{texts} are not shown")

    def close(self):
        """End the server and all that runs in it."""
        subprocess.run(["tmux", "-L", self._socket, "kill-server"], env=self.environ, check=False, capture_output=True)
