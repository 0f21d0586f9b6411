"""``stormdeck use`` there and back, by whole commands, on oddly laid out files: every byte is restored."""

import json

import pytest

URL, TOKEN, SONNET = "ANTHROPIC_BASE_URL", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_DEFAULT_SONNET_MODEL"
ENV = {URL: "http://127.0.0.1:8000", TOKEN: "sk-own-token-0123456789", SONNET: "Qwen3.5-27B"}
MIXED = {"FOO": "1", **ENV, "BAR": "2"}
HOOKS = {"PreToolUse": [{"matcher": "Bash", "hooks": [{"type": "command", "command": "echo hi"}]}]}
WHOLE = {"model": "sonnet", "permissions": {"allow": ["Bash(ls:*)"]}, "env": MIXED, "hooks": HOOKS, "theme": "dark"}
CLOUD = (
    '{"env": {"AWS_REGION": "eu-1", "CLAUDE_CODE_USE_BEDROCK": "1"}, "statusLine": {"type": "command", "command": "x"}}'
)


def indented(value, indent):
    return json.dumps(value, indent=indent, ensure_ascii=False)


def ordered(*keys):
    return indented({key: WHOLE[key] for key in keys}, 2) + "\n"


def escaped(text):
    return '"' + "".join(f"\\u{ord(char):04X}" for char in text) + '"'


def with_env(env):
    return f'{{\n  "theme": "dark",\n  "env": {env},\n  "verbose": true\n}}\n'


LINES = indented(WHOLE, 2)
FILES = {
    "two spaces": LINES + "\n",
    "three spaces": indented(WHOLE, 3) + "\n",
    "four spaces": indented(WHOLE, 4) + "\n",
    "eight spaces": indented(WHOLE, 8) + "\n",
    "one space": indented(WHOLE, 1) + "\n",
    "no indent": indented(WHOLE, 0) + "\n",
    "tabs": indented(WHOLE, "\t") + "\n",
    "tabs and spaces": LINES.replace("\n    ", "\n\t  ") + "\n",
    "no final newline": LINES,
    "three final newlines": LINES + "\n\n\n",
    "spaces after the end": LINES + "   \t",
    "newlines before the start": "\n\n" + LINES,
    "a byte-order mark": "\ufeff" + LINES + "\n",
    "a byte-order mark and a newline": "\ufeff\n" + LINES,
    "CRLF": LINES.replace("\n", "\r\n") + "\r\n",
    "CRLF and a byte-order mark": "\ufeff" + LINES.replace("\n", "\r\n"),
    "CRLF at the end only": LINES + "\r\n",
    "mixed line ends": LINES.replace(",\n", ",\r\n", 4) + "\n",
    "old Mac line ends": LINES.replace("\n", "\r"),
    "one line": json.dumps(WHOLE),
    "one line without spaces": json.dumps(WHOLE, separators=(",", ":")),
    "one line with many spaces": json.dumps(WHOLE, separators=("  ,  ", "  :  ")),
    "spaces before commas": LINES.replace(",\n", " ,\n") + "\n",
    "spaces after each line": LINES.replace("\n", "  \n") + "\n",
    "tabs after each line": LINES.replace("\n", "\t\n"),
    "empty lines between": LINES.replace("\n", "\n\n"),
    "commas first": LINES.replace(",\n", "\n,"),
    "a colon on its own line": LINES.replace('"env": ', '"env"\n  :\n  '),
    "brackets on their own lines": LINES.replace(": {", ":\n  {"),
    "closing brackets together": LINES.replace("\n  }", "}").replace("\n}", "}"),
    "no indent inside env": LINES.replace('\n    "', '\n"'),
    "stairs": "{"
    + ",\n".join(" " * at + json.dumps(key) + ":" + json.dumps(WHOLE[key]) for at, key in enumerate(WHOLE))
    + "}",
    "two entries a line": LINES.replace('",\n    "', '", "'),
    "escaped keys": LINES.replace('"env"', escaped("env")).replace(f'"{URL}"', escaped(URL)),
    "escaped values": LINES.replace('"Qwen3.5-27B"', escaped("Qwen3.5-27B")).replace('"sonnet"', escaped("sonnet")),
    "escaped slashes": LINES.replace("http://", r"http:\/\/"),
    "other scripts": LINES.replace('"dark"', '"dunkel äöü 漢字 🚀"').replace("FOO", "ключ"),
    "surrogate pairs": LINES.replace('"dark"', r'"\ud83d\ude80"'),
    "env first": ordered("env", "model", "permissions", "theme"),
    "env last": ordered("model", "permissions", "env"),
    "env alone": ordered("env"),
    "env and model only": ordered("model", "env"),
    "model last": ordered("env", "hooks", "model"),
    "model alone": ordered("model"),
    "env is missing": ordered("model", "permissions", "hooks"),
    "env is empty": with_env("{}"),
    "env is empty with a space": with_env("{ }"),
    "env is empty on two lines": with_env("{\n\n  }"),
    "env on one line": with_env(json.dumps(MIXED)),
    "env with path keys only": with_env(json.dumps(ENV)),
    "env with one path key": with_env(json.dumps({URL: "http://h"})),
    "env without path keys": with_env('{ "FOO" : "1" }'),
    "path keys last in env": with_env(indented({"FOO": "1", **ENV}, 4)),
    "path keys first in env": with_env(indented({**ENV, "FOO": "1"}, 4)),
    "path keys apart in env": with_env(indented({URL: "http://h", "A": "1", TOKEN: "t", "B": "2", SONNET: "q"}, 4)),
    "numbers and booleans in env": with_env('{"API_TIMEOUT_MS": 600000, "DISABLE_PROMPT_CACHING": true, "A": 1.50}'),
    "null": '{"model": "sonnet", "env": {"ANTHROPIC_BASE_URL": null, "A": null}, "x": null}',
    "a path key twice": '{"model": "y", "a": 1, "model": "x", "env": {"ANTHROPIC_MODEL": 1, "ANTHROPIC_MODEL": "b"}}',
    "another key twice": '{"a": 1, "env": {"FOO": "1", "ANTHROPIC_MODEL": "a", "FOO": "2"}, "a": {"b": 2}}',
    "env twice": '{"env": {"ANTHROPIC_MODEL": "dead"}, "a": 1, "env": {"ANTHROPIC_MODEL": "b", "FOO": "1"}}',
    "nothing of ours": '{"permissions": {"allow": []},\t"hooks":{}}',
    "an empty object": "{}",
    "an empty object with spaces": " { \n } \n",
    "an empty file": "",
    "spaces only": " \n\t\n",
    "a byte-order mark only": "\ufeff",
    "odd keys": r'{"a.b": 1, "env.ANTHROPIC_MODEL": 1, "q\"t": {"env": {"ANTHROPIC_MODEL": 1}}, "": 1}',
    "lists and tables": '{"modelOverrides": {"a": "b"},  "availableModels": [ "x" ], "fallbackModel":["y"], "z": 0}',
    "long numbers": '{"cleanupPeriodDays": 1e2, "n": 0.10, "m": 12345678901234567890, "model": "opus"}',
    "deeply nested hooks": '{"hooks": ' + '{"a": [' * 20 + "1" + "]}" * 20 + ', "model": "opus"}',
    "the cloud": CLOUD,
    "no other keys": indented({"model": "sonnet", "env": ENV}, 2) + "\n",
    "no other keys, on one line": f" {json.dumps({'env': ENV, 'model': 'sonnet'})} ",
}
THERE = json.dumps(
    {"env": {"API_TIMEOUT_MS": "900000", URL: "http://gpu-box:4000", "ANTHROPIC_API_KEY": "sk-there"}, "model": "opus"}
)


