"""Claude Code from its package: installed into the cache, and run in a scratch home with nothing of the user's."""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import signal
import subprocess
import termios
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache as once
from pathlib import Path

from cache import kept, skip
from install_errors import cause
from replies import SERVED, TOKEN

PACKAGE = "@anthropic-ai/claude-code"
COMMAND = Path("node_modules", ".bin", "claude")
MANAGED = Path("/etc/claude-code/managed-settings.json")
"""A file of an administrator that goes before every home's own settings."""
QUIET = {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_AUTOUPDATER": "1"}
TIERS = tuple(f"ANTHROPIC_DEFAULT_{tier}_MODEL" for tier in ("OPUS", "SONNET", "HAIKU"))
INSTALL_S = 600
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True)
class Client:
    """One version, installed."""

    version: str
    command: Path
    path: str
    """The ``PATH`` that it runs with: the system's folders, and node's."""


@dataclass(frozen=True)
class Printed:
    """What a run of the client left."""

    code: int | None
    """Its exit status, ``None`` where it had to be ended."""
    out: str
    err: str


@dataclass
class Home:
    """A scratch home with a project in it."""

    folder: Path
    settings: dict | str = field(default_factory=dict)
    """Of ``~/.claude/settings.json``; a text is written as it is."""

    @property
    def project(self) -> Path:
        """The folder that the client works in."""
        return self.folder / "project"

    @property
    def transcripts(self) -> Path:
        """Where the client writes its transcripts."""
        return self.folder / ".claude" / "projects"

    def has_ended(self) -> bool:
        """Return whether the transcripts tell of an answer, or of an error in its place."""
        return any('"type":"assistant"' in path.read_text() for path in self.transcripts.glob("*/*.jsonl"))

    def make(self, *, git: bool = False) -> None:
        """Write the settings and a project with one file."""
        self.project.mkdir(parents=True)
        (self.project / "notes.txt").write_text("It rains.\n")
        if git:
            subprocess.run(["git", "init", "-q", str(self.project)], check=True, env=_git_environment(self.folder))
        text = self.settings if isinstance(self.settings, str) else json.dumps(self.settings, indent=2)
        (self.folder / ".claude").mkdir()
        (self.folder / ".claude" / "settings.json").write_text(text + "\n")


def settings_for(url: str, **changes: str | None) -> dict:
    """Return settings that work for a server, with variables changed, or left out by ``None``."""
    working = {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_AUTH_TOKEN": TOKEN, **dict.fromkeys(TIERS, SERVED)}
    variables = {**working, **QUIET, **changes}
    return {"env": {name: value for name, value in variables.items() if value is not None}}


def client(version: str) -> Client:
    """Return a version of the client, installed at its first use; the test is left out where that cannot be."""
    found = _installed(version)
    if isinstance(found, str):
        skip(f"Claude Code {version}: {found}")
    return found


@once
def _installed(version: str) -> Client | str:
    """Return a version, or why it cannot be run; tried once."""
    if MANAGED.exists():
        return f"{MANAGED} goes before the settings of a scratch home"
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return "it needs node and npm to install"
    try:
        folder = kept(f"claude-code-{version}", lambda empty: _install(npm, version, empty))
    except (OSError, subprocess.SubprocessError) as error:
        return f"it cannot be installed: {cause(error)}"
    path = os.pathsep.join(dict.fromkeys([str(Path(node).parent), "/usr/bin", "/bin"]))
    return Client(version, folder / COMMAND, path)


def run(client: Client, home: Home, url: str, prompt: str, *arguments: str, timeout_s: float = 90.0) -> Printed:
    """Run the client once with ``-p`` and return what it printed; it and what it started have ended then."""
    return finish(begin(client, home, url, prompt, *arguments), timeout_s)


def begin(client: Client, home: Home, url: str, prompt: str, *arguments: str) -> subprocess.Popen[str]:
    """Start the client with ``-p``; ``finish`` ends it."""
    return subprocess.Popen(
        [client.command, "-p", prompt, *arguments],
        cwd=home.project,
        env=_environment(client, home, url),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finish(process: subprocess.Popen[str], timeout_s: float) -> Printed:
    """Wait for a client, and end it and what it started where that takes too long; return what it printed."""
    try:
        out, err = process.communicate(timeout=timeout_s)
        code = process.returncode
    except subprocess.TimeoutExpired:
        code = None
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
    return Printed(code, _COLOURS.sub("", out).strip(), _COLOURS.sub("", err).strip())


def converse(
    client: Client,
    home: Home,
    url: str,
    prompt: str,
    is_done: Callable[[], bool],
    timeout_s: float = 90.0,
    trusted: Path | None = None,
) -> Printed:
    """Run the client in a terminal of its own, as people do, until a turn is done; then end it.

    ``trusted`` is the folder that it trusts, the project if none is given.
    """
    state = {
        "hasCompletedOnboarding": True,
        "projects": {str(trusted or home.project): {"hasTrustDialogAccepted": True}},
    }
    (home.folder / ".claude.json").write_text(json.dumps(state))
    ours, its = os.openpty()
    termios.tcsetwinsize(its, (40, 120))
    process = subprocess.Popen(
        [client.command, prompt],
        cwd=home.project,
        env=_environment(client, home, url) | {"TERM": "xterm-256color"},
        stdin=its,
        stdout=its,
        stderr=its,
        start_new_session=True,
    )
    os.close(its)
    screen = bytearray()
    deadline = time.monotonic() + timeout_s
    try:
        while process.poll() is None and time.monotonic() < deadline and not is_done():
            # A client that nobody reads from stops.
            if select.select([ours], [], [], 0.1)[0]:
                screen += os.read(ours, 65536)
    except OSError:
        pass  # The terminal of a client that has ended.
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        os.close(ours)
    return Printed(0 if is_done() else None, _COLOURS.sub("", screen.decode("utf-8", "replace")).strip(), "")


def _environment(client: Client, home: Home, url: str) -> dict[str, str]:
    """Return all that the client knows of this machine.

    The shell's own base URL is the recording server too: a client that drops its settings file asks nobody else.
    """
    own = {"PATH": client.path, "HOME": str(home.folder), "SHELL": "/bin/sh", "LANG": "C.UTF-8"}
    return {**own, "ANTHROPIC_BASE_URL": url, **QUIET}


def _install(npm: str, version: str, folder: Path) -> None:
    command = [npm, "install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", str(folder)]
    package = f"{PACKAGE}@{version}"
    subprocess.run([*command, package], capture_output=True, text=True, timeout=INSTALL_S, check=True)
    # Without the package's own install script there is no program behind the command.
    own = {"PATH": os.environ["PATH"], "HOME": str(folder), **QUIET}
    subprocess.run([folder / COMMAND, "--version"], env=own, capture_output=True, text=True, timeout=60, check=True)


def _git_environment(home: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(home)}
