"""Keys: how they are written, the one registry of actions, and the user's own keymap."""

import re
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.keys import _normalize_key_list

from stormdeck.commands.config import init_text
from stormdeck.model.keys.action import read_keys, shown_key, written_key
from stormdeck.model.keys.actions import ACTIONS, AREAS, DIALOGS, ENLARGED, EVERYWHERE
from stormdeck.model.keys.keymap import check_chosen, clashes, keyed, read_chosen
from stormdeck.options import load


@pytest.mark.parametrize(
    ("written", "keys", "shown"),
    [
        ("f", "f", "f"),
        ("F", "F", "F"),
        ("shift+f", "F", "F"),
        ("?", "question_mark", "?"),
        ("/", "slash", "/"),
        ("ctrl+F", "ctrl+f", "^f"),
        ("^r", "ctrl+r", "^r"),
        ("shift+ctrl+x", "ctrl+shift+x", "ctrl+shift+x"),
        ("esc", "escape", "esc"),
        ("pgup", "pageup", "pgup"),
        ("space", "space", "space"),
        ("F5", "f5", "f5"),
        ("shift+up", "shift+up", "shift+↑"),
        ("alt+comma", "alt+comma", "alt+,"),
        ("ö", "ö", "ö"),
    ],
)
def test_a_key_is_read_as_people_write_it_and_shown_so(written, keys, shown):
    assert read_keys(written) == (keys,)
    assert shown_key(keys) == shown


def test_several_keys_stand_between_commas():
    assert read_keys("f, end,G") == ("f", "end", "G")


@pytest.mark.parametrize("text", ["", "nope", "ctrl+nope", "hyper+x", "f25", "ctrl+", "a+b", "f,,g"])
def test_what_is_no_key_is_said_so_with_examples(text):
    with pytest.raises(ValueError, match=r'" is not a key; examples: f, F, \?, ctrl\+f'):
        read_keys(text)


@pytest.mark.parametrize("text", ["ctrl+c", "^c", "tab", "shift+tab"])
def test_a_key_that_the_panel_needs_cannot_be_taken(text):
    with pytest.raises(ValueError, match="cannot be assigned: it "):
        read_keys(text)


@given(st.text(max_size=12))
@settings(max_examples=60)
def test_any_text_is_a_key_or_a_reason(text):
    with suppress(ValueError):
        assert all(read_keys(text))


def test_signs_have_the_names_that_textual_gives_them():
    signs = "!\"#$%&'()*+-./:;<=>?@[\\]^_`{|}~"
    assert [read_keys(sign)[0] for sign in signs] == [_normalize_key_list(sign) for sign in signs]


class TestRegistry:
    def test_ids_are_unique_and_begin_with_a_place_that_exists(self):
        ids = [action.id for action in ACTIONS]
        assert len(ids) == len(set(ids))
        places = {*EVERYWHERE, *(area for area, _ in (*AREAS, *ENLARGED)), *DIALOGS}
        assert {action.place for action in ACTIONS} <= places

    def test_no_two_actions_in_reach_of_each_other_share_a_key(self):
        assert [(place, key) for place, key, *_ in clashes(ACTIONS)] == []

    def test_every_key_can_be_written_into_a_file_and_read_again(self):
        keys = [key for action in ACTIONS for key in action.keys.split(",") if "tab" not in key]
        assert [key for key in keys if read_keys(written_key(key)) != (key,)] == []

    @pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)
    def test_the_words_are_few_and_the_help_is_a_sentence(self, action):
        assert len(action.words) <= 16
        assert 1 <= len(action.words.split()) <= 3
        assert action.help[0].isupper()
        assert action.help.endswith(".")


