"""Find the hop that caused a failure, from its status and the first error record near it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from stormdeck.model.deck import Deck
from stormdeck.model.finding import Finding, HopKind, Severity
from stormdeck.model.retries.storms.storm import Storm
from stormdeck.model.rules.impact import is_background, where_to_fix
from stormdeck.model.snapshots.server import ServerState
from stormdeck.model.snapshots.traffic import Failure
from stormdeck.model.symptoms.server_errors import model_in, server_error_in
from stormdeck.model.text import clean
from stormdeck.model.urls import place

_UNREACHED = {ServerState.DOWN, ServerState.STARTING}
_NOT_SERVED = "MODEL303"
_UNREACHABLE = "URL105"
_ELSEWHERE = "If it does not, compare the proxy's api_base with vLLM's address."
_HOSTED = ("MODEL301", "MODEL306", "MODEL305", "PROXY806")
"""The rules that explain why your own server is asked for an id of the hosted API."""
_SERVER_ERRORS = {"500", "502", "503", "504", "529"}
NO_ANSWER = {"reset", "refused", "unknown"}
"""Causes of attempts that no server answered."""
_OF_ITS_VALUE = {"MODEL303", "MODEL304", "MODEL308", "MODEL311"}
"""The rules about the model id in a setting."""
_OF_AN_ID = {*_OF_ITS_VALUE, *_HOSTED, "PROXY815"}
"""The rules about one model id: they do not explain failures of another."""
_UNKNOWN_IDS = {_NOT_SERVED, "PROXY815"}
"""The rules about an id that the running server does not know: every request for it fails."""
_LIVE_RULES = "SERVER"
"""Rules about the state of a server; a status in them is that of its health check."""
_TIME_LIMIT, _TIME_LIMIT_S = "TIME502", 290.0
"""The rule about the client's own time limit, and the shortest attempt that it ends."""
_NEAR_S = 15.0
"""A failure this close to a storm is one of its attempts, in seconds."""
_STATUS = re.compile(r"\b[45]\d\d\b")
_REMEDY = re.compile(r"did you mean|it serves")


@dataclass(frozen=True, slots=True)
class Blame:
    """The hop at fault, a short cause, and what to do."""

    hop: HopKind | None
    cause: str
    """``500 from vLLM: EngineCore encountered an issue``."""
    advice: str
    who: str = ""
    """The program that answered, if known."""
    code: str | None = None
    """The rule that explains it, if any."""


@dataclass(frozen=True, slots=True)
class _Failed:
    """What is known about a failure."""

    cause: str
    reason: str
    hop: HopKind | None
    """The hop that answered, if a log shows it."""
    served: str
    last: float
    over: bool
    """Whether the client no longer retries."""
    took: float = 0.0
    """Seconds from one attempt to the next, on average."""

    @property
    def outlook(self) -> str:
        """Return what to expect once the cause is gone."""
        return "send it again" if self.over else "the next attempt should pass"


@dataclass(frozen=True, slots=True)
class _Found:
    """A cause that was found."""

    hop: HopKind | None
    advice: str
    code: str | None = None
    why: str = ""
    """The cause in words; empty: use the error record."""
    otherwise: str = ""
    """What to do if it still fails now that vLLM is back."""


def blame(storm: Storm, deck: Deck) -> Blame:
    """Return the cause of a storm; its hop is ``None`` if unknown."""
    reason = storm.reason.rstrip(".")
    took = (storm.last - storm.started) / max(1, storm.attempts - 1)
    return _blamed(
        _Failed(
            storm.cause,
            reason,
            HopKind.SERVER if storm.from_server else None,
            storm.served,
            storm.last,
            storm.over,
            took,
        ),
        deck,
    )


def blame_failure(failure: Failure, deck: Deck) -> Blame:
    """Return the cause of a single failed request."""
    reason = failure.reason.rstrip(".")
    return _blamed(_Failed(str(failure.status), reason, failure.hop, failure.served, failure.at, failure.passed), deck)


