"""An edit changes the bytes of its value and nothing else."""

import json

import pytest

from stormdeck.model.json_edit.document import Document, FileError

TOKEN = "env.ANTHROPIC_AUTH_TOKEN"


def parsed(text):
    document = Document.parse(text)
    assert isinstance(document, Document), document
    return document


SET = {
    "value replaced in place": ('{"model" :  "opus" ,"x":1}', "model", "sonnet", '{"model" :  "sonnet" ,"x":1}'),
    "same value": ('{ "model":"Q\\u0077en" }', "model", "Qwen", '{ "model":"Q\\u0077en" }'),
    "unknown and non-ASCII keys stay": (
        '{\n  "ключ": "значение",\n  "model": "a"\n}\n',
        "model",
        "ü",
        '{\n  "ключ": "значение",\n  "model": "ü"\n}\n',
    ),
    "CRLF and tabs": (
        '{\r\n\t"env": {\r\n\t\t"A": "1"\r\n\t}\r\n}\r\n',
        "env.B",
        "2",
        '{\r\n\t"env": {\r\n\t\t"A": "1",\r\n\t\t"B": "2"\r\n\t}\r\n}\r\n',
    ),
    "no indent, as the article prints it": (
        '{\n"model": "a",\n"env": {\n"A": "1"\n}\n}',
        "env.B",
        "2",
        '{\n"model": "a",\n"env": {\n"A": "1",\n"B": "2"\n}\n}',
    ),
    "env is missing": (
        '{\n    "model": "a"\n}\n',
        "env.B",
        "2",
        '{\n    "model": "a",\n    "env": {\n        "B": "2"\n    }\n}\n',
    ),
    "env is empty": ('{\n  "env": {}\n}\n', "env.B", "2", '{\n  "env": {\n    "B": "2"\n  }\n}\n'),
    "one line": ('{"model": "a"}', "env.B", "2", '{"model": "a", "env": {"B": "2"}}'),
    "one compact line": ('{"a":1}', "env.B", "2", '{"a":1,"env":{"B":"2"}}'),
    "one line with blanks inside": ('{ "a": 1 }', "model", "x", '{ "a": 1, "model": "x" }'),
    "empty object": ("{}", "model", "x", '{\n  "model": "x"\n}'),
    "empty file": ("", "env.B", "2", '{\n  "env": {\n    "B": "2"\n  }\n}\n'),
    "byte-order mark": ('\ufeff{"model":"a"}', "model", "b", '\ufeff{"model":"b"}'),
    "byte-order mark alone": ("\ufeff", "model", "b", '\ufeff{\n  "model": "b"\n}\n'),
    "the last of two counts": ('{"model":"a","model":"b"}', "model", "c", '{"model":"a","model":"c"}'),
    "control characters are escaped": ('{"model":"a"}', "model", 'q"\n\\', '{"model":"q\\"\\n\\\\"}'),
    "what is no object gives way": ('{\n  "env": []\n}', "env.B", "2", '{\n  "env": {\n    "B": "2"\n  }\n}'),
}


@pytest.mark.parametrize(("text", "path", "value", "expected"), SET.values(), ids=SET)
def test_set(text, path, value, expected):
    assert parsed(text).set(path, value).text == expected


REMOVE = {
    "first": ('{\n  "a": 1,\n  "b": 2\n}', "a", '{\n  "b": 2\n}'),
    "middle": ('{\n  "a": 1,\n  "b": 2,\n  "c": 3\n}', "b", '{\n  "a": 1,\n  "c": 3\n}'),
    "last takes the comma before it": ('{\r\n  "a": 1,\r\n  "b": 2\r\n}', "b", '{\r\n  "a": 1\r\n}'),
    "only": ('{\n  "a": 1\n}\n', "a", "{}\n"),
    "on one line": ('{"a": 1, "b": 2, "c": 3}', "a", '{"b": 2, "c": 3}'),
    "blank lines between others stay": (
        '{\n  "a": 1,\n\n  "b": 2,\n\n  "c": 3\n}',
        "b",
        '{\n  "a": 1,\n\n\n  "c": 3\n}',
    ),
    "in env": ('{"env":{"A":"1","B":"2"}}', "env.A", '{"env":{"B":"2"}}'),
    "all of a key that stands twice": ('{"a":1,"b":2,"a":3}', "a", '{"b":2}'),
    "what is not there": ('{"a":1}', "env.B", '{"a":1}'),
    "from an empty file": ("", "model", ""),
}


@pytest.mark.parametrize(("text", "path", "expected"), REMOVE.values(), ids=REMOVE)
def test_remove(text, path, expected):
    assert parsed(text).remove(path).text == expected


