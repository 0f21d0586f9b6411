"""Groups of entries are cut out so that the rest does not depend on them; new ones are put behind a sibling."""

import json

import pytest

from stormdeck.model.json_edit.cutting import rest_of, without
from stormdeck.model.json_edit.document import Document

OUT = {("a",), ("b",), ("env", "A"), ("env", "B")}


def parsed(text):
    document = Document.parse(text)
    assert isinstance(document, Document), document
    return document


def is_out(path):
    return path in OUT


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("", ""),
        ("{}", ""),
        ('{"a": 1}', ""),
        ('{"a": 1, "env": { }}', ""),
        ('{"x": 1}', '{"x": 1}'),
        ('{"a": 1, "x": 1}', '{"x": 1}'),
        ('{"x": 1, "a": 1}', '{"x": 1}'),
        ('{"a": 1,\n "x": 1, "b": 2, "a": 3, "y": 2}', '{"x": 1, "y": 2}'),
        ('{"x": 1, "env": {"A": 1, "B": 2}}', '{"x": 1}'),
        ('{"x": 1, "env": {"A": 1, "C": 0, "B": 2}}', '{"x": 1, "env": {"C": 0}}'),
        ('{"x": {"a": 1}, "list": [{"a": 1}]}', '{"x": {"a": 1}, "list": [{"a": 1}]}'),
        ('{"x": 1, "env": [1]}', '{"x": 1, "env": [1]}'),
    ],
)
def test_the_rest(text, rest):
    assert rest_of(parsed(text), is_out, {"env"}) == rest


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("", ""),
        (" {} ", " {} "),
        ('{ "a": 1 }', "{}"),
        ('{"env": {}, "a": 1}', '{"env": {}}'),
        ('{"env": {"A": 1}, "x": 1}', '{"x": 1}'),
        ('{"env": {"A": 1, "C": 2}}', '{"env": {"C": 2}}'),
        ('{"env": {"C": 1}, "env": {"A": 1}}', '{"env": {"C": 1}, "env": {}}'),
        ('{\n  "a": 1,\n  "x": 2\n}', '{\n  "x": 2\n}'),
        ('{\n  "x": 2,\n  "a": 1\n}', '{\n  "x": 2\n}'),
    ],
)
def test_what_is_left_is_the_file_without_them(text, left):
    assert without(parsed(text), is_out, {"env"}).text == left


@pytest.mark.parametrize(
    ("text", "after", "expected"),
    [
        ('{\n  "a": 1,\n  "b": 2\n}', "a", '{\n  "a": 1,\n  "n": 0,\n  "b": 2\n}'),
        ('{\n  "a": 1,\n  "b": 2\n}', None, '{\n  "n": 0,\n  "a": 1,\n  "b": 2\n}'),
        ('{\r\n\t"a": 1\r\n}', None, '{\r\n\t"n": 0,\r\n\t"a": 1\r\n}'),
        ('{"a":1,"b":2}', "a", '{"a":1,"n":0,"b":2}'),
        ('{"a": 1, "b": 2}', None, '{"n": 0, "a": 1, "b": 2}'),
        ('{"a": 1}', "a", '{"a": 1, "n": 0}'),
        ('{"a": 1}', "missing", '{"a": 1, "n": 0}'),
        ('{"a": 1, "n": 5}', None, '{"a": 1, "n": 0}'),
        ("{}", None, '{\n  "n": 0\n}'),
        ("", None, '{\n  "n": 0\n}\n'),
    ],
)
def test_a_new_entry_follows_a_sibling(text, after, expected):
    made = parsed(text).insert("n", 0, after)
    assert made.text.strip() == expected.strip()
    assert json.loads(made.text) == made.values
