"""Keeps the secrets of settings files out of what findings quote, and their own words as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from stormdeck.model.settings.scope import SettingsFile, SettingsSnapshot
from stormdeck.model.settings.secrets import is_secret, masked_json
from stormdeck.model.text import MASK, clean, mask_url

_SHORTEST = 6
"""Characters; a shorter one, such as ``dummy``, protects nothing and is an ordinary word."""
_WORD = re.compile(r"""[^\s"',{}:]+""")


class Hider:
    """Knows every secret of the settings, so that none is shown and no other word is taken for one."""

    def __init__(self, settings: SettingsSnapshot) -> None:
        found = {name for file in settings.files for name in _secrets(file)}
        found |= {text for name, text in settings.shell.items() if is_secret(name)}
        # The longest first: one secret may begin with another.
        known = sorted((clean(secret) for secret in found if len(secret) >= _SHORTEST), key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, text: str) -> str:
        """Return a text as it may be shown, on one line."""
        shown = mask_url(clean(text))
        return self._known.sub(MASK, shown) if self._known is not None else shown


def _secrets(file: SettingsFile) -> Iterator[str]:
    if file.values:
        yield from _in(file.values)
        return
    # A file that is not in effect may be no JSON: what masking takes out of its lines is secret.
    for line, shown in zip(file.text.split("\n"), masked_json(file.text).split("\n"), strict=False):
        if line != shown:
            kept = set(_WORD.findall(shown))
            yield from (word for word in _WORD.findall(line) if word not in kept)


def _in(values: Mapping[str, object]) -> Iterator[str]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _in(value)
        elif isinstance(value, str) and is_secret(name):
            yield from (line.strip() for line in (value, *value.splitlines(), *value.split()))
