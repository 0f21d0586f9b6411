"""Read the lines of a file, a pipe, standard input or a gzip file, a chunk at a time."""

from __future__ import annotations

import errno
import io
import os
import select
import stat
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Protocol, cast

from stormdeck.sources.io.bounded_read import OPEN_FLAGS, special_kind
from stormdeck.sources.logs.splitter import LineSplitter

PIECE_BYTES = 1024 * 1024
MOST_UNPACKED = 1024 * 1024 * 1024
"""Most decompressed bytes: a small compressed file may take as long as a log of that size."""
_PADDING = 500
"""Highest compression ratio of a log; one access line repeated reaches 340 (measured)."""
_JUDGED_FROM = 4 * 1024 * 1024
PATIENCE_S = 2.0
"""How long to wait for a program that is about to write to a named pipe."""
_PACKED_PIECE = 8 * 1024
_GZIP = b"\x1f\x8b"
_OTHER_PACKERS = {
    b"\x28\xb5\x2f\xfd": "zstd -dc",
    b"BZh": "bzip2 -dc",
    b"\xfd7zXZ\0": "xz -dc",
    b"\x04\x22\x4d\x18": "lz4 -dc",
    b"PK\x03\x04": "unzip -p",
}
"""How a file begins that another program has compressed, and what writes its text."""
_LONGEST_MARK = max(map(len, _OTHER_PACKERS))


class _Stream(Protocol):
    def read1(self, size: int, /) -> bytes:
        """Return the next bytes, at most ``size``; nothing at the end."""


def read_chunks(path: Path | None) -> Iterator[list[str]]:
    """Yield the lines of a file, a pipe, or standard input for ``None``, a chunk at a time.

    Memory is bounded: lines over 64 KiB are cut. gzip is decompressed, up to 1 GiB. Raises ``OSError`` where the file
    cannot be read to its end, and for a device, a socket, or a named pipe that no program writes to.
    """
    splitter = LineSplitter()
    with ExitStack() as stack:
        stream = _decompressed(stack.enter_context(_opened(path)) if path is not None else standard_input())
        while data := _read(stream):
            if lines := splitter.split(data):
                yield lines
    if splitter.holds:
        yield splitter.split(b"\n")


def standard_input() -> io.BufferedReader:
    """Return standard input as a byte stream; raises ``OSError`` where it is closed."""
    if sys.stdin is None:
        raise OSError(0, "it is closed")
    stream = sys.stdin.buffer
    return stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(cast("io.RawIOBase", stream))


def _opened(path: Path) -> io.BufferedReader:
    """Open a file, or a pipe as in ``analyze <(kubectl logs vllm)``."""
    _refuse_endless(path.stat().st_mode)
    handle = os.open(path, OPEN_FLAGS)
    try:
        mode = os.fstat(handle).st_mode
        _refuse_endless(mode)
        if stat.S_ISFIFO(mode):
            _await_writer(handle)
            os.set_blocking(handle, True)
        return os.fdopen(handle, "rb")
    except OSError:
        os.close(handle)
        raise


def _refuse_endless(mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder: name the logs or recordings in it")
    kind = special_kind(mode)
    if kind and not stat.S_ISFIFO(mode):
        raise OSError(errno.EINVAL, f"it is {kind}, not a regular file")


def _await_writer(handle: int) -> None:
    """Return once a pipe has data, an end or a writer; raise ``OSError`` where it has none."""
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    if poll.poll(PATIENCE_S * 1000):
        return
    try:
        started = os.read(handle, 1)
    except BlockingIOError:  # a program has it open and has not written yet
        return
    late = "the program that writes to this pipe began too late, try again"
    raise OSError(errno.EPIPE, late if started else "it is a pipe that no program writes to")


def _decompressed(stream: io.BufferedReader) -> _Stream:
    begin = stream.peek(_LONGEST_MARK)
    if not begin.startswith(_GZIP):
        for mark, program in _OTHER_PACKERS.items():
            if begin.startswith(mark):
                raise OSError(
                    errno.EINVAL, f"it is compressed, and not with gzip: {program} FILE | stormdeck analyze -"
                )
        return stream
    import gzip

    packed = _Packed(stream)
    return _Unpacking(gzip.GzipFile(fileobj=cast("IO[bytes]", packed)), packed)


class _Packed:
    """Compressed data, read and counted in small chunks, so that the count is close to what was decompressed."""

    def __init__(self, stream: io.BufferedReader) -> None:
        self._stream = stream
        self.taken = 0

    def read(self, size: int) -> bytes:
        """Return the next bytes."""
        data = self._stream.read(min(size, _PACKED_PIECE))
        self.taken += len(data)
        return data


class _Unpacking:
    """Decompressed data, up to a size and a ratio."""

    def __init__(self, unpacked: _Stream, packed: _Packed) -> None:
        self._unpacked = unpacked
        self._packed = packed
        self._read = 0

    def read1(self, size: int, /) -> bytes:
        """Return the next bytes; raises ``OSError`` for data that decompresses to too much."""
        data = self._unpacked.read1(size)
        self._read += len(data)
        if self._read > MOST_UNPACKED:
            most = f"{MOST_UNPACKED // 1024**2} MiB"
            raise OSError(errno.EFBIG, f"it decompresses to more than {most}, the rest is left out: unpack it first")
        if self._read > _JUDGED_FROM and self._read > _PADDING * self._packed.taken:
            raise OSError(errno.EFBIG, f"it decompresses to more than {_PADDING} times its size, which no log does")
        return data


def _read(stream: _Stream) -> bytes:
    """Return the next bytes; raises ``OSError`` for damaged compressed data too."""
    import zlib
    from gzip import BadGzipFile

    try:
        return stream.read1(PIECE_BYTES)
    except (EOFError, zlib.error, BadGzipFile) as error:
        raise OSError(0, "its compressed data is damaged or cut off") from error


_ANY_ORDER_S = 2.0
"""Files that were copied together have times at most this far apart, in any order."""


def with_predecessors(path: Path) -> tuple[Path, ...]:
    """Return a log with its rotated predecessors, compressed ones too, oldest first.

    A ``FILE.1`` that is newer than ``FILE`` is not its predecessor.
    """
    chain = [path]
    changed = _modified(path)
    while changed is not None:
        older = _numbered(path, len(chain))
        written = _modified(older) if older is not None else None
        if older is None or written is None or written > changed + _ANY_ORDER_S:
            break
        chain.append(older)
        changed = written
    return tuple(reversed(chain))


def _numbered(path: Path, number: int) -> Path | None:
    names = (path.with_name(f"{path.name}.{number}{ending}") for ending in ("", ".gz"))
    return next((one for one in names if _modified(one) is not None), None)


def _modified(path: Path) -> float | None:
    """Return the modification time of a regular file, ``None`` for anything else."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_mtime if stat.S_ISREG(found.st_mode) else None
