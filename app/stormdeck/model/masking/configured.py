"""Collect every secret in the settings, the environment and LiteLLM's YAML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from urllib.parse import unquote

from stormdeck.model.litellm.config import Node, ProxyConfig
from stormdeck.model.litellm.placeholders import REFERENCE
from stormdeck.model.masking.json_text import json_secrets
from stormdeck.model.masking.places import Content, Place, place_of
from stormdeck.model.masking.shapes import is_mixed
from stormdeck.model.masking.values import value_spans
from stormdeck.model.masking.yaml_text import yaml_spans
from stormdeck.model.settings.scope import SettingsSnapshot

_PIECE = re.compile(r"[^\s\"',;]+")


def secrets_of(
    settings: SettingsSnapshot, environ: Mapping[str, str], proxy: ProxyConfig | None = None
) -> frozenset[str]:
    """Return every secret in the settings files, the environment and LiteLLM's YAML, whole and in parts."""
    texts = [file.text for file in settings.files]
    found = secrets_in(texts, {**environ, **settings.shell}.items(), proxy.all_lines if proxy is not None else ())
    referred = _of_node(proxy.root, environ) if proxy is not None and proxy.root is not None else ()
    return found.union(referred)


def secrets_in(texts: Iterable[str], variables: Iterable[tuple[str, str]], yaml: tuple[str, ...]) -> frozenset[str]:
    """Return every secret in settings files, variables, and the lines of a YAML."""
    found: set[str] = set()
    found.update(*map(_of_json, texts), _of_lines(yaml))
    for name, text in variables:
        found.update(_of_value(place_of(f"env.{name}"), text))
    return frozenset(found)


def secrets_added(before: Iterable[str], texts: Iterable[str]) -> frozenset[str]:
    """Return every secret in settings files that is not in the earlier ones."""
    new = frozenset[str]().union(*map(json_secrets, texts)).difference(*map(json_secrets, before))
    return frozenset(part for secret in new for part in _parts(secret))


@lru_cache(maxsize=8)
def _of_json(text: str) -> frozenset[str]:
    return frozenset(part for secret in json_secrets(text) for part in _parts(secret))


@lru_cache(maxsize=2)
def _of_lines(lines: tuple[str, ...]) -> frozenset[str]:
    spans = zip(lines, yaml_spans(lines), strict=True)
    return frozenset(part for line, found in spans for start, end in found for part in _parts(line[start:end]))


def _of_value(place: Place, text: str) -> Iterator[str]:
    for start, end in value_spans(place, text):
        yield from _parts(text[start:end])


def _parts(secret: str) -> Iterator[str]:
    """Yield a secret, its lines, the random-looking words in it, and the password of a ``user:password``."""
    yield secret
    for line in secret.splitlines():
        yield line.strip()
    yield from (piece for piece in _PIECE.findall(secret) if is_mixed(piece))
    user, colon, password = secret.partition(":")
    if colon and " " not in user and "\n" not in secret:
        yield from (password, unquote(password), unquote(secret))
        if len(user) >= max(len(password), 12):
            yield user  # a token may be the user, with x or nothing as the password
    elif "%" in secret:
        yield unquote(secret)


def _of_node(root: Node, environ: Mapping[str, str]) -> Iterable[str]:
    """Yield the secrets in a tree; a node that aliases share is visited once per kind of place."""
    seen: set[tuple[int, Content]] = set()
    waiting: list[tuple[Node, Place]] = [(root, Place())]
    while waiting:
        node, place = waiting.pop()
        if (id(node), place.content) in seen:
            continue
        seen.add((id(node), place.content))
        waiting += [(member.node, place.below(member.key)) for member in node.members or ()]
        waiting += [(item, place.item) for item in node.items or ()]
        if node.value is None or isinstance(node.value, bool):
            continue
        text = str(node.value)
        if text.startswith(REFERENCE):
            text = environ.get(text.removeprefix(REFERENCE), "")
        yield from _of_value(place, text)
