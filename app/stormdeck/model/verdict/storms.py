"""State what the requests show: a storm under way, one that is over, a request that failed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from stormdeck.model.deck import Deck
from stormdeck.model.logs.reasons import is_cooldown
from stormdeck.model.retries.odds.unclear import Unclear
from stormdeck.model.retries.storms.storm import Outcome, Storm
from stormdeck.model.rules.impact import is_background
from stormdeck.model.snapshots.server import ServerState
from stormdeck.model.snapshots.traffic import RECENT_S, Failure
from stormdeck.model.snapshots.vllm_metrics import RATE_S
from stormdeck.model.symbols import Health
from stormdeck.model.symptoms.blame import Blame, blame, blame_failure, failure_of_storm, proxy_name
from stormdeck.model.text import clean
from stormdeck.model.units import about, duration, plural
from stormdeck.model.verdict.statement import Clock, Statement, brief

LOST_S = 180
"""How long a turn that was given up is shown: the user has to send it again."""
SESSION = 4
"""Characters of a session's id that are shown to tell it from others."""
NEW_S = 20.0
"""How long a storm that has just ended ranks above a turn that was given up earlier."""
_AGO_S = 60.0
"""Age from which a statement adds how long ago it was."""
_VAGUE_S = 10.0
"""Width of the window for the next attempt from which it is shown as a range."""
_DOWN = {ServerState.DOWN, ServerState.STARTING, ServerState.SILENT, ServerState.DEGRADED}
_SEPARATE = {Outcome.LIVE, Outcome.GAVE_UP}
_LOOKED_SLOW = "On the client it looked like one slow answer."
_STOPPED_HOW = "The client had attempts left: its user stopped it, or it was killed. A log does not show which."


def live(deck: Deck, now: float, clock: Clock) -> Iterator[Statement]:
    """Yield the storm under way: the one that still fails, else one that is being answered or is overdue."""
    storm = deck.traffic.live_storm if deck.traffic else None
    if storm is not None:
        yield _failing(storm, deck, now, clock)
        return
    open_one = next((one for one in deck.storms if one.outcome is Outcome.LIVE), None)
    if open_one is not None:
        yield _answered(open_one, deck, now) if open_one.answered_at is not None else _overdue(open_one, deck, now)


def _failing(storm: Storm, deck: Deck, now: float, clock: Clock) -> Statement:
    blamed = blame(storm, deck)
    parts = [f"RETRY STORM  attempt {storm.attempts} of {storm.limit}{_where(storm, deck)}", blamed.cause]
    if storm.sent_at is not None:
        parts.append(f"waiting for an answer, {duration(max(0.0, now - storm.sent_at))}")
    elif storm.attempts >= storm.limit:
        parts.append("the last attempt")
    elif storm.next_at is not None:
        parts.append(_next(storm, storm.next_at - now, now))
    short = f"attempt {storm.attempts} of {storm.limit}"
    if storm.gives_up_at is not None and now < storm.gives_up_at and storm.attempts < storm.limit:
        parts.append(f"gives up at {clock(storm.gives_up_at)} (in {duration(storm.gives_up_at - now)})")
        short = f"{storm.attempts} of {storm.limit} · gives up at {clock(storm.gives_up_at)}"
    place = f" from {blamed.who}" if blamed.who else ""
    return Statement(
        Health.ERROR,
        " · ".join(parts),
        _advice(storm.reason, blamed, deck),
        blamed.hop,
        blamed.code,
        brief=brief(f"STORM {short}", f"{storm.cause}{place} · {parts[2]}"),
        cause=blamed.cause,
        evidence=_evidence(storm),
        step=_step(blamed, deck),
        age=now - storm.started,
    )


def _where(storm: Storm, deck: Deck) -> str:
    """Return which session the turn belongs to, if several are active, and how many others retry as well."""
    fails = [one for one in deck.storms if one.fails]
    at_work = {one.session for one in deck.storms if one.outcome is Outcome.LIVE or one is storm}
    at_work |= {one.session for one in deck.traffic.in_flight} if deck.traffic is not None else set()
    others = len(fails) - 1 if storm.fails else 0
    more = f", {plural(others, 'other retries', 'others retry')} too" if others > 0 else ""
    if storm.session is None or len(at_work - {None}) < 2:
        return more
    return f" in {session_name(storm.session, storm.folder, storm.agent)}{more}"


def session_name(session: str, folder: str, agent: str = "") -> str:
    """Return how a session is called in a sentence: its folder, and the first characters of its id."""
    name = clean(folder.rstrip("/").rpartition("/")[2]) or "session"
    return f"{'a subagent in ' if agent else ''}{name} {clean(session[:SESSION])}"


