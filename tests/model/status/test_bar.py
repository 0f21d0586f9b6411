"""The line for tmux and the one for Claude Code: what they show, and that nothing in them is acted on."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samples import CALM, FOUND, NOW, VLLM, WELL
from stormdeck.feed.reducer import take
from stormdeck.model.deck import Deck
from stormdeck.model.status.bar import LONGEST, Bar, ascii_only, client_line, shortened, tmux_line
from stormdeck.model.status.document import bar_of, is_complete
from stormdeck.model.symbols import Health
from stormdeck.model.verdict.ranking import statements

HOPS = (("client", "claude", Health.OK), ("proxy", "LiteLLM", Health.WARNING), ("vllm", "vLLM", Health.ERROR))


def bar(words="all well", *, health=Health.OK, code="", hops=HOPS, storms=()):
    return Bar(health, words, code, hops, storms)


class TestTmux:
    def test_a_light_for_each_hop_in_its_colour_then_the_words(self):
        given = bar("vLLM is down", health=Health.ERROR, code="URL105")
        assert tmux_line(given) == (
            "#[fg=green]●#[fg=yellow]▲LiteLLM #[fg=red]✖vLLM #[fg=red]vLLM is down URL105#[default]"
        )

    def test_without_colour_the_glyphs_and_words_give_it_alone(self):
        assert tmux_line(bar(), coloured=False) == "●▲LiteLLM ✖vLLM all well"

    def test_ascii_has_a_sign_for_each_glyph(self):
        given = bar("STORM attempt 3 of 11 · 500", health=Health.ERROR)
        assert tmux_line(given, coloured=False, only_ascii=True) == "*!LiteLLM XvLLM STORM attempt 3 of 11 - 500"

    @settings(max_examples=60, deadline=None)
    @given(words=st.text("#[]()fg=red, x", max_size=30))
    def test_every_sign_that_tmux_acts_on_is_doubled_but_our_own_colours(self, words):
        line = tmux_line(bar(words))
        assert line.count("#") == 2 * words.count("#") + len(HOPS) + 2
        assert line.endswith(f"{words.replace('#', '##')}#[default]")

    @settings(max_examples=40, deadline=None)
    @given(words=st.text(max_size=30))
    def test_it_is_one_line_of_plain_characters(self, words):
        assert tmux_line(bar(words)).isprintable()


class TestClaudeCode:
    def test_model_servers_and_words(self):
        assert client_line(bar(), model="Sonnet", coloured=False) == "Sonnet · LiteLLM ▲ · vLLM ✖ · all well"

    @pytest.mark.parametrize(
        ("session", "words"),
        [
            ("mine", "STORM attempt 4 of 11 · 500 (this session)"),
            ("third", "STORM attempt 6 of 11 · 500 (another session)"),
            ("", "STORM attempt 6 of 11 · 500"),
        ],
        ids=["own", "another's", "not told"],
    )
    def test_a_storm_is_recognised_by_its_session(self, session, words):
        storms = [("other", "STORM attempt 6 of 11 · 500"), ("mine", "STORM attempt 4 of 11 · 500")]
        given = bar(storms[0][1], health=Health.ERROR, hops=(), storms=storms)
        assert client_line(given, session=session, coloured=False) == words

    def test_a_storm_of_an_unknown_session_is_called_nobodys(self):
        given = bar("STORM", health=Health.ERROR, hops=(), storms=[("", "STORM")])
        assert client_line(given, session="mine", coloured=False) == "STORM"

    @settings(max_examples=60, deadline=None)
    @given(words=st.text(max_size=30), model=st.text(max_size=60))
    def test_no_text_reaches_the_terminal_as_an_escape(self, words, model):
        assert client_line(bar(words), model=model, coloured=False).isprintable()
        assert "\x1b" not in re.sub(r"\x1b\[[0-9;]*m", "", client_line(bar(words), model=model))


class TestWrittenDown:
    def test_it_comes_back_as_it_was(self):
        given = bar("words", health=Health.WARNING, code="URL101", storms=[("a", "STORM")])
        again = Bar.from_json(given.as_json())
        assert again is not None
        assert again.as_json() == given.as_json()
        assert client_line(again, session="a") == client_line(given, session="a")

    @pytest.mark.parametrize(
        "given",
        [None, [], {}, {**bar().as_json(), "light": "pink"}, {**bar().as_json(), "hops": [["a", "b"]]},
         {**bar().as_json(), "words": 7}, {**bar().as_json(), "storms": [[1, 2]]}],
        ids=["nothing", "a list", "empty", "no such light", "a short hop", "no text", "no session"],
    )  # fmt: skip
    def test_anything_else_is_none(self, given):
        assert Bar.from_json(given) is None


def test_long_words_are_cut_between_two_of_them():
    assert shortened("short") == "short"
    cut = shortened("word " * 40)
    assert len(cut) <= LONGEST + 2
    assert cut.endswith("word …")


def test_a_bar_is_made_of_what_the_panel_says():
    deck = Deck()
    for snapshot in (WELL, FOUND, VLLM, CALM):
        deck = take(deck, snapshot)
    given = bar_of(deck, statements(deck, NOW, str))
    assert (given.words, given.health, given.storms) == ("all well", Health.OK, [])
    assert [kind for kind, _, _ in given.hops] == ["client", "vllm", "gpu"]
    assert is_complete(deck)
    assert not is_complete(Deck())


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"TERM": "linux", "LANG": "C.UTF-8"}, True),
        ({"TERM": "xterm", "LANG": "C.UTF-8"}, False),
        ({"TERM": "xterm", "LC_ALL": "C", "LANG": "de_DE.UTF-8"}, True),
        ({"LC_ALL": "", "LANG": "de_DE.utf8"}, False),
    ],
)
def test_a_terminal_shows_more_than_ascii_if_its_locale_and_type_do(environ, expected):
    assert ascii_only(environ) is expected
