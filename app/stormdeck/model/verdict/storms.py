"""What the requests say: a storm that goes on, one that is over, a request that failed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from stormdeck.model.deck import Deck
from stormdeck.model.logs.reasons import is_cooldown
from stormdeck.model.retries.storms.storm import Outcome, Storm
from stormdeck.model.rules.impact import is_background
from stormdeck.model.snapshots.server import ServerState
from stormdeck.model.snapshots.traffic import RECENT_S
from stormdeck.model.snapshots.vllm_metrics import RATE_S
from stormdeck.model.symbols import Health
from stormdeck.model.symptoms.blame import Blame, blame, blame_failure, failure_of_storm, proxy_name
from stormdeck.model.text import clean
from stormdeck.model.units import about, duration, plural
from stormdeck.model.verdict.statement import Clock, Statement, brief

LOST_S = 180
"""The same for a turn that was given up: its user has to send it again."""
SESSION = 4
"""Characters of a session's id that tell it from others."""
NEW_S = 20.0
"""How long a storm that is over comes before a turn that was given up earlier."""
_AGO_S = 60.0
"""From then on it is said how long ago it was."""
_VAGUE_S = 10.0
"""A window for the next attempt that is wider than this is told as such."""
_DOWN = {ServerState.DOWN, ServerState.STARTING, ServerState.SILENT, ServerState.DEGRADED}
_TOLD_APART = {Outcome.LIVE, Outcome.GAVE_UP}
_STOPPED_HOW = "The client had attempts left: its user stopped it, or it was ended. A log does not tell which."


def live(deck: Deck, now: float, clock: Clock) -> Iterator[Statement]:
    """Yield the storm that goes on: the one that still fails, else one that is being answered or is overdue."""
    storm = deck.traffic.live_storm if deck.traffic else None
    if storm is not None:
        yield _failing_still(storm, deck, now, clock)
        return
    open_one = next((one for one in deck.storms if one.outcome is Outcome.LIVE), None)
    if open_one is not None:
        yield _answered(open_one, deck, now) if open_one.answered_at is not None else _overdue(open_one, deck, now)


