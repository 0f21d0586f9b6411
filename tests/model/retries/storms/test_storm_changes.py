"""The events of ``watch`` about storms: each once, under one number, without storms that had ended before."""

from dataclasses import replace
from typing import Any

import pytest

from stormdeck.commands.colour import Paint
from stormdeck.commands.retries.events import Watcher, as_text, counts_between, to_json
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.retries.storms.changes import Change, ChangeKind, StormWatch
from stormdeck.model.retries.storms.identity import same_storms
from stormdeck.model.retries.storms.report import Report
from stormdeck.model.retries.storms.storm import Outcome, Storm
from stormdeck.model.retries.transcript import Entry, EntryKind
from stormdeck.model.traffic.log_analyzer import LogAnalyzer

START = 1_795_000_000.0
LIVE = Storm(
    started=START,
    last=START + 2,
    attempts=3,
    limit=11,
    cause="500",
    reason="EngineCore encountered an issue",
    outcome=Outcome.LIVE,
    next_at=START + 5,
    gives_up_at=START + 200,
    log="vllm.log",
)
FOURTH = replace(LIVE, attempts=4, last=START + 5, next_at=START + 9)
RECOVERED = replace(FOURTH, outcome=Outcome.RECOVERED, attempts=5, last=START + 9, next_at=None, gives_up_at=None)
GAVE_UP = replace(FOURTH, outcome=Outcome.GAVE_UP, next_at=None, gives_up_at=None)


def reported(looks):
    """Return what is reported over several looks, as numbers and kinds."""
    watch = StormWatch()
    return [(change.number, change.kind.name) for storms in looks for change in watch.take(storms)]


class TestStormWatch:
    @pytest.mark.parametrize(
        ("looks", "kinds"),
        [
            ([[], [LIVE], [LIVE], [FOURTH], [RECOVERED], [RECOVERED]], ["STARTED", "ATTEMPT", "RECOVERED"]),
            ([[LIVE], [FOURTH], [GAVE_UP]], ["STARTED", "ATTEMPT", "GAVE_UP"]),
            ([[GAVE_UP], [RECOVERED]], ["STARTED", "GAVE_UP", "RECOVERED"]),
            ([[RECOVERED]], ["STARTED", "RECOVERED"]),
            ([[LIVE], []], ["STARTED", "WITHDRAWN"]),
            ([[RECOVERED], []], ["STARTED", "RECOVERED"]),
        ],
        ids=["recovered", "gave up", "given up too early", "over at once", "was none", "forgotten"],
    )
    def test_each_thing_is_reported_once(self, looks, kinds):
        assert reported(looks) == [(1, kind) for kind in kinds]

    def test_storms_keep_their_numbers(self):
        other = replace(LIVE, started=START + 60, last=START + 62)
        assert reported([[LIVE], [LIVE, other], [RECOVERED, other]]) == [
            (1, "STARTED"),
            (2, "STARTED"),
            (1, "RECOVERED"),
        ]

    def test_one_that_a_transcript_gives_more_of_is_the_same(self):
        known = replace(FOURTH, started=START - 1, session="s", evidence="transcript")
        assert reported([[LIVE], [known]]) == [(1, "STARTED"), (1, "ATTEMPT")]

    def test_several_that_began_at_once_stay_apart(self):
        storms = [replace(LIVE, cause=cause) for cause in ("500", "429", "401")]
        assert same_storms(storms, storms[:2]) == [0, 1]
        assert same_storms(storms[:2], storms) == [0, 1, None]

    def test_another_time_or_another_session_is_another_storm(self):
        later = replace(LIVE, started=START + 30, last=START + 32)
        assert same_storms([LIVE], [later]) == [None]
        assert same_storms([replace(LIVE, session="a")], [replace(LIVE, session="b")]) == [None]
        assert same_storms([replace(LIVE, session="a", agent="x")], [replace(LIVE, session="a", agent="y")]) == [None]

    def test_another_log_at_the_same_time_is_not(self):
        """The log was renamed, or another panel counts at another hop."""
        other = replace(LIVE, log="b.log")
        assert same_storms([LIVE], [other]) == [0]
        assert same_storms([LIVE, other], [other, LIVE]) == [1, 0]


def post(status, port=5000):
    return f'INFO:     127.0.0.1:{port} - "POST /v1/messages HTTP/1.1" {status} X'


def batch(at, *lines):
    return LogBatch("a.log", lines, START + at, history=False)