def test_there_are_sixty_files():
    assert len(FILES) >= 60
    assert len(set(FILES.values())) == len(FILES)


@pytest.fixture
def profiles(home):
    """Return a home with the profile ``there``; the file below test is named with ``--settings``."""
    source = home.write(THERE, home.folder / "there.json")
    assert home.run("use", "--save", "there", "--settings", str(source))[0] == 0
    return home


def used(home, file, name):
    """Put a profile into a file and return its bytes."""
    code, _, err = home.run("use", name, "--settings", str(file), "--yes")
    assert code == 0, err
    return file.read_bytes()


@pytest.mark.parametrize("name", FILES)
def test_there_and_back_restores_every_byte(profiles, name):
    text = FILES[name]
    file = profiles.write(text, profiles.folder / "s.json")
    here = "here" if profiles.run("use", "--save", "here", "--settings", str(file))[0] == 0 else "hosted"
    before = file.read_bytes()
    there = used(profiles, file, "there")
    values, kept = json.loads(there.decode("utf-8-sig")), json.loads(text.lstrip("\ufeff").strip() or "{}")
    assert {key: values["env"].get(key) for key in (URL, "API_TIMEOUT_MS")} == {
        URL: "http://gpu-box:4000",
        "API_TIMEOUT_MS": "900000",
    }
    assert values["model"] == "opus"
    assert TOKEN not in values["env"]
    for key in ("permissions", "hooks", "theme", "statusLine", "a", "z", "n"):
        assert values.get(key) == kept.get(key)
    assert used(profiles, file, here) == before
    hosted = used(profiles, file, "hosted")
    assert used(profiles, file, "there") == there
    assert used(profiles, file, "hosted") == hosted
    assert used(profiles, file, here) == before


@pytest.mark.parametrize("name", ["two spaces", "CRLF", "env with path keys only", "one line"])
def test_also_after_more_edits_than_copies_are_kept(profiles, name):
    file = profiles.write(FILES[name], profiles.folder / "s.json")
    profiles.run("use", "--save", "here", "--settings", str(file))
    used(profiles, file, "there")
    for number in range(12):
        assert profiles.run("set", "API_TIMEOUT_MS", str(700000 + number), "--settings", str(file), "--yes")[0] == 0
    assert used(profiles, file, "here") == FILES[name].encode()
