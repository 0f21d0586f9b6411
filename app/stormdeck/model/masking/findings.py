"""Mask the secrets that findings quote from settings and servers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache

from stormdeck.model.finding import Finding, Paste
from stormdeck.model.litellm.config import ProxyConfig
from stormdeck.model.masking.configured import secrets_added, secrets_in
from stormdeck.model.masking.known import KnownSecrets
from stormdeck.model.masking.yaml_text import mask_yaml
from stormdeck.model.settings.scope import SettingsSnapshot


def known_secrets(
    settings: SettingsSnapshot, yaml: Sequence[str] = (), before: SettingsSnapshot | None = None
) -> KnownSecrets:
    """Return a masker for the secrets in the settings and in the lines of LiteLLM's YAML.

    ``before`` are the settings without unsaved edits: their secrets are masked too, and are collected only once.
    """
    texts = tuple(file.text for file in settings.files)
    first = tuple(file.text for file in before.files) if before is not None else texts
    return _known(first, texts, tuple(settings.shell.items()), tuple(yaml))


def secrets_in_texts(*texts: str) -> KnownSecrets:
    """Return a masker for the secrets in some texts of JSON."""
    return _known(texts[:1], texts, (), ())


def mask_findings(
    found: Iterable[Finding],
    settings: SettingsSnapshot,
    proxy: ProxyConfig | None = None,
    before: SettingsSnapshot | None = None,
) -> tuple[Finding, ...]:
    """Return findings with every text masked; the value that a fix writes is not. For ``before``: ``known_secrets``."""
    hide = known_secrets(settings, proxy.all_lines if proxy is not None else (), before)
    return tuple(_masked(finding, hide) for finding in found)


_Variables = tuple[tuple[str, str], ...]


@lru_cache(maxsize=4)
def _known(first: tuple[str, ...], texts: tuple[str, ...], shell: _Variables, yaml: tuple[str, ...]) -> KnownSecrets:
    """Return a masker for the secrets in some texts; those of the first ones are collected once."""
    more = tuple(text for text in texts if text not in first)
    known = _collected(first, shell)
    added = secrets_added(first, more) if more else frozenset[str]()
    in_yaml = secrets_in((), (), yaml) if yaml else frozenset[str]()
    return known.with_more(added | in_yaml) if added or in_yaml else known


@lru_cache(maxsize=4)
def _collected(texts: tuple[str, ...], shell: _Variables) -> KnownSecrets:
    return KnownSecrets(secrets_in(texts, shell, ()))


def _masked(finding: Finding, hide: KnownSecrets) -> Finding:
    fix, paste = finding.fix, finding.paste
    return replace(
        finding,
        title=hide(finding.title),
        message=hide(finding.message),
        fix=None if fix is None else replace(fix, description=hide(fix.description)),
        paste=None if paste is None else _pasted(paste, hide),
    )


def _pasted(paste: Paste, hide: KnownSecrets) -> Paste:
    text = "\n".join(map(hide, mask_yaml(paste.text.split("\n"))))
    return replace(paste, description=hide(paste.description), text=text)