class TestWatcher:
    def names(self, events):
        return [to_json(event, START)["event"] for event in events]

    def test_a_storm_is_reported_at_its_third_attempt_and_at_its_end(self):
        watcher = Watcher(LogAnalyzer(), START)
        seen = []
        for at, status in ((0.0, 500), (0.6, 500), (1.8, 500), (4.1, 500), (8.5, 200)):
            watcher.take(batch(at, post(status)), START + at)
            seen.append(self.names(watcher.update(START + at)))
        assert seen == [[], [], ["storm_started"], ["storm_attempt"], ["storm_recovered"]]

    def test_a_client_that_gave_up_leaves_no_line_and_is_reported(self):
        watcher = Watcher(LogAnalyzer(limit=11), START)
        for at in (0.0, 0.6, 1.8):
            watcher.take(batch(at, post(500)), START + at)
            watcher.update(START + at)
        assert watcher.update(START + 2) == []
        assert self.names(watcher.update(START + 55)) == ["storm_gave_up"]

    def test_what_was_over_before_the_watch_began_is_not_reported(self):
        watcher = Watcher(LogAnalyzer(), START + 1000)
        entries = [Entry(EntryKind.REQUEST, "s", START + at, id=f"r{at}", digest="d") for at in (0, 1, 2, 5)]
        watcher.take((*entries, Entry(EntryKind.ANSWER, "s", START + 9, id="m", request="r5")), START + 1000)
        assert watcher.update(START + 1000) == []

    def test_a_storm_of_a_transcript_is_reported(self):
        watcher = Watcher(LogAnalyzer(), START)
        for at in (0, 1, 2):
            watcher.take((Entry(EntryKind.REQUEST, "s", START + at, id=f"r{at}", digest="d"),), START + at)
        (event,) = watcher.update(START + 2.2)
        assert (event.kind, event.storm.session) == (ChangeKind.STARTED, "s")

    def test_counts_come_once_a_minute_and_cover_what_came_since(self):
        watcher = Watcher(LogAnalyzer(), START)
        watcher.take(batch(1, post(200), post(200, 5001)), START + 1)
        assert watcher.update(START + 59) == []
        assert [event.turns for event in watcher.update(START + 60.5)] == [2]
        watcher.take(batch(61, post(200, 5002)), START + 61)
        assert [event.turns for event in watcher.update(START + 121)] == [1]

    def test_a_clock_that_is_set_back_stops_nothing(self):
        watcher = Watcher(LogAnalyzer(), START)
        assert watcher.update(START - 5000) == []
        assert self.names(watcher.update(START - 4900)) == ["counts"]


class TestEvents:
    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (
                Change(ChangeKind.STARTED, 1, LIVE),
                "storm 1 begins: attempt 3 of 11, 500 EngineCore encountered an issue",
            ),
            (Change(ChangeKind.STARTED, 1, LIVE), "; next in about 3 s, gives up at "),
            (Change(ChangeKind.ATTEMPT, 1, FOURTH), "storm 1: attempt 4 of 11"),
            (Change(ChangeKind.RECOVERED, 2, RECOVERED), "storm 2 recovered after 5 attempts, 9 s"),
            (Change(ChangeKind.GAVE_UP, 1, GAVE_UP), "storm 1: the client gave up after 4 attempts, 5 s"),
            (
                Change(ChangeKind.GAVE_UP, 1, replace(GAVE_UP, outcome=Outcome.STOPPED)),
                "storm 1: stopped by the user after 4 attempts, 5 s",
            ),
            (
                Change(ChangeKind.GAVE_UP, 1, replace(GAVE_UP, outcome=Outcome.QUIET)),
                "storm 1: no further attempt was seen after 4 attempts, 5 s",
            ),
            (Change(ChangeKind.WITHDRAWN, 1, LIVE), "storm 1 was not a storm"),
        ],
        ids=["begins", "what comes next", "attempt", "recovered", "gave up", "stopped", "quiet", "withdrawn"],
    )
    def test_a_change_is_one_line(self, change, words):
        text = as_text(change, START + 2, Paint(coloured=False))
        assert words in text
        assert "\n" not in text

    def test_the_json_of_a_storm_has_its_keys(self):
        event: Any = to_json(Change(ChangeKind.GAVE_UP, 3, GAVE_UP), START)
        assert {name: event[name] for name in ("version", "event", "t")} == {
            "version": 1,
            "event": "storm_gave_up",
            "t": START,
        }
        assert set(event["storm"]) == {
            *("id", "started", "ended", "attempts", "cause", "recovered", "session", "evidence", "confidence"),
            *("log", "limit", "reason", "outcome", "next_at", "gives_up_at"),
        }
        assert event["storm"]["id"] == 3

    def test_counts_never_go_backwards(self):
        counts = counts_between(Report(retries=5, turns=2), Report(retries=4, turns=4), 60.04)
        assert (counts.retries, counts.turns, counts.seconds, counts.auxiliary) == (0, 2, 60.0, None)

    def test_no_reason_of_a_server_breaks_the_line(self):
        text = as_text(
            Change(ChangeKind.STARTED, 1, replace(LIVE, reason="a\n\x1b[31mb")), START, Paint(coloured=False)
        )
        assert "\n" not in text
        assert "\x1b" not in text
