"""An edit of any JSON changes one value and keeps the rest byte for byte."""

import json

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from json_strategies import PATHS, SCALARS, TEXTS, objects
from stormdeck.model.json_edit.document import Document, FileError
from stormdeck.model.json_edit.scanner import _Scanner, scan


def with_value(values, path, value):
    """What an edit should make of the values."""
    inner = values.get(path[0])
    below = with_value(inner if isinstance(inner, dict) else {}, path[1:], value) if path[1:] else value
    return {**values, path[0]: below}


@settings(max_examples=60, deadline=None)
@given(objects())
def test_a_document_says_what_json_says(text):
    assert Document.parse(text).values == json.loads(text.removeprefix("\ufeff"))


@settings(max_examples=60, deadline=None)
@given(objects(), PATHS, SCALARS)
def test_set_changes_one_stretch_and_means_what_it_says(text, path, value):
    old = Document.parse(text)
    new = old.set(path, value)
    assert new.values == with_value(old.values, path, value)
    assert json.loads(new.text.removeprefix("\ufeff")) == new.values
    start, end = span(text, path)
    assert new.text.startswith(text[:start])
    assert new.text.endswith(text[end:])


def span(text, path):
    """The stretch that setting a path may touch: a value, an empty object, or the gap before a closing bracket."""
    node = scan(text, text.startswith("\ufeff"))
    for key in path:
        member = next((m for m in reversed(node.members) if m.key == key), None)
        if member is None:
            last = node.members[-1].node.end if node.members else None
            return (last, last) if last else (node.start, node.end)
        node = member.node
        if node.members is None:
            break
    return node.start, node.end


@settings(max_examples=60, deadline=None)
@given(objects(), PATHS, TEXTS)
def test_a_new_entry_is_undone_by_removing_it(text, path, value):
    document = Document.parse(text)
    parent = document.get(path[:-1]) if path[1:] else document.values
    assume(isinstance(parent, dict) and parent and path[-1] not in parent)
    assert document.set(path, value).remove(path).text == text


@settings(max_examples=60, deadline=None)
@given(objects(), PATHS, TEXTS, TEXTS)
def test_a_changed_value_is_undone_by_the_old_one(text, path, old, new):
    # The file's own spelling of the old value goes with it: what is written again is our own.
    document = Document.parse(text).set(path, new).set(path, old)
    assert document.get(path) == old
    assert document.set(path, new).set(path, old).text == document.text


@settings(max_examples=150, deadline=None)
@given(objects(), st.lists(st.tuples(PATHS, st.one_of(TEXTS, st.none())), max_size=5))
def test_entries_that_are_taken_over_stand_where_a_new_reading_finds_them(text, edits):
    document = Document.parse(text)
    for path, value in edits:
        document = document.set(path, value) if value is not None else document.remove(path)
        again = Document.parse(document.text)
        for looked in (path, path[:1], *((name,) for name in document.values)):
            assert document.extent(looked) == again.extent(looked)
            assert document.position(looked) == again.position(looked)
        for name, inner in document.values.items():
            for key in inner if isinstance(inner, dict) else ():
                assert document.extent((name, key)) == again.extent((name, key))


@settings(max_examples=100, deadline=None)
@given(objects())
def test_the_places_of_entries_are_those_of_the_strict_reader(text):
    quick, strict = (
        scan(text, text.startswith("\ufeff")),
        _Scanner(text).value(scan(text, text[:1] == "\ufeff").start, 0),
    )
    assert places(quick) == places(strict)


def places(node):
    inner = [(one.key, one.start, one.key_end, *places(one.node)) for one in node.members or ()]
    return node.start, node.end, node.value, inner


@example('{\n"A" : {}\n,"model"\n:\n{},\n"env" : {}\n}', ("model",))
@settings(max_examples=60, deadline=None)
@given(objects(), PATHS)
def test_remove_takes_the_entry_and_leaves_json(text, path):
    old = Document.parse(text)
    new = old.remove(path)
    assert isinstance(new, Document)
    assert new.get(path) is None or path not in paths(new.values)
    assert paths(new.values) == {p for p in paths(old.values) if p[: len(path)] != path}
    assert len(new.text) <= len(text)


def paths(values, above=()):
    found = set()
    for key, value in values.items():
        found.add((*above, key))
        found |= paths(value, (*above, key)) if isinstance(value, dict) else set()
    return found


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.text(max_size=30), st.text(alphabet='{}[]":,\\ \n019eE.+-tfnul/*\'"', max_size=24)))
def test_any_text_is_read_as_the_client_reads_it(text):
    found = Document.parse(text)
    try:
        value = json.loads(text, parse_constant=lambda name: 1 / 0)
    except (ValueError, ZeroDivisionError):
        value = None
    if isinstance(value, dict):
        assert isinstance(found, Document)
    elif text.removeprefix("\ufeff").strip(" \t\r\n"):
        assert isinstance(found, FileError)
        assert found.line <= text.count("\n") + 1


@settings(max_examples=60, deadline=None)
@given(objects())
def test_a_place_is_the_line_and_column_of_an_editor(text):
    document = Document.parse(text)
    lines = text.removeprefix("\ufeff").split("\n")
    for path in paths(document.values):
        line, column = document.position(path)
        rest = "\n".join([lines[line - 1][column - 1 :], *lines[line:]])
        assert json.JSONDecoder().raw_decode(rest)[0] == path[-1]
