"""Build snippets to paste into LiteLLM's YAML, with exact lines. stormdeck never writes that file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from stormdeck.model.finding import Paste
from stormdeck.model.litellm.config import Deployment, Member, ProxyConfig

_COMMENT = re.compile(r"\s+#.*$")


def new_value(config: ProxyConfig, member: Member, value: str, description: str) -> Paste | None:
    """Return the line of an entry with another value; ``None`` if the line has more than that entry."""
    row = _row(config, member)
    node = member.node
    if row is None or node.line != member.line or node.last_line != node.line or not _alone(row, member):
        return None
    rest = row[node.column - 1 :]
    comment = _COMMENT.search(rest) if not rest.startswith(('"', "'")) else None
    return Paste(description, row[: node.column - 1] + value + (comment.group() if comment else ""), *[node.line] * 2)


def without(config: ProxyConfig, member: Member, description: str) -> Paste | None:
    """Return the removal of an entry; ``None`` if its lines have more than that entry."""
    row = _row(config, member)
    if row is None or not _alone(row, member) or row.lstrip().startswith("-"):
        return None
    return Paste(description, "", member.line, max(member.line, member.node.last_line))


def renamed(config: ProxyConfig, member: Member, name: str, description: str) -> Paste | None:
    """Return the line of an entry with another key, or ``None``."""
    row = _row(config, member)
    if row is None or not _alone(row, member):
        return None
    start = member.column - 1
    return Paste(description, row[:start] + name + row[start + len(member.key) :], member.line, member.line)


def new_setting(config: ProxyConfig, section: str, key: str, value: str, description: str) -> Paste | None:
    """Return a new setting for the end of its section, or with a new section for the end of the file."""
    if config.root is None:
        return None
    member = config.root.member(section)
    if member is None:
        where = f"{description} at the end of the file"
        return Paste(where, f"{section}:\n  {key}: {value}", *_after(_last_row(config)))
    members = member.node.members or ()
    own = [one for one in members if one.line > member.line]
    row = _row(config, own[0]) if own else None
    if row is None or not _alone(row, own[0]):
        return None
    indent = " " * (own[0].column - 1)
    return Paste(description, f"{indent}{key}: {value}", *_after(max(one.node.last_line for one in own)))


def joined(pastes: Sequence[Paste]) -> list[Paste]:
    """Return the pastes; those that add the same new section get all of its settings.

    Otherwise the section would be pasted twice, and only the last one counts.
    """
    sections: dict[tuple[int, str], list[str]] = {}
    for one in pastes:
        head, row = _new_section(one)
        if row and row not in sections.setdefault((one.first, head), []):
            sections[one.first, head].append(row)
    made = []
    for one in pastes:
        head, row = _new_section(one)
        rows = sections[one.first, head] if row else []
        made.append(replace(one, text="\n".join([head, *rows])) if len(rows) > 1 else one)
    return made


def _new_section(one: Paste) -> tuple[str, str]:
    """Return the heading and the setting of a paste that adds a section; empty for other pastes."""
    head, _, row = one.text.partition("\n")
    adds = one.last < one.first and head.endswith(":") and head[0] not in " -" and "\n" not in row
    return (head, row) if adds else ("", "")


def same_under(config: ProxyConfig, deployment: Deployment, name: str, description: str) -> Paste | None:
    """Return a copy of a ``model_list`` entry with another ``model_name``, to paste after it."""
    node, member = deployment.node, deployment.node.member("model_name")
    rows = list(config.lines_of(node.file)[node.line - 1 : node.last_line])
    if member is None or not rows or not rows[0].lstrip().startswith("-") or not _is_block(rows):
        return None
    at = member.line - node.line
    if not 0 <= at < len(rows) or not member.line == member.node.line == member.node.last_line:
        return None
    rows[at] = rows[at][: member.node.column - 1] + name
    return Paste(description, "\n".join(rows), *_after(node.last_line))


def _after(line: int) -> tuple[int, int]:
    """Return the position after a line, as ``Paste`` stores it."""
    return line, line - 1


def _row(config: ProxyConfig, member: Member) -> str | None:
    lines = config.lines_of(member.file)
    return lines[member.line - 1] if 0 < member.line <= len(lines) else None


def _last_row(config: ProxyConfig) -> int:
    return max((at for at, row in enumerate(config.lines, 1) if row.strip()), default=0)


def _alone(row: str, member: Member) -> bool:
    """Return whether an entry is alone on its line, in block style."""
    before = row[: member.column - 1]
    return before.strip(" -") == "" and row[member.column - 1 :].startswith(member.key)


def _is_block(rows: list[str]) -> bool:
    return not any(row.lstrip(" -").startswith(("{", "[")) or "&" in row or "<<" in row for row in rows)
