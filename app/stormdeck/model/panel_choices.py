"""What the user chose inside the panel: which panels, how dense, and how often servers are polled."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from stormdeck.model.overview_layout import PANELS

INTERVALS_S = (1, 2, 3, 5, 10, 20, 30, 60)
"""Intervals between polls that a key steps through; the option allows every second between."""
DENSITIES = ("normal", "compact")
PRESETS = {
    "everything": PANELS,
    "requests": ("verdict", "requests", "in-flight", "storms", "log"),
    "servers": ("verdict", "servers", "gpus", "history"),
    "log": ("verdict", "log"),
}
"""Layouts by name."""


@dataclass(frozen=True, slots=True)
class Choices:
    """Values by the name of the option that they stand for; ``None``: nothing was chosen."""

    panels: tuple[str, ...] | None = None
    density: str | None = None
    poll: int | None = None


def write_choices(choices: Choices) -> str:
    """Return choices as JSON."""
    return json.dumps({name: value for name, value in asdict(choices).items() if value is not None}) + "\n"


def read_choices(text: str) -> Choices:
    """Return the choices in JSON, without those that are damaged or no longer exist.

    >>> read_choices('{"panels": ["log", "clock"], "poll": 5}')
    Choices(panels=('log',), density=None, poll=5)
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return Choices()
    if not isinstance(found, dict):
        return Choices()
    panels, density, poll = (found.get(name) for name in ("panels", "density", "poll"))
    known = tuple(name for name in PANELS if name in panels) if isinstance(panels, list) else ()
    return Choices(
        known or None,
        density if density in DENSITIES else None,
        poll if isinstance(poll, int) and INTERVALS_S[0] <= poll <= INTERVALS_S[-1] and poll is not True else None,
    )


def next_interval(now: int, step: int) -> int:
    """Return the next longer interval, or with a negative step the next shorter one; at the end, the same.

    >>> next_interval(7, 1), next_interval(7, -1), next_interval(60, 1)
    (10, 5, 60)
    """
    others = [one for one in INTERVALS_S if (one > now if step > 0 else one < now)]
    return now if not others else others[0] if step > 0 else others[-1]


def interval_words(seconds: int) -> str:
    """Return what an interval means: polls adapt, so it is the shortest."""
    return f"Polling servers every {seconds} s; less often while quiet, failing or out of focus."


def toggled(panels: tuple[str, ...], name: str) -> tuple[str, ...]:
    """Return the panels with one added at its usual place, or removed; the last one stays.

    >>> toggled(("verdict", "log"), "storms"), toggled(("log",), "log")
    (('verdict', 'storms', 'log'), ('log',))
    """
    if name in panels:
        return tuple(one for one in panels if one != name) or panels
    after = PANELS[PANELS.index(name) + 1 :]
    at = next((place for place, one in enumerate(panels) if one in after), len(panels))
    return (*panels[:at], name, *panels[at:])


def preset_of(panels: tuple[str, ...]) -> str:
    """Return the name of the layout that these panels are; empty: none."""
    return next((name for name, preset in PRESETS.items() if preset == panels), "")