def _next(storm: Storm, wait: float, now: float) -> str:
    """Return when the next attempt is expected, or the range if the wait is not known well."""
    latest = storm.next_by - now if storm.next_by is not None else wait
    if latest - wait > _VAGUE_S and latest >= 1:
        return f"next in {duration(wait)} to {duration(latest)}" if wait >= 1 else f"next within {duration(latest)}"
    return f"next {about(wait)}" if wait >= 1 else "next one is due"


def _answered(storm: Storm, deck: Deck, now: float) -> Statement:
    """Return that the newest attempt is being answered, so nothing fails any more."""
    blamed = blame(storm, deck)
    engine = deck.vllm.engine if deck.vllm is not None else None
    took = max(0.0, now - (storm.answered_at or now))
    # The rate belongs to this answer only if nothing else runs, and it has run for the whole window.
    known = engine is not None and engine.running == 1 and took >= RATE_S
    rate = engine.generation_tokens_per_s if engine is not None and known else None
    figures = [duration(took)] + ([f"{rate:.0f} tokens/s"] if rate else [])
    head = f"Attempt {storm.attempts} is being answered"
    failed = storm.attempts - 1
    return Statement(
        Health.WARNING,
        f"{head} ({', '.join(figures)}) · {plural(failed, 'attempt', 'attempts')} before it failed · {blamed.cause}",
        "On the client it looks like one slow answer.",
        blamed.hop,
        brief=brief(head, f"{', '.join(figures)}; before it {storm.cause}"),
        cause=blamed.cause,
        evidence=f"{_evidence(storm)}; a 200 for the newest one",
        step="wait",
        rank=Health.ERROR,
        age=now - storm.started,
    )


def _overdue(storm: Storm, deck: Deck, now: float) -> Statement:
    """Return that the next attempt is overdue: the turn was stopped, unless vLLM is working on something."""
    blamed = blame(storm, deck)
    engine = deck.vllm.engine if deck.vllm is not None and deck.vllm.state is ServerState.UP else None
    idle = engine is not None and not engine.running and not engine.waiting
    head = (
        f"No further attempt seen after {storm.attempts} of {storm.limit}: stopped"
        if idle
        else f"Attempt {storm.attempts + 1} of {storm.limit} is under way, or was stopped"
    )
    return Statement(
        Health.WARNING,
        f"{head} · {blamed.cause}",
        "The client is waiting for an answer, or its user stopped it: a log shows an attempt only once it is answered."
        if not idle
        else "Its user stopped it, or it was killed: the next attempt is overdue, and vLLM is idle.",
        blamed.hop,
        blamed.code,
        brief=brief(head.partition(":")[0], storm.cause),
        cause=blamed.cause,
        evidence=_evidence(storm),
        step=_step(blamed, deck),
        rank=Health.ERROR,
        age=now - storm.started,
    )


def gave_up(deck: Deck, now: float) -> Iterator[Statement]:
    """Yield the turns that Claude Code gave up in the last minutes.

    A hop that is down now ranks above them, and so does a later request that failed: sending it again would fail too.
    """
    failure = deck.traffic.failure if deck.traffic else None
    down = any(one is not None and one.state in _DOWN for one in (deck.proxy, deck.vllm))
    for storm in deck.storms:
        if storm.outcome is Outcome.GAVE_UP and 0 <= now - storm.last < LOST_S:
            blamed = blame(storm, deck)
            advice = _advice(storm.reason, blamed, deck)
            again = "" if "send it again" in advice else " Then send it again." if advice else "Send it again."
            fails_now = failure is not None and not failure.passed and failure.at > storm.last
            rank = None if down or fails_now else Health.ERROR
            yield _past(storm, "Claude Code gave up after", f"{advice}{again}", blamed, deck, now, rank)


def just_over(deck: Deck, now: float) -> Iterator[Statement]:
    """Yield a storm that has just ended, to rank above a turn that was given up earlier."""
    given_up = [one.last for one in deck.storms if one.outcome is Outcome.GAVE_UP]
    if not given_up:
        return
    for statement in _others(deck, now, NEW_S, after=max(given_up)):
        yield replace(statement, rank=Health.ERROR)


def ended(deck: Deck, now: float) -> Iterator[Statement]:
    """Yield the other storms that ended in the last two minutes."""
    yield from _others(deck, now, RECENT_S)


