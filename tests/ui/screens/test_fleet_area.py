"""The fleet area: the rows, what is wrong first; filter, sort, history, and what is said when there is nothing."""

from dataclasses import replace

import pytest
from textual.widgets import Input

from fleets import (
    CALM_FLEET,
    EMPTY_STATES,
    FLEET,
    MODELS,
    SOURCE,
    FleetFeed,
    fleet_history,
    large_fleet,
    proxy,
    replica,
)
from panel import deliver, in_loop, rows_with, screen, settled, show, until
from samples import CALM, FOUND, GPUS, NOW, PROXY, VLLM, WELL
from stormdeck.model.fleet.past import FleetHistory
from stormdeck.model.fleet.snapshot import FleetSnapshot, FleetState, FleetStatement
from stormdeck.ui.widgets.fleet.detail import FleetDetail
from stormdeck.ui.widgets.fleet.history import InstanceHistory
from stormdeck.ui.widgets.fleet.list import FleetList

BASE = (WELL, FOUND, VLLM, PROXY, GPUS, CALM)
SIZES = pytest.mark.parametrize("size", [(200, 60), (120, 40), (80, 24), (60, 20), (40, 12)], ids=str)


async def open_fleet(pilot, snapshot=FLEET):
    """Show the fleet with its first snapshot."""
    await deliver(pilot, *BASE, snapshot)
    await until(pilot, lambda: pilot.app.deck.fleet is snapshot, "the snapshot did not arrive")
    await show(pilot, "fleet")
    await settled(pilot)


def listed(pilot):
    return pilot.app.screen.query_one(FleetList)


def selected(pilot):
    return listed(pilot).current.row.name


def notified(pilot, words):
    """Return whether a notification has some words."""
    return any(words in one.message for one in pilot.app._notifications)


async def press_until(pilot, key, happened, what):
    """Press a key, and wait until what it does is seen."""
    await pilot.press(key)
    await until(pilot, happened, what)


@in_loop
async def test_without_a_prometheus_the_key_does_nothing_and_nothing_names_the_area(panel):
    async with panel().run_test(size=(160, 40)) as pilot:
        await deliver(pilot, *BASE)
        await pilot.press("6")
        await show(pilot, "logs")
        assert "Fleet" not in screen(pilot.app).splitlines()[-1]
        await pilot.press("question_mark")
        await until(pilot, lambda: rows_with(pilot.app, "LOGS"), "no help")
        await pilot.press("end")
        await settled(pilot)
        assert not rows_with(pilot.app, "FLEET")


@in_loop
async def test_with_one_the_key_bar_and_the_help_name_it(panel):
    async with panel().run_test(size=(160, 40)) as pilot:
        await open_fleet(pilot)
        assert "5 Timeline  6 Fleet" in screen(pilot.app).splitlines()[-1]
        await pilot.press("question_mark")
        await until(pilot, lambda: rows_with(pilot.app, "next row with something wrong"), "no help of the area")


@SIZES
@in_loop
async def test_what_is_wrong_is_on_top_by_sign_and_word_and_in_a_sentence(panel, size):
    async with panel().run_test(size=size) as pilot:
        await open_fleet(pilot)
        lines = screen(pilot.app).splitlines()
        said = next(at for at, line in enumerate(lines) if "✖ gpu-7:8000 of" in line)
        group = next(at for at, line in enumerate(lines) if line.strip().startswith(MODELS[0]))
        assert said < group
        word = "down    " if size[0] >= 80 else ""
        assert lines[group + 1].startswith(f"▌✖ {word}gpu-7:8000")
        assert lines[group + 2].startswith(f" ▲ {'look    ' if word else ''}gpu-3:8000")


@SIZES
@in_loop
async def test_every_row_ends_in_the_pane_and_the_figures_stand_below_their_titles(panel, size):
    async with panel().run_test(size=size) as pilot:
        await open_fleet(pilot)
        lines = screen(pilot.app).splitlines()
        head = next(line for line in lines if "instance " in line and "TTFT p95" in line)
        row = next(line for line in lines if " gpu-3:8000 " in line and "of" not in line)
        end = head.index("TTFT p95") + len("TTFT p95")
        assert row[end - 5 : end] == "4.1 s"
        assert max(map(len, lines)) <= size[0]


