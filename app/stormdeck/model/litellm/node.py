"""A YAML value with its place in the file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Node:
    """One value: a scalar, a mapping (``members``) or a list (``items``)."""

    line: int
    """Where it begins, counted from 1, like the column."""
    column: int
    value: Scalar = None
    members: tuple[Member, ...] | None = None
    """Merged keys (``<<``) first, then in the order of the file: of a key that stands twice, the last counts."""
    items: tuple[Node, ...] | None = None
    last_line: int = 0
    """The line of its last character."""

    def get(self, key: str) -> Node | None:
        """Return the value of a key, ``None`` where there is none or this is no mapping."""
        member = self.member(key)
        return member.node if member is not None else None

    def member(self, key: str) -> Member | None:
        """Return the entry of a key."""
        return next((member for member in reversed(self.members or ()) if member.key == key), None)

    def at(self, *keys: str) -> Node | None:
        """Return the value at a path of keys."""
        node: Node | None = self
        for key in keys:
            node = node.get(key) if node is not None else None
        return node

    def text(self, key: str) -> str | None:
        """Return the text of a key, stripped; ``None`` where it is missing or no text."""
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