def _others(deck: Deck, now: float, span_s: float, after: float = 0.0) -> Iterator[Statement]:
    """Yield the storms that ended in the last ``span_s`` seconds and were not given up."""
    for storm in deck.storms:
        if storm.outcome in _SEPARATE or not 0 <= now - storm.last < span_s or storm.last < after:
            continue
        blamed = blame(storm, deck)
        match storm.outcome:
            case Outcome.RECOVERED:
                yield _past(storm, "Recovered after", _LOOKED_SLOW, blamed, deck, now)
            case Outcome.STOPPED:
                yield _past(storm, "Stopped by the user after", _advice(storm.reason, blamed, deck), blamed, deck, now)
            case _:
                yield _past(storm, "No further attempt seen after", _STOPPED_HOW, blamed, deck, now)


def _past(
    storm: Storm, what: str, detail: str, blamed: Blame, deck: Deck, now: float, rank: Health | None = None
) -> Statement:
    """Return a statement about a storm that is over."""
    head = f"{what} {plural(storm.attempts, 'attempt', 'attempts')}{_where(storm, deck)}"
    age = now - storm.last
    ago = f" · {duration(age // 10 * 10)} ago" if age >= _AGO_S else ""
    return Statement(
        Health.WARNING,
        f"{head} in {duration(storm.last - storm.started)} · {blamed.cause}{ago}",
        detail,
        blamed.hop,
        blamed.code,
        brief=brief(head, blamed.cause),
        cause=blamed.cause,
        evidence=_evidence(storm),
        step=_step(blamed, deck),
        rank=rank,
        past=True,
        age=age,
    )


def failing(deck: Deck, now: float) -> Iterator[Statement]:
    """Yield the newest request that failed outside a storm, and whether a later one passed."""
    unclear = deck.traffic.unclear if deck.traffic else None
    failure = deck.traffic.failure if deck.traffic else None
    if failure is None or not 0 <= now - failure.at < RECENT_S or failure_of_storm(failure, deck):
        return
    blamed = blame_failure(failure, deck)
    age = now - failure.at
    ago = f"{duration(age // 10 * 10)} ago" if age >= 10 else "just now"
    headline = f"A request failed {ago}: {blamed.cause}"
    if failure.passed:
        headline = f"A request failed {ago} ({blamed.cause}); a later one passed"
    if unclear is not None:
        yield _unclear(unclear, failure, blamed, age)
        return
    found = next((one for one in deck.findings if one.code == blamed.code), None)
    background = found is not None and is_background(found, deck)
    yield Statement(
        Health.WARNING if failure.passed else Health.ERROR,
        headline,
        _advice(failure.reason, blamed, deck),
        blamed.hop,
        blamed.code,
        brief=brief(f"A request failed {ago}", blamed.cause),
        cause=blamed.cause,
        evidence=f"its line in {failure.log}" + (", and the error record beside it" if failure.reason else ""),
        step=_step(blamed, deck),
        rank=Health.WARNING if background else None,
        age=age,
    )


def _unclear(unclear: Unclear, failure: Failure, blamed: Blame, age: float) -> Statement:
    """Return that many requests fail, where it cannot be told which of them are attempts of one turn."""
    head = f"{unclear.failed} of {unclear.requests} requests failed"
    return Statement(
        Health.WARNING,
        f"{head} · {blamed.cause}",
        "Attempts cannot be told apart in this log. See exactly: stormdeck run -- claude",
        blamed.hop,
        blamed.code,
        brief=brief(head, blamed.cause),
        cause=blamed.cause,
        evidence=f"{unclear.words}: {failure.log}",
        step="stormdeck run -- claude",
        age=age,
    )


def _advice(reason: str, blamed: Blame, deck: Deck) -> str:
    """Return the advice. In a cooldown, add the error that started it, if an older storm shows it."""
    if not is_cooldown(reason) and "cooldown" not in reason.lower():
        return blamed.advice
    first = _before_cooldown(deck)
    if first is None:
        return blamed.advice
    return f"{proxy_name(deck)} is in cooldown and answers without asking vLLM. Before the cooldown: {first}."


def _before_cooldown(deck: Deck) -> str | None:
    """Return the newest error in the known storms that was not itself a cooldown."""
    for storm in deck.storms:
        if storm.reason and "cooldown" not in storm.reason.lower() and storm.cause in {"401", "404"}:
            return f"{storm.cause} {storm.reason}"
    return None


def _evidence(storm: Storm) -> str:
    how = storm.basis or {
        "transcript": "counted by the client",
        "body": "matched by equal requests",
    }.get(storm.evidence, "matched by waiting times")
    where = f" in {storm.log}" if storm.log else ""
    return f"{storm.attempts} requests for one turn{where}, {how}"


def _step(blamed: Blame, deck: Deck) -> str:
    found = next((one for one in deck.findings if one.code == blamed.code), None)
    if found is not None and found.fix is not None:
        return "stormdeck check --fix"
    return f"stormdeck explain {blamed.code}" if blamed.code else "stormdeck check"
