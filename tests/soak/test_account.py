"""The soak's own judgement: what counts as flat, and what as exact."""

import json

import pytest

from soak.account import Sample, exact, flat, table, told_apart
from soak.lateness import Lateness

CALM = Sample(cpu_percent=2.0, requests_s=4.0, memory_mib=60.0, tasks=30, threads=9, descriptors=12)


def grown(**by):
    """Return samples of a panel that holds more and more of something."""
    first = [CALM] * 10
    return first + [Sample(**{**vars(CALM), name: getattr(CALM, name) + grown}) for name, grown in by.items()] * 10


def failing(rows):
    return [row.what for row in rows if not row.holds]


def test_a_panel_that_stays_as_it_is_is_flat():
    assert failing(flat([CALM] * 20)) == []


def test_what_is_held_while_caches_fill_is_no_leak():
    assert failing(flat([Sample(9.0, 4.0, 40.0, 80, 9, 30)] * 4 + [CALM] * 16)) == []


@pytest.mark.parametrize(
    ("name", "by", "row"),
    [
        ("memory_mib", 20.0, "memory"),
        ("cpu_percent", 5.0, "CPU"),
        ("tasks", 9, "tasks"),
        ("threads", 9, "threads"),
        ("descriptors", 9, "descriptors"),
    ],
)
def test_what_grows_is_named(name, by, row):
    assert failing(flat(grown(**{name: by}))) == [row]


@pytest.mark.parametrize(
    ("cpu_percent", "requests_s", "rows"),
    [
        pytest.param(3.6, 8.0, [], id="more-traffic-costs-more"),
        pytest.param(2.0, 1.0, [], id="less-traffic-leaves-the-rest-to-fewer"),
        pytest.param(3.6, 4.0, ["CPU"], id="the-same-traffic-does-not"),
    ],
)
def test_cpu_is_judged_by_the_traffic(cpu_percent, requests_s, rows):
    last = Sample(**{**vars(CALM), "cpu_percent": cpu_percent, "requests_s": requests_s})
    assert failing(flat([CALM] * 10 + [last] * 10)) == rows


def late(*naps_s):
    """Return a machine that woke up late by these."""
    seen = Lateness()
    for one in naps_s:
        seen.note(one)
    return seen


def ledger(*requests):
    return "\n".join(
        json.dumps({"t": 1.0, "kind": kind, "status": 200, "attempt": attempt}) for kind, attempt in requests
    )


def test_counts_are_exact_or_they_fail():
    sent = ledger(("main", 1), ("main", 2), ("title", 1), ("count_tokens", 1))
    assert failing(exact({"requests": 3, "turns": 2, "retries": 1}, sent, late(0.02))) == []
    assert failing(exact({"requests": 3, "turns": 3, "retries": 0}, sent, late(0.02))) == ["turns", "retries"]


def test_an_attempt_without_an_answer_left_no_line_and_is_reported():
    lost = json.dumps({"t": 1.0, "kind": "main", "status": 0, "attempt": 1})
    rows = exact({"requests": 2, "turns": 2, "retries": 0}, f"{lost}\n{ledger(('main', 2), ('main', 1))}", late())
    assert failing(rows) == []
    assert rows[0].seen == "2 shown, 2 sent, 1 more got no answer and left no line"


@pytest.mark.parametrize(
    ("naps_s", "shown", "rows"),
    [
        pytest.param([0.3], (3, 3, 0), [], id="one-nap-one-turn"),
        pytest.param([0.3], (3, 1, 2), [], id="one-too-many"),
        pytest.param([0.3], (4, 2, 2), ["requests"], id="a-request-that-nobody-sent"),
        pytest.param([0.3], (6, 4, 2), ["requests", "turns"], id="more-than-it-can-blur"),
        pytest.param([0.1] * 9, (3, 3, 0), ["turns", "retries"], id="not-late-enough"),
    ],
)
def test_a_machine_that_wakes_up_late_excuses_little(naps_s, shown, rows):
    sent = ledger(("main", 1), ("main", 2), ("title", 1), ("count_tokens", 1))
    judged = exact(dict(zip(("requests", "turns", "retries"), shown, strict=True)), sent, late(*naps_s))
    assert [row.what for row in judged if row.judged and not row.holds] == rows
    assert all("not judged" in table([row]) and "(limit 150)" in row.seen for row in judged if not row.judged)


def test_a_row_that_fails_stands_out():
    sent = ledger(("main", 1), ("main", 1))
    assert "| turns | 3 shown, 2 sent | **fails** |" in table(exact({"turns": 3}, sent, late(0.0)))


def judged(*requests):
    return "\n".join(json.dumps({"t": t, "status": status, "port": 7, "attempt": n}) for t, status, n in requests)


def noted(*requests):
    return "\n".join(json.dumps({"t": t, "kind": "main", "status": status, "attempt": n}) for t, status, n in requests)


def test_retries_that_both_know_of_are_not_reported():
    assert told_apart(judged((1.0, 500, 1), (1.6, 200, 2)), noted((1.1, 500, 1), (4.0, 200, 2))) == []


def test_a_request_that_only_the_panel_takes_for_a_retry_is_reported_with_what_came_before_it():
    [line] = told_apart(judged((1.0, 500, 1), (1.6, 200, 2)), noted((1.1, 500, 1), (4.0, 200, 1)))
    assert line == "no retry, and taken for one: +0.000 s: 200 over 7, attempt 2; -0.600 s: 500 over 7, attempt 1"


def test_a_retry_that_the_panel_does_not_know_of_is_reported():
    [line] = told_apart(judged((1.0, 500, 1), (1.6, 200, 1)), noted((1.1, 500, 1), (4.0, 200, 2)))
    assert line == "a retry, and not taken for one: +0.000 s: 200, attempt 2; -3.000 s: 500 over 7, attempt 1"


def test_an_attempt_without_an_answer_explains_the_next():
    [line] = told_apart(judged((1.6, 200, 1)), noted((1.1, 0, 1), (4.0, 200, 2)))
    assert line == "a retry, and not taken for one: +0.000 s: 200, attempt 2; -2.900 s: 0, attempt 1"


def test_a_judgement_that_was_taken_back_is_none():
    later = json.dumps({"t": 2.2, "status": 200, "port": 7, "attempt": 2, "instead_of": 1.6})
    seen = f"{judged((1.0, 500, 1), (1.6, 200, 2))}\n{later}"
    assert told_apart(seen, noted((1.1, 500, 1), (4.0, 200, 1), (4.2, 200, 2))) == []
