"""The lines of a file, of standard input, of a compressed file: a piece at a time."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol, cast

from stormdeck.sources.logs.lines import LineSplitter

PIECE_BYTES = 1024 * 1024
_GZIP = b"\x1f\x8b"


class _Stream(Protocol):
    def read1(self, size: int, /) -> bytes:
        """Return what is there, at most so many bytes; nothing at the end."""


def pieces(path: Path | None) -> Iterator[list[str]]:
    """Yield the lines of a file, or of standard input for ``None``, a piece at a time.

    Memory is bounded whatever is in it: lines over 64 KiB are cut. gzip is read as what it holds. Raises OSError
    where the file cannot be read, or not to its end.
    """
    splitter = LineSplitter()
    with ExitStack() as stack:
        stream = _decompressed(stack.enter_context(path.open("rb")) if path is not None else standard_input())
        while data := _read(stream):
            if lines := splitter.split(data):
                yield lines
    if splitter.holds:
        yield splitter.split(b"\n")


def standard_input() -> io.BufferedReader:
    """Return standard input as bytes; raises OSError where the caller closed it."""
    if sys.stdin is None:
        raise OSError(0, "it is closed")
    stream = sys.stdin.buffer
    return stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(cast("io.RawIOBase", stream))


def _decompressed(stream: io.BufferedReader) -> _Stream:
    if stream.peek(len(_GZIP))[: len(_GZIP)] != _GZIP:
        return stream
    import gzip

    return gzip.GzipFile(fileobj=stream)


def _read(stream: _Stream) -> bytes:
    """Return the next bytes; damage inside a compressed file is an OSError like any other."""
    import zlib

    try:
        return stream.read1(PIECE_BYTES)
    except (EOFError, zlib.error) as error:
        raise OSError(0, "its compressed data is damaged or cut off") from error
