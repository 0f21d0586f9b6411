"""Events on disk: what another program, or a newer stormdeck, wrote is left out, and stops nothing."""

from dataclasses import replace

import pytest

from samples import NOW
from stormdeck.model.symbols import Health
from stormdeck.model.timeline.event import Event, Kind, as_stored, from_stored
from stormdeck.model.timeline.sentences import sentence

DOWN = Event(
    Kind.DOWN,
    "vLLM http://127.0.0.1:8000",
    NOW,
    "vLLM :8000",
    "down",
    until=NOW + 90,
    count=2,
    total_s=80.0,
    opened=NOW + 60,
    health=Health.ERROR,
)


def test_an_event_is_read_as_it_was_written():
    assert from_stored(as_stored(DOWN)) == DOWN


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("kind", "a kind of a newer version"),
        ("kind", None),
        ("subject", 1),
        ("words", None),
        ("at", "yesterday"),
        ("at", True),
        ("at", 1e300),
        ("until", "tomorrow"),
        ("opened", False),
        ("count", 1.5),
        ("count", None),
        ("is_open", "no"),
    ],
)
def test_an_event_with_a_value_of_another_kind_is_left_out(name, value):
    assert from_stored({**as_stored(DOWN), name: value}) is None


@pytest.mark.parametrize(
    ("count", "words"), [(2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (21, "21st"), (113, "113th")]
)
def test_how_often_is_said_in_english(count, words):
    event = replace(DOWN, is_open=True, until=None, count=count, seen=NOW + 65)
    assert sentence(event, NOW + 65) == f"vLLM :8000 is down, 5 s so far, the {words} time"
