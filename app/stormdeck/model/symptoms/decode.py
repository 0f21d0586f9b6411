"""Decode an error message: its possible causes on this machine now, ranked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from stormdeck.model.deck import Deck
from stormdeck.model.finding import Severity
from stormdeck.model.symptoms.blame import blame
from stormdeck.model.symptoms.evidence import Cause, Standing, weigh
from stormdeck.model.symptoms.log_traces import Trace
from stormdeck.model.symptoms.matching import matches, quoting, ranking
from stormdeck.model.symptoms.message import Message
from stormdeck.model.symptoms.messages import RETRIES
from stormdeck.model.symptoms.own_words import symptoms_in
from stormdeck.model.symptoms.server_error import ServerError
from stormdeck.model.symptoms.server_errors import model_in, server_error_in

_STANDINGS = tuple(Standing)
_CLIENTS_TOO = {"TIME504", "URL105", "PROXY804"}
"""Rules of errors that both the client and servers report in the same words."""
_SAID = "the server's error in the message says so"
_SURE = 0.85
"""The share of a message from which on a text is that message, and no description of a symptom."""
_CLIENT = re.compile(r"api error\b", re.IGNORECASE)
_NEAR = 0.2
"""The least share of a message that is suggested as similar."""


def recognised(text: str) -> tuple[Message, ...]:
    """Return the known messages that a text may be; else the symptoms that it describes in other words."""
    known = tuple(match.message for match in matches(text))
    error = server_error_in(text)
    named = error is not None and _CLIENTS_TOO.isdisjoint(error.codes[:1])
    if named or _CLIENT.search(text) is not None or _quotes(text, known):
        return known
    return symptoms_in(text) or known


def matched_messages(text: str) -> tuple[str, ...]:
    """Return a short description of each known message that a text may be."""
    return tuple(message.name for message in recognised(text))


def decode(text: str, deck: Deck, seen: Sequence[Trace] = ()) -> tuple[Cause, ...]:
    """Return the causes of a message, those found here first, then by likelihood; empty if the message is unknown.

    A server's error inside a message counts more than the client's text around it. ``seen`` are the error records
    at the ends of the logs.
    """
    known, error = recognised(text), server_error_in(text)
    proxy = deck.proxy is not None or deck.proxy_config is not None
    around = tuple(code for message in known for code in message.codes)
    stated = error.codes_at(proxy=proxy) if error is not None else ()
    if error is not None and (not stated or error.says or stated[0] not in _CLIENTS_TOO or not around):
        return _stated(error, stated, text, deck, seen)
    causes = [weigh(code, deck, model_in(text), seen) for code in dict.fromkeys((*_of_storm(known, deck), *around))]
    found = [cause for cause in causes if cause is not None]
    shown = {cause.code for cause in found}
    rare = dict.fromkeys(code for message in known for code in message.if_found if code not in shown)
    logged = [cause for code in rare if (cause := weigh(code, deck, model_in(text), seen)) is not None]
    found[:0] = [cause for cause in logged if cause.standing is Standing.FOUND]
    advice = [] if found else [Cause("", one.name, Standing.POSSIBLE, change=one.advice) for one in known if one.advice]
    return _ranked((*found, *advice), deck)


def _stated(
    error: ServerError, codes: Sequence[str], text: str, deck: Deck, seen: Sequence[Trace]
) -> tuple[Cause, ...]:
    """Return the causes of a message that names one: the named one first."""
    proxy = deck.proxy is not None or deck.proxy_config is not None
    if not codes:
        change = error.advice_at(proxy=proxy)
        return (Cause("", error.title, Standing.FOUND, error.hop_at(proxy=proxy), (_SAID,), change),)
    model = model_in(text)
    causes = [weigh(code, deck, model, seen) for code in dict.fromkeys(codes)]
    if not any(causes):
        causes = [weigh(code, deck, model, seen, has_error_text=True) for code in codes[:1]]
    found = [cause for cause in causes if cause is not None]
    if all(cause.standing is not Standing.FOUND for cause in found):
        found[:1] = [_as_said(cause, error) for cause in found[:1]]
    return _ranked(found, deck)


def _as_said(cause: Cause, error: ServerError) -> Cause:
    """Return a cause that the message names: only as possible, if it does not prove it or a check denies it."""
    doubtful = bool(error.says) and (not error.proof or cause.standing is Standing.UNLIKELY)
    standing = Standing.POSSIBLE if doubtful else Standing.FOUND
    # Why a possible cause could not be checked does not matter where the message names it.
    checked = () if cause.standing is Standing.POSSIBLE else cause.evidence
    return replace(cause, standing=standing, evidence=(error.says or _SAID, *checked))


def _ranked(causes: Sequence[Cause], deck: Deck) -> tuple[Cause, ...]:
    errors = {one.code for one in deck.findings if one.severity is Severity.ERROR}
    return tuple(sorted(causes, key=lambda one: (_STANDINGS.index(one.standing), one.code not in errors)))


def _quotes(text: str, known: Sequence[Message]) -> bool:
    """Return whether a text is the client's own, whole or in good part, and no description of it."""
    return any(holding.message in known for holding in quoting(text)) or any(
        match.message in known and match.share >= _SURE and not match.cut for match in matches(text)
    )


def near(text: str, most: int = 3) -> tuple[str, ...]:
    """Return the known messages most similar to a text, as the client shows them; those that contain it first."""
    holding = [quote.text for quote in quoting(text)]
    alike = [match.message.texts[0] for match in ranking(text)[:most] if match.share >= _NEAR]
    return tuple(dict.fromkeys((*holding, *alike)))[:most]


def _of_storm(known: Sequence[Message], deck: Deck) -> tuple[str, ...]:
    """Return the rule of the running storm, for a message that only says that the client retries."""
    storm = deck.traffic.live_storm if deck.traffic is not None else None
    if storm is None or all(message.name != RETRIES for message in known):
        return ()
    code = blame(storm, deck).code
    return (code,) if code is not None else ()
