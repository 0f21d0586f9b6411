"""Write data to stdout and messages to stderr, and ask for confirmation."""

from __future__ import annotations

import contextlib
import sys

TYPE_CHECKING = False  # importing typing would delay status bars
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO


class OutputError(Exception):
    """Standard output cannot be written, for example because the disk is full. Holds the system's error text.

    Not an ``OSError``, so that handlers for errors of other files do not catch it.
    """


def write_out(line: str) -> None:
    """Write a line of data to stdout, unless the caller closed it."""
    with _output_errors():
        if sys.stdout is not None:
            sys.stdout.write(line + "\n")


def flush() -> None:
    """Flush stdout, for a reader that waits for the data."""
    with _output_errors():
        if sys.stdout is not None:
            sys.stdout.flush()


@contextlib.contextmanager
def _output_errors() -> Iterator[None]:
    """Turn an ``OSError`` into ``OutputError``; ``BrokenPipeError``, a reader that has gone, passes."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(error.strerror or str(error)) from error


def write_err(line: str) -> None:
    """Write a message to stderr; errors are ignored."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError):
            sys.stderr.write(line + "\n")


def standard_output() -> TextIO | None:
    """Return stdout; ``None`` if the caller closed it."""
    return sys.stdout


def standard_error() -> TextIO | None:
    """Return stderr; ``None`` if the caller closed it."""
    return sys.stderr


def confirm(question: str) -> bool | None:
    """Ask a yes/no question on the terminal, with no as default; ``None`` if there is no terminal."""
    if not all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr)):
        return None
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}
