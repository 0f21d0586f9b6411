"""Decode an error message: its possible causes on this machine now, ranked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from stormdeck.model.deck import Deck
from stormdeck.model.finding import Severity
from stormdeck.model.symptoms.blame import blame
from stormdeck.model.symptoms.evidence import Cause, Standing, weigh
from stormdeck.model.symptoms.log_traces import Trace
from stormdeck.model.symptoms.matching import Match, matches, quoting, ranking
from stormdeck.model.symptoms.messages import RETRIES
from stormdeck.model.symptoms.server_errors import model_in, server_error_in

_STANDINGS = tuple(Standing)
_CLIENTS_TOO = {"TIME504", "URL105", "PROXY804"}
"""Rules of errors that both the client and servers report in the same words."""
_SAID = "the server's error in the message says so"
_NEAR = 0.2
"""The least share of a message that is suggested as similar."""


def matched_messages(text: str) -> tuple[str, ...]:
    """Return a short description of each known message that a text may be."""
    return tuple(match.message.name for match in matches(text))


def decode(text: str, deck: Deck, seen: Sequence[Trace] = ()) -> tuple[Cause, ...]:
    """Return the causes of a message, those found here first, then by likelihood; empty if the message is unknown.

    A server's error inside a message counts more than the client's text around it. ``seen`` are the error records
    at the ends of the logs.
    """
    known, error = matches(text), server_error_in(text)
    proxy = deck.proxy is not None or deck.proxy_config is not None
    stated = error.codes_at(proxy=proxy) if error is not None else ()
    around = tuple(code for match in known for code in match.message.codes)
    own = bool(stated) and (stated[0] not in _CLIENTS_TOO or not around)
    codes = stated if own else (*_of_storm(known, deck), *around)
    model = model_in(text)
    causes = [weigh(code, deck, model, seen) for code in dict.fromkeys(codes)]
    if own and not any(causes):
        causes = [weigh(stated[0], deck, model, seen, said=True)]
    found = [cause for cause in causes if cause is not None]
    if own and all(cause.standing is not Standing.FOUND for cause in found):
        found[:1] = [replace(cause, standing=Standing.FOUND, evidence=(_SAID, *cause.evidence)) for cause in found[:1]]
    errors = {one.code for one in deck.findings if one.severity is Severity.ERROR}
    return tuple(sorted(found, key=lambda one: (_STANDINGS.index(one.standing), one.code not in errors)))


def near(text: str, most: int = 3) -> tuple[str, ...]:
    """Return the known messages most similar to a text, as the client shows them; those that contain it first."""
    holding = [quote.text for quote in quoting(text)]
    alike = [match.message.texts[0] for match in ranking(text)[:most] if match.share >= _NEAR]
    return tuple(dict.fromkeys((*holding, *alike)))[:most]


def _of_storm(known: Sequence[Match], deck: Deck) -> tuple[str, ...]:
    """Return the rule of the running storm, for a message that only says that the client retries."""
    storm = deck.traffic.live_storm if deck.traffic is not None else None
    if storm is None or all(match.message.name != RETRIES for match in known):
        return ()
    code = blame(storm, deck).code
    return (code,) if code is not None else ()
