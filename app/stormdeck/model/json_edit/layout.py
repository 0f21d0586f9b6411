"""Format a new entry like the rest of the file, and find the stretch of text that an old one takes up."""

from __future__ import annotations

import json
import re

from stormdeck.model.json_edit.nodes import Node

_INDENT = "  "
"""As Claude Code writes its files."""
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def newline(text: str) -> str:
    """Return the line end that the first line of a text has."""
    at = text.find("\n")
    return "\r\n" if at > 0 and text[at - 1] == "\r" else "\n"


def whole_file(text: str, keys: tuple[str, ...], value: object) -> str:
    """Return the new text of an empty file; a byte-order mark stays."""
    bom = text[:1] if text.startswith("\ufeff") else ""
    end = newline(text)
    return bom + _object_text(keys, value, end, "", _INDENT, ": ") + end


def encoded(value: object, text: str, root: Node | None, start: int) -> str:
    """Return a value as JSON; objects and lists are indented from the entry at ``start``."""
    if root is None or not isinstance(value, dict | list) or not _spans_lines(text, root):
        return _dumps(value)
    return _dumps(value, _unit(text, root)).replace("\n", newline(text) + _line_indent(text, start))


def addition(
    text: str, root: Node, parent: Node, keys: tuple[str, ...], value: object, after: int | None = None
) -> tuple[int, int, str]:
    """Return the edit that adds an entry to an object: start, end, and the new text between them.

    ``after`` is the index of the entry that it follows, -1 for none; ``None``: the last one.
    """
    members, unit = parent.members or (), _unit(text, root)
    if not members:
        end = newline(text) if _wants_lines(text, root, parent) else ""
        piece = _object_text(keys, value, end, _line_indent(text, parent.start), unit, _colon(text, root))
        return parent.start, parent.end, piece
    at = len(members) - 1 if after is None else after
    near = members[max(at, 0)]
    colon = _colon(text, parent)
    spaces = _space_before(text, near.start)
    if "\n" in spaces:
        end = newline(text)
        indent = spaces[spaces.rfind("\n") + 1 :]
        between, entry = end + indent, _entry_text(keys, value, end, indent, unit, colon)
    else:
        followed = members[max(at, 1)] if len(members) > 1 else None
        lead = _space_before(text, followed.start) if followed is not None else " " * colon.endswith(" ")
        between, entry = lead, _entry_text(keys, value, "", "", "", colon)
    if at < 0:
        return near.start, near.start, f"{entry},{between}"
    return near.node.end, near.node.end, f",{between}{entry}"


def nested(text: str, root: Node, parent: Node, start: int, keys: tuple[str, ...], value: object) -> str:
    """Return the object that replaces another kind of value at ``start``."""
    end = newline(text) if _spans_lines(text, parent) else ""
    return _object_text(keys, value, end, _line_indent(text, start), _unit(text, root), _colon(text, parent))


def removal(text: str, parent: Node, index: int) -> tuple[int, int]:
    """Return the stretch to delete with an entry: its comma too, and its line if it has one of its own."""
    members = parent.members or ()
    member = members[index]
    if len(members) == 1:
        return parent.start + 1, parent.end - 1
    if index == len(members) - 1:
        return members[index - 1].node.end, member.node.end
    before = members[index - 1].node.end if index else parent.start + 1
    comma = text.index(",", member.node.end)
    line_start = text.rfind("\n", before, member.start)
    line_end = text.find("\n", comma, members[index + 1].start)
    own_line = line_start >= 0 and line_end >= 0 and not text[line_start : member.start].strip()
    if not own_line:
        return member.start, members[index + 1].start
    return line_start + 1, line_end + 1


def _object_text(keys: tuple[str, ...], value: object, end: str, outer: str, unit: str, colon: str) -> str:
    """Return an object with one entry, on one line if ``end`` is empty."""
    inner = outer + unit
    entry = _entry_text(keys, value, end, inner, unit, colon)
    return f"{{{end}{inner}{entry}{end}{outer}}}" if end else f"{{{entry}}}"


def _entry_text(keys: tuple[str, ...], value: object, end: str, indent: str, unit: str, colon: str) -> str:
    """Return one entry; further keys become nested objects."""
    if len(keys) > 1:
        return _dumps(keys[0]) + colon + _object_text(keys[1:], value, end, indent, unit, colon)
    if end and isinstance(value, dict | list):
        return _dumps(keys[0]) + colon + _dumps(value, unit).replace("\n", end + indent)
    return _dumps(keys[0]) + colon + _dumps(value)


def _dumps(value: object, indent: str | None = None) -> str:
    """Return JSON that escapes only what UTF-8 cannot encode."""
    text = json.dumps(value, ensure_ascii=False, indent=indent, allow_nan=False)
    return _LONE_SURROGATE.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def _spans_lines(text: str, node: Node) -> bool:
    """Return whether the entries of an object are on lines of their own."""
    members = node.members
    return members is not None and len(members) > 0 and "\n" in text[node.start : members[0].start]


def _wants_lines(text: str, root: Node, node: Node) -> bool:
    """Return whether to write an empty object on several lines: as the root is; a new root always."""
    return "\n" in text[node.start : node.end] or not root.members or _spans_lines(text, root)


def _unit(text: str, root: Node) -> str:
    """Return one level of indent: that of the root's first entry, if it is on a line of its own."""
    if not _spans_lines(text, root) or not root.members:
        return _INDENT
    return _line_indent(text, root.members[0].start).removeprefix(_line_indent(text, root.start))


def _line_indent(text: str, offset: int) -> str:
    """Return the whitespace at the start of the line of an offset."""
    start = text.rfind("\n", 0, offset) + 1
    line = text[start:offset].lstrip("\ufeff")
    return line[: len(line) - len(line.lstrip(" \t"))]


def _space_before(text: str, offset: int) -> str:
    """Return the whitespace before an offset."""
    start = offset
    while start > 0 and text[start - 1] in " \t\r\n":
        start -= 1
    return text[start:offset]


def _colon(text: str, node: Node) -> str:
    """Return the text between key and value in the object's last entry, if it is on one line."""
    if not node.members:
        return ": "
    member = node.members[-1]
    between = text[member.key_end : member.node.start]
    return between if "\n" not in between else ": "
