"""Which hop a failure comes from, told from its status and the first error record beside it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from stormdeck.model.deck import Deck
from stormdeck.model.finding import Finding, HopKind, Severity
from stormdeck.model.retries.storms.storm import Storm
from stormdeck.model.rules.impact import is_background, where_to_fix
from stormdeck.model.snapshots.server import ServerState
from stormdeck.model.snapshots.traffic import Failure
from stormdeck.model.symptoms.server_errors import model_in, words_in
from stormdeck.model.urls import place

_UNREACHED = {ServerState.DOWN, ServerState.STARTING}
_NOT_SERVED = "MODEL303"
_UNREACHABLE = "URL105"
_ELSEWHERE = "If it does not, compare the proxy's api_base with vLLM's address."
_HOSTED = ("MODEL301", "MODEL306", "MODEL305", "PROXY806")
"""The rules that find why an id of the hosted API is asked of one's own server."""
_SERVER_ERRORS = {"500", "502", "503", "504", "529"}
NO_ANSWER = {"reset", "refused", "unknown"}
"""The causes of attempts that met nobody, or a connection that broke."""
_OF_ITS_VALUE = {"MODEL303", "MODEL304", "MODEL308", "MODEL311"}
"""The rules about the id that a setting holds."""
_OF_AN_ID = {*_OF_ITS_VALUE, *_HOSTED, "PROXY815"}
"""The rules about one model id: they explain no failure of another."""
_LIVE_RULES = "SERVER"
"""Rules about what a server does now; the status that they name is that of its health."""
_CEILING, _CEILING_S = "TIME502", 290.0
"""The rule about the client's own ceiling: it ends no attempt that took less."""
_BESIDE_S = 15.0
"""A failure this near to a storm is one of its attempts."""
_STATUS = re.compile(r"\b[45]\d\d\b")
_REMEDY = re.compile(r"did you mean|it serves")


@dataclass(frozen=True, slots=True)
class Blame:
    """The hop, the cause in a few words, and what to do."""

    hop: HopKind | None
    cause: str
    """``500 from vLLM: EngineCore encountered an issue``."""
    advice: str
    who: str = ""
    """The program that answers with it, where that is known."""
    code: str | None = None
    """The rule that explains it, where one does."""


@dataclass(frozen=True, slots=True)
class _Failed:
    """What is known of a failure."""

    cause: str
    reason: str
    hop: HopKind | None
    """Whose answer it was, where logs tell."""
    served: str
    last: float
    over: bool
    """Nothing is tried again."""
    took: float = 0.0
    """Seconds from one attempt to the next, on average."""

    @property
    def again(self) -> str:
        """Return what is to come once the cause is gone."""
        return "send it again" if self.over else "the next attempt should pass"


@dataclass(frozen=True, slots=True)
class _Told:
    hop: HopKind | None
    advice: str
    code: str | None = None
    why: str = ""
    """The cause in words; empty: as the error record has it."""
    otherwise: str = ""
    """What to do if vLLM's being back does not help."""


def blame(storm: Storm, deck: Deck) -> Blame:
    """Return the hop that a storm comes from, ``None`` in it where nothing tells."""
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
    """Return the hop that a single failed request comes from."""
    reason = failure.reason.rstrip(".")
    return _blamed(_Failed(str(failure.status), reason, failure.hop, failure.served, failure.at, failure.passed), deck)


def failure_of_storm(failure: Failure, deck: Deck) -> bool:
    """Return whether a failed request is one of a storm's attempts."""
    return any(storm.started - _BESIDE_S <= failure.at <= storm.last + _BESIDE_S for storm in deck.storms)


def _blamed(failed: _Failed, deck: Deck) -> Blame:
    cause, reason = failed.cause, failed.reason
    if deck.replay is not None:
        # Whose log was recorded is not known.
        return Blame(None, f"{cause}: {reason}" if reason else cause, "The log beside the attempts says why: press 2.")
    told = _by_first_server(failed, deck) or _by_words(failed, deck) or _by_status(failed, deck)
    who = _who(told.hop, reason, deck)
    what = f"{cause} from {who}" if who and cause.isdecimal() else cause
    why = told.why or reason
    advice = told.advice
    if told.hop is HopKind.SERVER and cause != "404" and is_back(deck, failed.last):
        advice = f"vLLM is back: {failed.again}. {told.otherwise or _innocent(deck)}".rstrip()
    if cause == "unknown":
        what, why = told.why or "cause unknown", reason
    text = f"{what}: {why}" if why else what
    return Blame(told.hop, text, advice, who, told.code)


