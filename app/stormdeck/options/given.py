"""What was written down somewhere: an option's texts not yet read, or what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from stormdeck.options.declared import Declaration, Origin
from stormdeck.options.kinds import printable, quoted


@dataclass(frozen=True, slots=True)
class Given:
    """One option as one source gives it."""

    declaration: Declaration
    origin: Origin
    texts: tuple[str, ...]
    """One text, or any number of them where the option is a list."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with the options, where, and what to write instead."""

    where: str
    """A flag, a variable, ``FILE``, ``FILE:LINE`` or ``FILE:LINE:COLUMN``."""
    message: str

    def __str__(self) -> str:
        return printable(f"{self.where}: {self.message}")


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """Say that there is no option, flag or variable of that name, and which one may be meant."""
    plain = {known_name.lower().replace("-", "_"): known_name for known_name in known}
    near = get_close_matches(name.lower().replace("-", "_"), plain, n=1)
    return f"unknown {what} {quoted(name)}" + (f"; did you mean {plain[near[0]]}?" if near else "")
