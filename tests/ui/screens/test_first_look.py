"""The first minute: one screen with what was found, what was not and why, and what to press."""

from dataclasses import replace

import pytest

from panel import deliver, in_loop, rows_with, screen, until
from samples import CALM, FOUND, NO_FILE, NO_GPU, NOTHING, PROXY, STORMY, VLLM, WELL
from stacks import deck
from stormdeck.model.first_look import first_look, is_first_look
from stormdeck.model.snapshots.discovery import Missed

QUIET = replace(CALM, requests=0)
STRANGERS = (
    Missed("http://127.0.0.1:8888 (jupyter-lab)", "answers, but is no model server"),
    Missed("1 other listening port", "not asked (postgres :5432): services of other kinds"),
)
REFUSED = tuple(
    Missed(f"http://127.0.0.1:{port}", f"connection refused: nothing listens on port {port}") for port in (8000, 4000)
)
BARE = (NO_FILE, replace(NOTHING, missed=(*REFUSED, *STRANGERS)), NO_GPU)
SERVED = (NO_FILE, replace(FOUND, logs=(), log_notes=("vLLM (pid 4700) writes to a terminal.",)), VLLM, PROXY, NO_GPU)
SIZES = [(120, 40), (80, 24), (40, 12)]


@pytest.mark.parametrize("size", SIZES)
@in_loop
async def test_nothing_was_found(panel, size):
    async with panel(lines=()).run_test(size=size) as pilot:
        await deliver(pilot, *BARE)
        await until(pilot, lambda: "no model server" in screen(pilot.app))
        for text in ("base URL", "GPU", "stormdeck demo", "look again"):
            assert rows_with(pilot.app, text), text
        if size[0] > 40:
            for text in ("nothing listens on", "jupyter-lab", "postgres :5432", "vllm serve MODEL"):
                assert rows_with(pilot.app, text), text


@pytest.mark.parametrize("size", SIZES)
@in_loop
async def test_servers_run_and_claude_code_does_not_use_them(panel, size):
    async with panel(lines=()).run_test(size=size) as pilot:
        await deliver(pilot, *SERVED)
        await until(pilot, lambda: "Qwen3.5-27B" in screen(pilot.app))
        for text in ("● vLLM", "● LiteLLM", "base URL", "no log", "look again"):
            assert rows_with(pilot.app, text), text
        assert any(row.strip().startswith("3 ") and "F" in row for row in screen(pilot.app).splitlines()[3:-1])


@in_loop
async def test_escape_shows_the_panels_and_it_does_not_come_back(panel):
    async with panel(lines=()).run_test(size=(80, 24)) as pilot:
        await deliver(pilot, *SERVED)
        await until(pilot, lambda: rows_with(pilot.app, "WHAT TO DO"))
        await pilot.press("escape")
        await until(pilot, lambda: rows_with(pilot.app, "REQUESTS"))
        await deliver(pilot, replace(VLLM, latency_ms=9))
        assert not rows_with(pilot.app, "WHAT TO DO")


@in_loop
async def test_it_ends_when_something_is_configured(panel):
    async with panel(lines=()).run_test(size=(80, 24)) as pilot:
        await deliver(pilot, *SERVED)
        await until(pilot, lambda: rows_with(pilot.app, "WHAT TO DO"))
        await deliver(pilot, WELL)
        await until(pilot, lambda: rows_with(pilot.app, "REQUESTS"))


OTHERS = {
    "a base URL": (*SERVED, WELL),
    "requests are seen": (*SERVED, STORMY),
    "the search is not done": (NO_FILE, replace(NOTHING, done=False)),
}


@pytest.mark.parametrize("snapshots", OTHERS.values(), ids=OTHERS)
def test_other_starts_show_the_panels(snapshots):
    assert is_first_look(deck(*SERVED, QUIET))
    assert not is_first_look(deck(*snapshots))


def test_nor_does_a_panel_with_a_named_server():
    assert not is_first_look(replace(deck(*SERVED), named=("http://gpu-box:8000",)))


def test_ten_thousand_models_are_one_and_a_number():
    model = VLLM.models[0]
    many = replace(VLLM, models=tuple(replace(model, id=f"m{number}") for number in range(10_000)))
    texts = [fact.detail for fact in first_look(deck(*SERVED, many)).found]
    assert any("serves m0 and 9999 other names" in text for text in texts)
