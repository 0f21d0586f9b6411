"""The soak's own judgement: what counts as flat, and what as exact."""

import json

import pytest

from soak.account import Sample, exact, flat, table

CALM = Sample(cpu_percent=2.0, memory_mib=60.0, tasks=30, threads=9, descriptors=12)


def grown(**by):
    """Return samples of a panel that holds more and more of something."""
    first = [CALM] * 10
    return first + [Sample(**{**vars(CALM), name: getattr(CALM, name) + grown}) for name, grown in by.items()] * 10


def failing(rows):
    return [row.what for row in rows if not row.holds]


def test_a_panel_that_stays_as_it_is_is_flat():
    assert failing(flat([CALM] * 20)) == []


def test_what_is_held_while_caches_fill_is_no_leak():
    assert failing(flat([Sample(9.0, 40.0, 80, 9, 30)] * 4 + [CALM] * 16)) == []


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


def ledger(*requests):
    return "\n".join(
        json.dumps({"t": 1.0, "kind": kind, "status": 200, "attempt": attempt}) for kind, attempt in requests
    )


def test_counts_are_exact_or_they_fail():
    sent = ledger(("main", 1), ("main", 2), ("title", 1), ("count_tokens", 1))
    assert failing(exact({"requests": 3, "turns": 2, "retries": 1}, sent)) == []
    assert failing(exact({"requests": 3, "turns": 3, "retries": 0}, sent)) == ["turns", "retries"]


def test_a_row_that_fails_stands_out():
    assert "| turns | 3 shown, 2 sent | **fails** |" in table(exact({"turns": 3}, ledger(("main", 1), ("main", 1))))
