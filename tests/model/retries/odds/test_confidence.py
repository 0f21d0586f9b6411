"""How sure a chain is by the traffic around it."""

import pytest

from stormdeck.model.retries import analyzer as analyzer_module
from stormdeck.model.retries.analyzer import RetryAnalyzer
from stormdeck.model.retries.chain import Request
from stormdeck.model.retries.odds import density as density_module
from stormdeck.model.retries.odds import judge as judge_module
from stormdeck.model.retries.odds.confidence import Confidence
from stormdeck.model.retries.odds.density import Density, is_off_ladder
from stormdeck.model.retries.odds.unclear import unclear
from stormdeck.model.retries.storms.changes import ChangeKind, StormWatch
from stormdeck.model.retries.storms.storm import Outcome, Storm

T = 1_900_000_000.0
LADDER = (0.0, 0.6, 1.8, 4.0, 8.6)


def ladder(at=0.0, port=5000, count=4, status=500):
    """Return the attempts of one turn; after the third wait on a new connection."""
    return [Request("log", status, "h", port + (n > 3), T + at + LADDER[n]) for n in range(count)]


def storms(requests):
    analyzer = RetryAnalyzer()
    analyzer.take_events(enumerate(sorted(requests, key=lambda request: request.t or 0.0)))
    return analyzer.report()


def test_a_ladder_in_a_calm_log_is_likely_and_never_sure():
    report = storms(ladder())
    assert [storm.confidence for storm in report.storms] == [Confidence.LIKELY]
    assert (report.retries, report.retries_unsure) == (3, 0)


def test_the_same_ladder_over_new_connections_among_other_failures_is_unsure():
    noise = [Request("log", 500, "h", 6000 + n, T - 60 + 0.77 * n) for n in range(200)]
    alone = [one._replace(port=one.port + 10 * n) for n, one in enumerate(ladder(count=3))]
    report = storms([*alone, *noise])
    assert all(storm.confidence is Confidence.UNSURE for storm in report.storms)
    assert report.retries_unsure > 0
    assert report.turns + report.retries == report.main_requests


def test_one_outage_of_several_clients_stays_likely():
    requests = [one for client in range(4) for one in ladder(at=0.37 * client, port=5000 + 10 * client, count=5)]
    found = storms(requests).storms
    assert [storm.confidence for storm in found] == [Confidence.LIKELY] * 4


def test_a_steady_beat_is_no_ladder():
    beat = [Request("log", 500 if n % 5 < 3 else 200, "h", 5000, T + 1.25 * n) for n in range(400)]
    assert {storm.confidence for storm in storms(beat).storms} <= {Confidence.UNSURE}


def test_a_log_without_times_is_judged_by_its_share_of_failures():
    calm = [Request("log", 500, "h", 5000) for _ in range(4)]
    dense = [Request("log", 500 if n % 3 else 200, "h", 5000 + n % 2) for n in range(300)]
    assert {storm.confidence for storm in storms(calm).storms} == {Confidence.LIKELY}
    assert {storm.confidence for storm in storms(dense).storms} == {Confidence.UNSURE}
    assert storms(dense).unclear is None


@pytest.mark.parametrize(
    ("gap", "before", "off"),
    [(0.6, 5.0, False), (0.2, 5.0, True), (1.2, 0.6, False), (1.25, 1.25, True), (1.7, 5.0, True), (0.5, 0.7, False)],
    ids=["first wait", "too soon", "second wait", "beat", "between waits", "two turns on one connection"],
)
def test_when_no_retry_is_due(gap, before, off):
    assert is_off_ladder(gap, before) is off


def test_old_failures_are_forgotten_and_nothing_is_claimed_of_them(monkeypatch):
    monkeypatch.setattr(density_module, "KEPT", 10)
    later = [Request("log", 500, "h", 7000 + n, T + 100 + 20 * n) for n in range(12)]
    report = storms([*ladder(), *later])
    assert report.storms[0].confidence is Confidence.UNSURE


def test_what_came_before_a_change_of_the_path_stays():
    density = Density()
    density.add(ladder())
    density.add(ladder(at=100))
    density.replace(ladder(at=100, count=2))
    density.replace(())
    assert (density.failed(T, T + 50), density.failed(T + 90, T + 200)) == (4, 2)
    assert (density.answered(T, T + 200), density.covered(T, T + 10)) == (0, 10.0)


def test_the_dense_traffic_is_described():
    requests = [*ladder(count=3), Request("log", 429, "g", 0, T + 2), Request("log", 200, "h", 5000, T + 3)]
    found = unclear(requests, T, T + 10)
    assert found is not None
    assert found.words.startswith("4 of 5 requests failed, from 2 addresses over 1 connection; attempts cannot")
    assert (found.share, found.causes) == (0.8, ((500, 3), (429, 1)))
    assert found.as_json()["causes"] == {"500": 3, "429": 1}
    assert unclear(requests, T + 2.5, T + 10) is None


def test_turns_that_are_no_longer_kept_are_judged_before(monkeypatch):
    monkeypatch.setattr(analyzer_module, "CHAINS", 40)
    noise = [Request("log", 500, "h", 6000 + n % 10, T + 0.31 * n) for n in range(900)]
    report = storms(noise)
    assert report.retries_unsure > report.retries
    assert report.turns + report.retries == 900


def test_judgements_are_kept_once_their_surroundings_are_complete(monkeypatch):
    monkeypatch.setattr(judge_module, "KEPT", 1)
    requests = [one for n in range(4) for one in ladder(at=200.0 * n, port=5000 + 10 * n)]
    analyzer = RetryAnalyzer()
    analyzer.take_events(enumerate(requests))
    first = analyzer.report().storms
    analyzer.take_events([(0, Request("log", 200, "h", 9000, T + 2000))])
    assert [storm.confidence for storm in analyzer.report().storms] == [storm.confidence for storm in first]


def test_connections_after_failures_are_kept_in_bounds(monkeypatch):
    monkeypatch.setattr(density_module, "KEPT", 20)
    density = Density()
    density.add(Request("log", 500, "h", 7000 + n, T + 3 * n) for n in range(12))
    assert density.failed(T, T + 100) == 12


def test_a_storm_is_announced_once_it_is_likely_and_then_stays():
    def storm(confidence, attempts=3):
        return Storm(T, T + attempts, attempts, 11, "500", "", Outcome.LIVE, confidence=confidence)

    watch = StormWatch()
    assert watch.take([storm(Confidence.UNSURE)]) == []
    (begun,) = watch.take([storm(Confidence.LIKELY, 4)])
    (went_on,) = watch.take([storm(Confidence.UNSURE, 5)])
    assert (begun.kind, went_on.kind) == (ChangeKind.STARTED, ChangeKind.ATTEMPT)
    assert went_on.number == begun.number == 1
