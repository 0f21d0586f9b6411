"""Whatever stands in a settings file, ``check`` ends, and ends as the contract says.

``HOSTILE_FILES=10000`` in the environment makes the run as long as a release wants it.
"""

import json
import os
import random

import pytest

from stormdeck.commands.check import run
from stormdeck.model.rules.facts import TIER_IDS
from stormdeck.model.settings.fields import FIELDS
from stormdeck.options import Options

FILES = int(os.environ.get("HOSTILE_FILES", "500"))
BATCHES = 5
PATHS = [field.path for field in FIELDS]
TEXTS = [
    "",
    " ",
    "0",
    "-1",
    "1e999",
    "9" * 400,
    "10 minutes",
    "http://127.0.0.1:8000/v1/",
    "http://[::1",
    "http://:99999",
    "https://user:p%ss@h\x00/v1?a=b#c",
    "://",
    "\ud800",
    "\u202e\x1b]0;x\x07",
    "ü" * 300,
    "Qwen/Qwen3.5-27B[1m] ",
    "claude-*",
    "default",
    "sonnet[1m]",
    "a: b\nc",
    "{",
    "\u0000",
    "𝟙٣",
    "../../etc/passwd",
]
SCRAPS = [
    "{",
    "}",
    "[",
    "]",
    '"',
    "'",
    ",",
    ":",
    "//",
    "/*",
    "#",
    "\\",
    "\\u",
    "\n",
    "\t",
    "null",
    "1e5",
    "\ufeff",
    "“",
]


def value(rng, depth=0):
    """Any JSON value; most are text, as in real files."""
    kind = rng.random()
    if kind < 0.6:
        return rng.choice(TEXTS)
    if kind < 0.75:
        return rng.choice([None, True, False, 0, -1, 10**30, 1.5, 600000])
    if depth > 3:
        return {}
    if kind < 0.9:
        return {rng.choice([*TEXTS, "env", "model"]): value(rng, depth + 1) for _ in range(rng.randrange(4))}
    return [value(rng, depth + 1) for _ in range(rng.randrange(4))]


def document(rng):
    """A settings file in which every known key may hold anything."""
    root, env = {}, {}
    for path in rng.sample(PATHS, rng.randrange(14)):
        name = path.removeprefix("env.")
        place = env if path.startswith("env.") and rng.random() < 0.9 else root
        place[name] = value(rng) if rng.random() < 0.5 else rng.choice(TEXTS)
    if rng.random() < 0.5:
        env.update(dict.fromkeys((path.removeprefix("env.") for path in TIER_IDS.values()), "Qwen3.5-27B"))
        env["ANTHROPIC_BASE_URL"] = rng.choice(TEXTS)
    root["env"] = env if rng.random() < 0.95 else value(rng)
    indent = rng.choice([None, None, 2, "\t"])
    return json.dumps(root, ensure_ascii=rng.random() < 0.5, indent=indent)


def damaged(rng, text):
    """A text with pieces taken out, doubled, and put where they do not belong."""
    for _ in range(rng.randrange(1, 6)):
        at, length = rng.randrange(len(text) + 1), rng.randrange(12)
        piece = rng.choice([rng.choice(SCRAPS), text[at : at + length] * 2, ""])
        text = text[:at] + piece + text[at + length :]
    return text


def deep(rng):
    depth = rng.choice([50, 200, 5000, 100_000])
    return rng.choice(['{"a":', "[", "{'a':"]) * depth + rng.choice(["", "1", "}" * depth, "]" * depth])


def content(rng):
    """The bytes of one file."""
    kind = rng.random()
    if kind < 0.35:
        text = document(rng)
    elif kind < 0.75:
        text = damaged(rng, document(rng))
    elif kind < 0.85:
        text = "".join(rng.choice([*SCRAPS, *TEXTS]) for _ in range(rng.randrange(40)))
    elif kind < 0.88:
        text = deep(rng)
    else:
        return rng.randbytes(rng.randrange(200))
    return rng.choice([b"", b"", b"", b"\xef\xbb\xbf"]) + text.encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("batch", range(BATCHES))
def test_it_ends_with_a_report_and_a_code_of_the_contract(batch, home, capsys):
    def checked(*, as_json=True, fix=False):
        options = Options(home=home.folder, project=home.project)
        code = run.run(options, {}, offline=True, as_json=as_json, wants_fix=fix, agreed=fix)
        out = capsys.readouterr().out
        return code, json.loads(out) if as_json else out

    rng = random.Random(f"hostile {batch}")  # noqa: S311 - the same files in every run
    for number in range(FILES // BATCHES):
        data = content(rng)
        home.write(data)
        case = f"file {number} of batch {batch}: {data[:300]!r}"
        code, report = checked()
        errors = report["summary"]["errors"]
        assert code == (1 if errors else 0), case
        assert len(report["findings"]) == sum(report["summary"].values()), case
        if number % 2:
            code, text = checked(as_json=False)
            assert code == (1 if errors else 0), case
            assert not {"\x1b", "\x07", "\u202e"} & set(text), case
            continue
        dropped = {"FILE701", "FILE702"} & {finding["code"] for finding in report["findings"]}
        code, report = checked(fix=True)
        assert code in {0, 1}, case
        # A file that comes into effect has more to be wrong.
        assert dropped or report["summary"]["errors"] <= errors, case
