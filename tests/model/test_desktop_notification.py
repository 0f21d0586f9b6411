"""The desktop notification when a storm begins: its escape sequence, written once, to the terminal."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from panel import deliver, in_loop, make_app
from samples import CALM, FOUND, STORMY, VLLM, WELL
from stormdeck.model.desktop_notification import OSC9, OSC777, escape_sequence


def test_osc_9_carries_one_text():
    assert escape_sequence(OSC9, "retry storm", in_tmux=False) == "\x1b]9;stormdeck: retry storm\x07"


def test_osc_777_carries_a_title_too():
    assert escape_sequence(OSC777, "retry storm", in_tmux=False) == "\x1b]777;notify;stormdeck;retry storm\x07"


def test_tmux_lets_it_through_in_a_wrapping_with_every_escape_doubled():
    assert escape_sequence(OSC9, "storm", in_tmux=True) == "\x1bPtmux;\x1b\x1b]9;stormdeck: storm\x07\x1b\\"


def test_off_is_nothing():
    assert escape_sequence("off", "storm", in_tmux=True) == ""


@settings(max_examples=60, deadline=None)
@given(words=st.text(max_size=300), way=st.sampled_from([OSC9, OSC777]))
def test_no_words_end_the_sequence_or_begin_another(words, way):
    inside = re.fullmatch(
        r"\x1b\](?:9;stormdeck: |777;notify;stormdeck;)([^\x07]*)\x07", escape_sequence(way, words, in_tmux=False)
    )
    assert inside is not None
    assert ";" not in inside[1]
    assert not re.search(r"[\x00-\x1f\x7f-\x9f]", inside[1])


@pytest.fixture
def written(monkeypatch):
    """Return what a panel writes to its terminal beside its screens."""
    texts = []
    monkeypatch.setattr(
        "textual.drivers.headless_driver.HeadlessDriver.write", lambda _driver, text: texts.append(text)
    )
    monkeypatch.setattr("textual.app.App.is_headless", property(lambda _app: False))
    return texts


@in_loop
async def test_a_storm_is_reported_when_it_begins_and_not_again(written):
    app = make_app()
    app.storm_alert.notification = lambda words: f"<{words}>"
    async with app.run_test() as pilot:
        await deliver(pilot, WELL, FOUND, VLLM, CALM)
        assert not [text for text in written if text.startswith("<")]
        await deliver(pilot, STORMY, STORMY)
    sent = [text for text in written if text.startswith("<")]
    assert len(sent) == 1
    assert re.match(r"<retry storm, attempt \d+ of 11: 5", sent[0])
