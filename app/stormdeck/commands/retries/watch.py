"""``stormdeck watch``: print retries and storms as they happen, one event per line, until Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import FrameType

from stormdeck.commands.client_settings import read
from stormdeck.commands.colour import paint_for
from stormdeck.commands.exit_codes import FAILURE, SUCCESS
from stormdeck.commands.output import flush, standard_output, write_err, write_out
from stormdeck.commands.retries.events import Event, Watcher, as_text, to_json
from stormdeck.commands.retries.inputs import EndOfInput, Inbox, InputReader, Item
from stormdeck.model.logs.batch import LogBatch, LogState
from stormdeck.model.logs.spec import STDIN, LogSpec, parse_log
from stormdeck.model.retries.backoff import attempt_limit
from stormdeck.model.settings.schema import timeout_ms
from stormdeck.model.snapshots.discovery import DiscoverySnapshot
from stormdeck.model.traffic.log_analyzer import LogAnalyzer
from stormdeck.options import Options
from stormdeck.options.kinds import printable
from stormdeck.paths import user_paths
from stormdeck.sources.io.bounded_read import special_kind
from stormdeck.sources.logs.same_file import distinct
from stormdeck.sources.logs.tail import Obstacle, open_log
from stormdeck.sources.recordings.entry import Recorder
from stormdeck.sources.transcripts.read import folder_obstacle

TICK_S = 0.2
"""Seconds between two updates: a client that gave up leaves no line. Also how long Ctrl-C may take."""

RECENT = 5_000
"""Number of requests that are compared with transcripts; this happens again with each new line."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asks for."""

    files: Sequence[str]
    """If empty, the logs of the servers that are found."""
    transcripts: str | None
    record: str | None
    as_json: bool


class _CannotRunError(Exception):
    """The command cannot run; says why."""


def run(options: Options, environ: Mapping[str, str], request: Request) -> int:
    """Watch until interrupted, or until standard input ends if it is the only input."""
    with _Stop() as stop:
        try:
            logs = _logs(request.files, options)
            _check(logs, request.transcripts)
            recorder = _recorder(request.record, several=len(logs) != 1)
        except _CannotRunError as error:
            write_err(f"stormdeck: {printable(str(error))}")
            return FAILURE
        inbox: Inbox[Item] = Inbox()
        reader = InputReader(inbox)
        watch = _Watch(_analyzer(options, environ), reader, recorder, _printer(as_json=request.as_json))
        try:
            _start_inputs(reader, logs, request.transcripts, options, environ)
            while not stop.wanted and not (watch.ended and logs == [STDIN]):
                watch.process(inbox.take(TICK_S))
        finally:
            reader.stop()
            if recorder is not None:
                recorder.close()
    return SUCCESS


class _Watch:
    """Records input, passes it to the watcher and prints events."""

    def __init__(
        self,
        analyzer: LogAnalyzer,
        reader: InputReader,
        recorder: Recorder | None,
        print_event: Callable[[Event, float], None],
    ) -> None:
        self._watcher = Watcher(analyzer, time.time())
        self._reader = reader
        self._recorder = recorder
        self._print = print_event
        self._notes: tuple[str, ...] = ()
        self.ended = False
        """Standard input has ended."""

    def process(self, items: Sequence[Item]) -> None:
        """Process the items that arrived and print new events."""
        now = time.time()
        events: list[Event] = []
        for one in items:
            if isinstance(one, DiscoverySnapshot):
                self._follow(one)
            elif isinstance(one, EndOfInput):
                self.ended = True
            else:
                if isinstance(one, LogBatch):
                    self._record(one)
                events += self._watcher.take(one, now)
        for event in (*events, *self._watcher.update(now)):
            self._print(event, now)

    def _follow(self, found: DiscoverySnapshot) -> None:
        for log in found.logs:
            self._reader.follow(log)
        notes = found.log_notes or (() if found.logs else ("No server with a log found yet; still searching.",))
        if notes != self._notes:
            self._notes = notes
            for note in notes:
                write_err(printable(note))

    def _record(self, batch: LogBatch) -> None:
        """Record a batch. If that fails, say so once and go on without recording."""
        if self._recorder is None:
            return
        self._recorder.take(batch)
        if self._recorder.problem:
            write_err(f"stormdeck: {printable(self._recorder.problem)}")
            self._recorder.close()
            self._recorder = None


