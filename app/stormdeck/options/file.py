"""Read the options file, with the line number of each entry. Without a file, no YAML library is loaded."""

from __future__ import annotations

import errno
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from stormdeck.options.declared import BY_NAME, Declaration, Origin, OriginKind
from stormdeck.options.kinds import printable, quoted
from stormdeck.sources.io.bounded_read import read_bounded

if TYPE_CHECKING:
    import yaml


@dataclass(frozen=True, slots=True)
class RawOption:
    """The unparsed value of an option from one source."""

    declaration: Declaration
    origin: Origin
    texts: tuple[str, ...]
    """One text, or any number if the option is a list."""


@dataclass(frozen=True, slots=True)
class Problem:
    """An error in the options: where it is, and what to write instead."""

    where: str
    """A flag, a variable, ``FILE``, ``FILE:LINE`` or ``FILE:LINE:COLUMN``."""
    message: str

    def __str__(self) -> str:
        return printable(f"{self.where}: {self.message}")


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """Return an error message for an unknown name, with the closest known one.

    >>> unknown("option", "them", ["theme", "poll"])
    'unknown option "them"; did you mean theme?'
    """
    plain = {known_name.lower().replace("-", "_"): known_name for known_name in known}
    near = get_close_matches(name.lower().replace("-", "_"), plain, n=1)
    return f"unknown {what} {quoted(name)}" + (f"; did you mean {plain[near[0]]}?" if near else "")


MOST_BYTES = 65_536
_NOT_REGULAR = "expected a file of `name: value` lines, this is not a regular file"
_PROBLEMS = {
    errno.EISDIR: _NOT_REGULAR,
    errno.EINVAL: _NOT_REGULAR,
    errno.EFBIG: f"is larger than {MOST_BYTES // 1024} KiB, too large for an options file",
}
_NULLS = frozenset({"", "null", "Null", "NULL"})

Outcome = tuple[tuple[RawOption, ...], tuple[Problem, ...]]


def read_file(path: Path) -> Outcome:
    """Return the options in a file and its problems; nothing if there is no file."""
    try:
        data = read_bounded(path, MOST_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        return (), ()
    except OSError as error:
        return (), (Problem(str(path), _PROBLEMS.get(error.errno or 0, f"cannot be read: {error.strerror}")),)
    try:
        return read_text(data.decode("utf-8-sig"), path)
    except UnicodeDecodeError as error:
        line, column = _position(data[: error.start].decode("utf-8", "replace"))
        return (), (Problem(f"{path}:{line}:{column}", "is not UTF-8 text"),)


def read_text(text: str, path: Path) -> Outcome:
    """Return the options in the text of a file and its problems."""
    root = _compose(text, path)
    if isinstance(root, Problem):
        return (), (root,)
    return ((), ()) if root is None or _is_null(root) else _entries(root, path)


def _compose(text: str, path: Path) -> yaml.Node | Problem | None:
    """Parse YAML into nodes. No tag is resolved to an object and no alias is expanded."""
    import yaml

    try:
        loader = yaml.SafeLoader(text)
    except yaml.reader.ReaderError as error:
        line, column = _position(text[: error.position])
        return Problem(f"{path}:{line}:{column}", "is not YAML: a character that YAML does not allow")
    try:
        return loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark, reason = error.problem_mark or loader.get_mark(), error.problem or "cannot be understood"
    except (ValueError, OverflowError):
        mark, reason = loader.get_mark(), "an escape that is no character"
    except RecursionError:
        mark, reason = loader.get_mark(), "nested too deeply"
    finally:
        loader.dispose()
    return Problem(f"{path}:{mark.line + 1}:{mark.column + 1}", f"is not YAML: {reason}")


def _position(before: str) -> tuple[int, int]:
    """Return the line and column, from 1, of the end of a text."""
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def _entries(root: yaml.Node, path: Path) -> Outcome:
    import yaml

    if not isinstance(root, yaml.MappingNode):
        return (), (Problem(f"{path}:{_line(root)}", "expected `name: value` lines"),)
    options: list[RawOption] = []
    problems: list[Problem] = []
    first: dict[str, int] = {}
    for key, value in root.value:
        where = f"{path}:{_line(key)}"
        if not isinstance(key, yaml.ScalarNode):
            problems.append(Problem(where, "expected the name of an option before the colon"))
        elif key.value not in BY_NAME:
            problems.append(Problem(where, unknown("option", key.value, BY_NAME)))
        elif key.value in first:
            problems.append(Problem(where, f"{key.value}: given twice, first on line {first[key.value]}"))
        else:
            first[key.value] = _line(key)
            declaration = BY_NAME[key.value]
            texts = _texts(value, declaration)
            if texts is None:
                problems.append(
                    Problem(where, f"{key.value}: expected {_expected_form(declaration)}, found {_form_of(value)}")
                )
            elif not _is_null(value):
                origin = Origin(OriginKind.FILE, str(path), _line(key))
                options.append(RawOption(declaration, origin, texts))
    return tuple(options), tuple(problems)


def _texts(node: yaml.Node, declaration: Declaration) -> tuple[str, ...] | None:
    """Return the texts of a value as written, or ``None`` if its form does not fit the option."""
    import yaml

    if declaration.kind.pairs and not _is_null(node):
        return _pairs(node)
    items = node.value if isinstance(node, yaml.SequenceNode) and declaration.kind.many else [node]
    if not all(isinstance(item, yaml.ScalarNode) for item in items):
        return None
    return tuple("" if _is_null(item) else item.value for item in items)


def _pairs(node: yaml.Node) -> tuple[str, ...] | None:
    """Return ``NAME=TEXT`` for each entry of a mapping; the texts of a list are joined with commas."""
    import yaml

    if not isinstance(node, yaml.MappingNode):
        return None
    texts = []
    for key, value in node.value:
        items = value.value if isinstance(value, yaml.SequenceNode) else [value]
        if not all(isinstance(item, yaml.ScalarNode) for item in (key, *items)):
            return None
        texts.append(f"{key.value}={','.join(item.value for item in items)}")
    return tuple(texts)


def _expected_form(declaration: Declaration) -> str:
    """Return the expected form of an option's value, for an error message."""
    kind = declaration.kind
    if kind.pairs:
        return f"`name: value` lines below it, {kind.expected}"
    return f"{kind.expected} or a list of them" if kind.many else kind.expected


def _form_of(node: yaml.Node) -> str:
    """Return the form of a value, for an error message."""
    import yaml

    if isinstance(node, yaml.ScalarNode):
        return "a text"
    return "a mapping" if isinstance(node, yaml.MappingNode) else "a list"


def _is_null(node: yaml.Node) -> bool:
    """Return whether a value is empty. ``~``, which YAML also treats as empty, is a folder here."""
    return node.tag == "tag:yaml.org,2002:null" and node.value in _NULLS


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