class TestChosen:
    def test_an_action_has_the_chosen_key_and_no_other(self):
        chosen = [read_chosen("logs.follow=ctrl+f, F")]
        check_chosen(chosen)
        changed = {action.id: action for action in keyed(chosen)}
        assert changed["logs.follow"].keys == "ctrl+f,F"
        assert changed["logs.follow"].shown == "^f"
        assert [one.id for one, other in zip(keyed(chosen), ACTIONS, strict=True) if one != other] == ["logs.follow"]

    def test_an_area_keeps_its_number_which_sentences_name(self):
        [action] = [one for one in keyed([read_chosen("app.logs=l")]) if one.id == "app.logs"]
        assert action.keys == "l,2"

    def test_two_actions_can_swap_their_keys(self):
        check_chosen([read_chosen("logs.error=f"), read_chosen("logs.follow=e")])

    def test_one_key_may_do_different_things_in_different_places(self):
        check_chosen([read_chosen("logs.error=x"), read_chosen("checks.fix=x")])

    @pytest.mark.parametrize(
        ("texts", "words"),
        [
            (["logs.folow=x"], 'unknown action "logs.folow"; did you mean logs.follow?'),
            (["quit=Q"], "did you mean app.quit?"),
            (["zzz=Q"], "`stormdeck config init` lists them all"),
            (["logs.follow"], "expected ACTION=KEY such as logs.follow=ctrl+f"),
            (["logs.follow=ctl+f"], 'logs.follow: "ctl+f" is not a key'),
            (["logs.error=f"], "logs.error: f is taken in logs by logs.follow (follow)"),
            (["app.quit=s"], "app.quit: s is taken in overview by overview.storm"),
            (["logs.error=x", "logs.error=X"], "logs.error: given twice"),
            (["save.drop=enter"], "save.drop: enter is taken in save by save.write"),
        ],
        ids=lambda value: value[0] if isinstance(value, list) else "",
    )
    def test_what_is_wrong_is_said_with_what_to_do(self, texts, words):
        with pytest.raises(ValueError, match=re.escape(words)):
            check_chosen([read_chosen(text) for text in texts])


class TestOption:
    @pytest.fixture
    def read(self, tmp_path):
        folder = tmp_path / ".config" / "stormdeck"
        folder.mkdir(parents=True)

        def load_text(text, **flags):
            (folder / "config.yaml").write_text(text)
            return load(flags, {"STORMDECK_HOME": str(tmp_path)})

        return load_text

    def test_the_file_has_a_line_an_action(self, read):
        loaded = read("keys:\n  logs.follow: ctrl+f\n  app.quit: [Q, '^x']\n  logs.filter: /\n")
        assert loaded.problems == ()
        assert [str(one) for one in loaded.options.keys] == [
            "logs.follow=ctrl+f",
            "app.quit=Q,ctrl+x",
            "logs.filter=slash",
        ]

    def test_a_flag_wins_over_the_file(self, read):
        loaded = read("keys: {app.quit: Q}", keys=["app.quit=X", "app.help=H"])
        assert [str(one) for one in loaded.options.keys] == ["app.quit=X", "app.help=H"]

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("keys:\n  logs.folow: x\n", 'config.yaml:1: keys: unknown action "logs.folow"; did you mean logs.follow?'),
            ("keys:\n  logs.error: f\n", "config.yaml:1: keys: logs.error: f is taken in logs by logs.follow"),
            ("keys:\n  logs.error:\n", 'keys: logs.error: "" is not a key'),
            ("keys: f\n", "expected `name: value` lines below it, a key for each action, found a text"),
            ("keys: [f]\n", "found a list"),
            ("keys: {logs.error: {a: b}}\n", "keys: expected"),
        ],
        ids=["unknown", "taken", "empty", "a text", "a list", "nested"],
    )
    def test_what_is_wrong_in_the_file_is_said_with_its_line(self, read, text, words):
        [problem] = read(text).problems
        assert words in str(problem)

    def test_the_file_that_init_writes_lists_every_action_with_its_keys(self, read):
        text = init_text()
        assert read(text).options.keys == ()
        ours = re.sub(r"^  # (?!overview\.(next|previous):)(\S+: )", r"  \2", text, flags=re.MULTILINE)
        loaded = read(ours)
        assert loaded.problems == ()
        assert keyed(loaded.options.keys) == ACTIONS
        assert len(loaded.options.keys) == len(ACTIONS) - 2