@in_loop
async def test_columns_disappear_with_the_width(panel):
    titles = {}
    for width in (200, 120, 80, 60, 40):
        async with panel().run_test(size=(width, 40)) as pilot:
            await open_fleet(pilot)
            [head] = rows_with(pilot.app, "TTFT p95 ")[:1] or rows_with(pilot.app, "TTFT p95")[:1]
            titles[width] = set(head.replace("GPU mem", "GPUmem").replace("TTFT p95", "TTFT").split())
    assert titles[200] > titles[120] > titles[80] > titles[60] > titles[40]
    assert titles[40] == {"instance", "run", "wait", "TTFT"}


@pytest.mark.parametrize("state", EMPTY_STATES, ids=str)
@SIZES
@in_loop
async def test_every_state_without_rows_says_what_is_wrong_and_what_to_do(panel, size, state):
    async with panel().run_test(size=size) as pilot:
        await open_fleet(pilot, replace(EMPTY_STATES[state], note="It is so.", next_step="Do that."))
        assert rows_with(pilot.app, "It is so. Do that.")


@in_loop
async def test_a_prometheus_without_servers_says_so_even_if_all_went_well(panel):
    async with panel().run_test(size=(80, 24)) as pilot:
        await open_fleet(pilot, FleetSnapshot(FleetState.OK, sources=(SOURCE,)))
        assert rows_with(pilot.app, f"No metrics of vLLM or LiteLLM come from {SOURCE}.")


@in_loop
async def test_rows_of_an_earlier_answer_stay_below_the_reason_why_they_are_old(panel):
    async with panel().run_test(size=(120, 40)) as pilot:
        await open_fleet(pilot, replace(FLEET, state=FleetState.SLOW))
        assert rows_with(pilot.app, f"◌ {SOURCE} did not answer in time.")
        assert rows_with(pilot.app, "14:01:58")
        assert rows_with(pilot.app, "▲ look    gpu-3:8000")


@in_loop
async def test_the_selected_row_is_shown_in_full_with_what_is_said_of_it(panel):
    async with panel().run_test(size=(80, 24)) as pilot:
        await open_fleet(pilot)
        await press_until(pilot, "down", lambda: selected(pilot) == "gpu-3:8000", "not moved")
        await until(pilot, lambda: rows_with(pilot.app, "▲ gpu-3:8000 · look · qwen3-coder-480b"), "not shown")
        await press_until(pilot, "G", lambda: selected(pilot) == "proxy-1:4000", "not at the end")
        await until(pilot, lambda: rows_with(pilot.app, "claude-cli 2.9/s"), "the proxy is not shown")


@pytest.mark.parametrize(("size", "end"), [((80, 24), "version 0.11.2"), ((40, 12), "…")], ids=str)
@in_loop
async def test_its_figures_are_all_there_in_a_pane_of_80_columns_and_never_cut_in_the_middle(panel, size, end):
    async with panel().run_test(size=size) as pilot:
        await open_fleet(pilot, CALM_FLEET)
        shown = pilot.app.screen.query_one(FleetDetail)
        rows = screen(pilot.app).splitlines()[shown.region.y : shown.region.bottom]
        assert rows[-1].endswith(end)


@in_loop
async def test_the_selected_row_stays_when_a_new_answer_moves_it(panel):
    async with panel().run_test(size=(120, 40)) as pilot:
        await open_fleet(pilot)
        await pilot.press("down", "down", "down")
        await until(pilot, lambda: selected(pilot) == "gpu-2:8000", "not moved")
        place = next(at for at, line in enumerate(screen(pilot.app).splitlines()) if line.startswith("▌"))
        await deliver(pilot, replace(CALM_FLEET, taken_at=NOW))
        await until(pilot, lambda: rows_with(pilot.app, "14:02:00"), "the answer is not shown")
        assert selected(pilot) == "gpu-2:8000"
        await deliver(pilot, replace(FLEET, taken_at=NOW + 1))
        await until(pilot, lambda: rows_with(pilot.app, "14:02:01"), "the answer is not shown")
        await settled(pilot)
        assert screen(pilot.app).splitlines()[place].startswith("▌● fine    gpu-2:8000")


@in_loop
async def test_a_selected_row_that_is_gone_leaves_the_first_one_selected(panel):
    async with panel().run_test(size=(120, 40)) as pilot:
        await open_fleet(pilot)
        await press_until(pilot, "G", lambda: selected(pilot) == "proxy-1:4000", "not moved")
        await deliver(pilot, replace(CALM_FLEET, proxies=()))
        await until(pilot, lambda: not rows_with(pilot.app, "LiteLLM  1 proxy"), "the answer is not shown")
        assert selected(pilot) == "gpu-1:8000"


