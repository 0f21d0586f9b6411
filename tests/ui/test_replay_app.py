"""The panel playing a recording: marked everywhere, with pause, skip and end, and without side effects."""

import pytest

from panel import AREAS, in_loop, screen, show, until
from stormdeck.model.logs.batch import LogBatch
from stormdeck.options import Options
from stormdeck.paths import user_paths
from stormdeck.sources.recordings.tape import Tape
from stormdeck.ui.appearance import Appearance
from stormdeck.ui.replay_app import ReplayApp

START = 1_795_269_720.0
LINES = [(at, f'INFO:     127.0.0.1:5 - "POST /v1/messages HTTP/1.1" {status}') for at, status in
         ((0.0, 503), (0.6, 503), (1.8, 503), (4.0, 503), (200.0, 200))]  # fmt: skip
TAPE = Tape("today.jsonl", tuple(LogBatch("a.log", (text,), START + at, history=False) for at, text in LINES))


def played(tmp_path, speed, tape=TAPE):
    return ReplayApp(Options(), user_paths({}, tmp_path, tmp_path), Appearance(), tape, speed)


def found(app):
    """Return the newest notice."""
    return next((one.message for one in reversed(list(app._notifications))), "")


@in_loop
async def test_it_holds_skips_and_ends(tmp_path):
    app = played(tmp_path, 0.1)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "REPLAY today.jsonl" in screen(app) and "×0.1" in screen(app))
        await pilot.press("t")
        await until(pilot, lambda: "held" in screen(app))
        for _ in range(3):
            await pilot.press("T")
            await pilot.pause()
        await until(pilot, lambda: "RETRY STORM  attempt 4 of 11 · 503" in screen(app))
        assert "from vLLM" not in screen(app)
        await pilot.press("T")
        await until(pilot, lambda: "The recording ends here, with 1 storm in it" in screen(app))
        await pilot.press("T")
        await until(pilot, lambda: found(app) == "No more requests in the recording.")


@in_loop
async def test_every_area_says_that_it_is_a_replay(tmp_path):
    app = played(tmp_path, 10_000.0)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "The recording ends here" in screen(app))
        assert screen(app).count("Not in a recording") == 3
        assert "HISTORY" not in screen(app)
        for area, words in (("settings", "neither read nor changed"), ("checks", "nothing is checked")):
            await show(pilot, area)
            await until(pilot, lambda words=words: words in screen(app))
            assert "FOUND ON THIS MACHINE" not in screen(app)
        await pilot.press("c")
        await until(pilot, lambda: found(app) == "This is a replay: no server is asked.")


@in_loop
async def test_damage_is_reported(tmp_path):
    app = played(tmp_path, 10_000.0, Tape(TAPE.name, TAPE.batches[-1:], "line 7 is cut off and left out"))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "Of the file, line 7 is" in screen(app))


@pytest.mark.parametrize("size", [(80, 24), (40, 12)], ids=["80x24", "40x12"])
def test_it_fits_small_panes(tmp_path, size):
    @in_loop
    async def play():
        app = played(tmp_path, 10_000.0)
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: "The recording ends here" in screen(app) and "ended" in screen(app))
            assert "REPLAY today.jsonl" in screen(app)

    play()


STORMS = [(hour * 3600.0 + at, text) for hour in range(6) for at, text in LINES]
SIX = Tape("six.jsonl", tuple(LogBatch("a.log", (text,), START + at, history=False) for at, text in STORMS))


@in_loop
async def test_storms_that_come_fast_share_one_toast(tmp_path, monkeypatch):
    app = played(tmp_path, 3600.0, SIX)
    notify = app.notify
    # However slow the machine is, no toast ends by itself while the recording plays.
    monkeypatch.setattr(app, "notify", lambda *args, **named: notify(*args, **named | {"timeout": 3600}))
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await show(pilot, "logs")
        most = 0

        def ended():
            nonlocal most
            most = max(most, len(app._notifications))
            return "The recording ends here" in screen(app)

        await until(pilot, ended)
        await until(pilot, lambda: [one.title for one in app._notifications] == ["Retry storm"], "no toast")
        assert most == 1
        assert found(app).startswith("attempt ")


@in_loop
async def test_its_own_keys_are_in_every_footer(tmp_path):
    app = played(tmp_path, 0.1)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        for area in AREAS:
            await show(pilot, area)
            assert "t pause  T skip" in screen(app).splitlines()[-1]
        await pilot.press("plus")
        await until(pilot, lambda: found(app) == "This is a replay: no server is asked.")
