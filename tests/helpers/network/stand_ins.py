"""Programs in place of docker, systemctl and kubectl: shell scripts in a folder of their own on ``PATH``."""

import os


class StandIns:
    """A folder that comes first on ``PATH``."""

    def __init__(self, folder, monkeypatch):
        self._folder = folder
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    def add(self, name, *lines):
        """Add a program that writes its arguments and process id to files, then does what these lines of sh say."""
        program = self._folder / name
        kept = f"echo $$ >{self._folder}/{name}.pid; printf '%s\\n' \"$@\" >{self._folder}/{name}.args"
        program.write_text("\n".join(["#!/bin/sh", kept, *lines, ""]))
        program.chmod(0o755)

    def arguments(self, name):
        """Return the arguments of the last run, ``None`` if the program has not run."""
        written = self._folder / f"{name}.args"
        return written.read_text().splitlines() if written.exists() else None

    def pid(self, name):
        """Return the process id of the last run, once it is written."""
        written = self._folder / f"{name}.pid"
        text = written.read_text() if written.exists() else ""
        return int(text) if text.endswith("\n") else None


def has_ended(pid):
    """Return whether no process has this id."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False