@in_loop
async def test_the_filter_shows_what_passes_and_escape_shows_all(panel):
    async with panel().run_test(size=(120, 40)) as pilot:
        await open_fleet(pilot)
        await pilot.press("slash", *"waiting>5")
        await until(pilot, lambda: rows_with(pilot.app, "1 of 14 rows"), "not filtered")
        assert rows_with(pilot.app, "waiting: requests that wait")
        assert rows_with(pilot.app, "1 of 7 instances")
        await press_until(pilot, "enter", lambda: not isinstance(pilot.app.focused, Input), "the field has the focus")
        await press_until(pilot, "escape", lambda: rows_with(pilot.app, "glm-4.6"), "not cleared")


@in_loop
async def test_a_filter_that_is_wrong_or_that_nothing_passes_says_so(panel):
    async with panel().run_test(size=(120, 40)) as pilot:
        await open_fleet(pilot)
        await pilot.press("slash", *"state:bad zzz")
        await until(pilot, lambda: rows_with(pilot.app, "state:bad is not known: down, broken"), "nothing is said")
        await until(pilot, lambda: rows_with(pilot.app, "No row of 14 passes. esc shows all."), "no way back is said")


@in_loop
async def test_the_filter_completes_what_there_is(panel):
    async with panel().run_test(size=(120, 40)) as pilot:
        await open_fleet(pilot)
        await pilot.press("slash", *"model:gl")
        field = pilot.app.screen.query_one("#filter", Input)
        await until(pilot, lambda: field._suggestion == "model:glm-4.6", "nothing is proposed")
        await press_until(pilot, "right", lambda: field.value == "model:glm-4.6", "not completed")


@in_loop
async def test_another_order_comes_with_a_key_and_is_named(panel):
    async with panel().run_test(size=(120, 40)) as pilot:
        await open_fleet(pilot)
        await press_until(pilot, "o", lambda: rows_with(pilot.app, "by name"), "the order is not named")
        assert selected(pilot) == "gpu-30:8000"
        await press_until(pilot, "o", lambda: rows_with(pilot.app, "by running"), "the next order is not named")
        assert selected(pilot) == "gpu-6:8000"


@in_loop
async def test_only_what_is_wrong_and_from_one_to_the_next(panel):
    async with panel().run_test(size=(120, 40)) as pilot:
        await open_fleet(pilot)
        await press_until(pilot, "n", lambda: selected(pilot) == "gpu-3:8000", "not at the next")
        await press_until(pilot, "n", lambda: selected(pilot) == "proxy-2:4000", "not at the one after it")
        await press_until(pilot, "n", lambda: selected(pilot) == "gpu-7:8000", "not round the end")
        await press_until(pilot, "N", lambda: selected(pilot) == "proxy-2:4000", "not back")
        await press_until(pilot, "a", lambda: rows_with(pilot.app, "3 of 14 rows"), "the fine ones are still there")
        await press_until(pilot, "a", lambda: rows_with(pilot.app, "glm-4.6"), "the fine ones do not come back")
        await deliver(pilot, CALM_FLEET)
        await until(pilot, lambda: not rows_with(pilot.app, "gpu-7:8000"), "the answer is not shown")
        await press_until(pilot, "n", lambda: notified(pilot, "Nothing is wrong"), "nothing is said")


@in_loop
async def test_a_row_is_copied_with_all_that_is_known_and_said_of_it(panel):
    async with panel().run_test(size=(40, 12)) as pilot:
        await open_fleet(pilot)
        await pilot.press("down", "y")
        await until(pilot, lambda: pilot.app.clipboard, "nothing is copied")
        words, said = pilot.app.clipboard.splitlines()
        assert words.startswith("gpu-3:8000 · look · qwen3-coder-480b · running 7 · waiting 31 · KV cache 99 %")
        assert said == FLEET.statements[1].text
        await deliver(pilot, EMPTY_STATES[FleetState.ASKING])
        await until(pilot, lambda: listed(pilot).current is None, "a row is left")
        await press_until(pilot, "y", lambda: notified(pilot, "No row to copy."), "nothing is said")


@in_loop
async def test_enter_shows_the_history_of_an_instance_and_escape_the_rows(panel):
    async with panel().run_test(size=(120, 40)) as pilot:
        pilot.app.feed = feed = FleetFeed()
        await open_fleet(pilot)
        await pilot.press("down", "enter")
        await until(pilot, lambda: rows_with(pilot.app, "HISTORY  gpu-3:8000"), "no history")
        await until(pilot, lambda: rows_with(pilot.app, "first token p95"), "no figures")
        key, figure, since, step = feed.asked[-1]
        assert (key, figure) == (FLEET.replicas[1].key, "")
        assert step % 5 == 0
        assert NOW - since >= 3600
        assert rows_with(pilot.app, "esc for all instances")
        assert "esc back" in screen(pilot.app).splitlines()[-1]
        await pilot.press("o", "a")
        await press_until(pilot, "escape", lambda: rows_with(pilot.app, "glm-4.6"), "the rows do not come back")
        assert selected(pilot) == "gpu-3:8000"
        assert "14 rows" not in screen(pilot.app)


