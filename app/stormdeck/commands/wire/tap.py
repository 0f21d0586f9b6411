"""``stormdeck tap``: the recorder by itself, for IDEs, other users and other machines."""

from __future__ import annotations

import os
import select
import signal
import sys
import termios
import threading
import time
import tty
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType

from stormdeck.commands.client_settings import read
from stormdeck.commands.exit_codes import FAILURE, SUCCESS
from stormdeck.commands.output import flush, write_err, write_out
from stormdeck.commands.wire.destination import place_of
from stormdeck.commands.wire.put_back import Address, base_in
from stormdeck.commands.wire.recording import Recording, summary
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.text import clean
from stormdeck.model.urls import is_loopback, same_place
from stormdeck.model.wire.exchange import Exchange, to_line
from stormdeck.model.wire.request import Kind
from stormdeck.options import Options
from stormdeck.options.declared import refusal
from stormdeck.paths import user_paths

_STEP_S = 0.2


def run(
    options: Options,
    environ: Mapping[str, str],
    at: tuple[str, int],
    to: str | None,
    record: str | None,
    *,
    as_json: bool,
) -> int:
    """Record until Ctrl-C or a signal and return the exit code."""
    paths = user_paths(environ, options.home, options.project)
    settings = read(options, paths, environ)
    place = place_of(settings, {}, to)
    if isinstance(place, str):
        write_err(f"stormdeck: {place}")
        return FAILURE
    if to is None and same_place(place.base, f"http://{at[0]}:{at[1]}"):
        write_err("stormdeck: the settings lead to this address already: name the server with --to URL.")
        return FAILURE
    try:
        recording = Recording(paths.wire, place, settings, at, record, _print_json if as_json else _print_line)
    except OSError as error:
        write_err(f"stormdeck: {at[0]}:{at[1]} cannot be listened on: {error.strerror or error}.")
        return FAILURE
    address = Address(options, environ, recording.base, base_in(settings))
    keys = _Keys(address, may_write=not refusal(options))
    with recording, _ended_by_signals() as ended:
        recording.start()
        write_err(f"{recording.base} passes everything on to {clean(mask_text(place.base))}. Ctrl-C ends it.")
        write_err(f"To use it: stormdeck set ANTHROPIC_BASE_URL {recording.base}")
        if not is_loopback(at[0]):
            write_err("It listens on the network: whoever reaches it reaches the server, and prompts pass unencrypted.")
        try:
            keys.wait(ended)
        finally:
            address.put_back()
    write_err(f"stormdeck: {summary(recording.account)}")
    return SUCCESS


class _Keys:
    """Set and unset the address in the user's settings by one key, if this is a terminal."""

    def __init__(self, address: Address, *, may_write: bool) -> None:
        self._address, self._may_write = address, may_write

    def wait(self, ended: threading.Event) -> None:
        """Return once the command is to end."""
        if sys.stdin is None or not sys.stdin.isatty() or not self._may_write:
            while not ended.wait(_STEP_S):
                pass
            return
        write_err("Keys: s sets it in your user settings, u takes it back, q ends.")
        with _single_keys(sys.stdin.fileno()) as keyboard:
            while not ended.is_set():
                if not select.select([keyboard], [], [], _STEP_S)[0]:
                    continue
                key = os.read(keyboard, 1)
                if key in {b"", b"q", b"\x04"}:
                    return
                if key == b"s":
                    self._address.set()
                elif key == b"u":
                    self._address.put_back()


@contextmanager
def _single_keys(keyboard: int) -> Iterator[int]:
    """Read keys one by one, without echo."""
    before = termios.tcgetattr(keyboard)
    # Keys that were pressed before count, too.
    tty.setcbreak(keyboard, termios.TCSADRAIN)
    try:
        yield keyboard
    finally:
        termios.tcsetattr(keyboard, termios.TCSADRAIN, before)


@contextmanager
def _ended_by_signals() -> Iterator[threading.Event]:
    """Yield an event that Ctrl-C, SIGTERM and SIGHUP set."""
    ended = threading.Event()

    def end(_: int, __: FrameType | None) -> None:
        ended.set()

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, end) for number in numbers]
    try:
        yield ended
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _print_json(exchange: Exchange) -> None:
    if not exchange.is_running:
        write_out(to_line(exchange))
        flush()


def _print_line(exchange: Exchange) -> None:
    """Print a request that ended: time, session, kind, attempt, model, how it ended and how long it took."""
    if exchange.is_running or exchange.kind is Kind.OTHER:
        return
    took = (exchange.ended or exchange.started) - exchange.started
    ended = str(exchange.status) if exchange.status is not None and not exchange.cause else exchange.cause
    parts = (
        time.strftime("%H:%M:%S", time.localtime(exchange.started)),
        exchange.session[:8] or "-",
        exchange.thread or exchange.kind.value.replace("_", " "),
        f"attempt {exchange.attempt}",
        clean(exchange.model) or "-",
        ended,
        f"{took:.1f} s",
        f"{exchange.output_tokens} tokens" if exchange.output_tokens is not None else "",
    )
    write_out("  ".join(part for part in parts if part))
    flush()
