"""Define an event of the timeline, when two records are the same event, and how they are merged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from stormdeck.model.numbers import is_number
from stormdeck.model.symbols import Health
from stormdeck.model.text import clean

NEAR_S = 20.0
"""Two panels note one event at times that differ by no more than this: they ask the servers at different moments."""
FLAP_S = 120.0
"""What happens again to the same thing within this time is counted, and no event of its own."""
LONGEST = 300
"""Characters of a text that is kept."""


class Kind(StrEnum):
    """What happened; the value is its name in JSON."""

    DOWN = "down"
    """A hop was away for a while."""
    RESTARTED = "restarted"
    """A server has another process, and was not seen away."""
    VERSION = "version"
    MODEL = "model"
    SETTINGS = "settings"
    STORM = "storm"
    GAVE_UP = "gave_up"
    FINDING = "finding"
    CANARY = "canary"
    PATH = "path"
    RESTART = "restart"
    """The user restarted a server with the panel."""
    GAP = "gap"
    """Nothing was watched."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event. Times are unix seconds. Texts are clean, and secrets in them are masked."""

    kind: Kind
    subject: str
    """What it happened to; with the kind and the time the event's identity: ``vLLM http://127.0.0.1:8000``."""
    at: float
    """When it began."""
    name: str = ""
    """The subject as it is shown: ``vLLM :8000``."""
    words: str = ""
    """What happened, in a form that ``sentences.py`` knows."""
    cause: str = ""
    """Why, in words; empty if that is unknown."""
    was: str = ""
    """The value before; empty if unknown or none."""
    now: str = ""
    """The value since then."""
    until: float | None = None
    """When it ended; ``None`` if it has no length, has not ended, or nobody saw its end."""
    is_open: bool = False
    """It goes on, as far as was seen."""
    count: int = 1
    """How often it happened."""
    total_s: float = 0.0
    """For how long in all, without the time since ``opened``."""
    opened: float | None = None
    """When it began the last time."""
    seen: float = field(default=0.0, compare=False)
    """When it was last known to be so."""
    health: Health | None = None
    """Its sign; ``None`` for what is neither good nor bad."""

    @property
    def moment(self) -> float:
        """Return when it was news last: when it ended, or began again."""
        if self.until is not None and not self.is_open:
            return self.until
        return self.opened if self.opened is not None else self.at

    @property
    def key(self) -> tuple[str, str, float]:
        """Return its identity."""
        return self.kind.value, self.subject, self.at

    @property
    def end(self) -> float:
        """Return the last time that belongs to it."""
        return max(self.at, self.moment, self.seen if self.is_open else self.at)


def is_same(one: Event, other: Event) -> bool:
    """Return whether two records are of the same event."""
    if one.kind is not other.kind or one.subject != other.subject:
        return False
    if one.kind is Kind.SETTINGS:
        # Two panels see one write: the one that wrote it, and another that only knows that it was not its own.
        near = FLAP_S if one.now == other.now or one.words == other.words else 0.0
    else:
        near = NEAR_S
    return one.at <= other.end + near and other.at <= one.end + near


def merged(one: Event, other: Event) -> Event:
    """Return one record from two records of the same event; the one that was seen last says how it stands."""
    old, new = sorted((one, other), key=lambda event: (event.seen, event.count, not event.is_open))
    first, last = sorted((one, other), key=lambda event: event.at)
    words, cause = new.words, new.cause or old.cause
    if one.kind is Kind.SETTINGS and HERE in {one.words, other.words} and one.now == other.now:
        words = HERE
    return replace(
        new,
        at=first.at,
        words=words,
        cause=cause,
        was=first.was or last.was,
        now=new.now or old.now,
        until=None if new.is_open else new.until if old.until is None else max(new.until or 0.0, old.until),
        count=max(one.count, other.count),
        total_s=max(one.total_s, other.total_s),
        seen=new.seen,
    )


HERE = "in the panel"
"""Who saved settings: this panel or another one."""
OUTSIDE = "outside the panel"
UNWATCHED = "while nothing was watched"

_TEXTS = ("subject", "name", "words", "cause", "was", "now")
_TIMES = ("at", "total_s", "seen")
_ENDS = ("until", "opened")


def as_stored(event: Event) -> dict[str, object]:
    """Return an event as JSON values."""
    names = (*_TEXTS, *_TIMES, *_ENDS, "is_open", "count")
    health = None if event.health is None else event.health.value
    return {"kind": event.kind.value, **{name: getattr(event, name) for name in names}, "health": health}


def from_stored(values: Mapping[str, object]) -> Event | None:
    """Return an event from JSON values; ``None`` if another program, or a newer stormdeck, wrote them."""
    texts = [values.get(name) for name in _TEXTS]
    times = [values.get(name) for name in _TIMES]
    ends = [values.get(name) for name in _ENDS]
    count, is_open, health = values.get("count"), values.get("is_open"), values.get("health")
    if not all(isinstance(text, str) for text in texts) or not all(map(is_number, times)):
        return None
    if not all(end is None or is_number(end) for end in ends):
        return None
    kind = values.get("kind")
    if not isinstance(count, int) or not is_number(count) or count < 1 or not isinstance(is_open, bool):
        return None
    if not isinstance(kind, str) or kind not in set(Kind):
        return None
    subject, name, words, cause, was, now = (clean(str(text))[:LONGEST] for text in texts)
    at, total_s, seen = (float(str(time)) for time in times)
    until, opened = (None if end is None else float(str(end)) for end in ends)
    return Event(
        kind=Kind(kind),
        subject=subject,
        at=at,
        name=name,
        words=words,
        cause=cause,
        was=was,
        now=now,
        until=until,
        is_open=is_open,
        count=count,
        total_s=total_s,
        opened=opened,
        seen=seen,
        health=Health(health) if isinstance(health, str) and health in set(Health) else None,
    )