@in_loop
async def test_the_cursor_of_the_history_moves_and_another_time_is_asked_for(panel):
    async with panel().run_test(size=(120, 40)) as pilot:
        pilot.app.feed = feed = FleetFeed()
        await open_fleet(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: rows_with(pilot.app, "first token p95"), "no figures")
        await pilot.press("left", "left")
        await until(pilot, lambda: rows_with(pilot.app, "14:00:00  gpu-3:8000"), "the cursor does not move")
        asked = len(feed.asked)
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: len(feed.asked) > asked, "nothing else is asked for")
        assert NOW - feed.asked[-1][2] >= 3 * 3600
        await until(pilot, lambda: rows_with(pilot.app, "last 3 h"), "no more time is shown")


@in_loop
async def test_a_history_that_is_not_known_says_why_and_what_to_do(panel):
    async with panel().run_test(size=(80, 24)) as pilot:
        pilot.app.feed = FleetFeed(FleetHistory(note="It took too long.", next_step="Ask for less time."))
        await open_fleet(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: rows_with(pilot.app, "It took too long. Ask for less time."), "nothing is said")
        await pilot.press("left", "enter", "home", "left_square_bracket")
        await pilot.click(InstanceHistory, offset=(40, 5))
        await until(pilot, lambda: rows_with(pilot.app, "It took too long."), "it is gone")
        pilot.app.feed = FleetFeed(FleetHistory())
        await pilot.press("escape", "enter")
        await until(pilot, lambda: rows_with(pilot.app, "No figures of this time."), "nothing is said of no figures")
        pilot.app.feed = None
        await pilot.press("escape", "enter")
        await until(
            pilot, lambda: rows_with(pilot.app, "No Prometheus is asked here."), "nothing is said without a feed"
        )


@in_loop
async def test_the_history_goes_on_while_it_is_shown_and_keeps_its_figures_when_an_answer_fails(panel):
    async with panel().run_test(size=(120, 40)) as pilot:
        pilot.app.feed = feed = FleetFeed()
        await open_fleet(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: rows_with(pilot.app, "first token p95"), "no figures")
        asked, feed.answer = len(feed.asked), FleetHistory(note="It took too long.")
        await deliver(pilot, replace(FLEET, taken_at=NOW))
        assert len(feed.asked) == asked
        pilot.app.clock.at += 600
        await deliver(pilot, replace(FLEET, taken_at=NOW + 600))
        await until(pilot, lambda: len(feed.asked) == asked + 1, "no newer figures are asked for")
        await settled(pilot)
        assert rows_with(pilot.app, "first token p95")


@in_loop
async def test_columns_are_no_shorter_than_the_samples_are_apart(panel):
    async with panel().run_test(size=(120, 40)) as pilot:
        pilot.app.feed = FleetFeed(fleet_history(12, 300))
        await open_fleet(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: rows_with(pilot.app, "5 min a column"), "columns without samples are between them")


@in_loop
async def test_a_proxy_has_no_history_and_says_so(panel):
    async with panel().run_test(size=(120, 40)) as pilot:
        await open_fleet(pilot)
        await press_until(pilot, "G", lambda: selected(pilot) == "proxy-1:4000", "not moved")
        await press_until(pilot, "enter", lambda: notified(pilot, "a LiteLLM has none"), "nothing is said")


@in_loop
async def test_the_mouse_selects_a_row_and_opens_it(panel):
    async with panel().run_test(size=(120, 40)) as pilot:
        pilot.app.feed = FleetFeed()
        await open_fleet(pilot)
        place = next(at for at, line in enumerate(screen(pilot.app).splitlines()) if "fine    gpu-4:8000" in line)
        await pilot.click(offset=(30, place))
        await until(pilot, lambda: selected(pilot) == "gpu-4:8000", "not selected")
        heading = next(at for at, line in enumerate(screen(pilot.app).splitlines()) if "glm-4.6  3" in line)
        await pilot.click(offset=(30, heading))
        assert selected(pilot) == "gpu-4:8000"
        await pilot.click(offset=(30, place), times=2)
        await until(pilot, lambda: rows_with(pilot.app, "HISTORY  gpu-4:8000"), "not opened")


