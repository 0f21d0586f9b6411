"""Damage that happens to texts in transit, and texts that an attacker would write."""

import json
import re
from copy import deepcopy

from hypothesis import strategies as st

ESCAPES = [
    "\x1b",
    "\x1b[31m",
    "\x1b[2J\x1b[H",
    "\x1b]0;title\x07",
    "\x1b]8;;http://x\x1b\\",
    "\x1bP",
    "\x9b31m",
    "\x9d0;x",
]
INVISIBLE = ["\u202e", "\u2066", "\u200b", "\u200d", "\ufeff", "\u2028", "\x85", "\0", "\r", "\b", "\x7f", "\ud800"]
WIDE = ["全", "😀", "👩\u200d💻", "e\u0301", "ｆｕｌｌ", "\u0430dmin", "ﷺ"]
SIGNS = [
    *"\"'\\{}[]():,;.#%&*<>|/=-+ \t\n",
    "\r\n",
    "[/red]",
    "[bold]",
    "#[fg=red]",
    "%s",
    "{0}",
    "$(x)",
    "\\u0000",
]
NUMBERS = [
    "-1",
    "0",
    "00",
    "1e999",
    "-0.0",
    "9" * 30,
    "9" * 400,
    "NaN",
    "Infinity",
    "1_0",
    "٣",
    "0x10",
    "99999",
    "2147483648",
]
CLOCKS = ["2026-11-21T10:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-02-30 25:61:61,9"]
WORDS = [
    "null",
    "true",
    "HTTP/1.1",
    "POST ",
    "/v1/messages",
    " 200",
    "Traceback (most recent call last):",
    "sk-x",
    "ERROR",
]
TOKENS = ESCAPES + INVISIBLE + WIDE + SIGNS + NUMBERS + CLOCKS + WORDS
PARTS = ["a", "A", "1", "_", "key", "message", "Error: ", "error", "http://", "pid=", ".py", "\t\t", "@", "model "]
HOSTILE = ESCAPES + INVISIBLE + WIDE
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_STRANGE = [
    None,
    True,
    -1,
    0,
    1.5,
    10**400,
    -(10**400),
    1e308,
    float("inf"),
    float("nan"),
    "",
    "\x1b[31m",
    "\ud800",
    [],
    {},
]
_STRANGE += [[[]], {"": None}, "9" * 400, "2026-11-21T10:00:00Z", 10**12, "a" * 300]
PLACES = st.integers(0, 1 << 20)
"""A place in a text, taken modulo its length."""


@st.composite
def mutated(draw, seeds, most=4):
    """A recorded text to which up to ``most`` things happened; often one, sometimes none."""
    text = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(0, most))):
        text = _changed(draw, text, seeds)
    return text


def _changed(draw, text, seeds):
    place = draw(PLACES) % (len(text) + 1)
    match draw(st.integers(0, 8)):
        case 0 | 1:
            return text[:place] + draw(st.sampled_from(TOKENS)) + text[place:]
        case 2:
            return text[:place] + text[place + draw(st.integers(1, 12)) :]
        case 3:
            end = place + draw(st.integers(1, 40))
            return text[:end] + text[place:]
        case 4:
            return text[:place] + draw(st.sampled_from(TOKENS)) + text[place + draw(st.integers(1, 4)) :]
        case 5:
            numbers = list(_NUMBER.finditer(text))
            if not numbers:
                return text[:place]
            one = numbers[place % len(numbers)]
            return text[: one.start()] + draw(st.sampled_from(NUMBERS)) + text[one.end() :]
        case 6:
            other = draw(st.sampled_from(seeds))
            return text[:place] + other[draw(PLACES) % (len(other) + 1) :]
        case 7:
            return text[:place]
        case _:
            return text[:place] + draw(st.text(max_size=6)) + text[place:]


@st.composite
def mutated_json(draw, seeds):
    """A recorded JSON object in which values are of another type, gone, or under another name."""
    value = json.loads(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(1, 3))):
        holders = list(_holders(value))
        if holders:
            _change_inside(draw, holders[draw(PLACES) % len(holders)])
    return json.dumps(value, ensure_ascii=draw(st.booleans()))


def _holders(value):
    """Return every object and list that holds something."""
    if value and isinstance(value, dict | list):
        yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _holders(inner)


def _change_inside(draw, holder):
    key = draw(st.sampled_from(sorted(holder))) if isinstance(holder, dict) else draw(PLACES) % len(holder)
    match draw(st.integers(0, 5)):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder[draw(st.sampled_from(TOKENS))] = holder.pop(key)
        case 2 if isinstance(holder[key], str):
            holder[key] = _changed(draw, holder[key], [holder[key]])
        case _:
            holder[key] = deepcopy(draw(st.sampled_from(_STRANGE)))


@st.composite
def repeated(draw, seeds):
    """The beginning of a recorded text and a short piece that comes after it again and again; see `grown`."""
    text = draw(st.sampled_from(seeds) | st.sampled_from(TOKENS))
    place = draw(PLACES) % max(1, len(text))
    tokens = st.lists(st.sampled_from(TOKENS + PARTS), min_size=1, max_size=3).map("".join)
    piece = draw(st.just(text[place : place + draw(st.integers(1, 24))] or " ") | tokens)
    return text[: draw(st.sampled_from([0, place]))], piece


def grown(repeated, size):
    """Return the text of so many characters that a beginning and its piece make."""
    head, piece = repeated
    return (head + piece * (size // len(piece) + 1))[:size]


@st.composite
def cut(draw, data, most=5):
    """The pieces in which bytes may arrive."""
    cuts = sorted(draw(PLACES) % (len(data) + 1) for _ in range(draw(st.integers(0, most))))
    return [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]


def arriving(texts):
    """Return what gives a text as bytes, whole and in pieces."""
    whole = texts.map(lambda text: text.encode("utf-8", "surrogatepass"))
    return whole.flatmap(lambda data: cut(data).map(lambda pieces: (data, pieces)))
