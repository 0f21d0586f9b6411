"""``stormdeck run -- claude ...``: one session of Claude Code with the recorder between it and its server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

from stormdeck.commands.client_settings import read
from stormdeck.commands.exit_codes import FAILURE
from stormdeck.commands.output import write_err
from stormdeck.commands.wire.destination import Place, place_of
from stormdeck.commands.wire.recording import Recording, summary
from stormdeck.model.text import clean
from stormdeck.model.wire.client_command import OwnSettings, as_json, own_settings, with_settings, with_variables
from stormdeck.options import Options
from stormdeck.paths import user_paths
from stormdeck.sources.io.bounded_read import read_bounded
from stormdeck.sources.settings.read import LARGEST
from stormdeck.sources.wire.child import end_with_parent
from stormdeck.sources.wire.journal import PrivateFile

CLIENT = "claude"
NOT_FOUND = 127
"""Exit code of a shell for a program that does not exist."""
NOT_RUN = 126
"""Exit code of a shell for a program that cannot be run."""


def run(options: Options, environ: Mapping[str, str], words: Sequence[str], to: str | None, record: str | None) -> int:
    """Run the client until it ends and return its exit code, 128 and more for a signal as in a shell."""
    words = list(words) or [CLIENT]
    own = own_settings(words)
    given = _read_own(own)
    if isinstance(given, str):
        write_err(f"stormdeck: {given}")
        return FAILURE
    paths = user_paths(environ, options.home, options.project)
    settings = read(options, paths, environ)
    env = given.get("env")
    place = place_of(settings, env if isinstance(env, dict) else {}, to)
    if isinstance(place, str):
        write_err(f"stormdeck: {place}")
        return FAILURE
    try:
        recording = Recording(paths.wire, place, settings, record=record)
    except OSError as error:
        write_err(f"stormdeck: nothing can be recorded: {error}.")
        return FAILURE
    with recording:
        code = _run_client(words, own, given, place, recording, environ)
    if sys.stderr is not None and sys.stderr.isatty() and recording.account.exchanges:
        write_err(f"stormdeck: {summary(recording.account)}")
    return code


def _read_own(own: OwnSettings) -> dict[str, Any] | str:
    """Return the user's own ``--settings``, or why they cannot be read."""
    if not own.value:
        return {}
    try:
        text = own.value if own.is_json else read_bounded(Path(own.value), LARGEST).decode("utf-8-sig")
        values = json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        return f"--settings {clean(own.value[:80])} cannot be read: {clean(str(error))}."
    return values if isinstance(values, dict) else f"--settings {clean(own.value[:80])} is no JSON object."


def _run_client(
    words: Sequence[str],
    own: OwnSettings,
    given: Mapping[str, Any],
    place: Place,
    recording: Recording,
    environ: Mapping[str, str],
) -> int:
    variables = {"ANTHROPIC_BASE_URL": recording.base, **(place.around_proxy or {})}
    merged = as_json(with_variables(given, variables))
    if not own.value or own.is_json:
        return _start(with_settings(words, merged), {**environ, **variables}, recording)
    # A file of the user's may hold secrets, which the list of processes would show.
    with PrivateFile(recording.folder, f"{os.getpid()}.settings.json", merged) as file:
        return _start(with_settings(words, str(file.path)), {**environ, **variables}, recording)


def _start(command: Sequence[str], environ: Mapping[str, str], recording: Recording) -> int:
    try:
        # No thread runs yet, so the child may call into the C library before its program starts.
        child = subprocess.Popen(command, env=environ, preexec_fn=end_with_parent())  # noqa: S603, PLW1509
    except FileNotFoundError:
        write_err(f"stormdeck: {clean(command[0])} is not found.")
        return NOT_FOUND
    except OSError as error:
        write_err(f"stormdeck: {clean(command[0])} cannot be run: {error.strerror or error}.")
        return NOT_RUN
    recording.start()
    return _wait(child)


def _wait(child: subprocess.Popen[bytes]) -> int:
    """Wait for the client. Signals from the terminal reach it by themselves; others are passed on."""

    def pass_on(number: int, _: FrameType | None) -> None:
        if child.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(child.pid, number)

    def of_terminal(number: int, _: FrameType | None) -> None:
        # The client would take a second Ctrl-C for the wish to leave.
        if not _has_terminal():
            pass_on(number, None)

    handlers: dict[int, Callable[[int, FrameType | None], None]] = {
        signal.SIGINT: of_terminal,
        signal.SIGQUIT: of_terminal,
        signal.SIGTERM: pass_on,
        signal.SIGHUP: pass_on,
        signal.SIGUSR1: pass_on,
        signal.SIGUSR2: pass_on,
    }
    for number, handler in handlers.items():
        signal.signal(number, handler)
    while True:
        _, status = os.waitpid(child.pid, os.WUNTRACED)
        if os.WIFSTOPPED(status):
            # The client stopped itself: the shell has to see this program stopped, too.
            os.kill(os.getpid(), signal.SIGSTOP)
            os.kill(child.pid, signal.SIGCONT)
            continue
        # From here on the handlers do nothing: a second Ctrl-C must not leave files behind.
        child.returncode = os.waitstatus_to_exitcode(status)
        return child.returncode if child.returncode >= 0 else 128 - child.returncode


def _has_terminal() -> bool:
    """Return whether a terminal sends its Ctrl-C to this program, and so to the client as well."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)
