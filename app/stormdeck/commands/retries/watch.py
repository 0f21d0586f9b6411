"""``stormdeck watch``: retries and storms as they happen, one event a line, until Ctrl-C."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import FrameType

from stormdeck.commands.check.knowledge import read
from stormdeck.commands.colour import paint_for
from stormdeck.commands.output import flush, put, say, standard_output
from stormdeck.commands.retries.events import Event, Watcher, as_text, to_json
from stormdeck.commands.retries.inputs import End, Heard, Inbox, Listener
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.retries.analyzer import RetryAnalyzer
from stormdeck.model.retries.backoff import attempt_limit
from stormdeck.model.settings.schema import timeout_ms
from stormdeck.model.snapshots.discovery import DiscoverySnapshot
from stormdeck.options import Options
from stormdeck.options.kinds import printable
from stormdeck.paths import user_paths
from stormdeck.sources.io.bounded_read import special_kind
from stormdeck.sources.recordings.archive import STDIN
from stormdeck.sources.recordings.entry import Recorder
from stormdeck.sources.transcripts.read import folder_obstacle

ENDED = 0
COULD_NOT_RUN = 2
TICK_S = 0.2
"""A client that gave up leaves no line: how often that is looked for, and how long Ctrl-C may take."""

RECENT = 5_000
"""Requests that transcripts are compared with one by one: with each line that comes in, they are so again."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asks for."""

    files: Sequence[str]
    """None: the logs of the servers that are found."""
    transcripts: str | None
    record: str | None
    as_json: bool


class _CannotRunError(Exception):
    """What is asked for cannot be done; says why."""


def run(options: Options, environ: Mapping[str, str], request: Request) -> int:
    """Watch until interrupted, or until standard input ends where that is all there is to read."""
    logs = list(dict.fromkeys([*request.files, *map(str, options.log)]))
    with _Stop() as stop:
        try:
            _check(logs, request.transcripts)
            recorder = _recorder(request.record, several=len(logs) != 1)
        except _CannotRunError as error:
            say(f"stormdeck: {printable(str(error))}")
            return COULD_NOT_RUN
        inbox: Inbox[Heard] = Inbox()
        listener = Listener(inbox)
        watch = _Watch(_ledger(options, environ), listener, recorder, _teller(as_json=request.as_json))
        try:
            _listen(listener, logs, request.transcripts, options, environ)
            while not stop.wanted and not (watch.ended and logs == [STDIN]):
                watch.turn(inbox.take(TICK_S))
        finally:
            listener.stop()
            if recorder is not None:
                recorder.close()
    return ENDED


class _Watch:
    """Deals with what is heard: kept, watched, told."""

    def __init__(
        self, ledger: RetryAnalyzer, listener: Listener, recorder: Recorder | None, tell: Callable[[Event, float], None]
    ) -> None:
        self._watcher = Watcher(ledger, time.time())
        self._listener = listener
        self._recorder = recorder
        self._tell = tell
        self._notes: tuple[str, ...] = ()
        self.ended = False
        """Standard input is at its end."""

    def turn(self, heard: Sequence[Heard]) -> None:
        """Take what was heard since the last turn, and tell what is new."""
        now = time.time()
        events: list[Event] = []
        for one in heard:
            if isinstance(one, DiscoverySnapshot):
                self._follow(one)
            elif isinstance(one, End):
                self.ended = True
            else:
                if isinstance(one, LogBatch):
                    self._keep(one)
                events += self._watcher.take(one, now)
        for event in (*events, *self._watcher.tell(now)):
            self._tell(event, now)

    def _follow(self, found: DiscoverySnapshot) -> None:
        for log in found.logs:
            self._listener.follow(log)
        notes = found.log_notes or (() if found.logs else ("No server with a log is found yet; still looking.",))
        if notes != self._notes:
            self._notes = notes
            for note in notes:
                say(printable(note))

    def _keep(self, batch: LogBatch) -> None:
        """Record a batch; say once where that fails, and go on watching."""
        if self._recorder is None:
            return
        self._recorder.take(batch)
        if self._recorder.trouble:
            say(f"stormdeck: {printable(self._recorder.trouble)}")
            self._recorder.close()
            self._recorder = None


class _Stop:
    """Notes Ctrl-C and SIGTERM, so that what is under way is finished; a second one does not wait."""

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


def _check(logs: Sequence[str], transcripts: str | None) -> None:
    """Refuse what can never be followed; a log that does not exist yet can."""
    for log in logs:
        if log != STDIN and (why := _never_followed(Path(log))):
            raise _CannotRunError(why)
    if STDIN in logs and sys.stdin is None:
        raise _CannotRunError("standard input is closed")
    obstacle = folder_obstacle(Path(transcripts)) if transcripts is not None else ""
    if obstacle:
        raise _CannotRunError(obstacle)


def _never_followed(log: Path) -> str:
    """Return why a log can never be followed; empty where it can, or may be there later."""
    try:
        kind = special_kind(log.stat().st_mode)
    except (OSError, ValueError):
        return ""
    if not kind:
        return ""
    how = f"read it as standard input: stormdeck watch - < {log}" if log.is_fifo() else "name a log file"
    return f"{log} is {kind}; {how}"


def _recorder(out: str | None, *, several: bool) -> Recorder | None:
    try:
        return Recorder(Path(out), several=several) if out is not None else None
    except FileExistsError:
        raise _CannotRunError(f"{out} is there already and is left as it is; name a new file") from None
    except OSError as error:
        raise _CannotRunError(f"{out} cannot be written: {error.strerror}") from None


def _listen(
    listener: Listener, logs: Sequence[str], transcripts: str | None, options: Options, environ: Mapping[str, str]
) -> None:
    """Start all that is to be heard."""
    for log in logs:
        if log == STDIN:
            listener.read_standard_input()
        else:
            listener.follow(Path(log).absolute())
    if not logs:
        listener.search(options, environ)
    if transcripts is not None:
        listener.follow_transcripts(Path(transcripts))


def _ledger(options: Options, environ: Mapping[str, str]) -> RetryAnalyzer:
    """Return a ledger that knows the client's limits where its settings tell them."""
    settings = read(options, user_paths(environ, options.home, options.project), environ)
    limit = attempt_limit(settings.text("env.CLAUDE_CODE_MAX_RETRIES"), options.client_version)
    return RetryAnalyzer(
        limit=max(1, limit),
        api_timeout_ms=timeout_ms(settings.text("env.API_TIMEOUT_MS")),
        local_time=datetime.timestamp,
        recent=RECENT,
    )


def _teller(*, as_json: bool) -> Callable[[Event, float], None]:
    """Return what prints an event at once."""
    paint = paint_for(standard_output())

    def tell(event: Event, now: float) -> None:
        put(json.dumps(to_json(event, now)) if as_json else as_text(event, now, paint))
        flush()

    return tell
