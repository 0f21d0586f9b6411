"""What the simulated model says: a few sentences, or a call of a tool."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

SENTENCES = (
    "The test fails because the fixture closes the socket before the server has read the request. ",
    "I moved the parser into its own module and kept the public name where it was. ",
    "Both call sites pass the timeout in seconds now, so the conversion can go. ",
    "There is one caller left in the command line tool, and it only reads the first field. ",
    "The cache key leaves out the locale, which explains why the second run shows the old text. ",
    "I would rather not touch the migration: it has run on the staging database already. ",
    "All forty-two tests pass, and the type checker is quiet. ",
    "Shall I also rename the flag in the documentation? ",
)
COMMANDS = (
    "python -m pytest -q tests/test_parser.py",
    "git diff --stat",
    "rg -n 'read_config' src",
    "sed -n '1,80p' src/server.py",
    "ls -la src tests",
)
_WORD = re.compile(r"\s*\S+\s*")


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer, piece by piece; a piece counts as one token."""

    pieces: tuple[str, ...]
    tool: str = ""
    """The tool that is called, empty for plain text; the pieces are then its JSON arguments."""
    cut: bool = False
    """It ended at ``max_tokens``."""


def compose(rng: random.Random, max_tokens: int, *, tools: bool, asked_tool: str = "") -> Reply:
    """Return an answer: with tools at hand, a call of one in two cases out of five, and of one that is asked for."""
    if asked_tool or (tools and rng.random() < 0.4):
        pieces = tuple(_WORD.findall(f'{{"command": "{rng.choice(COMMANDS)}"}}'))
        return Reply(pieces, tool=asked_tool or "Bash")
    text = "".join(rng.choice(SENTENCES) for _ in range(rng.randint(5, 14)))
    pieces = tuple(_WORD.findall(text))
    return Reply(pieces[:max_tokens], cut=len(pieces) > max_tokens)
