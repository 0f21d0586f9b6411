"""Recognise files of other programs that contain LiteLLM's YAML: Helm values, Kubernetes manifests, compose files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from stormdeck.model.litellm.config import SECTIONS, Member, Node, OtherKind
from stormdeck.model.litellm.known_names import ROOT

_OWN_KEYS = {"model_list", *SECTIONS}
UNKNOWN = "a file without any of LiteLLM's keys"
_HELM = {"image", "replicaCount", "ingress", "service", "resources", "serviceAccount", "autoscaling", "nodeSelector"}
_DEEPEST = 8
_MOST = 2000
"""Maximum number of values that are looked at."""
_USUAL = {
    "a Helm values file": "under proxy_config",
    "a Kubernetes manifest": "under data of a ConfigMap",
    "a compose file": "under configs, or in a file that it mounts",
}


@dataclass(frozen=True, slots=True)
class Part:
    """Where LiteLLM's YAML stands in another file."""

    path: str
    member: Member

    @property
    def is_text(self) -> bool:
        """Return whether it is a text that is YAML itself."""
        return self.member.node.members is None


def kind_of(root: Node) -> str | None:
    """Return what a file is, if it is not LiteLLM's own YAML: ``a Helm values file``."""
    keys = {member.key for member in root.members or ()}
    if keys & {"model_list", "litellm_settings", "router_settings"}:
        return None
    if {"apiVersion", "kind"} <= keys:
        return "a Kubernetes manifest"
    services = root.get("services")
    if services is not None and services.members is not None:
        return "a compose file"
    if "proxy_config" in keys or len(keys & _HELM) > 1:
        return "a Helm values file"
    return None if not keys or any(_resembles_own(key) for key in keys) else UNKNOWN


def _resembles_own(key: str) -> bool:
    """Return whether a key is LiteLLM's, or may be a misspelling of one."""
    return key in ROOT or bool(get_close_matches(key.lower(), _OWN_KEYS, n=1, cutoff=0.7))


def other_kind(name: str, part: Part | None) -> OtherKind:
    """Return the description of a file of another kind."""
    if part is None:
        return OtherKind(name, usual=_USUAL.get(name, ""))
    return OtherKind(name, part.path, part.member.line)


def part_in(root: Node) -> Part | None:
    """Return the first part of a file that is LiteLLM's YAML, as a mapping or as a text."""
    return next((part for part in _parts(root) if _is_litellm(part.member.node)), None)


def _parts(root: Node) -> Iterator[Part]:
    """Yield the values of a file with their key paths, from the outside in."""
    level: list[tuple[str, Node]] = [("", root)]
    seen = 0
    for _ in range(_DEEPEST):
        inner: list[tuple[str, Node]] = []
        for path, node in level:
            for member in node.members or ():
                seen += 1
                if seen > _MOST:
                    return
                below = f"{path}.{member.key}" if path else member.key
                yield Part(below, member)
                inner.append((below, member.node))
            for at, item in enumerate(node.items or ()):
                # Counted like members: aliases can repeat a list without end.
                seen += 1
                if seen > _MOST:
                    return
                inner.append((f"{path}[{at}]", item))
        level = inner


def _is_litellm(node: Node) -> bool:
    if node.members is not None:
        return node.get("model_list") is not None
    return isinstance(node.value, str) and any(line.startswith("model_list:") for line in node.value.splitlines())
