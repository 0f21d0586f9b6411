"""``stormdeck replay``: load the recording to play."""

from __future__ import annotations

from pathlib import Path

from stormdeck.commands.output import write_err
from stormdeck.options.kinds import printable
from stormdeck.sources.recordings.tape import Tape, load_tape


def tape_of(file: str) -> Tape | None:
    """Return the recording in a file or a bundle's folder; if there is none, print the reason to stderr."""
    tape = load_tape(Path(file).expanduser())
    if isinstance(tape, str):
        write_err(f"stormdeck: {printable(tape)}.")
        return None
    if tape.damage:
        write_err(f"stormdeck: {printable(tape.name)}: {printable(tape.damage)}.")
    return tape
