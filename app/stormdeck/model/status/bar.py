"""Format the state of the stack as one line for tmux and for Claude Code's status line.

A status bar runs this every few seconds, so ``dataclasses`` and ``typing`` are not imported: they take longer than
everything else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stormdeck.model.numbers import is_number
from stormdeck.model.symbols import Health, to_ascii

LONGEST = 80
"""Characters of a headline; tmux and Claude Code cut longer ones anywhere."""
_LONGEST_MODEL = 40
LONG_WAIT_S = 5.0
"""A request that waits longer is said in the status line of its session."""
_TMUX = {Health.OK: "green", Health.ERROR: "red", Health.WARNING: "yellow"}
_SGR = {Health.OK: "32", Health.ERROR: "1;31", Health.WARNING: "1;33"}
_QUIET_TMUX, _QUIET_SGR = "colour244", "2"
_SERVERS = {"proxy", "vllm"}
_NAMED = {Health.ERROR, Health.WARNING}


class Bar:
    """The state of the stack, short enough for a status bar."""

    __slots__ = ("code", "flights", "health", "hops", "storms", "words")

    def __init__(
        self,
        health: Health,
        words: str,
        code: str,
        hops: Sequence[tuple[str, str, Health]],
        storms: Sequence[tuple[str, str]],
        flights: Sequence[tuple[str, float, str]] = (),
    ) -> None:
        self.health = health
        self.words = words
        """The short headline, on one line."""
        self.code = code
        """The rule with the fix, or empty."""
        self.hops = hops
        """Kind, name and health of each hop, from the client to the GPU."""
        self.storms = storms
        """Session and text of each running storm, newest first; the session is empty if unknown."""
        self.flights = flights
        """Session, start and progress of each request in flight, oldest first; known only where a recorder runs."""

    def as_json(self) -> dict[str, object]:
        """Return it as JSON."""
        return {
            "light": self.health.value,
            "words": self.words,
            "code": self.code,
            "hops": [[kind, name, health.value] for kind, name, health in self.hops],
            "storms": [list(storm) for storm in self.storms],
            "flights": [list(flight) for flight in self.flights],
        }

    @classmethod
    def from_json(cls, value: object) -> Bar | None:
        """Return the bar in a JSON value, or ``None`` if it is something else."""
        if not isinstance(value, dict):
            return None
        try:
            hops = [(_text(kind), _text(name), Health(health)) for kind, name, health in value["hops"]]
            storms = [(_text(session), _text(words)) for session, words in value["storms"]]
            # Panels of 0.1.0 publish none.
            listed = value.get("flights", ())
            flights = [(_text(session), _time(since), _text(words)) for session, since, words in listed]
            return cls(Health(value["light"]), _text(value["words"]), _text(value["code"]), hops, storms, flights)
        except (KeyError, TypeError, ValueError):
            return None


def ascii_only(environ: Mapping[str, str]) -> bool:
    """Return whether a terminal may only show ASCII, by its locale and type.

    Python itself turns the plain C locale into UTF-8 and sets ``LC_CTYPE`` (PEP 538).
    """
    if environ.get("TERM", "") in {"linux", "dumb"}:
        return True
    locale = next((environ[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if environ.get(name)), "")
    return "utf" not in locale.lower()


def tmux_line(bar: Bar, *, coloured: bool = True, only_ascii: bool = False) -> str:
    """Return one line for tmux's status line: a coloured sign for each hop, those of bad servers named, the headline.

    tmux interprets only the colours: any other ``#`` is doubled (measured, tmux 3.3a).
    """

    def painted(text: str, health: Health) -> str:
        return f"#[fg={_TMUX.get(health, _QUIET_TMUX)}]{text}" if coloured else text

    lights = [(_light(*hop), hop[2]) for hop in bar.hops]
    gap = "" if lights and lights[-1][0].endswith(" ") else " "
    pieces = [*lights, (f"{gap}{_headline(bar)}", bar.health)]
    line = "".join(painted(_plain(text, only_ascii).replace("#", "##"), health) for text, health in pieces)
    return f"{line}#[default]" if coloured else line


def _light(kind: str, name: str, health: Health) -> str:
    """Return the sign of a hop, with the name of a server that is not well."""
    return f"{health.glyph}{name} " if kind in _SERVERS and health in _NAMED else health.glyph


def client_line(
    bar: Bar,
    *,
    session: str = "",
    model: str = "",
    coloured: bool = True,
    only_ascii: bool = False,
    now: float | None = None,
) -> str:
    """Return one line for Claude Code's status line: its model, a sign for each server, the headline.

    ``session`` is the session that shows the line: its own storm comes first, that of another is marked as such. At
    ``now``, in unix seconds, its own request that waits for long is said, too.
    """

    def painted(text: str, health: Health) -> str:
        text = _plain(text, only_ascii)
        return f"\x1b[{_SGR.get(health, _QUIET_SGR)}m{text}\x1b[0m" if coloured else text

    parts = [_plain(model[:_LONGEST_MODEL], only_ascii)] if model else []
    for kind, name, health in bar.hops:
        if kind in _SERVERS:
            parts.append(f"{_plain(name, only_ascii)} {painted(health.glyph, health)}")
    parts.append(painted(_for_session(bar, session), bar.health))
    own = next((flight for flight in bar.flights if session and flight[0] == session), None)
    if own is not None and now is not None and now - own[1] >= LONG_WAIT_S:
        parts.append(_plain(f"{now - own[1]:.0f} s, {own[2]}", only_ascii))
    return _plain(" · ", only_ascii).join(parts)


def shortened(words: str) -> str:
    """Return a text shortened to fit a line, cut between two words."""
    if len(words) <= LONGEST:
        return words
    cut = words[:LONGEST].rstrip()
    if not words[LONGEST].isspace() and " " in cut:
        cut = cut[: cut.rindex(" ")]
    return f"{cut.rstrip(' ·,;:')} …"


def _for_session(bar: Bar, session: str) -> str:
    if session and bar.storms:
        own = next((words for whose, words in bar.storms if whose == session), None)
        if own is not None:
            return f"{own} (this session)"
        if all(whose for whose, _ in bar.storms):
            return f"{bar.words} (another session)"
    return _headline(bar)


def _headline(bar: Bar) -> str:
    return f"{bar.words} {bar.code}" if bar.code else bar.words


def _plain(text: str, only_ascii: bool) -> str:
    """Return a text without characters that a terminal interprets."""
    if not text.isprintable():
        text = "".join(filter(str.isprintable, text))
    return to_ascii(text) if only_ascii else text


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _time(value: object) -> float:
    if not isinstance(value, int | float) or not is_number(value):
        raise TypeError
    return float(value)
