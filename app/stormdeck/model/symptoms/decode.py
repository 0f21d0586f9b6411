"""From a message that somebody saw to its causes here and now, ranked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from stormdeck.model.deck import Deck
from stormdeck.model.finding import Severity
from stormdeck.model.symptoms.blame import blame
from stormdeck.model.symptoms.evidence import Cause, Standing, weighed
from stormdeck.model.symptoms.log_traces import Trace
from stormdeck.model.symptoms.matching import Match, matches, quoting, ranking
from stormdeck.model.symptoms.messages import RETRIES
from stormdeck.model.symptoms.server_errors import model_in, words_in

_STANDINGS = tuple(Standing)
_CLIENTS_TOO = {"TIME504", "URL105", "PROXY804"}
"""Rules of words that the client uses of its own connection as well as servers of theirs."""
_SAID = "the server's own words in the message say so"
_NEAR = 0.2
"""The share from which on a message is worth naming as near."""


def matched_messages(text: str) -> tuple[str, ...]:
    """Return what happened, in a few words for each message that a text may be; empty where none is known."""
    return tuple(match.message.name for match in matches(text))


def decode(text: str, deck: Deck, seen: Sequence[Trace] = ()) -> tuple[Cause, ...]:
    """Return the causes of a message: those that are found here first, then the likeliest; empty where it is unknown.

    What a server says inside of a message tells more than the client's words around it. ``seen``: the error records
    at the ends of the logs.
    """
    known, words = matches(text), words_in(text)
    proxy = deck.proxy is not None or deck.proxy_config is not None
    told = words.codes_at(proxy=proxy) if words is not None else ()
    around = tuple(code for match in known for code in match.message.codes)
    own = bool(told) and (told[0] not in _CLIENTS_TOO or not around)
    codes = told if own else (*_of_storm(known, deck), *around)
    model = model_in(text)
    causes = [weighed(code, deck, model, seen) for code in dict.fromkeys(codes)]
    if own and not any(causes):
        causes = [weighed(told[0], deck, model, seen, said=True)]
    found = [cause for cause in causes if cause is not None]
    if own and all(cause.standing is not Standing.FOUND for cause in found):
        found[:1] = [replace(cause, standing=Standing.FOUND, evidence=(_SAID, *cause.evidence)) for cause in found[:1]]
    errors = {one.code for one in deck.findings if one.severity is Severity.ERROR}
    return tuple(sorted(found, key=lambda one: (_STANDINGS.index(one.standing), one.code not in errors)))


def near(text: str, most: int = 3) -> tuple[str, ...]:
    """Return the known messages that come nearest to a text, as the client shows them: those that hold it first."""
    holding = [quote.text for quote in quoting(text)]
    alike = [match.message.texts[0] for match in ranking(text)[:most] if match.share >= _NEAR]
    return tuple(dict.fromkeys((*holding, *alike)))[:most]


def _of_storm(known: Sequence[Match], deck: Deck) -> tuple[str, ...]:
    """Return the rule of the storm that goes on, for a message that only says that the client retries."""
    storm = deck.traffic.live_storm if deck.traffic is not None else None
    if storm is None or all(match.message.name != RETRIES for match in known):
        return ()
    code = blame(storm, deck).code
    return (code,) if code is not None else ()
