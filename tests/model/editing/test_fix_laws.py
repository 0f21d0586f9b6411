"""Properties of every fix that is offered, for any file content."""

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import assume, event, given
from hypothesis import settings as run
from hypothesis import strategies as st

from places import TESTS
from stormdeck.model.deck import Deck
from stormdeck.model.rules.collect import findings_of, raw_findings
from stormdeck.model.rules.fixing import safe_fixes
from stormdeck.model.rules.known_names import ROOT_KEYS, VARIABLES, is_of_known_type
from stormdeck.model.settings.merge import loaded, merged, preview
from stormdeck.model.settings.scope import Scope, SettingsFile

DATA = TESTS / "data"
RECORDED = sorted(path for path in DATA.rglob("*.json") if "settings" in str(path))
USER = Path("/h/.claude/settings.json")
PAYS = {"ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_API_KEY", "apiKeyHelper", "ANTHROPIC_CUSTOM_HEADERS"}


def of_text(text, scope=Scope.USER):
    return merged((loaded(SettingsFile(scope, USER, exists=True), text),), {})


def identities(findings):
    return {(one.code, one.path) for one in findings}


def kept_laws(settings, scope=Scope.USER):
    """Try every fix that is offered for settings, and return how many there are."""
    deck = Deck(settings=settings)
    before = findings_of(deck, scope=scope)
    tried = [one for one in before if one.fix]
    for finding in tried:
        obeys(deck, before, finding, scope)
    return len(tried)


def obeys(deck, before, finding, scope):
    fix, old = finding.fix, deck.settings.file(scope)
    after = preview(deck.settings, scope, fix.edits)
    new = after.file(scope)
    assert new.error is None, "Claude Code would ignore the file"
    assert json.loads(new.text.removeprefix("\ufeff")) == new.values
    left = findings_of(Deck(settings=after), scope=scope)
    assert (finding.code, finding.path) not in identities(left), "the finding is still there"
    assert identities(left) <= identities(before), "a finding is new"
    touched = {edit.path for edit in fix.edits}
    assert untouched(old.values, touched) == untouched(new.values, touched), "something else was changed"
    for edit in fix.edits:
        *above, key = edit.path.split(".")
        stood = old.values.get("env", {}).get(key) if above else old.values.get(key)
        if isinstance(stood, bool | int | float) and edit.value is not None:
            assert not isinstance(edit.value, str) or not edit.value.isdigit(), "a number has become a text"
        if not above and edit.value is not None:
            assert is_of_known_type(key, edit.value)
    assert preview(after, scope, fix.edits).file(scope).text == new.text, "twice is not the same as once"
    if fix.safe:
        assert secrets(after) == secrets(deck.settings)
        assert host(after) == host(deck.settings)


def secrets(settings):
    """Return the settings that determine the account."""
    return {settings.text(path) for name in PAYS for path in (name, f"env.{name}")} - {None, ""}


def host(settings):
    """Return host and port of the base URL, in any spelling."""
    return re.sub(r"^https?://|/v1.*$", "", settings.text("env.ANTHROPIC_BASE_URL") or "").strip()


def untouched(values, paths):
    """Return the values that no edit changes."""
    env = values.get("env")
    rest = {key: value for key, value in values.items() if key not in paths and key != "env"}
    inner = env.items() if isinstance(env, dict) else ()
    return rest, {name: value for name, value in inner if f"env.{name}" not in paths}


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: str(path.relative_to(DATA)))
def test_the_fixes_of_recorded_files(path):
    settings = of_text(path.read_text())
    if settings.files[0].error is None:
        kept_laws(settings)


