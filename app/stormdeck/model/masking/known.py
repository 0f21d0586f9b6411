"""Find configured secrets wherever a text quotes them."""

from __future__ import annotations

from collections.abc import Iterable

from stormdeck.model.masking.lines import merged, replaced, text_spans
from stormdeck.model.masking.longest_prefix import LongestPrefix
from stormdeck.model.masking.names import PLACEHOLDERS
from stormdeck.model.masking.shapes import Span
from stormdeck.model.text import clean

SHORTEST = 6
"""Characters. A shorter one, such as ``dummy``, is an ordinary word and protects nothing."""


class KnownSecrets:
    """Masks given secrets in any text; thousands of them that begin alike cost hardly more than one.

    >>> KnownSecrets(["hunter22"])("the server refused hunter22")
    'the server refused ••••••••'
    """

    def __init__(self, secrets: Iterable[str], shortest: int = SHORTEST) -> None:
        self._shortest = shortest
        forms = {form for one in secrets for form in (one, clean(one))}
        searched = [one for one in forms if len(one) >= shortest and one.lower() not in PLACEHOLDERS]
        self._beginnings = frozenset(one[:shortest] for one in searched)
        self._found_in: tuple[LongestPrefix, ...] = (LongestPrefix(searched),) if searched else ()

    def with_more(self, secrets: Iterable[str]) -> KnownSecrets:
        """Return a masker for further secrets too; those of this one are not prepared again."""
        made = KnownSecrets(secrets, self._shortest)
        made._beginnings |= self._beginnings
        made._found_in += self._found_in
        return made

    def spans(self, text: str) -> list[Span]:
        """Return the spans of secrets in order, the longest match at each offset."""
        if not self._found_in:
            return []
        found: list[Span] = []
        at, size, beginnings = 0, self._shortest, self._beginnings
        while at <= len(text) - size:
            if text[at : at + size] not in beginnings:
                at += 1
                continue
            length = max(secrets.at(text, at) for secrets in self._found_in)
            if length:
                found.append((at, at + length))
            at += max(length, 1)
        return found

    def __call__(self, text: str) -> str:
        """Return a text with these secrets masked, and any that ``text_spans`` recognises."""
        return replaced(text, merged([*text_spans(text), *self.spans(text)]))
