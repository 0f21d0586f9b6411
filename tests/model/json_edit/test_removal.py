"""Removing an entry restores the text from before it was added, in any layout."""

import json

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from json_strategies import PATHS, SCALARS, objects
from stormdeck.model.finding import Edit
from stormdeck.model.json_edit.document import Document
from stormdeck.model.json_edit.removal import removed
from stormdeck.model.settings.merge import edited


def parsed(text):
    document = Document.parse(text)
    assert isinstance(document, Document), document
    return document


def is_free(document, path):
    """Whether a value can be set there without anything else giving way."""
    above = [document.get(path[:depth]) for depth in range(1, len(path)) if document.has(path[:depth])]
    return not document.has(path) and all(isinstance(one, dict) for one in above)


EMPTY = st.sampled_from(
    ["", " ", "\n", "\ufeff", "{}", "{ }", "{\n}\r\n", '{"env":{}}', '{ "env" : { } }\n', "\n{}\n\n"]
)
TEXTS = st.one_of(objects(), EMPTY)


@settings(max_examples=200, deadline=None)
@given(TEXTS, PATHS, SCALARS)
def test_set_then_unset_gives_the_same_bytes(text, path, value):
    before = parsed(text)
    assume(is_free(before, path))
    assert removed(before.set(path, value), path, [before]).text == text


@settings(max_examples=60, deadline=None)
@given(TEXTS, PATHS, PATHS, SCALARS, st.booleans())
def test_two_entries_come_and_go_in_any_order(text, one, two, value, swapped):
    before = parsed(text)
    assume(is_free(before, one))
    first = before.set(one, value)
    assume(is_free(first, two) and is_free(before, two))
    both = first.set(two, value)
    last, other = (one, two) if swapped else (two, one)
    left = removed(both, last, [first, before])
    assert removed(left, other, [both, first, before]).values == before.values


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(TEXTS, PATHS, st.lists(TEXTS, max_size=2))
def test_nothing_else_goes_whatever_the_copies_hold(text, path, copies):
    document = parsed(text)
    assume(document.has(path))
    left = removed(document, path, map(parsed, copies))
    assert not left.has(path)
    assert without_empty(left.values) == without_empty(document.remove(path).values)


def without_empty(values):
    """The values without empty objects."""
    kept = {key: without_empty(one) if isinstance(one, dict) else one for key, one in values.items()}
    return {key: one for key, one in kept.items() if one != {}}


ENV = '{\n  "env": {\n    "A": "1"\n  },\n  "model": "x"\n}\n'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{\n  "model": "y"\n}\n', '{\n  "model": "x"\n}\n'),
        ('{\n  "env": {},\n  "model": "y"\n}\n', '{\n  "env": {},\n  "model": "x"\n}\n'),
        (ENV.replace('"1"', '"2"'), '{\n  "env": {},\n  "model": "x"\n}\n'),
    ],
    ids=["the edit made env", "the user had an empty env", "the user had the entry"],
)
def test_an_env_goes_only_if_the_edit_made_it(before, after):
    assert removed(parsed(ENV), "env.A", [parsed(before)]).text == after


def test_without_a_copy_the_env_of_a_larger_file_stays():
    assert removed(parsed(ENV), "env.A", []).text == '{\n  "env": {},\n  "model": "x"\n}\n'


def test_a_file_that_was_made_for_one_entry_is_an_empty_object():
    assert removed(parsed("").set("env.A", "1"), "env.A", []).text == "{}\n"


def test_the_newest_copy_counts():
    older, newer = '{"model": "x"}', '{"model": "x", "env": {}}'
    document = parsed(newer).set("env.A", "1")
    assert removed(document, "env.A", [parsed(newer), parsed(older)]).text == newer


def test_a_draft_gives_back_what_it_made():
    text = json.dumps({"model": "x"})
    assert edited(text, [Edit("env.A", "1"), Edit("env.A", None)]) == text
    assert edited(text, [Edit("env.A", "1"), Edit("env.B", "2"), Edit("env.A", None), Edit("env.B", None)]) == text