def test_an_object_value_takes_the_style_of_the_file():
    document = parsed('{\n  "a": 1\n}\n').set("statusLine", {"type": "command"})
    assert document.text == '{\n  "a": 1,\n  "statusLine": {\n    "type": "command"\n  }\n}\n'


def test_a_key_with_a_dot_is_named_by_a_tuple():
    assert parsed('{"a.b": 1}').set(("a.b",), 2).text == '{"a.b": 2}'


def test_position_is_that_of_the_key():
    document = parsed('\ufeff{\r\n  "model": "a",\r\n  "env": {"A": "1", "B": "ü", "C": "2"}\r\n}')
    assert document.position("model") == (2, 3)
    assert document.position("env.C") == (3, 31)
    assert document.position("env.NONE") is None
    assert document.position("model.deeper") is None
    assert parsed('\ufeff{"a": 1}').position("a") == (1, 2)


def test_duplicates_are_named():
    assert parsed('{"a":1,"env":{"B":1,"B":2},"a":2}').duplicates == (("env", "B"), ("a",))


@pytest.mark.parametrize("text", ["", " \n\t", "\ufeff\n"], ids=["nothing", "blanks", "byte-order mark"])
def test_an_empty_file_is_no_settings(text):
    assert parsed(text).values == {}


REFUSED = {
    "comment": ('{\n  "a": 1 // why\n}', "comment", 2, 10),
    "block comment": ('/* x */ {"a": 1}', "comment", 1, 1),
    "trailing comma": ('{\n  "a": 1,\n}', "comma before the closing }", 2, 9),
    "trailing comma in a list": ('{"a": [1, 2,]}', "comma before the closing ]", 1, 12),
    "single quotes": ("{'a': 1}", "single quotes", 1, 2),
    "single quotes around a value": ("{\"a\": 'x'}", "single quotes", 1, 7),
    "typographic quotes": ("{“a”: 1}", "typographic quotes", 1, 2),
    "no quotes": ("{a: 1}", "`a`", 1, 2),
    "NaN": ('{"a": NaN}', "`NaN`", 1, 7),
    "Infinity": ('{"a": -Infinity}', "`-Infinity`", 1, 7),
    "Python's None": ('{"a": None}', "`None`", 1, 7),
    "leading zero": ('{"a": 01}', "`01`", 1, 7),
    "missing comma": ('{\r\n"a": 1\r\n"b": 2}', "comma or } is missing", 3, 1),
    "missing colon": ('{"a" 1}', "colon is missing", 1, 6),
    "missing value": ('{"a": }', "value is missing", 1, 7),
    "cut off": ('{"a": {"b": 1', "ends too early", 1, 14),
    "cut off in a string": ('{"a": "b', "closing double quote", 1, 7),
    "line break in a string": ('{"a": "b\nc"}', "closing double quote", 1, 7),
    "tab in a string": ('{"a": "b\tc"}', "control character", 1, 9),
    "bad escape": ('{"a": "C:\\Users"}', "backslash", 1, 10),
    "text behind": ('{"a": 1}\n}', "after the closing bracket", 2, 1),
    "list at the root": ('\n[{"a": 1}]', "a list", 2, 1),
    "number at the root": ("5", "single value", 1, 1),
    "no-break space": ('{"a":\u00a01}', "U+00A0", 1, 6),
    "escape sequence": ('{\x1b[31m"a": 1}', "key in double quotes", 1, 2),
    "too deep": ('{"a":' * 5000 + "1" + "}" * 5000, "too deeply", 1, 506),
}


@pytest.mark.parametrize(("text", "words", "line", "column"), REFUSED.values(), ids=REFUSED)
def test_what_the_client_drops_is_refused_in_plain_words(text, words, line, column):
    error = Document.parse(text)
    assert isinstance(error, FileError)
    assert words in error.message
    assert (error.line, error.column) == (line, column)
    assert error.message.isprintable()


def test_numbers_are_the_client_s():
    assert parsed('{"a": 6e5, "b": 1.5, "c": -0, "d": 12345678901234567890}').values == {
        "a": 600000,
        "b": 1.5,
        "c": 0,
        "d": 12345678901234567890,
    }
    assert parsed('{"a": ' + "9" * 5000 + "}").values == {"a": float("inf")}


def test_an_edit_deep_in_a_large_file_touches_its_end_alone():
    text = json.dumps({f"key{i}": "x" * 80 for i in range(2000)}, indent=2)
    assert parsed(text).set("key1999", "y").text == text[: text.rindex('"xxx')] + '"y"\n}'