def _failing_still(storm: Storm, deck: Deck, now: float, clock: Clock) -> Statement:
    whose = blame(storm, deck)
    parts = [f"RETRY STORM  attempt {storm.attempts} of {storm.limit}{_where(storm, deck)}", whose.cause]
    if storm.sent_at is not None:
        parts.append(f"waits for an answer, {duration(max(0.0, now - storm.sent_at))}")
    elif storm.attempts >= storm.limit:
        parts.append("the last one")
    elif storm.next_at is not None:
        parts.append(_next(storm, storm.next_at - now, now))
    if storm.gives_up_at is not None and now < storm.gives_up_at and storm.attempts < storm.limit:
        parts.append(f"gives up {clock(storm.gives_up_at)}")
    place = f" from {whose.who}" if whose.who else ""
    return Statement(
        Health.ERROR,
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


def _where(storm: Storm, deck: Deck) -> str:
    """Return whose turn it is, where several sessions are at work; and how many others retry beside it."""
    fails = [one for one in deck.storms if one.fails]
    at_work = {one.session for one in deck.storms if one.outcome is Outcome.LIVE or one is storm}
    at_work |= {one.session for one in deck.traffic.in_flight} if deck.traffic is not None else set()
    others = len(fails) - 1 if storm.fails else 0
    more = f", {plural(others, 'other retries', 'others retry')} too" if others > 0 else ""
    if storm.session is None or len(at_work - {None}) < 2:
        return more
    name = clean(storm.folder.rstrip("/").rpartition("/")[2]) or "session"
    agent = "a subagent in " if storm.agent else ""
    return f" in {agent}{name} {clean(storm.session[:SESSION])}{more}"


def _next(storm: Storm, wait: float, now: float) -> str:
    """Return when the next attempt comes: about when, or within which time where the wait is not known that well."""
    latest = storm.next_by - now if storm.next_by is not None else wait
    if latest - wait > _VAGUE_S and latest >= 1:
        return f"next in {duration(wait)} to {duration(latest)}" if wait >= 1 else f"next within {duration(latest)}"
    return f"next {about(wait)}" if wait >= 1 else "next one is due"


def _answered(storm: Storm, deck: Deck, now: float) -> Statement:
    """Return the statement that the newest attempt is being answered: nothing fails any more."""
    whose = blame(storm, deck)
    engine = deck.vllm.engine if deck.vllm is not None else None
    took = max(0.0, now - (storm.answered_at or now))
    # The rate is this answer's only where nothing else runs, and over seconds in which this one did.
    known = engine is not None and engine.running == 1 and took >= RATE_S
    rate = engine.generation_tokens_per_s if engine is not None and known else None
    figures = [duration(took)] + ([f"{rate:.0f} tokens/s"] if rate else [])
    head = f"Attempt {storm.attempts} is being answered"
    failed = storm.attempts - 1
    return Statement(
        Health.WARNING,
        f"{head} ({', '.join(figures)}) · {plural(failed, 'attempt', 'attempts')} before it failed · {whose.cause}",
        "On the client it looks like one slow answer.",
        whose.hop,
        brief=brief(head, f"{', '.join(figures)}; before it {storm.cause}"),
        cause=whose.cause,
        evidence=f"{_counted(storm)}; a 200 for the newest one",
        step="wait",
        rank=Health.ERROR,
        age=now - storm.started,
    )


def _overdue(storm: Storm, deck: Deck, now: float) -> Statement:
    """Return the statement that no further attempt was seen in its time: stopped, unless something runs at vLLM."""
    whose = blame(storm, deck)
    engine = deck.vllm.engine if deck.vllm is not None and deck.vllm.state is ServerState.UP else None
    idle = engine is not None and not engine.running and not engine.waiting
    head = (
        f"No further attempt seen after {storm.attempts} of {storm.limit}: stopped"
        if idle
        else f"Attempt {storm.attempts + 1} of {storm.limit} is under way, or was stopped"
    )
    return Statement(
        Health.WARNING,
        f"{head} · {whose.cause}",
        "The client waits for an answer, or its user has stopped it: a log shows an attempt once it is answered."
        if not idle
        else "Its user has stopped it, or it was ended: the next attempt is overdue, and nothing runs at vLLM.",
        whose.hop,
        whose.code,
        brief=brief(head.partition(":")[0], storm.cause),
        cause=whose.cause,
        evidence=_counted(storm),
        step=_step(whose, deck),
        rank=Health.ERROR,
        age=now - storm.started,
    )


def lost(deck: Deck, now: float) -> Iterator[Statement]:
    """Yield the turns that Claude Code gave up in the last minutes; a hop that is down now is graver."""
    down = any(one is not None and one.state in _DOWN for one in (deck.proxy, deck.vllm))
    for storm in deck.storms:
        if storm.outcome is Outcome.GAVE_UP and 0 <= now - storm.last < LOST_S:
            whose = blame(storm, deck)
            advice = _masked(storm.reason, whose, deck)
            again = "" if "send it again" in advice else " Then send it again." if advice else "Send it again."
            rank = None if down else Health.ERROR
            yield _past(storm, "Claude Code gave up after", f"{advice}{again}", whose, deck, now, rank)


def just_over(deck: Deck, now: float) -> Iterator[Statement]:
    """Yield a storm that ended a moment ago, before a turn that was given up earlier."""
    gone = [one.last for one in deck.storms if one.outcome is Outcome.GAVE_UP]
    if not gone:
        return
    for said in _others(deck, now, NEW_S, after=max(gone)):
        yield replace(said, rank=Health.ERROR)


def remembered(deck: Deck, now: float) -> Iterator[Statement]:
    """Yield the other storms that ended in the last two minutes."""
    yield from _others(deck, now, RECENT_S)


def _others(deck: Deck, now: float, span_s: float, after: float = 0.0) -> Iterator[Statement]:
    """Yield the storms of a span that are over and were not given up."""
    for storm in deck.storms:
        if storm.outcome in _TOLD_APART or not 0 <= now - storm.last < span_s or storm.last < after:
            continue
        whose = blame(storm, deck)
        match storm.outcome:
            case Outcome.RECOVERED:
                yield _past(storm, "Recovered after", "On the client it looked like one slow answer.", whose, deck, now)
            case Outcome.STOPPED:
                yield _past(storm, "Stopped by the user after", _masked(storm.reason, whose, deck), whose, deck, now)
            case _:
                yield _past(storm, "No further attempt seen after", _STOPPED_HOW, whose, deck, now)


def _past(
    storm: Storm, what: str, detail: str, whose: Blame, deck: Deck, now: float, rank: Health | None = None
) -> Statement:
    """Return the statement about a storm that is over."""
    head = f"{what} {plural(storm.attempts, 'attempt', 'attempts')}{_where(storm, deck)}"
    age = now - storm.last
    ago = f" · {duration(age // 10 * 10)} ago" if age >= _AGO_S else ""
    return Statement(
        Health.WARNING,
        f"{head} in {duration(storm.last - storm.started)} · {whose.cause}{ago}",
        detail,
        whose.hop,
        whose.code,
        brief=brief(head, whose.cause),
        cause=whose.cause,
        evidence=_counted(storm),
        step=_step(whose, deck),
        rank=rank,
        past=True,
        age=age,
    )


def failing(deck: Deck, now: float) -> Iterator[Statement]:
    """Tell the newest request that failed without a storm: still failing, or passed since."""
    failure = deck.traffic.failure if deck.traffic else None
    if failure is None or not 0 <= now - failure.at < RECENT_S or failure_of_storm(failure, deck):
        return
    whose = blame_failure(failure, deck)
    age = now - failure.at
    ago = f"{duration(age // 10 * 10)} ago" if age >= 10 else "just now"
    passed = "; one after it passed" if failure.passed else ""
    found = next((one for one in deck.findings if one.code == whose.code), None)
    background = found is not None and is_background(found, deck)
    yield Statement(
        Health.WARNING if failure.passed else Health.ERROR,
        f"A request failed {ago}{passed}: {whose.cause}",
        _masked(failure.reason, whose, deck),
        whose.hop,
        whose.code,
        brief=brief(f"A request failed {ago}", whose.cause),
        cause=whose.cause,
        evidence=f"its line in {failure.log}" + (", and the error record beside it" if failure.reason else ""),
        step=_step(whose, deck),
        rank=Health.WARNING if background else None,
        age=age,
    )


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
