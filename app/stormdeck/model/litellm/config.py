"""LiteLLM's YAML as its proxy reads it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from stormdeck.model.litellm.node import Node
from stormdeck.model.settings.scope import FileError

REFERENCE = "os.environ/"
"""What begins a value that stands in a variable of the proxy."""
SECTIONS = ("litellm_settings", "general_settings", "router_settings")


@dataclass(frozen=True, slots=True)
class Deployment:
    """One entry of ``model_list``."""

    index: int
    node: Node
    name: str
    """``model_name``: what a client asks for; empty where it is missing."""
    params: Node | None
    """``litellm_params``; ``None`` where it is missing or no mapping."""

    @property
    def model(self) -> str:
        """Return ``litellm_params.model``: provider and id; empty where it is missing."""
        return (self.params.text("model") or "") if self.params is not None else ""

    @property
    def provider(self) -> str:
        """Return what stands before the first slash of the model; empty without one."""
        custom = self.params.text("custom_llm_provider") if self.params is not None else None
        return custom or (self.model.partition("/")[0] if "/" in self.model else "")

    @property
    def upstream_id(self) -> str:
        """Return the id that the server behind the proxy is asked for."""
        provider, slash, rest = self.model.partition("/")
        return rest if slash and provider == self.provider else self.model

    @property
    def api_base(self) -> str:
        """Return where it sends; empty where it is missing, or stands in a variable of the proxy."""
        base = self.params.text("api_base") or self.params.text("base_url") if self.params is not None else None
        return "" if base is None or base.startswith(REFERENCE) else base

    @property
    def path(self) -> str:
        """Return its key path."""
        return f"model_list[{self.index}]"


@dataclass(frozen=True, slots=True, repr=False)
class ProxyConfig:
    """One YAML of LiteLLM as it was read. Holds keys: never shown as a whole."""

    file: str
    root: Node | None = None
    """``None`` with an error, and of an empty file."""
    error: FileError | None = None
    """Why nothing of it is in effect: it cannot be read, is no YAML, or no mapping."""
    lines: tuple[str, ...] = ()
    """The text, without line ends: for text to paste with the same indent."""

    def section(self, name: str) -> Node | None:
        """Return a section that is a mapping."""
        node = self.root.get(name) if self.root is not None else None
        return node if node is not None and node.members is not None else None

    def setting(self, section: str, key: str) -> Node | None:
        """Return the value of a setting."""
        node = self.section(section)
        return node.get(key) if node is not None else None

    def is_on(self, section: str, key: str) -> bool:
        """Say whether a switch is on."""
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
