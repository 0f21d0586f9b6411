"""Define a proxy's model groups and their servers, and find the group of a model id."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from stormdeck.model.urls import is_hosted, is_loopback, origin_of, parts_of, plain_host, same_place

MOST_ENTRIES = 200
"""Entries that are kept of one configuration; the others are only counted."""
_ENDPOINTS = ("/chat/completions", "/completions", "/messages", "/responses", "/embeddings")
_PUBLIC_APIS = (
    *("openai.com", "azure.com", "googleapis.com", "amazonaws.com", "openrouter.ai", "deepseek.com", "mistral.ai"),
    *("groq.com", "together.xyz", "fireworks.ai", "cohere.ai", "cohere.com", "x.ai", "bigmodel.cn", "aliyuncs.com"),
)
"""Domains of hosted APIs other than Anthropic's; none of them has a health check to ask."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """One server behind a model group."""

    url: str
    """``scheme://host:port`` and the path before ``/v1``; empty if it is not known or not to be asked."""
    skipped: str = ""
    """Why it is not asked: ``the hosted API``, ``its api_base is in a variable``; empty if it is asked."""
    is_hosted: bool = False
    is_idle: bool = False
    """Its weight is 0 while another has one: it gets requests only when no other server is left."""


@dataclass(frozen=True, slots=True)
class ModelGroup:
    """The servers among which a proxy balances the requests for one model name."""

    name: str
    """As configured; it may contain wildcards."""
    servers: tuple[Upstream, ...]

    @property
    def asked(self) -> tuple[Upstream, ...]:
        """Return the servers that are polled."""
        return tuple(one for one in self.servers if one.url)


@dataclass(frozen=True, slots=True)
class RoutingTable:
    """All model groups of a proxy. Empty if its configuration is not known."""

    groups: tuple[ModelGroup, ...] = ()
    aliases: tuple[tuple[str, str], ...] = ()
    """Pairs of an alias and the name that it stands for, in the order in which they are applied."""
    patterns: tuple[tuple[str, str], ...] = ()
    """Pairs of a pattern and a group, for ids that are no group's name; the first match counts."""
    fallbacks: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """The groups that a group falls back to when it fails; ``*`` stands for every group."""
    source: str = ""
    """Where it was read: ``/etc/litellm.yaml``, ``/model/info``."""
    is_reported: bool = False
    """The proxy itself reports it in an answer; else it was read from a file of this machine."""
    left_out: int = 0
    """Entries beyond the limit."""

    @property
    def servers(self) -> tuple[str, ...]:
        """Return the URLs of the distinct servers that may be asked."""
        return tuple(dict.fromkeys(one.url for group in self.groups for one in group.asked))

    @property
    def branches(self) -> bool:
        """Return whether requests can end at more than one server."""
        ends = {one.url or one.skipped for group in self.groups for one in group.servers}
        return len(ends) > 1

    def with_server(self, url: str) -> RoutingTable:
        """Return the table with its only server at the address that the user gave for it; unchanged if it has more."""
        return self if self.branches else self.with_servers(lambda _: upstream(url))

    def with_servers(self, change: Callable[[Upstream], Upstream]) -> RoutingTable:
        """Return the table with each server changed."""
        groups = (replace(group, servers=distinct(map(change, group.servers))) for group in self.groups)
        return replace(self, groups=tuple(groups))

    def group(self, name: str) -> ModelGroup | None:
        """Return the group with this name."""
        return next((one for one in self.groups if one.name == name), None)

    def group_for(self, asked: str) -> ModelGroup | None:
        """Return the group that serves a model id; ``None`` if none certainly does."""
        name = asked
        for alias, target in self.aliases:
            name = target if name == alias else name
        found = self.group(name)
        if found is not None or not name:
            return found
        matched = next((group for pattern, group in self.patterns if fnmatchcase(name, pattern)), None)
        return self.group(matched) if matched is not None else None

    def fallbacks_of(self, name: str) -> tuple[ModelGroup, ...]:
        """Return the groups that a group falls back to."""
        own = next((to for group, to in self.fallbacks if group == name), None)
        named = own if own is not None else next((to for group, to in self.fallbacks if group == "*"), ())
        found = (self.group_for(one) for one in named if one != name)
        return tuple(one for one in found if one is not None and one.name != name)

    def seen_from(self, *, proxy_is_here: bool) -> RoutingTable:
        """Return the table without the loopback addresses of another machine, which mean that machine itself."""
        return self if proxy_is_here else self.with_servers(_seen_from_elsewhere)


def _seen_from_elsewhere(one: Upstream) -> Upstream:
    parts = parts_of(one.url)
    if parts is None or not is_loopback(plain_host(parts.hostname or "")):
        return one
    return replace(
        one, url="", skipped=f"{one.url} is an address of the proxy's own machine or container: not reachable from here"
    )


def upstream(base: str, *, is_idle: bool = False) -> Upstream:
    """Return the server at an API base, which may name the whole endpoint.

    >>> upstream("http://gpu-box:8000/vllm/v1/chat/completions").url
    'http://gpu-box:8000/vllm'
    """
    parts, origin = parts_of(base), origin_of(base)
    if parts is None or origin is None:
        return Upstream("", "its address is no URL", is_idle=is_idle)
    host = plain_host(parts.hostname or "")
    if is_hosted(host):
        return Upstream("", f"{host} is the hosted API: not asked", is_hosted=True, is_idle=is_idle)
    if any(host == one or host.endswith(f".{one}") for one in _PUBLIC_APIS):
        return Upstream("", f"{host} is a hosted API: not asked", is_hosted=True, is_idle=is_idle)
    path = parts.path.rstrip("/")
    for ending in _ENDPOINTS:
        path = path.removesuffix(ending)
    return Upstream(origin + path.removesuffix("/v1").rstrip("/"), is_idle=is_idle)


def is_same_server(one: str, other: str) -> bool:
    """Return whether two URLs lead to the same server; all loopback names are the same.

    >>> is_same_server("http://localhost:8000", "http://127.0.0.1:8000/")
    True
    """
    if one == other:
        return True
    first, second = parts_of(one), parts_of(other)
    if first is None or second is None or first.path.rstrip("/") != second.path.rstrip("/"):
        return False
    return same_place(one, other)


def distinct(servers: Iterable[Upstream]) -> tuple[Upstream, ...]:
    """Return the servers without repetitions; one that has a weight anywhere is not idle."""
    found: dict[tuple[str, str], Upstream] = {}
    for one in servers:
        key = (one.url, one.skipped)
        found[key] = replace(one, is_idle=one.is_idle and found.get(key, one).is_idle)
    return tuple(found.values())
