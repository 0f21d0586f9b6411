"""Why the counts of one version of the client differ from those of the version before it.

``make versions`` writes the reasons into LEDGER.md; a difference without a reason stands there as such.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from stormdeck.model.versions import at_least, below, version_key

if TYPE_CHECKING:
    from ledger import Line

COUNTED = ("requests", "retries", "from_log", "with_transcripts")
UNEXPLAINED = "**not explained**"
_NAMED = 3
"""So many scenarios are named one by one."""


@dataclass(frozen=True)
class Change:
    """What changed with a version of the client."""

    since: str
    columns: tuple[str, ...]
    why: str
    scenarios: tuple[str, ...] = ()
    """Words that a scenario's name begins with; empty: all."""
    by: tuple[int, ...] = ()
    """The differences that it explains; empty: any."""

    def explains(self, before: Line, after: Line, column: str) -> bool:
        """Return whether a column of a scenario differs between two versions because of it."""
        return (
            below(before.version, self.since)
            and at_least(after.version, self.since)
            and column in self.columns
            and (not self.scenarios or after.scenario.startswith(self.scenarios))
            and (not self.by or getattr(after, column) - getattr(before, column) in self.by)
        )


CHANGES = (
    Change(
        "2.1.112", COUNTED, "a number of retries that is none is ignored; before, nothing was sent", ("retries in",)
    ),
    Change("2.1.112", ("requests",), "it counts 18 parts of the context, not 16, and sends HEAD /", ("/context",)),
    Change("2.1.112", ("requests",), "it sends HEAD / before its first request", by=(1,)),
    Change(
        "2.1.112",
        ("from_log",),
        "the log alone shows a late attempt over another connection only sometimes",
        ("in a terminal: 500",),
        by=(-1, 1),
    ),
    Change(
        "2.1.329", COUNTED, "after a 400 it leaves out one beta after the other and sends the request again", ("400",)
    ),
    Change(
        "2.1.329",
        ("requests",),
        "it counts 24 parts, not 18; where the server cannot count, it asks for no message in place of each count",
        ("/context",),
    ),
    Change(
        "2.1.329", ("requests",), "no HEAD /, and in a terminal no request for a title", ("in a terminal",), by=(-2,)
    ),
    Change("2.1.329", ("requests",), "no HEAD / before its first request", by=(-1,)),
    Change("2.1.329", ("with_transcripts",), "with -p too it writes down its attempts", ("reset", "cut", "hang")),
)
"""Measured; facts/claude-code.md sections 1 to 3, and the server's own log for /context."""


def differences(lines: Iterable[Line]) -> dict[tuple[str, str], dict[str, list[str]]]:
    """Return the scenarios that differ, by each version with the one before it, and by the reason."""
    by_version: dict[str, dict[str, Line]] = {}
    for line in lines:
        by_version.setdefault(line.version, {})[line.scenario] = line
    ordered = sorted(by_version, key=version_key)
    return {(old, new): _reasons(by_version[old], by_version[new]) for old, new in pairwise(ordered)}


def section(lines: Sequence[Line]) -> str:
    """Return the differences as a section of the page; empty for a single version."""
    rows = []
    for (old, new), reasons in reversed(differences(lines).items()):
        rows.append(f"\n{new} against {old}: {'' if reasons else 'nothing differs.'}".rstrip() + "\n")
        rows += [f"- {why} ({_named(scenarios)})" for why, scenarios in reasons.items()]
    return "\n".join(["## What differs between the versions", *rows]) + "\n" if rows else ""


def _reasons(old: Mapping[str, Line], new: Mapping[str, Line]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, after in new.items():
        before = old.get(name)
        for column in COUNTED if before is not None else ():
            if getattr(before, column) != getattr(after, column):
                change = next((one for one in CHANGES if one.explains(before, after, column)), None)
                scenarios = found.setdefault(change.why if change is not None else UNEXPLAINED, [])
                scenarios += [name] if name not in scenarios else []
    return found


def _named(scenarios: Sequence[str]) -> str:
    return ", ".join(scenarios) if len(scenarios) <= _NAMED else f"{len(scenarios)} scenarios"
