"""Attempts, turns and storms of recorded exchanges, and their lines of JSON."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormdeck.model.wire.account import account
from stormdeck.model.wire.attempts import AttemptCounter
from stormdeck.model.wire.client_command import own_settings, with_settings, with_variables
from stormdeck.model.wire.exchange import Exchange, Outcome, from_line, to_line
from stormdeck.model.wire.request import Kind


class Wire:
    """A client's requests, one after the other, a second each."""

    def __init__(self):
        self.counter = AttemptCounter()
        self.seen = []
        self.now = 1000.0

    def ask(self, key, outcome=Outcome.ANSWERED, status=200, session="s", question="", kind=Kind.MAIN):
        begun = self.counter.begin(Exchange(str(len(self.seen)), self.now, kind, session, key=key, question=question))
        self.now += 1.0
        ended = replace(begun, outcome=outcome, status=status, ended=self.now)
        self.counter.end(ended)
        self.seen += [begun, ended]
        return begun.attempt

    def fail(self, key, status=500, **more):
        return self.ask(key, Outcome.STATUS, status, **more)


def test_the_same_request_after_a_failure_is_the_next_attempt():
    wire = Wire()
    assert [wire.fail("a"), wire.ask("a", Outcome.RESET, None), wire.ask("a"), wire.ask("a")] == [1, 2, 3, 1]
    counted = account(wire.seen)
    assert [len(turn.attempts) for turn in counted.turns] == [3, 1]
    assert counted.retries == 2
    assert [(storm.causes, storm.is_recovered) for storm in counted.storms] == [(("500", "reset"), True)]


@pytest.mark.parametrize(
    "outcome", [Outcome.CUT, Outcome.RESET, Outcome.REFUSED, Outcome.TIMED_OUT, Outcome.CLIENT_LEFT, Outcome.ERROR]
)
def test_every_answer_that_was_not_delivered_may_be_asked_for_again(outcome):
    wire = Wire()
    assert [wire.ask("a", outcome), wire.ask("a")] == [1, 2]


def test_another_session_kind_or_question_is_a_turn_of_its_own():
    wire = Wire()
    wire.fail("a")
    assert wire.ask("a", session="t") == 1
    assert wire.ask("a", kind=Kind.AUXILIARY) == 1
    assert wire.ask("b") == 1
    assert wire.ask("a", kind=Kind.COUNT_TOKENS) == 1


def test_a_client_that_is_refused_changes_its_request_and_asks_again_at_once():
    wire = Wire()
    assert [wire.fail("a", 400, question="q"), wire.fail("b", 400, question="q"), wire.ask("c", question="q")] == [
        1,
        2,
        3,
    ]
    wire.fail("d", 400, question="q")
    wire.now += 60
    assert wire.ask("e", question="q") == 1
    wire.fail("f", 500, question="q")
    assert wire.ask("g", question="q") == 1


def test_a_request_side_by_side_with_an_equal_one_is_no_retry():
    counter = AttemptCounter()
    first = counter.begin(Exchange("1", 0.0, Kind.MAIN, "s", key="k"))
    assert counter.begin(Exchange("2", 0.1, Kind.MAIN, "s", key="k")).attempt == 1
    counter.end(replace(first, outcome=Outcome.STATUS, status=500, ended=1.0))


def test_memory_is_bounded():
    wire = Wire()
    for number in range(2000):
        wire.fail(f"k{number}")
    assert len(wire.counter._last) <= 512


def test_what_is_running_is_in_flight():
    counted = account([Exchange("1", 0.0, Kind.MAIN, turn="1"), Exchange("2", 0.0)])
    assert [one.id for one in counted.in_flight] == ["1"]
    assert counted.turns[0].cause == ""


FULL = Exchange(
    "7",
    5.0,
    Kind.MAIN,
    "s",
    "main",
    "k",
    "q",
    "b",
    "m",
    True,
    9,
    "6",
    2,
    200,
    10,
    20,
    5.1,
    5.9,
    6.0,
    3,
    1,
    2,
    3,
    "end_turn",
    "",
    Outcome.ANSWERED,
)


def test_a_line_of_json_holds_an_exchange():
    assert from_line(to_line(FULL)) == FULL
    assert from_line(to_line(Exchange("1", 2.0))) == Exchange("1", 2.0)
    assert from_line(json.dumps({**json.loads(to_line(FULL)), "later": 1})) == FULL


@pytest.mark.parametrize(
    "line",
    [
        "",
        "[]",
        "{}",
        '{"version":2,"id":"1","started":1}',
        '{"version":1,"id":1,"started":1}',
        '{"version":1,"id":"1","started":true}',
        '{"version":1,"id":"1","started":1,"kind":"x"}',
        '{"version":1,"id":"1","started":1,"stream":1}',
        '{"version":1,"started":1}',
    ],
)
def test_another_line_is_none(line):
    assert from_line(line) is None


@given(st.text() | st.binary())
def test_no_line_raises(line):
    assert from_line(line) is None


def test_the_address_goes_behind_the_client_and_replaces_no_other_word():
    assert with_settings(["claude"], "S") == ["claude", "--settings", "S"]
    assert with_settings(["/usr/bin/claude", "mcp", "list"], "S") == [
        "/usr/bin/claude",
        "--settings",
        "S",
        "mcp",
        "list",
    ]
    assert with_settings(["npx", "claude@2", "--settings", "x", "-p"], "S") == [
        "npx",
        "claude@2",
        "--settings",
        "S",
        "-p",
    ]
    assert with_settings(["claude", "--settings=x", "--", "--settings"], "S") == [
        "claude",
        "--settings",
        "S",
        "--",
        "--settings",
    ]
    assert with_settings(["my-wrapper", "-p"], "S") == ["my-wrapper", "--settings", "S", "-p"]


def test_a_client_that_is_asked_for_its_version_alone_gets_no_other_word():
    assert with_settings(["claude", "--version"], "S") == ["claude", "--version"]
    assert with_settings(["npx", "claude", "-v"], "S") == ["npx", "claude", "-v"]
    assert with_settings(["claude", "-p", "--version"], "S")[1:3] == ["--settings", "S"]


def test_the_last_settings_of_a_command_line_are_those_in_force():
    assert own_settings(["claude", "--settings", "a", "--settings", "b"]).value == "b"
    assert own_settings(["claude", "--", "--settings", "b"]).value == ""
    assert own_settings(["claude", "--settings"]).value == ""
    assert own_settings(["claude", '--settings= {"a":1}']).is_json


def test_variables_are_added_to_the_others():
    assert with_variables({"env": {"A": "1", "B": "2"}, "model": "x"}, {"B": "3"}) == {
        "env": {"A": "1", "B": "3"},
        "model": "x",
    }
    assert with_variables({"env": []}, {"B": "3"}) == {"env": {"B": "3"}}
