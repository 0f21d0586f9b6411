"""All statements about a deck, ranked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import chain

from stormdeck.model.deck import Deck
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.symbols import Health
from stormdeck.model.verdict import all_well, base_url, findings, own_faults, replay, servers, storms, vllm_load
from stormdeck.model.verdict.statement import Clock, Statement

_GRAVITY = (Health.ERROR, Health.WARNING, Health.STALE)


def statements(deck: Deck, now: float, clock: Clock) -> tuple[Statement, ...]:
    """Return everything that is to be said at a moment, the most useful first; never nothing, and no secret.

    What breaks a turn now comes first, then what needs a look, each in the order of the cases below. Settings that are
    merely worth a look come after the word that all is well: they make nothing wrong.
    """
    return tuple(map(_masked, _all(deck, now, clock)))


def _all(deck: Deck, now: float, clock: Clock) -> tuple[Statement, ...]:
    if deck.replay is not None:
        return (*replay.ended(deck), *_ranked(replay.seen(deck, now, clock)), *replay.playing(deck))
    ranked = _ranked(
        chain(
            storms.live(deck, now, clock),
            findings.dropped_files(deck),
            findings.untrusted(deck),
            servers.unwell(deck, now),
            base_url.not_reached(deck),
            storms.failing(deck, now),
            storms.just_over(deck, now),
            storms.lost(deck, now),
            findings.errors(deck),
            vllm_load.unwell(deck, now),
            own_faults.stopped(deck),
            own_faults.unread(deck),
            storms.remembered(deck, now),
            own_faults.forgetful(deck),
            findings.not_set_up(deck),
        )
    )
    trouble = any(one.light in _GRAVITY for one in ranked)
    calm = () if trouble else all_well.statement(deck, now)
    return (*ranked, *calm, *findings.warnings(deck))


def _masked(one: Statement) -> Statement:
    """Return a statement without the secrets that it quotes of settings, servers and logs."""
    return replace(
        one,
        headline=mask_text(one.headline),
        detail=mask_text(one.detail),
        brief=mask_text(one.brief),
        cause=mask_text(one.cause),
        evidence=mask_text(one.evidence),
        step=mask_text(one.step),
    )


def verdict(deck: Deck, now: float, clock: Clock) -> Statement:
    """Return the headline for a deck at a moment."""
    return statements(deck, now, clock)[0]


def _ranked(found: Iterable[Statement]) -> list[Statement]:
    """Return what was found without what is said twice, the gravest first."""
    once = _once(found)
    return sorted(once, key=lambda one: _GRAVITY.index(one.gravity) if one.gravity in _GRAVITY else len(_GRAVITY))


def _once(found: Iterable[Statement]) -> list[Statement]:
    """Drop what an earlier statement says already: the same rule, or the same storm."""
    kept: list[Statement] = []
    for one in found:
        same_rule = one.code is not None and not one.past and any(one.code == other.code for other in kept)
        if not same_rule and all(one.headline != other.headline for other in kept):
            kept.append(one)
    return kept
