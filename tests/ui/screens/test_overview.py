"""The overview: its verdict, and that only changes are drawn."""

from collections import Counter
from dataclasses import replace

import pytest

from panel import deliver, in_loop, rows_with, screen, show
from samples import (
    CALM,
    DOWN_VLLM,
    FOUND,
    GAVE_UP,
    GPUS,
    LIVE,
    NO_GPU,
    NOTHING,
    NOW,
    PROXY,
    RECOVERED,
    STORMY,
    VLLM,
    WELL,
    WRONG,
)
from stormdeck.model.retries.storms.storm import Outcome
from stormdeck.ui.rendering import sentences
from stormdeck.ui.widgets.panel import LivePanel
from stormdeck.ui.widgets.verdict_bar import VerdictBar

WHOLE = (WELL, FOUND, VLLM, PROXY, GPUS, CALM)


@pytest.fixture
def drawn(monkeypatch):
    """Return a counter of the rows that were drawn of each panel since it was cleared last."""
    counts = Counter()

    def counted(kind, name):
        original = getattr(kind, name)

        def draw(self, *row):
            counts[type(self).__name__] += 1
            return original(self, *row)

        monkeypatch.setattr(kind, name, draw)

    counted(LivePanel, "render_line")
    counted(VerdictBar, "render")
    return counts


@pytest.mark.parametrize(
    ("snapshot", "panels"),
    [
        (replace(GPUS, driver="999.1"), {"GpuPanel"}),
        (replace(VLLM, engine=replace(VLLM.engine, prompt_tokens_per_s=1.0)), {"EnginePanel"}),
        (replace(VLLM, latency_ms=9), {"PathBar"}),
        (replace(PROXY, in_flight=7), {"ProxyPanel"}),
        (replace(CALM, requests_per_minute=5.0), {"RequestsPanel"}),
        (replace(CALM, storms=(replace(GAVE_UP, last=NOW - 9000),)), {"StormsPanel"}),
    ],
    ids=["GPU", "engine", "latency", "in flight", "requests", "storm of old"],
)
@in_loop
async def test_a_snapshot_draws_its_own_panels_and_no_other(panel, drawn, snapshot, panels):
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, *WHOLE)
        drawn.clear()
        await deliver(pilot, snapshot)
        assert set(drawn) == panels


@in_loop
async def test_only_the_rows_that_are_others_are_drawn(panel, drawn):
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, *WHOLE)
        drawn.clear()
        await deliver(pilot, replace(VLLM, engine=replace(VLLM.engine, running=4)))
        assert drawn["EnginePanel"] == 1
        assert rows_with(pilot.app, "4 running")


@in_loop
async def test_a_panel_that_was_not_seen_meanwhile_shows_what_is_now(panel, drawn):
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, *WHOLE)
        await show(pilot, "checks")
        drawn.clear()
        await deliver(pilot, replace(VLLM, engine=replace(VLLM.engine, running=4)))
        assert "EnginePanel" not in drawn
        await show(pilot, "overview")
        assert rows_with(pilot.app, "4 running")


@in_loop
async def test_equal_snapshots_and_the_passing_of_a_second_draw_nothing(panel, drawn):
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, *WHOLE)
        drawn.clear()
        for again in (replace(VLLM, seen=NOW + 5), replace(PROXY, seen=NOW + 5), replace(GPUS), replace(CALM), WELL):
            await deliver(pilot, again)
        pilot.app.clock.at += 1
        pilot.app.judge()
        await pilot.pause()
        assert drawn == {}


@in_loop
async def test_a_minute_that_passes_draws_the_clock_and_the_ages(panel, drawn):
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, *WHOLE)
        drawn.clear()
        pilot.app.clock.at += 60
        pilot.app.judge()
        await pilot.pause()
        assert set(drawn) == {"PathBar", "EnginePanel", "ProxyPanel"}
        assert rows_with(pilot.app, "14:03")
        assert rows_with(pilot.app, "up 3 h 13 min")


@in_loop
async def test_snapshots_that_wait_are_replaced_by_newer_ones(panel, drawn):
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, *WHOLE)
        drawn.clear()
        for in_flight in range(100):
            pilot.app.deliver(replace(PROXY, in_flight=in_flight))
        await deliver(pilot, replace(PROXY, in_flight=100))
        assert rows_with(pilot.app, "in flight      100")
        assert drawn["ProxyPanel"] <= 3


@in_loop
async def test_a_storm_is_named_with_attempt_cause_hop_and_what_to_do(panel):
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, WELL, FOUND, VLLM, PROXY, GPUS, STORMY)
        (head,) = rows_with(pilot.app, "RETRY STORM")
        for part in ("attempt 6 of 11", "500 from vLLM", "EngineCore encountered an issue", "about 18 s"):
            assert part in head
        assert rows_with(pilot.app, "gives up at 14:05 (in ")
        assert rows_with(pilot.app, "Restart vLLM")
        assert rows_with(pilot.app, "×6.5")
        assert rows_with(pilot.app, "Claude Code shows 47 turns, the server answered 61 requests.")


