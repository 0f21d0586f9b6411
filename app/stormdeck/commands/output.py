"""The two streams of a command: data on stdout, talk on stderr."""

from __future__ import annotations

import contextlib
import sys

TYPE_CHECKING = False  # typing is slow to import, and a status bar waits for it
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO


class OutputError(Exception):
    """Standard output takes no more, as on a full disk: why, in the system's words.

    No ``OSError``, so that nobody who deals with a file's errors takes it for one.
    """


def put(line: str) -> None:
    """Write a line of data; into a stream that the caller closed, nothing."""
    with _output_errors():
        if sys.stdout is not None:
            sys.stdout.write(line + "\n")


def flush() -> None:
    """Hand on what was put, for a reader that waits for it."""
    with _output_errors():
        if sys.stdout is not None:
            sys.stdout.flush()


@contextlib.contextmanager
def _output_errors() -> Iterator[None]:
    """Raise ``OutputError`` for what the system says of standard output, but for a reader that has gone."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(error.strerror or str(error)) from error


def say(line: str) -> None:
    """Tell the user a line, as far as there is anywhere to tell it."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError):
            sys.stderr.write(line + "\n")


def standard_output() -> TextIO | None:
    """Return the stream of data; ``None`` where the caller closed it."""
    return sys.stdout


def standard_error() -> TextIO | None:
    """Return the stream of talk; ``None`` where the caller closed it."""
    return sys.stderr


def asked(question: str) -> bool | None:
    """Ask the user at the terminal, no being the default; ``None`` where there is nobody to ask."""
    if not all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr)):
        return None
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}