@in_loop
async def test_pages_and_edges_of_a_large_fleet(panel):
    async with panel().run_test(size=(80, 24)) as pilot:
        await open_fleet(pilot, large_fleet())
        first = selected(pilot)
        assert rows_with(pilot.app, "1 000 vLLM · 12 models · 100 LiteLLM")
        await press_until(pilot, "pagedown", lambda: selected(pilot) != first, "no page down")
        await press_until(pilot, "pageup", lambda: selected(pilot) == first, "no page up")
        await press_until(pilot, "G", lambda: selected(pilot) == "proxy-99:4000", "not at the end")
        await press_until(pilot, "g", lambda: selected(pilot) == first, "not at the beginning")


@in_loop
async def test_a_new_size_keeps_the_selected_row_in_sight(panel):
    async with panel().run_test(size=(120, 40)) as pilot:
        await open_fleet(pilot, large_fleet())
        await press_until(pilot, "G", lambda: selected(pilot) == "proxy-99:4000", "not moved")
        await pilot.resize_terminal(40, 12)
        await until(pilot, lambda: rows_with(pilot.app, "▌● proxy-99:4000"), "out of sight")
        await pilot.resize_terminal(200, 60)
        await until(pilot, lambda: rows_with(pilot.app, "▌● fine    proxy-99:4000"), "out of sight")


@in_loop
async def test_more_statements_than_fit_are_counted_and_they_take_no_room_when_they_are_gone(panel):
    said = tuple(FleetStatement(f"Statement {number}.", keys=(FLEET.replicas[0].key,)) for number in range(9))
    async with panel().run_test(size=(120, 40)) as pilot:
        await open_fleet(pilot, replace(FLEET, statements=said))
        assert len(rows_with(pilot.app, "▲ Statement")) >= 5
        assert rows_with(pilot.app, "Statement 4.  +4")
        await deliver(pilot, replace(CALM_FLEET, taken_at=NOW))
        await until(pilot, lambda: not rows_with(pilot.app, "Statement"), "they are still there")
        await settled(pilot)
        lines = screen(pilot.app).splitlines()
        heading = next(at for at, line in enumerate(lines) if line.startswith(" FLEET"))
        assert "instance" in lines[heading + 2]


@in_loop
async def test_a_narrow_pane_has_the_brief_form_of_a_statement(panel):
    said = FleetStatement(
        "replica 3 of qwen3-coder-480b (gpu-3:8000): first token 4.1 s, 4 times its siblings' 1.0 s (medians of 5 min)",
        keys=(FLEET.replicas[1].key,),
        brief=("gpu-3:8000", "first token 4.1 s"),
    )
    for size, shown in (((120, 40), "4 times its siblings'"), ((40, 12), "▲ gpu-3:8000  first token 4.1 s")):
        async with panel().run_test(size=size) as pilot:
            await open_fleet(pilot, replace(FLEET, statements=(said,)))
            await until(pilot, lambda shown=shown: rows_with(pilot.app, shown), "not said")


@in_loop
async def test_names_that_differ_at_their_end_keep_it(panel):
    names = [f"vllm-qwen3-coder-deployment-7d9f8b6c5-{end}" for end in ("x2x4z", "k9k2p")]
    rows = tuple(replica(at, name=name) for at, name in enumerate(names))
    async with panel().run_test(size=(40, 12)) as pilot:
        await open_fleet(pilot, replace(FLEET, replicas=rows, proxies=(), statements=()))
        assert rows_with(pilot.app, "x2x4z ")
        assert rows_with(pilot.app, "k9k2p ")


@in_loop
async def test_text_of_a_server_cannot_do_more_than_be_text(panel):
    bad = replica(1, "m\x1b[31mo\nd[bold]el", name="a\x1b]0;x\x07b\nc", version="1\r2", host="h\x00")
    worse = proxy(1, name="p\x1b[2J", failures_per_s={"E\x1b[0m\n": 1.0}, user_agents={"u\x07\n": 1.0})
    said = (FleetStatement("s\x1b[31m\nt [red]x[/red]", keys=(bad.key,)),)
    async with panel().run_test(size=(120, 40)) as pilot:
        await open_fleet(pilot, replace(FLEET, replicas=(bad,), proxies=(worse,), statements=said))
        await pilot.press("down", "up")
        await settled(pilot)
        shown = screen(pilot.app)
        assert "\x1b" not in shown
        assert "\x07" not in shown
        assert "[red]x[/red]" in shown
