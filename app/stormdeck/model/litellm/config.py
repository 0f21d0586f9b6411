"""LiteLLM's YAML as a tree of values with lines, and its models and settings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from stormdeck.model.json_edit.document import FileError

Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Node:
    """One value: a scalar, a mapping (``members``) or a list (``items``)."""

    line: int
    """Where it begins, counted from 1, like the column."""
    column: int
    value: Scalar = None
    members: tuple[Member, ...] | None = None
    """Merged keys (``<<``) first, then in the order of the file; of a duplicate key, the last counts."""
    items: tuple[Node, ...] | None = None
    last_line: int = 0
    """The line of its last character."""

    def get(self, key: str) -> Node | None:
        """Return the value of a key, or ``None``."""
        member = self.member(key)
        return member.node if member is not None else None

    def member(self, key: str) -> Member | None:
        """Return the entry of a key."""
        return next((member for member in reversed(self.members or ()) if member.key == key), None)

    def text(self, key: str) -> str | None:
        """Return the text of a key, stripped, or ``None`` if it is missing or not text."""
        node = self.get(key)
        return node.value.strip() if node is not None and isinstance(node.value, str) else None


@dataclass(frozen=True, slots=True)
class Member:
    """One entry of a mapping."""

    key: str
    line: int
    column: int
    node: Node


REFERENCE = "os.environ/"
"""Prefix of a value that refers to an environment variable of the proxy."""
SECTIONS = ("litellm_settings", "general_settings", "router_settings")


@dataclass(frozen=True, slots=True)
class Deployment:
    """One entry of ``model_list``."""

    index: int
    node: Node
    name: str
    """``model_name``: the id that clients ask for; empty if missing."""
    params: Node | None
    """``litellm_params``; ``None`` if it is missing or not a mapping."""

    @property
    def model(self) -> str:
        """Return ``litellm_params.model``: provider and id; empty if missing."""
        return (self.params.text("model") or "") if self.params is not None else ""

    @property
    def provider(self) -> str:
        """Return the provider: the part of the model before the first slash; empty without one."""
        custom = self.params.text("custom_llm_provider") if self.params is not None else None
        return custom or (self.model.partition("/")[0] if "/" in self.model else "")

    @property
    def upstream_id(self) -> str:
        """Return the model id that the proxy sends to the server."""
        provider, slash, rest = self.model.partition("/")
        return rest if slash and provider == self.provider else self.model

    @property
    def api_base(self) -> str:
        """Return the URL that it sends to; empty if it is missing or in a variable of the proxy."""
        base = self.params.text("api_base") or self.params.text("base_url") if self.params is not None else None
        return "" if base is None or base.startswith(REFERENCE) else base

    @property
    def path(self) -> str:
        """Return its key path."""
        return f"model_list[{self.index}]"


@dataclass(frozen=True, slots=True, repr=False)
class ProxyConfig:
    """One YAML file of LiteLLM. It contains keys, so it is never shown as a whole."""

    file: str
    root: Node | None = None
    """``None`` with an error, and for an empty file."""
    error: FileError | None = None
    """Why none of it is in effect: it cannot be read, is not YAML, or not a mapping."""
    lines: tuple[str, ...] = ()
    """The lines of the text, for snippets with the same indent."""

    def section(self, name: str) -> Node | None:
        """Return a section that is a mapping."""
        node = self.root.get(name) if self.root is not None else None
        return node if node is not None and node.members is not None else None

    def setting(self, section: str, key: str) -> Node | None:
        """Return the value of a setting."""
        node = self.section(section)
        return node.get(key) if node is not None else None

    def is_on(self, section: str, key: str) -> bool:
        """Return whether a switch is on."""
        node = self.setting(section, key)
        return node is not None and (node.value is True or str(node.value).strip().lower() in {"true", "1"})

    def deployments(self) -> Iterator[Deployment]:
        """Yield the entries of ``model_list`` that are mappings."""
        models = self.root.get("model_list") if self.root is not None else None
        for index, node in enumerate(models.items or () if models is not None else ()):
            if node.members is not None:
                params = node.get("litellm_params")
                whole = params if params is not None and params.members is not None else None
                yield Deployment(index, node, node.text("model_name") or "", whole)
