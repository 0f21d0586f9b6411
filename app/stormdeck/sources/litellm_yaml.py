"""Read LiteLLM's YAML, with the position of every value."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from stormdeck.model.json_edit.document import FileError
from stormdeck.model.litellm.config import Member, Node, OtherKind, ProxyConfig, Scalar
from stormdeck.model.litellm.other_kinds import UNKNOWN, kind_of, other_kind, part_in
from stormdeck.model.text import clean
from stormdeck.sources.io.bounded_read import read_bounded
from stormdeck.sources.litellm_includes import with_includes

if TYPE_CHECKING:
    import yaml

LARGEST = 1024 * 1024
"""Bytes; a configuration of a thousand models has a quarter of this."""
_MOST_DOCUMENTS = 50
_YAML = "tag:yaml.org,2002:"
_MERGE = f"{_YAML}merge"
_MAPPING_TAGS = {"map", "set"}
_SEQUENCE_TAGS = {"seq", "omap", "pairs"}


def read_proxy_config(path: Path) -> ProxyConfig:
    """Return a proxy's YAML with the files that it includes. What cannot be read or parsed carries its error.

    Never raises.
    """
    return with_includes(_read_file(path), _read_file)


def _read_file(path: Path, file: str = "") -> ProxyConfig:
    """Return one file; ``file`` is the name that its nodes bear."""
    name = str(path)
    try:
        raw = read_bounded(path, LARGEST)
    except OSError as error:
        if error.errno == errno.EFBIG:
            return ProxyConfig(name, error=FileError(f"larger than {LARGEST // 1024 // 1024} MiB, not read"))
        return ProxyConfig(name, error=FileError(f"cannot be read: {error.strerror}"))
    except ValueError:
        return ProxyConfig(name, error=FileError("cannot be read: the name is not a path"))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        where = f"not UTF-8 text: byte 0x{raw[error.start]:02x} in line {line}"
        return ProxyConfig(name, error=FileError(where, line, None))
    return parse_proxy_config(text, name, file)


def parse_proxy_config(text: str, name: str, file: str = "") -> ProxyConfig:
    """Return the values of a YAML text with their positions; of another program's file, LiteLLM's part.

    The text is in error exactly if LiteLLM's ``yaml.safe_load`` rejects it.
    """
    lines = tuple(text.splitlines())
    roots, error = _read(text, file=file)
    found = next(((root, kind) for root in roots if (kind := kind_of(root)) is not None), None)
    if found is not None and (error is None or found[1] != UNKNOWN):
        return _inside(name, lines, roots, found[1])
    if error is not None and _is_helm_template(text):
        return ProxyConfig(name, lines=lines, other=OtherKind("a Helm template", usual="in what Helm makes of it"))
    if error is not None:
        return ProxyConfig(name, error=error, lines=lines)
    root = roots[0] if roots else None
    if root is not None and root.members is None:
        return ProxyConfig(name, error=FileError("not a YAML mapping", root.line, root.column), lines=lines)
    return ProxyConfig(name, root, lines=lines)


def _inside(name: str, lines: tuple[str, ...], roots: Sequence[Node], kind: str) -> ProxyConfig:
    """Return LiteLLM's part of another program's file; the lines and columns are those of the file."""
    part = next((found for root in roots if (found := part_in(root)) is not None), None)
    other = other_kind(kind, part)
    if part is None or not part.is_text:
        return ProxyConfig(name, part.member.node if part is not None else roots[0], lines=lines, other=other)
    node = part.member.node
    first, last = node.line, node.last_line
    if lines[first - 1].rstrip().endswith(("|", "|-", "|+", "|2", "|4")):
        rows = lines[first:last]
        indent = min((len(row) - len(row.lstrip()) for row in rows if row.strip()), default=0)
        inner, error = _read("\n".join(row[indent:] for row in rows), first, indent)
    else:
        inner, error = _read(str(node.value), first - 1, 0)
        lines = ()
    root = inner[0] if inner and error is None else None
    return ProxyConfig(name, root, error, lines, other)


def _is_helm_template(text: str) -> bool:
    return any(row.lstrip().startswith(("{{-", "{{ ", "{%")) for row in text.splitlines()[:200])


def _read(
    text: str, lines_before: int = 0, columns_before: int = 0, *, file: str = ""
) -> tuple[list[Node], FileError | None]:
    """Return the documents of a text up to the first error. More than one document is an error."""
    import yaml

    roots: list[Node] = []
    loader = None
    try:
        loader = yaml.SafeLoader(text)
        while loader.check_node():
            reader = _Reader(loader, lines_before, columns_before, file)
            node = loader.get_node()
            if node is not None and len(roots) < _MOST_DOCUMENTS:
                roots.append(reader.node(node))
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        return roots, _error(error, lines_before)
    finally:
        if loader is not None:
            loader.dispose()
    return roots, _of_second_document(text, lines_before) if len(roots) > 1 else None


def _of_second_document(text: str, lines_before: int) -> FileError:
    """Return the error that LiteLLM makes of a file with more than one document."""
    import yaml

    try:
        yaml.compose(text, yaml.SafeLoader)
    except yaml.YAMLError as error:
        return _error(error, lines_before)
    return FileError("not YAML: more than one document")


def _error(error: Exception, lines_before: int = 0) -> FileError:
    """Return where and why a text is not YAML."""
    mark = getattr(error, "problem_mark", None)
    line, column = (mark.line + lines_before + 1, mark.column + 1) if mark is not None else (None, None)
    if isinstance(error, RecursionError):
        return FileError("not YAML: nested too deep", line, column)
    where = f" in line {line}" if line is not None else ""
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or error
    return FileError(f"not YAML{where}: {clean(str(problem))[:80]}", line, column)


class _Reader:
    """Convert PyYAML's nodes into values; a node that several aliases share is converted once."""

    def __init__(self, loader: yaml.SafeLoader, lines_before: int = 0, columns_before: int = 0, file: str = "") -> None:
        self._loader = loader
        self._file = file
        self._line = lines_before + 1
        self._column = columns_before + 1
        self._made: dict[int, Node] = {}
        self._open: set[int] = set()

    def node(self, node: yaml.Node) -> Node:
        """Return a node with its children; a node inside itself is empty."""
        import yaml

        made = self._made.get(id(node))
        if made is not None:
            return made
        line, column = node.start_mark.line + self._line, node.start_mark.column + self._column
        if id(node) in self._open:
            return Node(line, column, last_line=line, file=self._file)
        self._open.add(id(node))
        if isinstance(node, yaml.MappingNode | yaml.SequenceNode):
            self._check_tag(node)
        if isinstance(node, yaml.MappingNode):
            members = self._members(node)
            last = max((member.node.last_line for member in members if member.line >= line), default=line)
            made = Node(line, column, members=members, last_line=last, file=self._file)
        elif isinstance(node, yaml.SequenceNode):
            items = tuple(self.node(item) for item in node.value)
            last = max((one.last_line for one in items), default=line)
            made = Node(line, column, items=items, last_line=last, file=self._file)
        else:
            end = node.end_mark
            last = end.line + self._line if end.column else max(line, end.line + self._line - 1)
            made = Node(line, column, self._scalar(node), last_line=last, file=self._file)
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
            mark = key.start_mark
            where = mark.line + self._line, mark.column + self._column
            own.append(Member(self._key(node, key), *where, self.node(value), self._file))
        return (*merged.values(), *own)

    def _key(self, mapping: yaml.Node, key: yaml.Node) -> str:
        """Return a key as text. A list or a mapping cannot be a key: ``{{ x }}`` without quotes is such a mapping."""
        import yaml

        if not isinstance(key, yaml.ScalarNode):
            problem = "a list or a mapping as a key; a template such as {{ x }} that is not filled in needs quotes"
            raise yaml.constructor.ConstructorError("", mapping.start_mark, problem, key.start_mark)
        self._scalar(key)
        return str(key.value)

    @staticmethod
    def _check_tag(node: yaml.Node) -> None:
        """Raise an error if PyYAML's safe loader cannot construct a mapping or list with this tag."""
        import yaml

        known = _MAPPING_TAGS if isinstance(node, yaml.MappingNode) else _SEQUENCE_TAGS
        if node.tag.removeprefix(_YAML) not in known or not node.tag.startswith(_YAML):
            problem = f"LiteLLM does not know the tag {node.tag}"
            raise yaml.constructor.ConstructorError("", node.start_mark, problem, node.start_mark)

    def _merged(self, value: yaml.Node) -> dict[str, Member]:
        """Return the entries that ``<<`` merges; of several mappings the first wins."""
        import yaml

        made = self.node(value)
        sources = made.items if made.items is not None else (made,)
        if any(source.members is None for source in sources):
            problem = "<< takes a mapping, or a list of mappings"
            raise yaml.constructor.ConstructorError("", value.start_mark, problem, value.start_mark)
        return {member.key: member for source in reversed(sources) for member in source.members or ()}

    def _scalar(self, node: yaml.Node) -> Scalar:
        value = self._loader.construct_object(node)
        return value if isinstance(value, str | int | float | bool) or value is None else str(node.value)