def failure_of_storm(failure: Failure, deck: Deck) -> bool:
    """Return whether a failed request is one of a storm's attempts."""
    return any(storm.started - _NEAR_S <= failure.at <= storm.last + _NEAR_S for storm in deck.storms)


def _blamed(failed: _Failed, deck: Deck) -> Blame:
    cause, reason = failed.cause, failed.reason
    if deck.replay is not None:
        # A recording does not say which server the log is of.
        return Blame(None, f"{cause}: {reason}" if reason else cause, "The log beside the attempts says why: press 2.")
    found = _by_first_server(failed, deck) or _by_error_text(failed, deck) or _by_status(failed, deck)
    who = _who(found.hop, reason, deck)
    what = f"{cause} from {who}" if who and cause.isdecimal() else cause
    why = found.why or reason
    advice = found.advice
    if found.hop is HopKind.SERVER and cause != "404" and is_back(deck, failed.last) and not _missing_server(deck):
        advice = f"{server_name(deck)} is back: {failed.outlook}. {found.otherwise or _what_is_fine(deck)}".rstrip()
        advice = _unknown_id(deck) or advice
    if cause == "unknown":
        what, why = found.why or "cause unknown", reason
    text = f"{what}: {why}" if why else what
    return Blame(found.hop, text, advice, who, found.code)


def is_back(deck: Deck, since: float) -> bool:
    """Return whether vLLM came back after a time; answering ``/health`` alone does not prove it."""
    vllm = deck.vllm
    if vllm is None or vllm.state is not ServerState.UP:
        return False
    return max(deck.back.get(HopKind.SERVER, 0.0), vllm.started or 0.0) > since > 0.0


def proxy_name(deck: Deck) -> str:
    """Return the name of the proxy on the path."""
    return deck.proxy.kind.value if deck.proxy else "the proxy"


def server_name(deck: Deck) -> str:
    """Return the name of the inference server on the path."""
    return deck.vllm.kind.value if deck.vllm else "vLLM"


def _by_first_server(failed: _Failed, deck: Deck) -> _Found | None:
    """Explain a refused or broken connection by the state of the first server on the path."""
    hop, first = (HopKind.PROXY, deck.proxy) if deck.proxy is not None else (HopKind.SERVER, deck.vllm)
    if failed.cause not in NO_ANSWER or first is None:
        return None
    if _has_moved(deck, failed.last):
        return _Found(None, "The client's requests took another path then.")
    who = proxy_name(deck) if hop is HopKind.PROXY else server_name(deck)
    name = f"{who} {place(first.url)}".rstrip()
    away = first.state in _UNREACHED and not (failed.over and failed.last < first.seen)
    if away and first.state is ServerState.STARTING:
        return _Found(hop, "It refuses connections until it has loaded: wait.", why=f"{name} is starting")
    if away:
        return _Found(hop, f"Start it. {first.detail}".rstrip(), "URL105", why=f"{name} is down")
    if failed.cause == "refused":
        up = first.state is ServerState.UP
        return _Found(hop, f"{who} answers now: {failed.outlook}." if up else "", why=f"{name} was down")
    if failed.reason:
        return None
    if failed.cause == "unknown":
        return _Found(None, "No log has a line of its attempts yet.")
    return _Found(None, "The connection broke before an answer, so no log has a line of it.")


def _has_moved(deck: Deck, since: float) -> bool:
    """Return whether the first server on the client's path changed since: the one before is not known."""
    changes = deck.traffic.changes if deck.traffic is not None else ()
    return any(change.at > since > 0.0 for change in changes)


