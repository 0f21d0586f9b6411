"""Values that are seldom written: lists over lines, infinite numbers, texts that only the strict reader reads."""

from stormdeck.model.json_edit.document import Document
from stormdeck.model.json_edit.removal import removed
from stormdeck.model.json_edit.scanner import DEEPEST


def test_a_list_is_indented_like_the_file():
    document = Document.parse('{\r\n\t"a": 1,\r\n\t"b": {}\r\n}')
    assert document.set("a", ["x", {"y": 1}]).text.startswith('{\r\n\t"a": [\r\n\t\t"x",\r\n\t\t{\r\n')


def test_an_infinite_number_is_removed_like_any_other():
    document, before = Document.parse('{"a": 1, "b": 1e999}'), Document.parse('{"a": 1}')
    assert isinstance(document, Document)
    assert isinstance(before, Document)
    assert removed(document, "b", [before]).text == '{"a": 1}'


def test_many_brackets_and_a_duplicate_are_read_strictly():
    text = '{"a": [' + ", ".join(["[]"] * (DEEPEST + 2)) + '], "b": 1, "b": 2}'
    document = Document.parse(text)
    assert document.duplicates == (("b",),)
    assert document.set("b", 3).text == text.replace('"b": 2', '"b": 3')
    assert document.remove("b").values.keys() == {"a"}


def test_entries_can_be_taken_in_slices():
    entries = Document.parse('{"a": 1, "b": 2, "c": 3}')._root.members
    assert entries is not None
    assert [one.key for one in entries[1:]] == ["b", "c"]
