"""Which hop a failure comes from, told from its status and the first error record beside it."""

from __future__ import annotations

from dataclasses import dataclass

from stormdeck.model.deck import Deck
from stormdeck.model.finding import Severity
from stormdeck.model.path import HopKind
from stormdeck.model.retries.storm import Storm
from stormdeck.model.server import ServerState
from stormdeck.model.symptoms.words import model_in, words_in

_UNREACHED = {ServerState.DOWN, ServerState.STARTING}
_NOT_SERVED = "MODEL303"
_UNREACHABLE = "URL105"
_ELSEWHERE = "If it does not, compare the proxy's api_base with vLLM's address."
_HOSTED = ("MODEL301", "MODEL306", "MODEL305", "PROXY806")
"""The rules that find why an id of the hosted API is asked of one's own server."""
_SERVER_ERRORS = {"500", "502", "503", "504", "529"}


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
class _Told:
    hop: HopKind | None
    advice: str
    code: str | None = None


def blame(storm: Storm, deck: Deck) -> Blame:
    """Return the hop that a storm comes from, ``None`` in it where nothing tells."""
    return blamed(storm.cause, storm.reason, deck)


def blamed(cause: str, reason: str, deck: Deck) -> Blame:
    """Return the hop that a failure comes from: its status or kind, and what its error record says."""
    reason = reason.rstrip(".")
    if deck.replay is not None:
        # Whose log was recorded is not known.
        return Blame(None, f"{cause}: {reason}" if reason else cause, "The log beside the attempts says why: press 2.")
    told = _by_words(cause, reason, deck) or _by_status(cause, deck)
    who = _who(told.hop, reason, deck)
    what = f"{cause} from {who}" if who and cause.isdecimal() else cause
    return Blame(told.hop, f"{what}: {reason}" if reason else what, told.advice, who, told.code)


def proxy_name(deck: Deck) -> str:
    """Return the name of the proxy on the path."""
    return deck.proxy.kind.value if deck.proxy else "the proxy"


def _by_words(cause: str, reason: str, deck: Deck) -> _Told | None:
    words = words_in(reason) if reason else None
    if words is None:
        return None
    proxy = deck.proxy is not None
    codes = words.codes_at(proxy=proxy)
    # A rule that finds the very thing in the settings knows the place better than the words do.
    asked = model_in(reason) if _NOT_SERVED in codes else None
    first = _HOSTED if asked is not None and asked.lower().startswith("claude") else ()
    found = next((one for code in (*first, *codes) for one in deck.findings if one.code == code), None)
    hop = found.hop if found is not None else words.hop_at(proxy=proxy)
    advice = words.advice_at(proxy=proxy)
    if found is not None:
        advice = f"{found.message} {'Press 3 for the fix.' if found.fix else 'Press 4 for what to change.'}"
    if found is None and _UNREACHABLE in words.codes and deck.vllm is not None and deck.vllm.state is ServerState.UP:
        advice = f"vLLM answers now: the next attempt should pass. {_ELSEWHERE if proxy else ''}".rstrip()
    elif hop is HopKind.SERVER and found is None:
        advice = f"{advice} {_innocent(deck)}".rstrip()
    code = found.code if found is not None else codes[0] if words.proof else None
    return _Told(hop, advice, code)


def _by_status(cause: str, deck: Deck) -> _Told:
    proxy = deck.proxy is not None
    unreached = deck.vllm is not None and deck.vllm.state in _UNREACHED
    if cause in {"401", "403"}:
        return _refused(deck)
    if unreached and (cause in _SERVER_ERRORS or not cause.isdecimal()):
        advice = f"vLLM cannot be reached. Start it, or wait until it has loaded. {_innocent(deck)}".rstrip()
        return _Told(HopKind.SERVER, advice, None if proxy else "URL105")
    if cause == "404" and not proxy:
        found = next((one for one in deck.findings if one.code in _NOT_FOUND), None)
        code = found.code if found is not None else None
        return _Told(HopKind.CLIENT, "The path or the model id is not known there: press 3 for both.", code)
    if cause in _SERVER_ERRORS and not proxy:
        return _Told(HopKind.SERVER, "vLLM answers with an error. Its log says why.")
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
