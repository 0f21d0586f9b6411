"""What the requests say: a storm that goes on, one that is over, a request that failed."""

from __future__ import annotations

from collections.abc import Iterator

from stormdeck.model.blame import Blame, blame, blamed, proxy_name
from stormdeck.model.deck import Deck
from stormdeck.model.light import Light
from stormdeck.model.logs.reasons import is_cooldown
from stormdeck.model.retries.storm import Outcome, Storm
from stormdeck.model.traffic import Failure
from stormdeck.model.units import about, duration
from stormdeck.model.verdict.statement import Clock, Statement, brief

RECENT_S = 120
"""How long a storm or a failure that is over stays worth a headline."""
_BESIDE_S = 15.0
"""A failure this near to a storm is one of its attempts."""


def live(deck: Deck, now: float, clock: Clock) -> Iterator[Statement]:
    """Tell the storm that goes on."""
    storm = deck.traffic.live_storm if deck.traffic else None
    if storm is None:
        return
    whose = blame(storm, deck)
    parts = [f"RETRY STORM  attempt {storm.attempts} of {storm.limit}", whose.cause]
    if storm.attempts >= storm.limit:
        parts.append("the last one")
    elif storm.next_at is not None:
        wait = storm.next_at - now
        parts.append(f"next {about(wait)}" if wait >= 1 else "next one is due")
    if storm.gives_up_at is not None and storm.attempts < storm.limit:
        parts.append(f"gives up {clock(storm.gives_up_at)}")
    place = f" from {whose.who}" if whose.who else ""
    yield Statement(
        Light.BROKEN,
        " · ".join(parts),
        _masked(storm.reason, whose, deck),
        whose.hop,
        whose.code,
        brief=brief(f"STORM attempt {storm.attempts} of {storm.limit}", f"{storm.cause}{place} · {parts[2]}"),
        cause=whose.cause,
        evidence=_counted(storm),
        step=_step(whose, deck),
        age=now - storm.started,
    )


def remembered(deck: Deck, now: float) -> Iterator[Statement]:
    """Tell the storms that ended in the last two minutes."""
    for storm in deck.storms:
        if storm.outcome is Outcome.LIVE or not 0 <= now - storm.last < RECENT_S:
            continue
        whose = blame(storm, deck)
        span = duration(storm.last - storm.started)
        recovered = storm.outcome is Outcome.RECOVERED
        what = "Recovered" if recovered else "Claude Code gave up"
        detail = "On the client it looked like one slow answer." if recovered else _masked(storm.reason, whose, deck)
        yield Statement(
            Light.LOOK,
            f"{what} after {storm.attempts} attempts in {span} · {whose.cause}",
            detail,
            whose.hop,
            whose.code,
            brief=brief(f"{what} after {storm.attempts} attempts", whose.cause),
            cause=whose.cause,
            evidence=_counted(storm),
            step=_step(whose, deck),
            age=now - storm.last,
        )


def failing(deck: Deck, now: float) -> Iterator[Statement]:
    """Tell the newest request that failed without a storm: still failing, or passed since."""
    failure = deck.traffic.failure if deck.traffic else None
    if failure is None or not 0 <= now - failure.at < RECENT_S or _of_storm(failure, deck):
        return
    whose = blamed(str(failure.status), failure.reason, deck)
    age = now - failure.at
    ago = f"{duration(age // 10 * 10)} ago" if age >= 10 else "just now"
    passed = "; one after it passed" if failure.passed else ""
    yield Statement(
        Light.LOOK if failure.passed else Light.BROKEN,
        f"A request failed {ago}{passed}: {whose.cause}",
        _masked(failure.reason, whose, deck),
        whose.hop,
        whose.code,
        brief=brief(f"A request failed {ago}", whose.cause),
        cause=whose.cause,
        evidence=f"its line in {failure.log}" + (", and the error record beside it" if failure.reason else ""),
        step=_step(whose, deck),
        age=age,
    )


def _of_storm(failure: Failure, deck: Deck) -> bool:
    storms = deck.storms
    return any(storm.started - _BESIDE_S <= failure.at <= storm.last + _BESIDE_S for storm in storms)


def _masked(reason: str, whose: Blame, deck: Deck) -> str:
    """Return the advice; a cooldown hides the error that began it, which an older failure may still tell."""
    if not is_cooldown(reason) and "cooldown" not in reason.lower():
        return whose.advice
    first = _before_cooldown(deck)
    if first is None:
        return whose.advice
    return f"{proxy_name(deck)} is in cooldown and answers without asking vLLM. Before it: {first}."


def _before_cooldown(deck: Deck) -> str | None:
    """Return the newest error that was no cooldown, of the storms that are remembered."""
    for storm in deck.storms:
        if storm.reason and "cooldown" not in storm.reason.lower() and storm.cause in {"401", "404"}:
            return f"{storm.cause} {storm.reason}"
    return None


def _counted(storm: Storm) -> str:
    how = storm.confidence or {
        "transcript": "counted by the client",
        "body": "by equal requests",
    }.get(storm.evidence, "by waits")
    where = f" in {storm.log}" if storm.log else ""
    return f"{storm.attempts} requests for one turn{where}, {how}"


def _step(whose: Blame, deck: Deck) -> str:
    found = next((one for one in deck.findings if one.code == whose.code), None)
    if found is not None and found.fix is not None:
        return "stormdeck check --fix"
    return f"stormdeck explain {whose.code}" if whose.code else "stormdeck check"
