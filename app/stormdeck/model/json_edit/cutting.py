"""Cut groups of entries out of a file, so that what is left does not depend on where they stood or how they looked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence

from stormdeck.model.json_edit.document import Document, FileError
from stormdeck.model.json_edit.nodes import Member, Node

IsOut = Callable[[tuple[str, ...]], bool]
"""Return whether the entry at a path is to be cut out."""
_Span = tuple[int, int]


def rest_of(document: Document, is_out: IsOut, objects: Collection[str]) -> str:
    """Return the text without some entries, the same for each text that differs in these entries only.

    ``objects`` are the root objects in which entries are cut out too; one that has no others, or none, goes as a whole.
    Without any other entry the rest is empty.

    >>> document = Document.parse('{"a": 1,  "env": {"B": "2"}}')
    >>> rest_of(document, lambda path: path == ("env", "B"), {"env"})
    '{"a": 1}'
    """
    root = document.root
    if root is None or root.members is None:
        return ""
    inner = [_inner(member, is_out, objects) for member in root.members]
    outs = [
        is_out((member.key,)) or (below is not None and all(below))
        for member, below in zip(root.members, inner, strict=True)
    ]
    if all(outs):
        return ""
    spans = list(_cuts(root, outs))
    for member, below, out in zip(root.members, inner, outs, strict=True):
        spans += _cuts(member.node, below) if below is not None and not out else ()
    return _without(document.text, spans)


def without(document: Document, is_out: IsOut, objects: Collection[str]) -> Document:
    """Return the document without some entries; an object of ``objects`` that loses its last one goes with it.

    An empty object stays, and one of several with the same key, since another would be in effect then.
    """
    root = document.root
    if root is None or root.members is None:
        return document
    times = Counter(member.key for member in root.members)
    spans: list[_Span] = []
    outs = []
    for member in root.members:
        below = _inner(member, is_out, objects)
        goes = bool(below) and all(below or ()) and times[member.key] == 1
        outs.append(is_out((member.key,)) or goes)
        spans += _cuts(member.node, below) if below is not None and not outs[-1] else ()
    spans += _cuts(root, outs)
    left = Document.parse(_without(document.text, spans))
    if isinstance(left, FileError):
        raise AssertionError(f"a cut broke the text: {left.message}")
    return left


def _inner(member: Member, is_out: IsOut, objects: Collection[str]) -> list[bool] | None:
    """Return which entries of an object are cut out; ``None`` for a value in which none is."""
    if member.key not in objects or member.node.members is None:
        return None
    return [is_out((member.key, one.key)) for one in member.node.members]


def _cuts(node: Node, outs: Sequence[bool]) -> Iterator[_Span]:
    """Yield the stretches of an object to delete: each with the comma before it, or the one after the first entries."""
    members = node.members
    if members is None or not any(outs):
        return
    if all(outs):
        yield node.start + 1, node.end - 1
        return
    at = 0
    while at < len(outs):
        if not outs[at]:
            at += 1
            continue
        first = at
        while at < len(outs) and outs[at]:
            at += 1
        if first:
            yield members[first - 1].node.end, members[at - 1].node.end
        else:
            yield members[0].start, members[at].start


def _without(text: str, spans: list[_Span]) -> str:
    pieces, at = [], 0
    for start, end in sorted(spans):
        pieces.append(text[at:start])
        at = end
    return "".join([*pieces, text[at:]])