def is_back(deck: Deck, since: float) -> bool:
    """Return whether vLLM is known to have come back after a moment; that it answers ``/health`` proves nothing."""
    vllm = deck.vllm
    if vllm is None or vllm.state is not ServerState.UP:
        return False
    return max(deck.back.get(HopKind.SERVER, 0.0), vllm.started or 0.0) > since > 0.0


def proxy_name(deck: Deck) -> str:
    """Return the name of the proxy on the path."""
    return deck.proxy.kind.value if deck.proxy else "the proxy"


def _by_first_server(failed: _Failed, deck: Deck) -> _Told | None:
    """Explain a connection that was refused or broke by the first server, which was down or still is."""
    hop, first = (HopKind.PROXY, deck.proxy) if deck.proxy is not None else (HopKind.SERVER, deck.vllm)
    if failed.cause not in NO_ANSWER or first is None:
        return None
    if _has_moved(deck, failed.last):
        return _Told(None, "The client's requests took another path then.")
    who = proxy_name(deck) if hop is HopKind.PROXY else "vLLM"
    name = f"{who} {place(first.url)}".rstrip()
    away = first.state in _UNREACHED and not (failed.over and failed.last < first.seen)
    if away and first.state is ServerState.STARTING:
        return _Told(hop, "It refuses connections until it has loaded: wait.", why=f"{name} is starting")
    if away:
        return _Told(hop, f"Start it. {first.detail}".rstrip(), "URL105", why=f"{name} is down")
    if failed.cause == "refused":
        up = first.state is ServerState.UP
        return _Told(hop, f"{who} answers now: {failed.again}." if up else "", why=f"{name} was down")
    if failed.reason:
        return None
    if failed.cause == "unknown":
        return _Told(None, "Its attempts have left no line in a log so far.")
    return _Told(None, "The connection broke before an answer. No log has a line of such an attempt.")


def _has_moved(deck: Deck, since: float) -> bool:
    """Return whether another log became the nearest to the client since: who was the first before is not known."""
    changes = deck.traffic.changes if deck.traffic is not None else ()
    return any(change.at > since > 0.0 for change in changes)


def _by_words(failed: _Failed, deck: Deck) -> _Told | None:
    cause, reason = failed.cause, failed.reason
    words = words_in(reason) if reason else None
    if words is None:
        return None
    proxy = deck.proxy is not None
    codes = words.codes_at(proxy=proxy)
    # A rule that finds the very thing in the settings knows the place better than the words do.
    asked = model_in(reason) if not _OF_AN_ID.isdisjoint(codes) else None
    hosted = asked is not None and asked.lower().startswith("claude")
    first = _HOSTED if hosted and _NOT_SERVED in codes else ()
    fitting = [one for one in deck.findings if one.code in {*first, *codes} and _explains(one, failed, asked, deck)]
    ranks = {code: rank for rank, code in reversed(list(enumerate((*first, *codes))))}
    found = min(fitting, key=lambda one: (ranks[one.code], is_background(one, deck)), default=None)
    hop = found.hop if found is not None else words.hop_at(proxy=proxy)
    advice, why = words.advice_at(proxy=proxy), ""
    if asked is not None and _NOT_SERVED in codes and cause == "404":
        # A proxy only passes on what vLLM answered.
        hop = HopKind.SERVER if proxy else hop
        why = _names(asked, failed, deck)
        again = _serves_again(asked, failed, deck)
        advice = again or advice
        found = None if again else found
    if found is not None:
        advice = f"{found.message} {where_to_fix(found)}"
    otherwise = ""
    if found is None and _UNREACHABLE in words.codes and deck.vllm is not None and deck.vllm.state is ServerState.UP:
        otherwise = _ELSEWHERE if proxy else ""
        advice = f"vLLM answers now: {failed.again}. {otherwise}".rstrip()
    elif hop is HopKind.SERVER and found is None and asked is None:
        advice = f"{advice} {_innocent(deck)}".rstrip()
    code = found.code if found is not None else codes[0] if words.proof else None
    return _Told(hop, advice, code, why, otherwise)


def _explains(finding: Finding, failed: _Failed, asked: str | None, deck: Deck) -> bool:
    """Return whether a finding ends in this failure: its status, the id that was asked for, the time that it took."""
    told = _STATUS.findall(finding.message)
    if told and failed.cause.isdecimal() and failed.cause not in told and not finding.code.startswith(_LIVE_RULES):
        return False
    if finding.code == _CEILING:
        return failed.took >= _CEILING_S
    if finding.code not in _OF_AN_ID:
        return True
    if asked is None:
        return False
    own = deck.settings.text(finding.path)
    if finding.code in _OF_ITS_VALUE:
        return own is not None and _plain_id(own) == _plain_id(asked)
    # What follows names the ids that would be right.
    problem = _REMEDY.split(f"{finding.title}; {finding.message}" if finding.code == "PROXY806" else finding.message)[0]
    return re.search(rf"(?<![\w./:-]){re.escape(asked)}(?![\w/:-])", problem) is not None


