"""How far a request in flight is, in words for the panel and for status lines."""

import json

import pytest

from stormdeck.model.deck import Deck
from stormdeck.model.snapshots.wire import WireSnapshot
from stormdeck.model.status.bar import Bar, client_line
from stormdeck.model.status.document import bar_of, status_json
from stormdeck.model.symbols import Health
from stormdeck.model.verdict.ranking import statements
from stormdeck.model.wire.exchange import Exchange
from stormdeck.model.wire.in_flight import progress, whose
from stormdeck.model.wire.request import Kind

NOW = 1_800_000_000.0


def flight(**more):
    return Exchange("1", NOW - 30, Kind.MAIN, "a1b2c3", "main", **more)


@pytest.mark.parametrize(
    ("exchange", "words", "silent"),
    [
        (flight(), "no byte yet", True),
        (flight(first_byte=NOW - 1, last_byte=NOW - 1), "answering", False),
        (flight(first_byte=NOW - 10, last_byte=NOW, deltas=400), "40 tokens/s", False),
        (flight(first_byte=NOW - 25, last_byte=NOW - 20, deltas=100), "silent 18 s", True),
    ],
)
def test_progress_says_whether_anything_comes(exchange, words, silent):
    seen = progress(exchange, NOW)
    assert (seen.waited_s, seen.words, seen.is_silent) == (30.0, words, silent)


def test_a_clock_that_was_set_back_gives_no_negative_wait():
    assert progress(flight(), NOW - 100).waited_s == 0.0


def test_whose_it_is():
    assert whose(flight()) == "a1b2 main"
    assert whose(Exchange("1", 1.0, Kind.MAIN, "a1b2c3")) == "a1b2 turn"
    assert whose(Exchange("1", 1.0, Kind.COUNT_TOKENS)) == "- count"


def deck(*exchanges, recorders=1):
    return Deck(wire=WireSnapshot(recorders, exchanges))


def test_status_json_lists_what_is_in_flight_and_says_nothing_without_a_recorder():
    here = deck(flight(model="qwen", attempt=2, sent_bytes=10))
    listed = json.loads(json.dumps(status_json(here, statements(here, NOW, str))))["in_flight"]
    assert [(one["session"], one["attempt"], one["started"], one["model"]) for one in listed] == [
        ("a1b2c3", 2, NOW - 30, "qwen")
    ]
    nothing = deck(recorders=0)
    assert status_json(nothing, statements(nothing, NOW, str))["in_flight"] is None


def test_the_status_line_of_a_session_says_that_its_own_request_waits():
    here = deck(flight())
    bar = Bar.from_json(json.loads(json.dumps(bar_of(here, statements(here, NOW, str)).as_json())))
    assert bar is not None
    assert client_line(bar, session="a1b2c3", coloured=False, now=NOW).endswith(" · 30 s, no byte yet")
    assert "no byte" not in client_line(bar, session="other", coloured=False, now=NOW)
    assert "no byte" not in client_line(bar, session="a1b2c3", coloured=False, now=NOW - 28)


def test_a_bar_of_an_older_panel_has_no_flights():
    old = Bar(Health.OK, "all well", "", [], []).as_json()
    del old["flights"]
    bar = Bar.from_json(old)
    assert bar is not None
    assert list(bar.flights) == []
    assert Bar.from_json({**old, "flights": [["s", "x", 1]]}) is None
