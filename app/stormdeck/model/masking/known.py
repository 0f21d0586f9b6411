"""Secrets that are configured: found again in any text that quotes them, whatever stands around them."""

from __future__ import annotations

from collections.abc import Iterable

from stormdeck.model.masking.lines import merged, replaced, text_spans
from stormdeck.model.masking.names import PLACEHOLDERS
from stormdeck.model.masking.shapes import Span
from stormdeck.model.text import clean

SHORTEST = 6
"""Characters; a shorter one, such as ``dummy``, protects nothing and is an ordinary word."""
_MOST_ALIKE = 50
"""Secrets with one beginning that are looked for: more are the work of somebody who wants to keep us busy."""


class KnownSecrets:
    """Finds secrets in text in time that grows with the text alone."""

    def __init__(self, secrets: Iterable[str], shortest: int = SHORTEST) -> None:
        self._shortest = shortest
        self._by_head: dict[str, list[str]] = {}
        forms = {form for one in secrets for form in (one, clean(one))}
        for secret in sorted(forms, key=lambda one: (-len(one), one)):
            if len(secret) >= shortest and secret.lower() not in PLACEHOLDERS:
                alike = self._by_head.setdefault(secret[:shortest], [])
                if len(alike) < _MOST_ALIKE:
                    alike.append(secret)

    def spans(self, text: str) -> list[Span]:
        """Return the places of secrets, in order, the longest that fits at each."""
        if not self._by_head:
            return []
        found: list[Span] = []
        at, size, heads = 0, self._shortest, self._by_head
        while at <= len(text) - size:
            alike = heads.get(text[at : at + size])
            secret = next((one for one in alike if text.startswith(one, at)), None) if alike else None
            if secret is None:
                at += 1
                continue
            found.append((at, at + len(secret)))
            at += len(secret)
        return found

    def __call__(self, text: str) -> str:
        """Return a text without these secrets, and without any that is recognised by itself."""
        return replaced(text, merged([*text_spans(text), *self.spans(text)]))