def _names(asked: str, failed: _Failed, deck: Deck) -> str:
    """Return which ids vLLM serves and which it was asked for; empty where nothing tells what it served then."""
    listed = [model.id for model in deck.vllm.models] if deck.vllm is not None and not failed.over else []
    served = [one.strip() for one in failed.served.split(",") if one.strip()] or listed
    if not served or asked in served:
        return ""
    who = proxy_name(deck) if deck.proxy is not None else "Claude Code"
    shown = ", ".join(served[:2]) + (" …" if len(served) > 2 else "")
    verbs = ("served", "asked") if failed.over else ("serves", "asks")
    return f"it {verbs[0]} {shown}, {who} {verbs[1]} for {asked}"


def _serves_again(asked: str, failed: _Failed, deck: Deck) -> str:
    """Return that vLLM serves an id again; empty where its list is not known to be newer than the failure."""
    if deck.vllm is None or not any(model.id == asked for model in deck.vllm.models):
        return ""
    if not failed.over and (deck.listed_at or 0.0) <= failed.last:
        return ""
    return f"vLLM serves `{asked}` now: {failed.again}."


def _plain_id(model: str) -> str:
    return model.strip().removesuffix("[1m]")


def _by_status(failed: _Failed, deck: Deck) -> _Told:
    cause, proxy = failed.cause, deck.proxy is not None
    unreached = deck.vllm is not None and deck.vllm.state in _UNREACHED
    if cause in {"401", "403"}:
        return _refused(deck)
    if unreached and (cause in _SERVER_ERRORS or not cause.isdecimal()):
        advice = f"vLLM cannot be reached. Start it, or wait until it has loaded. {_innocent(deck)}".rstrip()
        return _Told(HopKind.SERVER, advice, None if proxy else "URL105")
    if cause == "404" and not proxy:
        found = next((one for one in deck.findings if one.code in _NOT_FOUND and not is_background(one, deck)), None)
        code = found.code if found is not None else None
        return _Told(HopKind.CLIENT, "The path or the model id is not known there: press 3 for both.", code)
    if cause in _SERVER_ERRORS and (not proxy or failed.hop is HopKind.SERVER):
        return _Told(HopKind.SERVER, f"vLLM answers with an error. Its log says why. {_innocent(deck)}".rstrip())
    if cause in {"408", "timeout"}:
        return _Told(HopKind.SERVER, "Answers take longer than the timeout. Press 1 and look at the first-token time.")
    return _Told(None, "The log beside the attempts says why: press 2.")


_NOT_FOUND = ("URL101", "MODEL301", "MODEL303", "MODEL304", "MODEL306", "MODEL308", "MODEL311", "URL106")
"""The rules that end in a 404 without a proxy."""


def _refused(deck: Deck) -> _Told:
    if deck.proxy is None:
        return _Told(
            HopKind.CLIENT,
            "The token is refused. Press 3 and set ANTHROPIC_AUTH_TOKEN to the server's key.",
            "AUTH205",
        )
    if deck.proxy.state is ServerState.REFUSING:
        return _Told(
            HopKind.CLIENT,
            f"{proxy_name(deck)} refuses the token. Press 3 and set ANTHROPIC_AUTH_TOKEN to its master key.",
            "AUTH204",
        )
    return _Told(
        None, f"{proxy_name(deck)} refuses the token, or vLLM behind it refuses the proxy's: the log tells, press 2."
    )


def _who(hop: HopKind | None, reason: str, deck: Deck) -> str:
    """Return the program whose answer it is, as far as that is sure."""
    if reason.lower().startswith("cannot connect") and deck.proxy is not None:
        return proxy_name(deck)
    if hop is HopKind.PROXY:
        return proxy_name(deck)
    return "vLLM" if hop is HopKind.SERVER or (deck.proxy is None and deck.vllm is not None) else ""


def _innocent(deck: Deck) -> str:
    """Return who is not to blame, as far as that is known."""
    known = any(file.exists for file in deck.settings.files) or bool(deck.settings.shell)
    if not known or any(finding.severity is Severity.ERROR for finding in deck.findings):
        return ""
    if deck.proxy is None:
        return "Your settings are fine."
    return f"{proxy_name(deck)} and your settings are fine." if deck.proxy.state is ServerState.UP else ""
