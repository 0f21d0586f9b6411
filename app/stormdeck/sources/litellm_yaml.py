"""Read LiteLLM's YAML, with the position of every value."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import TYPE_CHECKING

from stormdeck.model.json_edit.document import FileError
from stormdeck.model.litellm.config import Member, Node, ProxyConfig, Scalar
from stormdeck.model.text import clean
from stormdeck.sources.io.bounded_read import read_bounded

if TYPE_CHECKING:
    import yaml

LARGEST = 1024 * 1024
"""Bytes; a configuration of a thousand models has a quarter of this."""
_MERGE = "tag:yaml.org,2002:merge"


def read_proxy_config(path: Path) -> ProxyConfig:
    """Return a proxy's YAML; one that cannot be read or parsed carries its error. Never raises."""
    name = str(path)
    try:
        raw = read_bounded(path, LARGEST)
    except OSError as error:
        if error.errno == errno.EFBIG:
            return ProxyConfig(name, error=FileError(f"larger than {LARGEST // 1024 // 1024} MiB, not read"))
        return ProxyConfig(name, error=FileError(f"cannot be read: {error.strerror}"))
    except ValueError:
        return ProxyConfig(name, error=FileError("cannot be read: the name is not a path"))
    return parse_proxy_config(raw.decode("utf-8-sig", "replace"), name)


def parse_proxy_config(text: str, name: str) -> ProxyConfig:
    """Return the values of a YAML text with their positions."""
    import yaml

    lines = tuple(text.splitlines())
    loader = None
    try:
        loader = yaml.SafeLoader(text)
        found = loader.get_single_node()
        root = _Reader(loader).node(found) if found is not None else None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        return ProxyConfig(name, error=_error(error), lines=lines)
    finally:
        if loader is not None:
            loader.dispose()
    if root is not None and root.members is None:
        return ProxyConfig(name, error=FileError("not a YAML mapping", root.line, root.column), lines=lines)
    return ProxyConfig(name, root, lines=lines)


def _error(error: Exception) -> FileError:
    """Return where and why a text is not YAML."""
    mark = getattr(error, "problem_mark", None)
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (None, None)
    if isinstance(error, RecursionError):
        return FileError("not YAML: nested too deep", line, column)
    where = f" in line {line}" if line is not None else ""
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or error
    return FileError(f"not YAML{where}: {clean(str(problem))[:80]}", line, column)


class _Reader:
    """Convert PyYAML's nodes into values; a node that several aliases share is converted once."""

    def __init__(self, loader: yaml.SafeLoader) -> None:
        self._loader = loader
        self._made: dict[int, Node] = {}
        self._open: set[int] = set()

    def node(self, node: yaml.Node) -> Node:
        """Return a node with its children; a node inside itself is empty."""
        import yaml

        made = self._made.get(id(node))
        if made is not None:
            return made
        line, column = node.start_mark.line + 1, node.start_mark.column + 1
        if id(node) in self._open:
            return Node(line, column, last_line=line)
        self._open.add(id(node))
        if isinstance(node, yaml.MappingNode):
            members = self._members(node)
            last = max((member.node.last_line for member in members if member.line >= line), default=line)
            made = Node(line, column, members=members, last_line=last)
        elif isinstance(node, yaml.SequenceNode):
            items = tuple(self.node(item) for item in node.value)
            made = Node(line, column, items=items, last_line=max((one.last_line for one in items), default=line))
        else:
            end = node.end_mark
            last = end.line + 1 if end.column else max(line, end.line)
            made = Node(line, column, self._scalar(node), last_line=last)
        self._open.discard(id(node))
        self._made[id(node)] = made
        return made

    def _members(self, node: yaml.MappingNode) -> tuple[Member, ...]:
        """Return the entries so that the last one of a key counts: merged entries come first."""
        merged: dict[str, Member] = {}
        own: list[Member] = []
        for key, value in node.value:
            if key.tag == _MERGE:
                merged = {**self._merged(value), **merged}
                continue
            name = key.value if isinstance(key.value, str) else "?"
            own.append(Member(name, key.start_mark.line + 1, key.start_mark.column + 1, self.node(value)))
        return (*merged.values(), *own)

    def _merged(self, value: yaml.Node) -> dict[str, Member]:
        """Return the entries that ``<<`` merges; of several mappings the first wins."""
        made = self.node(value)
        sources = made.items if made.items is not None else (made,)
        return {member.key: member for source in reversed(sources) for member in source.members or ()}

    def _scalar(self, node: yaml.Node) -> Scalar:
        value = self._loader.construct_object(node)
        return value if isinstance(value, str | int | float | bool) or value is None else str(node.value)