def _by_error_text(failed: _Failed, deck: Deck) -> _Found | None:
    cause, reason = failed.cause, failed.reason
    error = server_error_in(reason) if reason else None
    if error is None:
        return None
    proxy = deck.proxy is not None
    codes = error.codes_at(proxy=proxy)
    # A finding knows the line to change; the error text only knows the kind of problem.
    asked = model_in(reason) if not _OF_AN_ID.isdisjoint(codes) else None
    hosted = asked is not None and asked.lower().startswith("claude")
    first = _HOSTED if hosted and _NOT_SERVED in codes else ()
    fitting = [one for one in deck.findings if one.code in {*first, *codes} and _explains(one, failed, asked, deck)]
    ranks = {code: rank for rank, code in reversed(list(enumerate((*first, *codes))))}
    found = min(fitting, key=lambda one: (ranks[one.code], is_background(one, deck)), default=None)
    hop = found.hop if found is not None else error.hop_at(proxy=proxy)
    advice, why = error.advice_at(proxy=proxy), ""
    if asked is not None and _NOT_SERVED in codes and cause == "404":
        # The proxy passes on vLLM's answer.
        hop = HopKind.SERVER if proxy else hop
        why = _names(asked, failed, deck)
        again = _serves_again(asked, failed, deck)
        advice = again or advice
        found = None if again else found
    if found is not None:
        advice = f"{found.message} {where_to_fix(found)}"
    otherwise = ""
    if found is None and _UNREACHABLE in error.codes and deck.vllm is not None and deck.vllm.state is ServerState.UP:
        otherwise = _ELSEWHERE if proxy else ""
        missing = _missing_server(deck)
        advice = missing or f"{server_name(deck)} answers now: {failed.outlook}. {otherwise}".rstrip()
    elif hop is HopKind.SERVER and found is None and asked is None:
        advice = f"{advice} {_what_is_fine(deck)}".rstrip()
    code = found.code if found is not None else codes[0] if error.proof and codes else None
    return _Found(hop, advice, code, why, otherwise)


def _unknown_id(deck: Deck) -> str:
    """Return that the server does not know the id that it is asked for, empty if nothing says so."""
    errors = (one for one in deck.findings if one.severity is Severity.ERROR and one.code in _UNKNOWN_IDS)
    found = next((one for one in errors if not is_background(one, deck)), None)
    return f"{found.message} {where_to_fix(found)}" if found is not None else ""


def _missing_server(deck: Deck) -> str:
    """Return that a server behind one of the model groups in force is not known to answer, empty if all do."""
    if not deck.discovery.routes.branches:
        return ""
    from stormdeck.model.routes.health import groups_of

    for one in groups_of(deck):
        if one.tiers and one.up < len(one.servers):
            verb = "does not answer" if one.failed else "is not known to answer"
            return f"A server behind {clean(one.group.name)[:40]} {verb}: press g on the overview."
    return ""


def _explains(finding: Finding, failed: _Failed, asked: str | None, deck: Deck) -> bool:
    """Return whether a finding explains this failure by its status, model id and duration."""
    statuses = _STATUS.findall(finding.message)
    if (
        statuses
        and failed.cause.isdecimal()
        and failed.cause not in statuses
        and not finding.code.startswith(_LIVE_RULES)
    ):
        return False
    if finding.code == _TIME_LIMIT:
        return failed.took >= _TIME_LIMIT_S
    if finding.code not in _OF_AN_ID:
        return True
    if asked is None:
        return False
    own = deck.settings.text(finding.path)
    if finding.code in _OF_ITS_VALUE:
        return own is not None and _plain_id(own) == _plain_id(asked)
    # The rest of the message names ids that would work.
    problem = _REMEDY.split(f"{finding.title}; {finding.message}" if finding.code == "PROXY806" else finding.message)[0]
    return re.search(rf"(?<![\w./:-]){re.escape(asked)}(?![\w/:-])", problem) is not None


def _names(asked: str, failed: _Failed, deck: Deck) -> str:
    """Return which ids vLLM serves and which was requested; empty if what it served then is unknown."""
    listed = [model.id for model in deck.vllm.models] if deck.vllm is not None and not failed.over else []
    served = [one.strip() for one in failed.served.split(",") if one.strip()] or listed
    if not served or asked in served:
        return ""
    who = proxy_name(deck) if deck.proxy is not None else "Claude Code"
    shown = ", ".join(served[:2]) + (" …" if len(served) > 2 else "")
    verbs = ("served", "asked") if failed.over else ("serves", "asks")
    return f"it {verbs[0]} {shown}, {who} {verbs[1]} for {asked}"


