"""Keeps what is followed as a recording."""

from __future__ import annotations

import os
from pathlib import Path

from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.text import clean
from stormdeck.sources.recordings.entry import Recorded, write_recorded


class Recorder:
    """Appends lines to a recording of its own, readable by its user alone: a log may quote prompts and keys.

    Lines that stood in a log before it was followed have no known arrival and are left out. Once several logs are
    followed, each line names its own.
    """

    def __init__(self, path: Path, *, several: bool) -> None:
        """Create the file; raises OSError, also where there is one already."""
        self._several = several
        self._path = path
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._file = open(descriptor, "w", encoding="utf-8", errors="backslashreplace")  # noqa: SIM115, PTH123
        self.trouble = ""
        """Why it was given up, in plain words; what was written until then stays."""

    def take(self, batch: LogBatch) -> None:
        """Write the lines of a batch, so that they are in the file when this returns; never raises."""
        if batch.history or self.trouble:
            return
        log = batch.log if self._several else ""
        try:
            self._file.writelines(write_recorded(Recorded(batch.arrived, line, log)) + "\n" for line in batch.lines)
            self._file.flush()
        except OSError as error:
            self.trouble = clean(f"{self._path} cannot be written any more: {error.strerror}; it ends here")

    def close(self) -> None:
        """Give the file back."""
        try:
            self._file.close()
        except OSError as error:
            self.trouble = self.trouble or clean(f"{self._path} cannot be written: {error.strerror}")