class _Stop:
    """Catches Ctrl-C and SIGTERM, so that work in progress is finished. A second one interrupts at once."""

    def __init__(self) -> None:
        self.wanted = False
        self._before: dict[int, signal._HANDLER] = {}

    def __enter__(self) -> _Stop:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.wanted:
            raise KeyboardInterrupt
        self.wanted = True


def _logs(files: Sequence[str], options: Options) -> list[LogSpec]:
    """Return the logs that the command line and the options name."""
    try:
        named = [parse_log(file, lambda text: Path(text).absolute()) for file in files]
    except ValueError as error:
        raise _CannotRunError(str(error)) from None
    return distinct([*named, *options.log])


def _check(logs: Sequence[LogSpec], transcripts: str | None) -> None:
    """Refuse inputs that can never be followed. A log that does not exist yet may appear."""
    for log in logs:
        if isinstance(log, Path) and (why := _never_followed(log)):
            raise _CannotRunError(why)
    if STDIN in logs and sys.stdin is None:
        raise _CannotRunError("standard input is closed")
    obstacle = folder_obstacle(Path(transcripts)) if transcripts is not None else ""
    if obstacle:
        raise _CannotRunError(obstacle)


def _never_followed(log: Path) -> str:
    """Return why a log can never be followed; empty if it can, or may appear later."""
    try:
        kind = special_kind(log.stat().st_mode)
    except (OSError, ValueError):
        return ""
    if kind and not log.is_fifo():
        return f"{log} is {kind}; name a log file"
    opened = open_log(log) if not kind else None
    if isinstance(opened, int):
        os.close(opened)
    return opened.detail if isinstance(opened, Obstacle) and opened.state is LogState.NOT_A_FILE else ""


def _recorder(out: str | None, *, several: bool) -> Recorder | None:
    try:
        return Recorder(Path(out), several=several) if out is not None else None
    except FileExistsError:
        raise _CannotRunError(f"{out} already exists and is not changed; name a new file") from None
    except OSError as error:
        raise _CannotRunError(f"{out} cannot be written: {error.strerror}") from None


def _start_inputs(
    reader: InputReader, logs: Sequence[LogSpec], transcripts: str | None, options: Options, environ: Mapping[str, str]
) -> None:
    """Start all inputs."""
    for log in logs:
        if log == STDIN:
            reader.read_standard_input()
        else:
            reader.follow(log)
    if not logs:
        reader.search(options, environ)
    if transcripts is not None:
        reader.follow_transcripts(Path(transcripts))


def _analyzer(options: Options, environ: Mapping[str, str]) -> LogAnalyzer:
    """Return an analyzer with the limits from the client's settings."""
    settings = read(options, user_paths(environ, options.home, options.project), environ)
    limit = attempt_limit(settings.text("env.CLAUDE_CODE_MAX_RETRIES"), options.client_version)
    return LogAnalyzer(
        limit=max(1, limit),
        api_timeout_ms=timeout_ms(settings.text("env.API_TIMEOUT_MS")),
        local_time=datetime.timestamp,
        recent=RECENT,
    )


def _printer(*, as_json: bool) -> Callable[[Event, float], None]:
    """Return a function that prints an event at once."""
    paint = paint_for(standard_output())

    def print_event(event: Event, now: float) -> None:
        write_out(json.dumps(to_json(event, now)) if as_json else as_text(event, now, paint))
        flush()

    return print_event