def _serves_again(asked: str, failed: _Failed, deck: Deck) -> str:
    """Return that vLLM serves an id again; empty if its list may be older than the failure."""
    if deck.vllm is None or not any(model.id == asked for model in deck.vllm.models):
        return ""
    if not failed.over and (deck.listed_at or 0.0) <= failed.last:
        return ""
    return f"{server_name(deck)} serves `{asked}` now: {failed.outlook}."


def _plain_id(model: str) -> str:
    return model.strip().removesuffix("[1m]")


def _by_status(failed: _Failed, deck: Deck) -> _Found:
    cause, proxy = failed.cause, deck.proxy is not None
    unreached = deck.vllm is not None and deck.vllm.state in _UNREACHED
    if cause in {"401", "403"}:
        return _refused(deck)
    if unreached and (cause in _SERVER_ERRORS or not cause.isdecimal()):
        advice = f"{server_name(deck)} cannot be reached. Start it, or wait until it has loaded. {_what_is_fine(deck)}"
        advice = advice.rstrip()
        return _Found(HopKind.SERVER, advice, None if proxy else "URL105")
    if cause == "404" and not proxy:
        found = next((one for one in deck.findings if one.code in _NOT_FOUND and not is_background(one, deck)), None)
        code = found.code if found is not None else None
        return _Found(HopKind.CLIENT, "The server does not know the path or the model id: press 3 for both.", code)
    if cause in _SERVER_ERRORS and (not proxy or failed.hop is HopKind.SERVER):
        advice = f"{server_name(deck)} answers with an error. Its log says why. {_what_is_fine(deck)}".rstrip()
        return _Found(HopKind.SERVER, advice)
    if cause in {"408", "timeout"}:
        return _Found(HopKind.SERVER, "Answers take longer than the timeout. Press 1 and look at the first-token time.")
    return _Found(None, "The log beside the attempts says why: press 2.")


_NOT_FOUND = ("URL101", "MODEL301", "MODEL303", "MODEL304", "MODEL306", "MODEL308", "MODEL311", "URL106")
"""The rules that lead to a 404 without a proxy."""


def _refused(deck: Deck) -> _Found:
    if deck.proxy is None:
        return _Found(
            HopKind.CLIENT,
            "The token is refused. Press 3 and set ANTHROPIC_AUTH_TOKEN to the server's key.",
            "AUTH205",
        )
    if deck.proxy.state is ServerState.REFUSING:
        return _Found(
            HopKind.CLIENT,
            f"{proxy_name(deck)} refuses the token. Press 3 and set ANTHROPIC_AUTH_TOKEN to its master key.",
            "AUTH204",
        )
    return _Found(
        None, f"{proxy_name(deck)} refuses the token, or vLLM behind it refuses the proxy's: press 2 to see the log."
    )


def _who(hop: HopKind | None, reason: str, deck: Deck) -> str:
    """Return the program that answered, if it is certain."""
    if reason.lower().startswith("cannot connect") and deck.proxy is not None:
        return proxy_name(deck)
    if hop is HopKind.PROXY:
        return proxy_name(deck)
    return server_name(deck) if hop is HopKind.SERVER or (deck.proxy is None and deck.vllm is not None) else ""


def _what_is_fine(deck: Deck) -> str:
    """Return what is known to be fine."""
    known = any(file.exists for file in deck.settings.files) or bool(deck.settings.shell)
    if not known or any(finding.severity is Severity.ERROR for finding in deck.findings):
        return ""
    if deck.proxy is None:
        return "Your settings are fine."
    return f"{proxy_name(deck)} and your settings are fine." if deck.proxy.state is ServerState.UP else ""
