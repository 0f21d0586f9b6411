"""Find out which findings an edit of a settings file causes."""

from __future__ import annotations

from collections.abc import Iterable

from stormdeck.model.deck import Deck
from stormdeck.model.finding import Finding
from stormdeck.model.rules.collect import findings_of
from stormdeck.model.settings.scope import Scope, SettingsSnapshot


def new_findings(deck: Deck, after: SettingsSnapshot, paths: Iterable[str], scope: Scope) -> tuple[Finding, ...]:
    """Return the findings about the settings after an edit that the deck does not have, worst first.

    ``paths`` are the edited settings, in the file of ``scope``.
    """
    before = {(one.code, one.path, one.message) for one in findings_of(deck)}
    found = findings_of(deck, after, frozenset(paths), scope=scope)
    return tuple(one for one in found if (one.code, one.path, one.message) not in before)
