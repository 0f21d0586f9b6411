"""A file that the client ignores: the proposed repair means the same as plain JSON, and nothing else."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stormdeck.model.json_edit.document import Document
from stormdeck.model.json_edit.repair import repair

BROKEN = {
    "a comment on its own line": (
        '{\n  // my server\n  "model": "sonnet"\n}\n',
        '{\n  "model": "sonnet"\n}\n',
        ("line 2: a comment is removed",),
    ),
    "a comment behind a value": (
        '{\r\n  "model": "sonnet" # fast\r\n}\r\n',
        '{\r\n  "model": "sonnet"\r\n}\r\n',
        ("line 2: a comment is removed",),
    ),
    "a block comment over lines": (
        '{\n  /* one\n     two */\n  "model": "sonnet"\n}',
        '{\n  "model": "sonnet"\n}',
        ("line 2: a comment is removed",),
    ),
    "commas before brackets": (
        '{\n  "env": {"A": "b",},\n}',
        '{\n  "env": {"A": "b"}\n}',
        ("line 2: an extra comma is removed",),
    ),
    "a missing comma": (
        '{\n  "a": "1"\n  "b": [1 2]\n}',
        '{\n  "a": "1",\n  "b": [1, 2]\n}',
        ("line 2: a comma is added at the end", "line 3: a comma is added at the end"),
    ),
    "single quotes": (
        "{'model': 'son\"net', 'it': 'it\\'s'}",
        '{"model": "son\\"net", "it": "it\'s"}',
        ("line 1: the quotes are replaced by double quotes",),
    ),
    "typographic quotes": (
        "{“model”: “sonnet”}",
        '{"model": "sonnet"}',
        ("line 1: the quotes are replaced by double quotes",),
    ),
    "a byte-order mark": ('\ufeff{"a": 1}', '{"a": 1}', ("line 1: the byte-order mark is removed",)),
    "no-break spaces": ('{\u00a0"a": 1}', '{ "a": 1}', ("line 1: an unusual space (U+00A0) is replaced",)),
    "words of Python": (
        "{a: True, 'b': None}",
        '{"a": true, "b": null}',
        (
            "line 1: a is put in double quotes",
            "line 1: True is replaced by true",
            "line 1: the quotes are replaced by double quotes",
            "line 1: None is replaced by null",
        ),
    ),
    "stray backslashes and tabs": (
        '{"a": "C:\\path", "b": "x\ty", "c": "\\u12"}',
        '{"a": "C:\\\\path", "b": "x\\ty", "c": "\\\\u12"}',
        ("line 1: a backslash or a control character in a string is escaped",),
    ),
    "an end that is cut off": (
        '{\n  "env": {\n    "A": "b",\n',
        '{\n  "env": {\n    "A": "b"\n  }\n}\n',
        ("line 3: an extra comma is removed", "line 3: the file ends too early: } } is added"),
    ),
    "a bracket too many": ('{"a": 1}}\n', '{"a": 1}\n', ("line 1: an extra closing bracket is removed",)),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_people_write_is_put_right_and_reported(name):
    text, wanted, notes = BROKEN[name]
    made = repair(text)
    assert (made.text, made.notes[: len(notes)]) == (wanted, notes)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "http://127.0.0.1:8000/v1"}',
        '{"a": "it is # no // comment, /* nor */ \'this\',}"}',
        "",
        " \n",
        "{}",
    ],
    ids=["an address", "signs in a string", "empty", "blank", "an empty object"],
)
def test_a_sound_text_needs_no_repair(text):
    assert repair(text) is None


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "b',
        '{"a":',
        '{"a"',
        '{"a": "b]',
        "[1, 2",
        '{"a": [1}',
        '{"a": 1} {"b": 2}',
        '{"a": 1}, "b": 2}',
        "{/* no end",
        '{"a": undefined}',
        '{"a" "b"}',
        "{a b: 1}",
        "\x00\x01",
        '{"a": "x\ny"}',
    ],
    ids=repr,
)
def test_what_would_be_a_guess_is_not_made(text):
    assert repair(text) is None


def test_a_huge_text_is_left_alone():
    assert repair("{" + "'a':1," * 200_000 + "}") is None


def test_deep_nesting_is_no_problem():
    assert repair("[" * 50_000 + "]" * 50_000) is None


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(10**6), 10**6), TEXTS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
ROOTS = st.dictionaries(TEXTS, VALUES, max_size=4)


def single(text):
    """A text in single quotes, as JavaScript writes it."""
    shown = "".join(f"\\u{ord(c):04x}" if c < " " else "\\" + c if c in "\\'" else c for c in text)
    return f"'{shown}'"


@st.composite
def sloppy(draw, value):
    """A value as somebody writes it who does not know that JSON is strict."""
    between = st.sampled_from(["", " ", "\n", "\n  // a note, \"with\" 'signs' {\n", " /* , */ ", "\t# }\n", "\u00a0"])
    if isinstance(value, str):
        return single(value) if draw(st.booleans()) else json.dumps(value, ensure_ascii=draw(st.booleans()))
    if isinstance(value, dict):
        items = [draw(sloppy(key)) + draw(between) + ":" + draw(sloppy(inner)) for key, inner in value.items()]
    elif isinstance(value, list):
        items = [draw(sloppy(inner)) for inner in value]
    else:
        return str(value) if isinstance(value, bool) or value is None else json.dumps(value)
    first, last = ("{", "}") if isinstance(value, dict) else ("[", "]")
    body = "".join(draw(between) + item + draw(between) + "," for item in items)
    if body and draw(st.booleans()):
        body = body[:-1]
    return first + body + draw(between) + last


@settings(max_examples=80, deadline=None)
@given(st.data(), ROOTS)
def test_a_repaired_text_says_the_same(data, root):
    text = data.draw(st.sampled_from(["", "\ufeff"])) + data.draw(sloppy(root))
    made = repair(text)
    if made is None:
        assert isinstance(Document.parse(text), Document)
        made_text = text
    else:
        made_text = made.text
        assert made.notes
    assert Document.parse(made_text).values == root


@settings(max_examples=80, deadline=None)
@given(st.text(st.sampled_from("{}[]:,'\"\\/*# \n\tabTn1-“’`\ufeff\u00a0"), max_size=30))
def test_whatever_the_text_a_repair_is_json_or_none(text):
    made = repair(text)
    if made is not None:
        assert isinstance(Document.parse(made.text), Document)
        assert repair(made.text) is None
