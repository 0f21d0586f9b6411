"""Decide which model ids a proxy accepts, and whether it forwards them unchanged."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum, auto
from fnmatch import fnmatchcase

from stormdeck.model.litellm.config import Deployment, ProxyConfig

_PRICED = re.compile(r"claude-(?:haiku-4-5|sonnet-4)(?:-|$)")
_NOT_PRICED = re.compile(r"claude-3-")


class Cover(StrEnum):
    """What the proxy does with a model id."""

    TAKEN = auto()
    UNKNOWN = auto()
    """No ``model_name`` matches it: 400."""
    PERHAPS = auto()
    """Only ``anthropic/*`` could match it, which depends on LiteLLM's price list."""
    PASSED_ON = auto()
    """A wildcard matches it and asks the server for the same id."""


def cover(config: ProxyConfig, asked: str) -> Cover:
    """Return what the proxy does with an id (measured, LiteLLM 1.109.1)."""
    deployments = tuple(config.deployments())
    if asked in {deployment.name for deployment in deployments} | aliases(config):
        return Cover.TAKEN
    matched = [(_matched(deployment.name, asked), deployment) for deployment in deployments if "*" in deployment.name]
    taken = [deployment for found, deployment in matched if found is Cover.TAKEN]
    if taken:
        return Cover.PASSED_ON if all(passes_on(deployment) for deployment in taken) else Cover.TAKEN
    return Cover.PERHAPS if any(found is Cover.PERHAPS for found, _ in matched) else Cover.UNKNOWN


def aliases(config: ProxyConfig) -> set[str]:
    """Return the aliases of model names."""
    node = config.setting("router_settings", "model_group_alias")
    return {member.key for member in (node.members or () if node is not None else ())}


def passes_on(deployment: Deployment) -> bool:
    """Return whether a deployment forwards the requested id unchanged to your own server."""
    return deployment.model.endswith("*") and deployment.provider not in {"", "anthropic"} and bool(deployment.api_base)


def names(deployments: Iterable[Deployment]) -> tuple[str, ...]:
    """Return the names without a wildcard, in the order of the file."""
    return tuple(dict.fromkeys(one.name for one in deployments if one.name and "*" not in one.name))


def _matched(pattern: str, asked: str) -> Cover:
    if fnmatchcase(asked, pattern):
        return Cover.TAKEN
    if pattern != "anthropic/*" or not asked.startswith("claude-") or _NOT_PRICED.match(asked):
        return Cover.UNKNOWN
    return Cover.TAKEN if _PRICED.match(asked) else Cover.PERHAPS
