"""Facts about a storm only accumulate: the better evidence counts, in any order."""

from dataclasses import replace

import pytest

from stormdeck.model.retries.storms.identity import is_possible, may_be_same, merged, without_duplicates
from stormdeck.model.retries.storms.storm import Outcome, Storm

T = 1_795_000_000.0
LADDER = Storm(
    started=T,
    last=T + 8,
    attempts=5,
    limit=11,
    cause="500",
    reason="CUDA error: out of memory",
    outcome=Outcome.RECOVERED,
    log="litellm.log",
)
FROM_TRANSCRIPT = replace(
    LADDER, evidence="transcript", session="s", cause="unknown", reason="", log="", folder="/src/shop"
)


@pytest.mark.parametrize(
    ("old", "new", "cause", "reason"),
    [
        ({}, {"cause": "unknown", "reason": ""}, "500", "CUDA error: out of memory"),
        ({}, {"cause": "timeout", "reason": ""}, "500", "CUDA error: out of memory"),
        ({}, {"cause": "reset"}, "500", "CUDA error: out of memory"),
        ({"cause": "unknown", "reason": ""}, {}, "500", "CUDA error: out of memory"),
        ({"cause": "unknown"}, {"cause": "refused", "reason": ""}, "refused", ""),
        ({"cause": "429", "reason": "slow down"}, {"evidence": "wire"}, "500", "CUDA error: out of memory"),
        ({"evidence": "wire"}, {"cause": "429"}, "500", "CUDA error: out of memory"),
        ({"reason": "x"}, {"cause": "529", "log": "", "evidence": "transcript"}, "500", "x"),
        ({"reason": ""}, {"reason": "a record beside it"}, "500", "a record beside it"),
    ],
    ids=[
        "unknown",
        "a guess",
        "a word",
        "status later",
        "word later",
        "wire later",
        "wire first",
        "log first",
        "reason",
    ],
)
def test_a_cause_gives_way_to_better_evidence_alone(old, new, cause, reason):
    both = merged(replace(LADDER, **old), replace(LADDER, **new))
    assert (both.cause, both.reason) == (cause, reason)


@pytest.mark.parametrize("turned", [False, True])
def test_the_log_and_the_transcript_together_know_most(turned):
    one, other = (FROM_TRANSCRIPT, LADDER) if turned else (LADDER, FROM_TRANSCRIPT)
    both = merged(one, replace(other, attempts=other.attempts + (other is LADDER)))
    assert (both.attempts, both.cause, both.reason) == (5, "500", "CUDA error: out of memory")
    assert (both.evidence, both.session, both.folder, both.log) == ("transcript", "s", "/src/shop", "litellm.log")


@pytest.mark.parametrize(
    ("old", "new", "outcome"),
    [
        (LADDER, replace(LADDER, outcome=Outcome.GAVE_UP), Outcome.RECOVERED),
        (replace(LADDER, outcome=Outcome.QUIET), replace(LADDER, outcome=Outcome.GAVE_UP), Outcome.GAVE_UP),
        (replace(FROM_TRANSCRIPT, outcome=Outcome.GAVE_UP), LADDER, Outcome.GAVE_UP),
        (LADDER, replace(FROM_TRANSCRIPT, outcome=Outcome.STOPPED), Outcome.STOPPED),
        (LADDER, replace(LADDER, outcome=Outcome.LIVE, attempts=6), Outcome.LIVE),
    ],
)
def test_an_outcome_that_was_seen_stays(old, new, outcome):
    assert merged(old, new).outcome is outcome


def test_a_panel_that_saw_the_tail_alone_shortens_nothing():
    tail = replace(LADDER, started=T + 4, attempts=3, outcome=Outcome.QUIET)
    both = merged(LADDER, tail)
    assert (both.started, both.attempts, both.outcome) == (T, 5, Outcome.RECOVERED)


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"log": "litellm.log.1"}, True),
        ({"started": T + 1.5}, True),
        ({"started": T + 4, "attempts": 3}, True),
        ({"started": T + 20, "last": T + 30}, False),
        ({"session": "s"}, True),
        ({"timed": False}, False),
    ],
)
def test_a_storm_is_known_by_its_time(change, same):
    assert may_be_same(LADDER, replace(LADDER, **change)) is same


@pytest.mark.parametrize(
    ("change", "possible"),
    [
        ({}, True),
        ({"attempts": 4, "last": T + 1, "cause": "cut"}, False),
        ({"attempts": 3, "last": T + 0.6, "cause": "unknown"}, False),
        ({"attempts": 8, "last": T + 1.5, "cause": "400"}, True),
        ({"attempts": 5, "last": T + 8.2, "cause": "429"}, True),
        ({"attempts": 5, "last": T + 1, "cause": "429"}, False),
    ],
)
def test_what_no_client_sends_is_reported(change, possible):
    assert is_possible(replace(LADDER, **change)) is possible


def test_one_storm_that_was_kept_twice_is_one():
    two = replace(FROM_TRANSCRIPT, started=T + 0.1, last=T + 8.2)
    (one,) = without_duplicates([LADDER, two])
    assert (one.cause, one.evidence, one.session) == ("500", "transcript", "s")
    joined = replace(FROM_TRANSCRIPT, attempts=6, last=T + 40)
    (one,) = without_duplicates([joined, FROM_TRANSCRIPT])
    assert (one.attempts, one.last) == (5, T + 8)
    apart = [FROM_TRANSCRIPT, replace(FROM_TRANSCRIPT, session="other"), replace(LADDER, started=T + 100, last=T + 108)]
    assert without_duplicates(apart) == apart
