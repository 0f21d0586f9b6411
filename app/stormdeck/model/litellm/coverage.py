"""Decide which model ids a proxy accepts, and whether it forwards them unchanged."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum, auto
from fnmatch import fnmatchcase

from stormdeck.model.litellm.config import Deployment, ProxyConfig

_ANTHROPIC_IDS = re.compile(r"claude-[a-z]+-\d+(?:[-.]\d+)?(?:-\d{8})?")
"""Bare ids that ``anthropic/*`` matches, in LiteLLM's price map or not (measured, 1.109.1 and 1.110.2)."""


class Cover(StrEnum):
    """What the proxy does with a model id."""

    TAKEN = auto()
    UNKNOWN = auto()
    """No ``model_name`` matches it: 400."""
    UNREAD = auto()
    """No ``model_name`` in the file matches it, but other names are in a variable, another file or the database."""
    PASSED_ON = auto()
    """A wildcard matches it and asks the server for the same id."""
    CUT = auto()
    """A wildcard matches it and asks the server for the part that the star stands for."""


def cover(config: ProxyConfig, asked: str) -> Cover:
    """Return what the proxy does with an id (measured, LiteLLM 1.109.1 and 1.110.2)."""
    deployments = tuple(config.deployments())
    if asked in {deployment.name for deployment in deployments} | aliases(config):
        return Cover.TAKEN
    taken = _matching(deployments, asked)
    if not taken:
        return Cover.UNKNOWN if config.names_all_models else Cover.UNREAD
    if all(passes_on(one) for one in taken):
        return Cover.CUT if all(cuts(one) for one in taken) else Cover.PASSED_ON
    return Cover.TAKEN


def requested_of(config: ProxyConfig, asked: str) -> str:
    """Return the id that the server behind a wildcard is asked for."""
    taken = _matching(config.deployments(), asked)
    return part_of(taken[0].name, asked) if taken and cuts(taken[0]) else asked


def _matching(deployments: Iterable[Deployment], asked: str) -> list[Deployment]:
    """Return the wildcard deployments that get an id: LiteLLM takes the longest pattern (measured, 1.110.2)."""
    matching = [one for one in deployments if "*" in one.name and _matches(one.name, asked)]
    longest = max((len(one.name) for one in matching), default=0)
    return [one for one in matching if len(one.name) == longest]


def aliases(config: ProxyConfig) -> set[str]:
    """Return the aliases of model names."""
    nodes = (
        config.setting("router_settings", "model_group_alias"),
        config.setting("litellm_settings", "model_alias_map"),
    )
    return {member.key for node in nodes if node is not None for member in node.members or ()}


def passes_on(deployment: Deployment) -> bool:
    """Return whether a deployment asks your own server for the id, or the part of it that its star stands for."""
    return deployment.model.endswith("*") and deployment.provider not in {"", "anthropic"} and bool(deployment.api_base)


def cuts(deployment: Deployment) -> bool:
    """Return whether the server is asked for a part of the id: what the star of the name stands for."""
    return deployment.name != "*" and deployment.name.count("*") == 1 and deployment.upstream_id == "*"


def part_of(pattern: str, asked: str) -> str:
    """Return what the star of a pattern stands for.

    >>> part_of("claude-*", "claude-opus-4-6")
    'opus-4-6'
    """
    before, _, after = pattern.partition("*")
    return asked[len(before) : len(asked) - len(after)]


def names(deployments: Iterable[Deployment]) -> tuple[str, ...]:
    """Return the names without a wildcard, in the order of the file."""
    return tuple(dict.fromkeys(one.name for one in deployments if one.name and "*" not in one.name))


def _matches(pattern: str, asked: str) -> bool:
    return fnmatchcase(asked, pattern) or (pattern == "anthropic/*" and _ANTHROPIC_IDS.fullmatch(asked) is not None)
