"""Keeps the secrets of settings files out of what findings quote, and their own words as they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from stormdeck.model.redaction.harvest import taken_out
from stormdeck.model.settings.scope import SettingsFile, SettingsSnapshot
from stormdeck.model.settings.secrets import is_secret
from stormdeck.model.text import MASK, clean, mask_url

_SHORTEST = 6
"""Characters; a shorter one, such as ``dummy``, protects nothing and is an ordinary word."""


class Hider:
    """Knows every secret of the settings, so that none is shown and no other word is taken for one."""

    def __init__(self, settings: SettingsSnapshot, texts: Iterable[str] = ()) -> None:
        """Take the secrets of the settings, and of other texts such as a YAML."""
        found = {name for file in settings.files for name in _secrets(file)}
        found |= {text for name, text in settings.shell.items() if is_secret(name)}
        found |= {word for text in texts for word in taken_out(text)}
        # The longest first: one secret may begin with another.
        known = sorted((clean(secret) for secret in found if len(secret) >= _SHORTEST), key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, text: str) -> str:
        """Return a text as it may be shown, on one line."""
        shown = mask_url(clean(text))
        return self._known.sub(MASK, shown) if self._known is not None else shown


def _secrets(file: SettingsFile) -> Iterator[str]:
    return _in(file.values) if file.values else taken_out(file.text)


def _in(values: Mapping[str, object]) -> Iterator[str]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _in(value)
        elif isinstance(value, str) and is_secret(name):
            yield from (line.strip() for line in (value, *value.splitlines(), *value.split()))
