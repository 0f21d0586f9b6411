"""Read the files that LiteLLM adds to its YAML by ``include``, and merge them as it does.

Read from the source of LiteLLM 1.110.2 and tried with it; 1.109.1 has the same, 1.80.5 looks beside the first file
only. Lists are joined, and any other value takes the place of the one before, a whole section too.
"""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from stormdeck.model.json_edit.document import FileError
from stormdeck.model.litellm.config import IncludedFile, Member, MissingInclude, Node, ProxyConfig, Replaced
from stormdeck.model.litellm.placeholders import is_open
from stormdeck.sources.processes.namespaces import HERE, inside

MOST_FILES = 50
MOST_BYTES = 4 * 1024 * 1024
"""Of all included files together."""
_IN_A_CONTAINER = re.compile(r"(/proc/\d+/root)(/.*)")
_KEY = "include"
_NOT_A_LIST = "include takes a list of paths"


def with_includes(config: ProxyConfig, read: Callable[[Path, str], ProxyConfig]) -> ProxyConfig:
    """Return a YAML with the files that it includes; an entry that was not read is in ``missing``.

    ``read`` returns one file, whose nodes bear the name that it is given. Never raises.
    """
    if config.root is None or config.other is not None or config.root.get(_KEY) is None:
        return config
    return _Merging(config, read).merged()


class _Merging:
    """The state of one merge: what is merged so far, and the entries that are still to be read."""

    def __init__(self, config: ProxyConfig, read: Callable[[Path, str], ProxyConfig]) -> None:
        self._config = config
        self._read = read
        container = _IN_A_CONTAINER.fullmatch(config.file)
        self._root = Path(container[1]) if container is not None else HERE
        self._main = container[2] if container is not None else os.path.abspath(config.file)  # noqa: PTH100
        self._loaded = {self._main}
        self._included: list[IncludedFile] = []
        self._missing: list[MissingInclude] = []
        self._replaced: list[Replaced] = []
        self._bytes = 0

    def merged(self) -> ProxyConfig:
        """Return the merged YAML; its ``include`` stays where not all of it was read."""
        whole = self._config.root or Node(1, 1)
        include = whole.member(_KEY)
        members = {one.key: one for one in whole.members or () if one.key != _KEY}
        pending = deque(self._entries(include, self._main))
        while pending:
            entry, declared_in = pending.popleft()
            included = self._file(entry, declared_in)
            if included is None:
                continue
            name, root = included
            members = self._joined(members, root)
            pending.extend(self._entries(root.member(_KEY), name))
        kept = (include,) if include is not None and self._missing else ()
        root = replace(whole, members=(*members.values(), *kept))
        return replace(
            self._config,
            root=root,
            included=tuple(self._included),
            missing=tuple(self._missing),
            replaced=tuple(self._replaced),
        )

    def _joined(self, members: dict[str, Member], included: Node) -> dict[str, Member]:
        """Return the entries of a file with those of one that it includes."""
        made = dict(members)
        for member in included.members or ():
            before = made.get(member.key)
            if member.key == _KEY:
                continue
            if before is not None and before.node.items is not None and member.node.items is not None:
                node = replace(before.node, items=(*before.node.items, *member.node.items))
                made[member.key] = replace(before, node=node)
                continue
            if before is not None and before.node.members is not None:
                self._replaced.append(Replaced(before, member))
            made[member.key] = member
        return made

    def _entries(self, include: Member | None, declared_in: str) -> list[tuple[Node, str]]:
        """Return the entries of an ``include`` with the file that they stand in."""
        if include is None:
            return []
        node = include.node
        if node.items is None:
            is_unknown = is_open(node.value)
            self._missing.append(MissingInclude(node, FileError(_NOT_A_LIST), ends_start=not is_unknown))
            return []
        for item in node.items:
            if not isinstance(item.value, str):
                self._missing.append(MissingInclude(item, FileError(_NOT_A_LIST)))
        return [(item, declared_in) for item in node.items if isinstance(item.value, str)]

    def _file(self, entry: Node, declared_in: str) -> tuple[str, Node] | None:
        """Return the path and the values of an included file; ``None`` if it was loaded before or cannot be read."""
        path = self._path(str(entry.value), declared_in)
        if path in self._loaded:
            return None
        if len(self._included) >= MOST_FILES or self._bytes > MOST_BYTES:
            error = FileError("too many included files, not read")
            self._missing.append(MissingInclude(entry, error, ends_start=False))
            return None
        seen = self._seen(path)
        if seen is None:
            is_known = not is_open(entry.value)
            error = FileError(f"the included file {path} is not there")
            self._missing.append(MissingInclude(entry, error, ends_start=is_known))
            return None
        one = self._read(seen, str(seen))
        if one.error is not None and not one.lines:
            self._missing.append(MissingInclude(entry, one.error, str(seen), ends_start=_is_bad_text(one.error)))
            return None
        self._loaded.add(path)
        self._included.append(IncludedFile(str(seen), one.lines))
        self._bytes += sum(map(len, one.lines))
        if one.error is not None or one.other is not None:
            error = one.error or FileError("not LiteLLM's YAML, not read")
            self._missing.append(MissingInclude(entry, error, str(seen), ends_start=one.other is None))
            return None
        return path, one.root or Node(1, 1, members=(), file=str(seen))

    def _path(self, entry: str, declared_in: str) -> str:
        """Return the file that an entry means: beside the file that names it, else beside the first one."""
        beside, first = (
            os.path.abspath(os.path.join(os.path.dirname(one), entry))  # noqa: PTH100, PTH118, PTH120  # links stay
            for one in (declared_in, self._main)
        )
        return first if beside != first and self._seen(beside) is None and self._seen(first) is not None else beside

    def _seen(self, path: str) -> Path | None:
        """Return where a file of LiteLLM's machine or container can be read; ``None`` if it is not there."""
        seen = inside(self._root, path)
        return seen if seen is not None and os.path.exists(seen) else None  # noqa: PTH110  # takes any name


def _is_bad_text(error: FileError) -> bool:
    """Return whether a file was read and is not text: LiteLLM may be able to read what this program may not."""
    return error.line is not None
