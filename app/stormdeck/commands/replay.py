"""``stormdeck replay``: which recording is to be played, or why it cannot be."""

from __future__ import annotations

from pathlib import Path

from stormdeck.commands.output import say
from stormdeck.options.kinds import printable
from stormdeck.sources.recordings.tape import Tape, load_tape


def tape_of(file: str) -> Tape | None:
    """Return the recording of a file or of a bundle's folder; where there is none, tell why on stderr."""
    tape = load_tape(Path(file).expanduser())
    if isinstance(tape, str):
        say(f"stormdeck: {printable(tape)}.")
        return None
    if tape.damage:
        say(f"stormdeck: {printable(tape.name)}: {printable(tape.damage)}.")
    return tape
