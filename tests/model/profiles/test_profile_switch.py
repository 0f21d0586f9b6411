"""A switch between profiles changes the path keys only, and back again restores every byte."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from json_strategies import BLANKS
from stormdeck.model.json_edit.document import Document
from stormdeck.model.profiles.keys import PATH_KEYS, belongs, path_values
from stormdeck.model.profiles.switch import NotPossibleError, same, switched

URL, TOKEN, SONNET = "env.ANTHROPIC_BASE_URL", "env.ANTHROPIC_AUTH_TOKEN", "env.ANTHROPIC_DEFAULT_SONNET_MODEL"
OTHER = {URL: "http://other:4000", "model": "opus", "env.API_TIMEOUT_MS": "900000"}


def parsed(text):
    document = Document.parse(text)
    assert isinstance(document, Document), document
    return document


def text_of(before, values, remembered=None):
    known = None if remembered is None else parsed(remembered)
    return switched(parsed(before), values, known).text


class TestOneSwitch:
    def test_a_value_changes_where_it_stands(self):
        before = '{\n  "env": {\n    "ANTHROPIC_BASE_URL": "http://a:1",\n    "FOO": "1"\n  },\n  "hooks": {}\n}\n'
        assert text_of(before, {URL: "http://b:2"}) == before.replace("http://a:1", "http://b:2")

    def test_what_the_profile_lacks_goes_and_nothing_else(self):
        before = '{"env": {"ANTHROPIC_AUTH_TOKEN": "t", "FOO": "1"}, "model": "opus", "permissions": {"allow": ["x"]}}'
        assert text_of(before, {}) == '{"env": {"FOO": "1"}, "permissions": {"allow": ["x"]}}'

    def test_an_env_that_is_empty_then_goes_too(self):
        assert text_of('{\n  "theme": "dark",\n  "env": {"ANTHROPIC_BASE_URL": "x"}\n}', {}) == (
            '{\n  "theme": "dark"\n}'
        )

    def test_an_env_that_was_empty_before_stays(self):
        assert text_of('{"env": {}, "model": "opus"}', {}) == '{"env": {}}'

    def test_a_token_of_another_server_does_not_stay(self):
        before = json.dumps({"env": {"ANTHROPIC_BASE_URL": "http://a", "ANTHROPIC_AUTH_TOKEN": "t"}})
        assert json.loads(text_of(before, {URL: "http://b"})) == {"env": {"ANTHROPIC_BASE_URL": "http://b"}}

    @pytest.mark.parametrize("value", [5, 1.5, True, None, "5", ["a", {"b": 1}], {"x": [None]}], ids=repr)
    def test_json_types_are_kept(self, value):
        after = json.loads(text_of('{"theme": "dark"}', {"env.API_TIMEOUT_MS": value, "modelOverrides": value}))
        assert same(after, {"theme": "dark", "env": {"API_TIMEOUT_MS": value}, "modelOverrides": value})

    def test_true_is_not_one(self):
        assert text_of('{"env": {"API_TIMEOUT_MS": 1}}', {"env.API_TIMEOUT_MS": True}) == (
            '{"env": {"API_TIMEOUT_MS": true}}'
        )

    @pytest.mark.parametrize("env", ["null", "[]", '"x"', "5"])
    def test_an_env_of_another_type_is_not_replaced(self, env):
        document = parsed(f'{{"env": {env}}}')
        with pytest.raises(NotPossibleError, match="env is not an object"):
            switched(document, {URL: "x"})
        assert switched(document, {}).text == document.text

    def test_an_infinite_number_is_refused(self):
        with pytest.raises(NotPossibleError, match="JSON cannot represent"):
            switched(parsed("{}"), {"env.API_TIMEOUT_MS": float("inf")})

    def test_of_two_env_objects_the_one_without_effect_stays_without(self):
        before = '{"env": {"FOO": "1"}, "env": {"ANTHROPIC_BASE_URL": "x"}}'
        assert parsed(text_of(before, {})).values == {"env": {}}


class TestAChangeMeanwhile:
    OWN = (
        '{\n  "model": "sonnet",\n  "permissions": {},\n  "env": {\n    "A": "1",\n    "ANTHROPIC_BASE_URL": "http://a",'
        '\n    "B": "2"\n  },\n  "theme": "dark"\n}\n'
    )

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ('"permissions": {}', '"permissions": {"allow": ["Bash"]}'),
            ('"theme": "dark"\n', '"theme": "dark",\n  "verbose": true\n'),
            ('"B": "2"', '"B": "3"'),
        ],
    )
    def test_the_keys_come_back_where_they_were(self, old, new):
        own = parsed(self.OWN)
        hosted = text_of(self.OWN, {})
        back = text_of(hosted.replace(old, new), path_values(own), self.OWN)
        assert back == self.OWN.replace(old, new)

    def test_a_neighbour_that_is_gone_does_not_matter(self):
        own = parsed(self.OWN)
        hosted = text_of(self.OWN, {})
        back = text_of(hosted.replace('\n    "A": "1",', ""), path_values(own), self.OWN)
        assert json.loads(back) == {**own.values, "env": {"ANTHROPIC_BASE_URL": "http://a", "B": "2"}}
        assert back.index("ANTHROPIC_BASE_URL") < back.index('"B"')

    def test_a_file_that_was_written_anew_gets_them_too(self):
        own = parsed(self.OWN)
        hosted = json.dumps(json.loads(text_of(self.OWN, {})))
        assert json.loads(text_of(hosted, path_values(own), self.OWN)) == own.values

    def test_an_env_that_went_with_its_last_key_comes_back_where_it_was(self):
        remembered = '{"env": {"ANTHROPIC_BASE_URL": "http://a"}, "theme": "dark"}'
        assert text_of('{"theme": "light"}', {URL: "http://a"}, remembered) == remembered.replace("dark", "light")

    @pytest.mark.parametrize("url", ["http://a", "http://b"])
    def test_a_remembered_file_with_a_second_env_takes_no_setting_out_of_effect(self, url):
        remembered = '{"env": {"FOO": "1"}, "env": {"ANTHROPIC_BASE_URL": "http://a"}}'
        after = parsed(text_of('{"env": {"FOO": "1"}}', {URL: url}, remembered))
        assert after.values == {"env": {"FOO": "1", "ANTHROPIC_BASE_URL": url}}

    def test_a_profile_that_was_changed_is_set_in_the_remembered_layout(self):
        hosted = text_of(self.OWN, {})
        back = text_of(hosted, {"model": "opus", URL: "http://a"}, self.OWN)
        assert back == self.OWN.replace("sonnet", "opus")


KEYS = st.sampled_from(["model", "env", "apiKeyHelper", "disableAutoMode", "hooks", "theme", "ключ", 'q"t', "", "a.b"])
NAMES = st.sampled_from(["ANTHROPIC_BASE_URL", "ANTHROPIC_AUTH_TOKEN", "API_TIMEOUT_MS", "FOO", "BAR", "", "a.b"])
VALUES = st.one_of(st.none(), st.booleans(), st.integers(-9, 10**9), st.text(max_size=4), st.lists(st.text(max_size=2)))


@st.composite
def keys_as_text(draw, keys):
    text = draw(keys)
    if draw(st.integers(0, 9)) == 0 and text.isascii():
        return '"' + "".join(f"\\u{ord(char):04x}" for char in text) + '"'
    return json.dumps(text, ensure_ascii=draw(st.booleans()))


@st.composite
def objects_as_text(draw, keys, *, inner=False):
    items = []
    for _ in range(draw(st.integers(0, 5))):
        key = draw(keys_as_text(keys))
        is_env = json.loads(key) == "env"
        if (is_env and draw(st.integers(0, 9))) or (not inner and not draw(st.integers(0, 3))):
            value = draw(objects_as_text(NAMES, inner=True))
        else:
            value = json.dumps(draw(VALUES))
        a, b, c, d = (draw(BLANKS) for _ in range(4))
        items.append(f"{a}{key}{b}:{c}{value}{d}")
    return "{" + ",".join(items) + ("" if items else draw(BLANKS)) + "}"


@st.composite
def files(draw):
    bom, end = draw(st.sampled_from(["", "\ufeff"])), draw(BLANKS)
    return draw(st.one_of(st.just(f"{bom}{end}"), objects_as_text(KEYS).map(lambda text: f"{bom}{end}{text}{end}")))


PROFILES = st.dictionaries(st.sampled_from(sorted(PATH_KEYS)), VALUES, max_size=5)


def attempt(document, values, remembered=None):
    try:
        return switched(document, values, remembered)
    except NotPossibleError:
        return None


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(files(), PROFILES, PROFILES)
def test_there_and_back_restores_every_byte(text, there, other):
    before = parsed(text)
    own = path_values(before)
    after = attempt(before, there)
    if after is None:
        assert not isinstance(before.get("env"), dict) or before.duplicates
        return
    assert same(path_values(after), there)
    # With the values of the first profile the file counts as switched back already.
    third = attempt(after, other) if not same(other, own) else None
    for now in filter(None, (after, third)):
        assert switched(now, own, before).text == text
    if third is not None:
        assert switched(third, there, after).text == after.text


@settings(max_examples=75, suppress_health_check=[HealthCheck.too_slow])
@given(files(), files(), PROFILES)
def test_a_memory_of_another_file_never_changes_other_settings(text, remembered, values):
    before = parsed(text)
    after = attempt(before, values, parsed(remembered))
    if after is not None:
        assert same(path_values(after), values)
        assert same(others_of(after), others_of(before))


def others_of(document):
    """The values that belong to no profile; an ``env`` without any counts as none."""
    env = document.values.get("env", {})
    if isinstance(env, dict):
        env = {name: value for name, value in env.items() if not belongs(("env", name))}
    others = {key: value for key, value in document.values.items() if not belongs((key,)) and key != "env"}
    return {**others, "env": env}


def test_a_profile_with_half_a_character_is_kept_as_json_writes_it():
    from stormdeck.model.profiles.profile import _dumps

    assert json.loads(_dumps({"model": "\ud800"})) == {"model": "\ud800"}
