"""Which ids a proxy takes, and what it asks the server behind it for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum, auto
from fnmatch import fnmatchcase

from stormdeck.model.litellm.config import Deployment, ProxyConfig

_PRICED = re.compile(r"claude-(?:haiku-4-5|sonnet-4)(?:-|$)")
_NOT_PRICED = re.compile(r"claude-3-")


class Cover(StrEnum):
    """What the proxy makes of an id."""

    TAKEN = auto()
    UNKNOWN = auto()
    """No ``model_name`` takes it: 400."""
    PERHAPS = auto()
    """Only ``anthropic/*`` could take it, and the bundled price list decides."""
    PASSED_ON = auto()
    """A wildcard takes it and asks the server for the same id."""


def cover(config: ProxyConfig, asked: str) -> Cover:
    """Return what becomes of an id (measured, LiteLLM 1.109.1)."""
    deployments = tuple(config.deployments())
    if asked in {deployment.name for deployment in deployments} | aliases(config):
        return Cover.TAKEN
    caught = [(_caught(deployment.name, asked), deployment) for deployment in deployments if "*" in deployment.name]
    taken = [deployment for found, deployment in caught if found is Cover.TAKEN]
    if taken:
        return Cover.PASSED_ON if all(passes_on(deployment) for deployment in taken) else Cover.TAKEN
    return Cover.PERHAPS if any(found is Cover.PERHAPS for found, _ in caught) else Cover.UNKNOWN


def aliases(config: ProxyConfig) -> set[str]:
    """Return the names that stand for others."""
    node = config.setting("router_settings", "model_group_alias")
    return {member.key for member in (node.members or () if node is not None else ())}


def passes_on(deployment: Deployment) -> bool:
    """Say whether a deployment asks a server of one's own for the id as it came."""
    return deployment.model.endswith("*") and deployment.provider not in {"", "anthropic"} and bool(deployment.api_base)


def names(deployments: Iterable[Deployment]) -> tuple[str, ...]:
    """Return the names without a wildcard, in the order of the file."""
    return tuple(dict.fromkeys(one.name for one in deployments if one.name and "*" not in one.name))


def _caught(pattern: str, asked: str) -> Cover:
    if fnmatchcase(asked, pattern):
        return Cover.TAKEN
    if pattern != "anthropic/*" or not asked.startswith("claude-") or _NOT_PRICED.match(asked):
        return Cover.UNKNOWN
    return Cover.TAKEN if _PRICED.match(asked) else Cover.PERHAPS
