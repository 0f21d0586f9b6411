"""Every secret that is configured anywhere: what must not stand in a text that leaves this machine."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from stormdeck.model.litellm.config import REFERENCE, ProxyConfig
from stormdeck.model.litellm.node import Node
from stormdeck.model.settings.scope import SettingsFile, SettingsSnapshot
from stormdeck.model.settings.secrets import is_secret, masked_json

_WORD = re.compile(r"""[^\s"',{}:]+""")
_PIECE = re.compile(r"""[^\s"',;]+""")
_SCHEMES = frozenset({"bearer", "basic"})
_USERINFO = re.compile(r"://([^/?#\s@]+)@")
_QUERY = re.compile(r"[?&][\w-]*(?:key|token|secret|password|auth|sig|signature)=([^&#\s]+)", re.IGNORECASE)


def secrets_of(settings: SettingsSnapshot, environ: Mapping[str, str], proxy: ProxyConfig | None) -> frozenset[str]:
    """Return every secret of the settings files, of the environment and of LiteLLM's YAML, each in all its parts.

    A header's value is a secret, its name is none; so is what a URL carries before its host.
    """
    found: set[str] = set()
    for file in settings.files:
        found.update(_of_file(file))
    for name, text in {**environ, **settings.shell}.items():
        found.update(_of_value(name, text))
    if proxy is not None:
        found.update(_of_proxy(proxy, environ))
    return frozenset(found)


def taken_out(text: str) -> Iterator[str]:
    """Yield the words that masking takes out of a text, which need not be JSON."""
    for line, shown in zip(text.split("\n"), masked_json(text).split("\n"), strict=False):
        if line != shown:
            kept = set(_WORD.findall(shown))
            yield from (word for word in _WORD.findall(line) if word not in kept)


def _of_file(file: SettingsFile) -> Iterator[str]:
    yield from _of_tree("", file.values)
    if not file.values:
        yield from taken_out(file.text)
        yield from _of_url(file.text)


def _of_tree(name: str, value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _of_tree(str(key), inner)
    elif isinstance(value, list):
        for item in value:
            yield from _of_tree(name, item)
    elif not isinstance(value, bool) and isinstance(value, str | int | float):
        yield from _of_value(name, str(value))


def _of_value(name: str, text: str) -> Iterator[str]:
    if is_secret(name):
        yield text
        for line in text.splitlines():
            yield line.strip()
            yield from (piece for piece in _PIECE.findall(line) if not _is_label(piece))
    yield from _of_url(text)


def _is_label(piece: str) -> bool:
    """Say whether a word of a header names it, or its scheme."""
    return piece.endswith(":") or piece.lower() in _SCHEMES


def _of_url(text: str) -> Iterator[str]:
    """Yield what URLs carry before their host, and in a query's secret values."""
    for userinfo in _USERINFO.findall(text):
        user, colon, password = userinfo.partition(":")
        yield from (userinfo, unquote(userinfo), password or user, unquote(password or user))
        if colon and len(user) >= len(password):
            yield user  # a token may stand in the user's place, with x or nothing behind it
    for value in _QUERY.findall(text):
        yield from (value, unquote(value))


def _of_proxy(proxy: ProxyConfig, environ: Mapping[str, str]) -> Iterator[str]:
    text = "\n".join(proxy.lines)
    yield from _of_url(text)
    if proxy.root is None:
        yield from taken_out(text)
    else:
        yield from _of_node("", proxy.root, environ)


def _of_node(name: str, node: Node, environ: Mapping[str, str]) -> Iterator[str]:
    for member in node.members or ():
        yield from _of_node(member.key, member.node, environ)
    for item in node.items or ():
        yield from _of_node(name, item, environ)
    if node.value is None or isinstance(node.value, bool):
        return
    text = str(node.value)
    if text.startswith(REFERENCE):
        text = environ.get(text.removeprefix(REFERENCE), "")
    yield from _of_value(name, text)
