"""Any settings and any LiteLLM YAML: an edit changes its value and nothing else."""

import json
import math

import seeds
from hypothesis import strategies as st
from laws import assert_shown, cheap, law
from mutations import INVISIBLE, SIGNS, TOKENS, WIDE, grown, mutated, mutated_json, repeated

from stormdeck.model.json_edit.document import Document, FileError
from stormdeck.model.json_edit.repair import repair
from stormdeck.model.json_edit.scanner import scan
from stormdeck.model.litellm.config import ProxyConfig
from stormdeck.model.routes.litellm import from_yaml
from stormdeck.model.rules.facts import Facts
from stormdeck.model.rules.registry import check
from stormdeck.model.settings.merge import merged
from stormdeck.sources.litellm_yaml import parse_proxy_config

LARGE = 32 * 1024
PYYAML_S = 8.0
"""PyYAML takes a second for some hundred open brackets, and no longer for more of them (measured, 6.0.3)."""
TEXTS = mutated(seeds.settings_texts())
SOUND = [
    text for text in seeds.settings_texts() if isinstance(Document.parse(text), Document) and text.strip("\ufeff \r\n")
]
STRANGE = mutated_json([text.removeprefix("\ufeff") for text in SOUND])
KEYS = st.sampled_from(
    ["model", "env", "permissions", "allow", "ANTHROPIC_BASE_URL", "ANTHROPIC_MODEL", "", "a.b", *WIDE, *INVISIBLE]
)
PATHS = st.lists(KEYS, min_size=1, max_size=3).map(tuple)
VALUES = st.sampled_from(
    ["x", "", 'q"t\\', "\x1b[31m", "\ud800", "全", True, None, 0, -1.5, 10**30, [], {}, {"a": ["b"]}]
)
YAMLS = mutated(seeds.yaml_texts())


@law(TEXTS)
def test_a_settings_text_is_read_as_json_reads_it(text):
    found = Document.parse(text)
    try:
        value = json.loads(text.removeprefix("\ufeff"), parse_constant=_refused)
    except ValueError:
        value = None
    if isinstance(found, FileError):
        assert not isinstance(value, dict)
        assert 1 <= found.line <= text.count("\n") + 1
        assert found.column >= 1
        assert_shown(found.message)
    elif value is not None:
        assert found.values == value or any(map(_is_infinite, _numbers(value)))


def _refused(name):
    raise ValueError(name)


def _numbers(value):
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _numbers(inner)
    elif isinstance(value, int | float):
        yield value


def _is_infinite(number):
    try:
        return math.isinf(float(number))
    except OverflowError:
        return True


@law(TEXTS | STRANGE, PATHS, VALUES, cases=15)
def test_an_edit_changes_its_value_and_no_other_byte(text, path, value):
    old = Document.parse(text)
    if isinstance(old, FileError):
        return
    new = old.set(path, value)
    assert new.get(path) == value
    assert _raw_without(new.text, path[0]) == _raw_without(text, path[0])
    assert new.set(path, value).text == new.text
    assert new.text[: len(text) - len(text.lstrip("\ufeff"))] == text[: len(text) - len(text.lstrip("\ufeff"))]
    json.loads(new.text.removeprefix("\ufeff"), parse_constant=_refused)


@law(TEXTS | STRANGE, PATHS)
def test_a_removal_takes_its_entry_and_no_other_byte(text, path):
    old = Document.parse(text)
    if isinstance(old, FileError):
        return
    new = old.remove(path)
    assert new.get(path) is None
    assert _raw_without(new.text, path[0]) == _raw_without(text, path[0])
    assert new.remove(path).text == new.text


def _raw_without(text, key):
    """Return every entry of the root but those of a key, as written, with its place in the order."""
    start = len(text) - len(text.removeprefix("\ufeff"))
    if not text[start:].strip(" \t\r\n"):
        return []
    members = scan(text, start).members
    return [text[member.start : member.node.end] for member in members if member.key != key]


SLOPPY = mutated([text for text in seeds.settings_texts() if text], most=3)


@law(SLOPPY)
def test_a_repair_is_json_and_there_is_none_of_a_repair(text):
    made = repair(text)
    if made is None:
        return
    assert made.notes
    assert all(map(_is_shown, made.notes))
    assert isinstance(Document.parse(made.text), Document)
    assert repair(made.text) is None
    assert len(made.text) <= 2 * len(text) + 16


def _is_shown(note):
    assert_shown(str(note))
    return True


@law(
    st.sampled_from([text for text in SOUND if not text.startswith("\ufeff")]),
    st.sampled_from([",", '"', "//", "'"]),
    st.integers(0, 1 << 16),
)
def test_what_is_sound_needs_no_repair_and_keeps_its_words(text, sign, place):
    assert repair(text) is None
    place %= len(text) + 1
    broken = text[:place] + sign + text[place:]
    made = repair(broken)
    if made is not None:
        words = {
            word for word in json.dumps(Document.parse(text).values).split('"') if word.isalnum() and len(word) > 3
        }
        kept = broken.partition("//")[0] if sign == "//" else broken
        assert all(word in made.text for word in words if word in kept)


@law(repeated([*seeds.settings_texts(), *SIGNS]), st.sampled_from(["parse", "repair", "set"]), cases=5, slow=True)
def test_a_large_text_is_read_in_no_time(text, what):
    whole = grown(text, LARGE)
    found = cheap(Document.parse, whole)
    if what == "repair":
        cheap(repair, whole)
    elif what == "set" and isinstance(found, Document):
        cheap(found.set, "env.NEW", "value")


@law(YAMLS)
def test_any_yaml_is_values_or_a_place_and_the_rules_judge_it(text):
    config = parse_proxy_config(text, "config.yaml")
    assert isinstance(config, ProxyConfig)
    if config.error is not None:
        assert_shown(config.error.message)
    env = {"ANTHROPIC_BASE_URL": "http://127.0.0.1:4000", "ANTHROPIC_AUTH_TOKEN": "t", "ANTHROPIC_MODEL": "sonnet"}
    for finding in check(Facts.effective(merged((), env), proxy_config=config)):
        assert_shown(finding.title)
        assert_shown(finding.message)
        assert finding.line is None or 1 <= finding.line <= len(config.lines) + 1
        if finding.paste is not None:
            assert 0 <= finding.paste.first <= len(config.lines) + 1
            assert finding.paste.last <= len(config.lines) + 1
    table = from_yaml(config, {"NAME": text}.get)
    for group in table.groups:
        found = table.group_for(group.name)
        assert found is None or found in table.groups
        assert all(bool(one.url) is not bool(one.skipped) for one in group.servers)
        assert all(one in table.groups and one.name != group.name for one in table.fallbacks_of(group.name))


BOMBS = ["a: &a [x]\nb: &b [*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b]\nmodel_list: [*c,*c,*c,*c,*c,*c,*c]\n"]


@law(repeated([*seeds.yaml_texts(), *BOMBS]), cases=4, slow=True)
def test_a_large_yaml_is_read_and_judged_in_no_time(text):
    config = cheap(parse_proxy_config, grown(text, LARGE // 4), "config.yaml", most_s=PYYAML_S)
    cheap(check, Facts.effective(merged((), {}), proxy_config=config))
    cheap(from_yaml, config, {}.get)


@law(st.lists(st.sampled_from(TOKENS), max_size=12).map("".join))
def test_signs_alone_are_no_settings(text):
    found = Document.parse(text)
    assert isinstance(found, FileError) or not found.values or text.strip("\ufeff \t\r\n").startswith("{")