CASES = {
    "a wrong address": '{"env": {"ANTHROPIC_BASE_URL": "127.0.0.1:8000/v1", "ANTHROPIC_AUTH_TOKEN": "d"}}',
    "a truth in place of a text": '{"env": {"ANTHROPIC_BASE_URL": "http://127.0.0.1:1", "ANTHROPIC_AUTH_TOKEN": "d", '
    '"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": false, "CLAUDE_CODE_ATTRIBUTION_HEADER": true}}',
    "a time in words": '{"env": {"ANTHROPIC_BASE_URL": "http://127.0.0.1:1", "API_TIMEOUT_MS": "10 minutes"}}',
    "numbers": '{"env": {"ANTHROPIC_BASE_URL": "http://127.0.0.1:1", "CLAUDE_CODE_MAX_RETRIES": 99, '
    '"API_TIMEOUT_MS": 900000}}',
    "at the root": '{"ANTHROPIC_MODEL": "q", "API_TIMEOUT_MS": 3000, "env": {"ANTHROPIC_BASE_URL": "http://127.0.0.1:1"}}',
    "two models": '{"model": "opus", "env": {"ANTHROPIC_MODEL": "q", "ANTHROPIC_BASE_URL": "http://127.0.0.1:1"}}',
    "misspelt": '{"alwaysThinkingEnable": true, "cleanupPeriodDay": 30, "permision": {"allow": []}, '
    '"env": {"ANTHROPIC_BASE_ULR": "http://127.0.0.1:1", "ANTHROPIC_AUTH_KEY": "k"}}',
    "with a mark and CRLF": '\ufeff{\r\n\t"model": "default",\r\n\t"env": {"ANTHROPIC_BASE_URL": "http://127.0.0.1:1"}\r\n}\r\n',
    "twice": '{"env": {"API_TIMEOUT_MS": "9 s", "API_TIMEOUT_MS": "10 s"}, "model": "a", "model": "default"}',
}


@pytest.mark.parametrize("text", CASES.values(), ids=CASES)
def test_the_fixes_of_files_that_have_some(text):
    assert kept_laws(of_text(text)) > 0


KNOWN = st.sampled_from(sorted(VARIABLES))
NAMES = st.one_of(
    KNOWN,
    st.sampled_from(sorted(VARIABLES)).flatmap(
        lambda name: st.integers(0, len(name) - 1).map(lambda at: name[:at] + name[at + 1 :])
    ),
)
KEYS = st.one_of(
    st.sampled_from(sorted(ROOT_KEYS - {"env"})),
    st.sampled_from(sorted(ROOT_KEYS - {"env"})).map(lambda name: name[:-1]),
    NAMES,
)
TEXTS = st.sampled_from(["", "0", "1", "true", "q", "Q/q", "sonnet", "default", " q ", "10 minutes", "600000", "-1"])
URLS = st.sampled_from(["http://127.0.0.1:8000/v1", "localhost:8000", "https://api.deepseek.com/anthropic", "", "h"])
VALUES = st.one_of(TEXTS, URLS, st.booleans(), st.integers(0, 10**7), st.none())
LAYOUTS = st.sampled_from([(None, None), (2, None), ("\t", None), (None, (",", ":")), (1, (" ,", " : "))])


@st.composite
def files(draw):
    """Settings as people write them: odd layouts, byte order marks, line ends, duplicate keys."""
    env = draw(st.dictionaries(NAMES, VALUES, max_size=6))
    if draw(st.booleans()):
        env["ANTHROPIC_BASE_URL"] = draw(URLS)
    values = {**draw(st.dictionaries(KEYS, VALUES, max_size=4)), "env": env}
    indent, separators = draw(LAYOUTS)
    text = json.dumps(values, indent=indent, separators=separators)
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    if draw(st.booleans()) and env:
        text = text[:-1].rstrip() + f', "env": {json.dumps(env)}}}'
    return draw(st.sampled_from(["", "\ufeff"])) + text


@run(max_examples=60, deadline=None)
@given(files())
def test_the_fixes_of_any_file(text):
    settings = of_text(text)
    assume(settings.files[0].error is None)
    event(f"{min(kept_laws(settings), 3)} fixes or more")


