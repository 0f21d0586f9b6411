"""LiteLLM's YAML as a tree of values with lines, and its models and settings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from stormdeck.model.json_edit.document import FileError
from stormdeck.model.litellm.placeholders import is_open, is_reference

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
    file: str = ""
    """The included file that it stands in; empty in the file that LiteLLM was given."""

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

    def __iter__(self) -> Iterator[Node]:
        return iter(self.items or ())


@dataclass(frozen=True, slots=True)
class Member:
    """One entry of a mapping."""

    key: str
    line: int
    column: int
    node: Node
    file: str = ""


SECTIONS = ("litellm_settings", "general_settings", "router_settings")


@dataclass(frozen=True, slots=True)
class Deployment:
    """One entry of ``model_list``."""

    index: int
    """In ``model_list`` of its file."""
    node: Node
    name: str
    """``model_name``: the id that clients ask for, a number as text; empty if missing."""
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
        return "" if base is None or is_reference(base) else base

    @property
    def path(self) -> str:
        """Return its key path."""
        return f"model_list[{self.index}]"


@dataclass(frozen=True, slots=True)
class OtherKind:
    """A file of another program that contains, or may contain, LiteLLM's YAML."""

    name: str
    """``a Helm values file``."""
    path: str = ""
    """Where LiteLLM's part stands; empty if it is not in the file."""
    line: int = 1
    usual: str = ""
    """Where it usually stands in such a file."""


@dataclass(frozen=True, slots=True, repr=False)
class IncludedFile:
    """A file that LiteLLM adds to its YAML by ``include``."""

    file: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MissingInclude:
    """An entry of ``include`` of which nothing was read."""

    entry: Node
    error: FileError
    file: str = ""
    """The file that the error is in; empty if it is the entry itself."""
    ends_start: bool = True
    """LiteLLM does not start with it; else only stormdeck does not read it."""


@dataclass(frozen=True, slots=True)
class Replaced:
    """A section that an included file takes the place of."""

    member: Member
    by: Member

    @property
    def lost(self) -> tuple[str, ...]:
        """Return the keys that had an effect without the included file, and are not in it."""
        kept = {one.key for one in self.by.node.members or ()}
        return tuple(dict.fromkeys(one.key for one in self.member.node.members or () if one.key not in kept))


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
    other: OtherKind | None = None
    """What the file is, if it is of another kind; ``root`` is LiteLLM's part, or the whole file without one."""
    included: tuple[IncludedFile, ...] = ()
    """The files that ``root`` was merged with."""
    missing: tuple[MissingInclude, ...] = ()
    """Entries of ``include`` that are not in ``root``."""
    replaced: tuple[Replaced, ...] = ()
    """Sections that are not in ``root``, since an included file has them too."""

    @property
    def is_litellm(self) -> bool:
        """Return whether ``root`` is LiteLLM's own."""
        return self.root is not None and (self.other is None or bool(self.other.path))

    def section(self, name: str) -> Node | None:
        """Return a section that is a mapping."""
        node = self.root.get(name) if self.root is not None else None
        return node if node is not None and node.members is not None else None

    def setting(self, section: str, key: str) -> Node | None:
        """Return the value of a setting."""
        node = self.section(section)
        return node.get(key) if node is not None else None

    def may_be_on(self, section: str, key: str) -> bool:
        """Return whether a switch is on, or its value is not in the file."""
        node = self.setting(section, key)
        if node is None:
            return False
        return node.value is True or is_open(node.value) or str(node.value).strip().lower() in {"true", "1"}

    @property
    def is_partly_read(self) -> bool:
        """Return whether LiteLLM adds files to this one that were not read, so that what is missing may be there."""
        return self.root is not None and self.root.get("include") is not None

    @property
    def all_lines(self) -> tuple[str, ...]:
        """Return the lines of all files."""
        return (*self.lines, *(line for one in self.included for line in one.lines))

    def lines_of(self, file: str) -> tuple[str, ...]:
        """Return the lines of a node's file."""
        if not file:
            return self.lines
        return next((one.lines for one in self.included if one.file == file), ())

    @property
    def names_all_models(self) -> bool:
        """Return whether all names are in the file, and none in a variable, another file or the database."""
        elsewhere = self.is_partly_read or self.may_be_on("general_settings", "store_model_in_db")
        return not elsewhere and not any(is_open(one.name) for one in self.deployments())

    def model_list(self) -> Iterator[tuple[int, Node]]:
        """Yield the entries of ``model_list``, each with its place in its own file."""
        models = self.root.get("model_list") if self.root is not None else None
        counts: dict[str, int] = {}
        for node in models.items or () if models is not None else ():
            yield counts.setdefault(node.file, 0), node
            counts[node.file] += 1

    def deployments(self) -> Iterator[Deployment]:
        """Yield the entries of ``model_list`` that are mappings."""
        for index, node in self.model_list():
            if node.members is not None:
                params = node.get("litellm_params")
                whole = params if params is not None and params.members is not None else None
                yield Deployment(index, node, _name(node.get("model_name")), whole)


def _name(node: Node | None) -> str:
    """Return a name as LiteLLM reads it: a number becomes text (measured, 1.110.2)."""
    value = node.value if node is not None else None
    if isinstance(value, bool) or value is None:
        return ""
    return str(value).strip()
