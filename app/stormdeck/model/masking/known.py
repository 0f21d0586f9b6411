"""Find configured secrets wherever a text quotes them."""

from __future__ import annotations

from collections.abc import Iterable

from stormdeck.model.masking.lines import merged, replaced, text_spans
from stormdeck.model.masking.names import PLACEHOLDERS
from stormdeck.model.masking.shapes import Span
from stormdeck.model.text import clean

SHORTEST = 6
"""Characters. A shorter one, such as ``dummy``, is an ordinary word and protects nothing."""
_MAX_PER_PREFIX = 50
"""Secrets with the same first characters that are searched for: the bound keeps hostile settings cheap."""


class KnownSecrets:
    """Masks given secrets in any text; the time depends on the length of the text alone.

    >>> KnownSecrets(["hunter22"])("the server refused hunter22")
    'the server refused ••••••••'
    """

    def __init__(self, secrets: Iterable[str], shortest: int = SHORTEST) -> None:
        self._shortest = shortest
        self._by_prefix: dict[str, list[str]] = {}
        self._add(secrets)

    def with_more(self, secrets: Iterable[str]) -> KnownSecrets:
        """Return a masker for further secrets too; a new one is always searched for."""
        made = KnownSecrets((), self._shortest)
        made._add(secrets)
        for prefix, candidates in made._by_prefix.items():
            both = {*candidates, *self._by_prefix.get(prefix, ())}
            made._by_prefix[prefix] = sorted(both, key=_longest_first)
        made._by_prefix = {**self._by_prefix, **made._by_prefix}
        return made

    def _add(self, secrets: Iterable[str]) -> None:
        by_prefix: dict[str, set[str]] = {}
        for secret in {form for one in secrets for form in (one, clean(one))}:
            if len(secret) >= self._shortest and secret.lower() not in PLACEHOLDERS:
                by_prefix.setdefault(secret[: self._shortest], set()).add(secret)
        for prefix, candidates in by_prefix.items():
            self._by_prefix[prefix] = sorted(candidates, key=_longest_first)[:_MAX_PER_PREFIX]

    def spans(self, text: str) -> list[Span]:
        """Return the spans of secrets in order, the longest match at each offset."""
        if not self._by_prefix:
            return []
        found: list[Span] = []
        at, size, by_prefix = 0, self._shortest, self._by_prefix
        while at <= len(text) - size:
            candidates = by_prefix.get(text[at : at + size])
            secret = next((one for one in candidates if text.startswith(one, at)), None) if candidates else None
            if secret is None:
                at += 1
                continue
            found.append((at, at + len(secret)))
            at += len(secret)
        return found

    def __call__(self, text: str) -> str:
        """Return a text with these secrets masked, and any that ``text_spans`` recognises."""
        return replaced(text, merged([*text_spans(text), *self.spans(text)]))


def _longest_first(secret: str) -> tuple[int, str]:
    return -len(secret), secret
