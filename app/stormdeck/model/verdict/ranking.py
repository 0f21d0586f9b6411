"""Collect all statements about a deck and rank them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from itertools import chain

from stormdeck.model.deck import Deck
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.symbols import Health
from stormdeck.model.verdict import all_well, findings, fleet, groups, history, own_faults, replay, storms, vllm_load
from stormdeck.model.verdict.servers import base_url, containers, on_path
from stormdeck.model.verdict.statement import Clock, Statement

_BY_SEVERITY = (Health.ERROR, Health.WARNING, Health.STALE)


def statements(deck: Deck, now: float, clock: Clock) -> tuple[Statement, ...]:
    """Return all statements for a moment, the most useful first. At least one; secrets are masked.

    Errors come first, then warnings, each in the order of the sources below. Findings that are only warnings come
    after the statement that all is well.
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
            on_path.problems(deck, now),
            groups.problems(deck),
            containers.problems(deck, now, clock),
            base_url.not_reached(deck),
            storms.failing(deck, now),
            storms.just_over(deck, now),
            storms.gave_up(deck, now),
            findings.errors(deck),
            vllm_load.problems(deck, now),
            history.problems(deck, now),
            fleet.problems(deck),
            own_faults.stopped(deck),
            own_faults.unreadable_logs(deck),
            storms.ended(deck, now),
            own_faults.storms_not_kept(deck),
            findings.not_set_up(deck),
        )
    )
    is_wrong = any(one.health in _BY_SEVERITY for one in ranked)
    calm = () if is_wrong else all_well.statement(deck, now)
    return (*ranked, *calm, *findings.warnings(deck))


def _masked(one: Statement) -> Statement:
    """Return a statement with the secrets masked that it quotes from settings, servers and logs."""
    return replace(
        one,
        headline=_masked_headline(one),
        detail=_mask(one.detail),
        brief=_mask(one.brief),
        cause=_mask(one.cause),
        evidence=_mask(one.evidence),
        step=_mask(one.step),
    )


_mask = lru_cache(256)(mask_text)
"""Most texts are those of a second before."""


def _masked_headline(one: Statement) -> str:
    """Mask a headline without its setting's name: after ``ANTHROPIC_API_KEY:`` any word looks like a secret."""
    if not one.setting:
        return _mask(one.headline)
    return f"{_mask(one.setting)}: {_mask(one.headline.removeprefix(f'{one.setting}: '))}"


def verdict(deck: Deck, now: float, clock: Clock) -> Statement:
    """Return the headline for a deck at a moment."""
    return statements(deck, now, clock)[0]


def _ranked(found: Iterable[Statement]) -> list[Statement]:
    """Return the statements without duplicates, the most severe first."""

    def order(one: Statement) -> int:
        return _BY_SEVERITY.index(one.gravity) if one.gravity in _BY_SEVERITY else len(_BY_SEVERITY)

    return sorted(_distinct(found), key=order)


def _distinct(found: Iterable[Statement]) -> list[Statement]:
    """Drop statements that repeat an earlier one: the same rule, or the same headline."""
    kept: list[Statement] = []
    for one in found:
        same_rule = one.code is not None and not one.past and any(one.code == other.code for other in kept)
        if not same_rule and all(one.headline != other.headline for other in kept):
            kept.append(one)
    return kept