@run(max_examples=40, deadline=None)
@given(files())
def test_all_safe_fixes_together(text):
    settings = of_text(text)
    assume(settings.files[0].error is None)
    made = safe_fixes(settings, Scope.USER, lambda now: raw_findings(Deck(settings=now), now))
    after = preview(settings, Scope.USER, made.edits)
    assert after.files[0].error is None
    assert identities(raw_findings(Deck(), after)) <= identities(raw_findings(Deck(), settings))
    assert secrets(after) == secrets(settings)
    assert host(after) == host(settings)
    again = safe_fixes(after, Scope.USER, lambda now: raw_findings(Deck(settings=now), now))
    assert again.edits == ()
    assert all(one.path != two.path for one, two in pairwise(sorted(made.edits, key=lambda edit: edit.path)))


SAFE = {
    "a dummy token": ('{"env": {"ANTHROPIC_BASE_URL": "http://127.0.0.1:1"}}', "AUTH201", False),
    "a key under the name that one's own server takes": (
        '{"env": {"ANTHROPIC_BASE_URL": "http://127.0.0.1:1", "ANTHROPIC_API_KEY": "k"}}',
        "AUTH202",
        True,
    ),
    "a key for a hosted host": (
        '{"env": {"ANTHROPIC_BASE_URL": "https://r.services.ai.azure.com/anthropic", "ANTHROPIC_API_KEY": "k"}}',
        "AUTH202",
        False,
    ),
    "a path of one's own server": (
        '{"env": {"ANTHROPIC_BASE_URL": "http://10.0.0.5:8000/v1", "ANTHROPIC_AUTH_TOKEN": "t"}}',
        "URL101",
        True,
    ),
    "a path of a hosted host": (
        '{"env": {"ANTHROPIC_BASE_URL": "https://api.deepseek.com/v1", "ANTHROPIC_AUTH_TOKEN": "t"}}',
        "URL101",
        False,
    ),
    "an address at the root": ('{"ANTHROPIC_BASE_URL": "http://127.0.0.1:1", "env": {}}', "MODEL307", False),
    "a misspelt address": ('{"env": {"ANTHROPIC_BASE_ULR": "http://127.0.0.1:1"}}', "FILE703", False),
    "permissions": (
        '{"permision": {"allow": ["Bash"]}, "env": {"ANTHROPIC_BASE_URL": "http://127.0.0.1:1"}}',
        "FILE703",
        False,
    ),
}


@pytest.mark.parametrize(("text", "code", "safe"), SAFE.values(), ids=SAFE)
def test_only_what_moves_neither_payer_nor_prompts_is_safe(text, code, safe):
    settings = of_text(text)
    found = [one for one in findings_of(Deck(settings=settings)) if one.code == code and one.fix]
    assert all(one.fix.safe is safe for one in found)
    assert found or not safe


@pytest.mark.parametrize("scope", [Scope.MANAGED, Scope.FLAG])
def test_no_fix_is_offered_for_a_file_that_is_not_the_users(scope):
    settings = of_text('{"env": {"ANTHROPIC_BASE_URL": "http://127.0.0.1:1/v1"}}', scope)
    (finding,) = [one for one in findings_of(Deck(settings=settings)) if one.code == "URL101"]
    assert finding.fix is None
    assert finding.message


def test_a_fix_is_offered_in_the_file_that_sets_the_value():
    other = loaded(SettingsFile(Scope.PROJECT, Path("/p/settings.json"), exists=True), '{"cleanupPeriodDay": 3}')
    settings = merged((*of_text('{"model": "opus"}').files, other), {})
    deck = Deck(settings=settings)
    (finding,) = [one for one in findings_of(deck) if one.code == "FILE703"]
    assert finding.fix.scope is Scope.PROJECT
    assert [one.fix for one in findings_of(deck, scope=Scope.USER) if one.code == "FILE703"] == [None]
