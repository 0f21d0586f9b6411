"""Mask the secrets in LiteLLM's YAML, line for line. Reads indentation only, so that invalid YAML is masked too."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from stormdeck.model.masking.json_text import cuts_in
from stormdeck.model.masking.lines import replaced, text_spans
from stormdeck.model.masking.names import is_secret_name
from stormdeck.model.masking.places import Content, Place
from stormdeck.model.masking.shapes import Span
from stormdeck.model.masking.values import value_spans

_LEAD = re.compile(r"\s*+(?:-[ \t]++)*+")
_KEY = re.compile(r"(\"[^\"\n]*+\"|'[^'\n]*+'|[^\s\"'#{}\[\],:&*!|>%@`-][^:#\n]*+)[ \t]*+:(?:[ \t]++|$)")
_BLOCK = re.compile(r"[|>][0-9+-]{0,3}\s*+(?:#.*)?")
_SIGNS = re.compile(r"(?:[&!][^\s,]*+\s++)*+")
_ALIAS = re.compile(r"\*([\w.-]++)")
_ANCHOR = re.compile(r"&([\w.-]++)")
_FLOW = ("{", "[")


@dataclass(slots=True)
class _Level:
    """A key that the deeper lines belong to."""

    indent: int
    place: Place
    before: str | None = None
    """The previous item, in a list of arguments."""
    named: dict[int, str] = field(default_factory=dict)
    """The value of the entry ``name`` by its indent: ``value`` beside it is the value of that variable."""


def mask_yaml(lines: Sequence[str]) -> list[str]:
    """Return the lines with every secret masked."""
    return [replaced(line, spans) for line, spans in zip(lines, yaml_spans(lines), strict=True)]


def yaml_spans(lines: Sequence[str]) -> Iterator[list[Span]]:
    """Yield the spans of secrets in each line."""
    aliases = _secret_aliases(lines)
    levels = [_Level(-1, Place())]
    for line in lines:
        if not line.strip() or line.lstrip().startswith("#"):
            yield text_spans(line)
            continue
        lead = _LEAD.match(line)
        start = lead.end() if lead is not None else 0
        outer = len(line) - len(line.lstrip())
        is_item = line[outer : outer + 2] in {"- ", "-"}
        while len(levels) > 1 and outer < levels[-1].indent + (0 if is_item else 1):
            levels.pop()
        yield _line(line, start, start if is_item else outer, levels, aliases)


def _secret_aliases(lines: Sequence[str]) -> frozenset[str]:
    """Return the anchors that some line uses as a secret: ``api_key: *shared``."""
    found: set[str] = set()
    for line in lines:
        lead = _LEAD.match(line) if "*" in line else None
        key = _KEY.match(line, lead.end()) if lead is not None else None
        alias = _ALIAS.match(line, key.end()) if key is not None else None
        if key is not None and alias is not None and is_secret_name(key[1].strip().strip("\"'")):
            found.add(alias[1])
    return frozenset(found)


def _line(line: str, start: int, indent: int, levels: list[_Level], aliases: frozenset[str]) -> list[Span]:
    level = levels[-1]
    key = _KEY.match(line, start)
    if key is None or level.place.content is Content.KEY_COMMAND:
        text = line[start:].strip()
        place = level.place.after(level.before, text.strip("\"'"))
        level.before = text.strip("\"'") if line[:start].rstrip().endswith("-") else None
        return _scalar(line, start, place)
    name = key[1].strip().strip("\"'")
    place = level.place.below(name)
    if name == "value" and is_secret_name(level.named.get(indent, "")) and level.place.content is Content.PLAIN:
        place = Place(Content.SECRET)
    anchor = _ANCHOR.match(line, key.end()) if aliases else None
    if anchor is not None and anchor[1] in aliases:
        place = Place(Content.SECRET)
    if name == "name":
        level.named[indent] = line[key.end() :].strip().strip("\"'")
    spans = _scalar(line, key.end(), place)
    if place.content is not Content.PLAIN or not line[key.end() :].strip():
        levels.append(_Level(indent, place))
    return spans


def _scalar(line: str, start: int, place: Place) -> list[Span]:
    """Return the spans of secrets in a line from a column on."""
    signs = _SIGNS.match(line, start)
    start = signs.end() if signs is not None else start
    text = line[start:].rstrip()
    if not text or _BLOCK.fullmatch(text) or text[0] == "*":
        return []
    if text[0] in _FLOW:
        return _flow(text, start, place)
    quote = text[0] if text[0] in "\"'" else ""
    if quote:
        close = text.rfind(quote)
        start, text = start + 1, text[1 : close or None]
    elif " #" in text and place.content is Content.PLAIN:
        return text_spans(line[:start] + text) if "://" not in text else _moved(text, start, place)
    return _moved(text, start, place)


def _moved(text: str, start: int, place: Place) -> list[Span]:
    return [(start + first, start + last) for first, last in value_spans(place, text)]


def _flow(text: str, start: int, place: Place) -> list[Span]:
    return [(start + cut.start, start + cut.end) for cut in cuts_in(text, place)]
