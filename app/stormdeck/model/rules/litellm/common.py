"""Helpers for the rules about LiteLLM's YAML."""

from __future__ import annotations

from collections.abc import Iterator

from stormdeck.model.finding import Finding, Fix, HopKind, Paste, Severity
from stormdeck.model.litellm import known_names
from stormdeck.model.litellm.config import Deployment, Member, Node, ProxyConfig
from stormdeck.model.rules.facts import BASE_URL, Facts
from stormdeck.model.snapshots.server import ServerKind, ServerState
from stormdeck.model.urls import same_place
from stormdeck.model.versions import at_least, version_key

REFUSED_MODEL = "API Error: 400 {'error': 'anthropic_messages: Invalid model name passed in model=...'}"
COOLDOWN = (
    "API Error: 429 No deployments available for selected model, Try again in 5 seconds. All deployments for "
    "selected model are in cooldown."
)
_LISTED_FROM = "1.109"
_RUNS = {ServerState.UP, ServerState.REFUSING, ServerState.DEGRADED, ServerState.STALE}


def at(
    config: ProxyConfig,
    code: str,
    severity: Severity,
    title: str,
    message: str,
    path: str,
    place: Node | Member | None,
    *,
    fix: Fix | None = None,
    paste: Paste | None = None,
    evidence: str = "measured",
    applies: str | None = None,
) -> Finding:
    """Return a finding about a place in the YAML, or about the whole file."""
    return Finding(
        code,
        severity,
        title,
        message,
        path,
        evidence=evidence,
        applies=applies,
        fix=fix,
        file=(place.file if place is not None else "") or config.file,
        line=place.line if place is not None else None,
        column=place.column if place is not None else None,
        hop=HopKind.PROXY,
        paste=paste,
    )


def configs(facts: Facts) -> Iterator[ProxyConfig]:
    """Yield the YAML if there is one and it parses."""
    if facts.proxy_config is not None and facts.proxy_config.is_litellm:
        yield facts.proxy_config


def whole_configs(facts: Facts) -> Iterator[ProxyConfig]:
    """Yield the YAML if what is missing in it is really missing, not in a file that was not read."""
    yield from (config for config in configs(facts) if not config.is_partly_read)


def deployments(facts: Facts) -> Iterator[tuple[ProxyConfig, Deployment]]:
    """Yield every deployment that names a model."""
    for config in configs(facts):
        for deployment in config.deployments():
            if deployment.model:
                yield config, deployment


def version(facts: Facts) -> str | None:
    """Return LiteLLM's version if it is known."""
    proxy = facts.live.proxy
    return proxy.version if proxy is not None and proxy.kind is ServerKind.LITELLM else None


def lists_cover(facts: Facts) -> bool:
    """Return whether the running LiteLLM is one whose names are listed, so that an unknown name is wrong."""
    known = version(facts)
    return at_least(known, _LISTED_FROM) and not is_newer_than_lists(facts)


def is_newer_than_lists(facts: Facts) -> bool:
    """Return whether the running LiteLLM is newer than the lists of names."""
    known = version(facts)
    return known is not None and version_key(known) > version_key(known_names.VERSION)


def runs(facts: Facts) -> bool:
    """Return whether LiteLLM is known to run."""
    proxy = facts.live.proxy
    return proxy is not None and proxy.kind is ServerKind.LITELLM and proxy.state in _RUNS


def leads_to_proxy(facts: Facts) -> bool:
    """Return whether there is a base URL that is not known to bypass the proxy."""
    vllm, url = facts.live.vllm, facts.text(BASE_URL)
    bypasses = vllm is not None and facts.live.direct and same_place(vllm.url, url)
    behind = any(same_place(deployment.api_base, url) for _, deployment in deployments(facts))
    return bool(url) and not bypasses and not behind


def own(config: ProxyConfig, section: str, key: str) -> Member | None:
    """Return the entry of a section."""
    node = config.section(section)
    return node.member(key) if node is not None else None


def place(config: ProxyConfig, section: str) -> Member | None:
    """Return the section that a missing setting belongs in, or the first entry of the file."""
    root = config.root
    return (
        root.member(section) or next((one for one in root.members or () if not one.file), None)
        if root is not None
        else None
    )
