"""Storms as totals: each begins once, each retry counts once, and ends are told apart."""

from dataclasses import replace

from samples import GAVE_UP, LIVE, NOW
from stormdeck.model.exporter.storms import StormTotals
from stormdeck.model.retries.odds.confidence import Confidence
from stormdeck.model.retries.storms.storm import Outcome

LABELS = ("500", "likely")


def taken(*lists, since=None):
    totals = StormTotals(since)
    for storms in lists:
        totals.take(storms)
    return totals


def test_a_storm_that_recovers():
    totals = taken([], [LIVE], [replace(LIVE, attempts=7, last=NOW)], [replace(LIVE, attempts=8, last=NOW + 9)])
    assert (totals.begun, totals.retries, totals.active) == ({LABELS: 1}, {LABELS: 7}, 1)
    totals.take([replace(LIVE, attempts=8, last=NOW + 9, outcome=Outcome.RECOVERED)])
    assert (totals.ended, totals.gave_up, totals.active) == ({("recovered", *LABELS): 1}, 0, 0)


def test_every_outcome_has_its_label():
    for outcome, label in (
        (Outcome.RECOVERED, "recovered"),
        (Outcome.GAVE_UP, "gave_up"),
        (Outcome.STOPPED, "stopped"),
        (Outcome.QUIET, "quiet"),
    ):
        totals = taken([LIVE], [replace(LIVE, outcome=outcome)], [replace(LIVE, outcome=outcome)])
        assert totals.ended == {(label, *LABELS): 1}
        assert totals.gave_up == (outcome is Outcome.GAVE_UP)


def test_a_storm_that_goes_on_after_silence_ends_again_as_it_really_did():
    quiet = replace(LIVE, outcome=Outcome.QUIET)
    totals = taken([LIVE], [quiet], [LIVE], [quiet], [replace(LIVE, outcome=Outcome.GAVE_UP)])
    assert totals.ended == {("quiet", *LABELS): 1, ("gave_up", *LABELS): 1}
    assert totals.begun == {LABELS: 1}


def test_a_storm_that_was_none_is_withdrawn_and_no_total_falls():
    totals = taken([LIVE], [])
    assert (totals.begun, totals.ended, totals.active) == ({LABELS: 1}, {("withdrawn", *LABELS): 1}, 0)


def test_what_may_be_chance_is_not_counted():
    assert not taken([replace(LIVE, confidence=Confidence.UNSURE)]).begun


def test_a_storm_of_an_earlier_run_is_not_counted_again():
    totals = taken([GAVE_UP], [replace(GAVE_UP, outcome=Outcome.RECOVERED)], since=NOW - 60)
    assert not totals.begun
    assert not totals.ended
    assert taken([LIVE], since=NOW - 60).begun == {LABELS: 1}


def test_after_the_clock_was_set_back_earlier_times_are_new():
    totals = StormTotals(NOW)
    totals.restart()
    totals.take([replace(LIVE, started=NOW - 9000, last=NOW - 8900)])
    assert totals.begun == {LABELS: 1}


def test_a_cause_of_any_text_becomes_a_bounded_label():
    storms = [
        replace(LIVE, started=NOW + 1000 * at, last=NOW + 1000 * at, cause=f"http://10.0.0.{at}/") for at in range(20)
    ]
    assert taken(storms).begun == {("other", "likely"): 20}


def test_memory_is_bounded_over_many_storms():
    totals = StormTotals()
    for at in range(1200):
        totals.take([replace(LIVE, started=NOW + 1000 * at, last=NOW + 1000 * at, outcome=Outcome.RECOVERED)])
    assert totals.begun == {LABELS: 1200}
    assert len(totals._attempts) == len(totals._outcomes) <= 500
