"""The two streams of a command: data on stdout, talk on stderr."""

from __future__ import annotations

import contextlib
import sys


def put(line: str) -> None:
    """Write a line of data; into a stream that the caller closed, nothing."""
    if sys.stdout is not None:
        sys.stdout.write(line + "\n")


def say(line: str) -> None:
    """Tell the user a line, as far as there is anywhere to tell it."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError):
            sys.stderr.write(line + "\n")