@in_loop
async def test_a_storm_counts_down_by_the_clock(panel):
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, WELL, FOUND, VLLM, PROXY, GPUS, STORMY)
        pilot.app.clock.at = LIVE.next_at - 3
        pilot.app.judge()
        await pilot.pause()
        assert rows_with(pilot.app, "next in about 3 s")
        pilot.app.clock.at = LIVE.next_at + 1
        pilot.app.judge()
        await pilot.pause()
        assert rows_with(pilot.app, "next one is due")


@in_loop
async def test_a_storm_is_named_in_a_pane_of_40_columns(panel):
    async with panel().run_test(size=(40, 12)) as pilot:
        await deliver(pilot, WELL, FOUND, VLLM, PROXY, GPUS, STORMY)
        shown = screen(pilot.app).splitlines()
        assert shown[1].strip() == "✖ STORM 6 of 11 · gives up at 14:05"
        assert "500 from vLLM" in shown[2]


@pytest.mark.parametrize(("storm", "words"), [(RECOVERED, "Recovered after 7 attempts"), (GAVE_UP, "gave up after 11")])
@in_loop
async def test_a_storm_that_is_over_is_remembered_for_two_minutes_and_listed_for_longer(panel, storm, words):
    recent = replace(storm, started=NOW - 90, last=NOW - 60)
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, WELL, FOUND, VLLM, PROXY, GPUS, replace(CALM, storms=(recent,)))
        assert rows_with(pilot.app, words)
        pilot.app.clock.at += 120
        pilot.app.judge()
        await pilot.pause()
        assert rows_with(pilot.app, "All well")
        listed = "recovered, 30 s" if storm.outcome is Outcome.RECOVERED else "gave up"
        assert rows_with(pilot.app, listed)


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (40, 12)], ids=["120x40", "80x24", "40x12"])
@in_loop
async def test_a_server_that_is_down_is_the_headline_and_a_cross_in_the_path(panel, size):
    async with panel().run_test(size=size) as pilot:
        await deliver(pilot, WELL, FOUND, PROXY, GPUS, CALM, DOWN_VLLM)
        path, *rest = screen(pilot.app).splitlines()
        assert "✖" in path
        assert "vLLM :8000 is down" in " ".join(rest[:3])


@in_loop
async def test_an_error_in_the_settings_is_the_headline_with_its_code(panel):
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, WRONG, FOUND, VLLM, PROXY, GPUS, CALM)
        (head,) = rows_with(pilot.app, "URL101")
        assert "ANTHROPIC_BASE_URL" in head
        assert "ends in /v1" in head


@in_loop
async def test_without_anything_on_the_machine_each_panel_says_what_to_do(panel):
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, NOTHING, NO_GPU, replace(CALM, logs=()))
        shown = screen(pilot.app)
        for words in (
            "--vllm http://HOST:8000",
            "--log FILE",
            "No NVIDIA driver on this machine",
            "--proxy http://HOST:4000",
        ):
            assert words in shown
        await show(pilot, "checks")
        assert rows_with(pilot.app, "port 8082")


@in_loop
async def test_the_demo_says_that_it_is_one(panel):
    async with panel(demo=True).run_test(size=(120, 40)) as pilot:
        await deliver(pilot, *WHOLE, replace(GPUS, simulated=True))
        assert "DEMO" in screen(pilot.app).splitlines()[0]
        assert rows_with(pilot.app, "GPU  simulated")


@pytest.mark.parametrize("width", [40, 44, 52, 60, 70, 80, 96, 104, 120, 160])
@in_loop
async def test_the_path_keeps_every_light_whatever_the_width(panel, width):
    async with panel(client_version="2.1.329").run_test(size=(width, 24)) as pilot:
        await deliver(pilot, *WHOLE, DOWN_VLLM)
        path = screen(pilot.app).splitlines()[0]
        assert (path.count("●"), path.count("✖")) == (3, 1)


@in_loop
async def test_the_path_shows_the_same_whatever_the_digits_of_its_figures(panel):
    async with panel().run_test(size=(76, 24)) as pilot:
        shown = set()
        for latency, busy in ((4, 1), (40, 10), (400, 100)):
            gpus = tuple(replace(gpu, utilization_percent=busy) for gpu in GPUS.gpus)
            await deliver(pilot, WELL, FOUND, replace(VLLM, latency_ms=latency), PROXY, replace(GPUS, gpus=gpus), CALM)
            (path,) = rows_with(pilot.app, "vLLM :8000")
            shown.add((f"{latency} ms" in path, path[-5:] == "14:02"))
        assert len(shown) == 1


@pytest.mark.parametrize(
    ("height", "shown"),
    [(4, ["What happens is told in so many", "words. Why. Press 3."]), (1, ["Press 3."]), (0, [])],
    ids=["all", "the step alone", "no room"],
)
def test_where_the_first_sentence_does_not_fit_the_step_is_reported(height, shown):
    text = "What happens is told in so many words. Why. Press 3."
    assert [row.plain.rstrip() for row in sentences(text, 32, height)] == shown


@pytest.mark.parametrize(
    ("text", "height", "shown"),
    [
        ("Did you mean a longer name than fits here? Press 4.", 1, ["Press 4."]),
        ("What has no shorter form is cut between two of its words", 1, ["What has no shorter form is cut…"]),
    ],
    ids=["a question is a sentence", "an ellipsis says that it goes on"],
)
def test_what_is_cut_is_cut_visibly(text, height, shown):
    assert [row.plain.rstrip() for row in sentences(text, 32, height)] == shown
