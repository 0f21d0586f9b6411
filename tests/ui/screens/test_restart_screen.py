"""One key shows what restarts a server, asks, runs it and shows its output; never while the panel is read only."""

from dataclasses import replace

import pytest

from feeds import QuietFeed
from panel import deliver, in_loop, make_app, rows_with, settled, until
from samples import DOWN_VLLM, FOUND, NOW, PROXY, VLLM, VLLM_PROCESS, WELL
from stand_ins import StandIns, has_ended
from stormdeck.feed.actions.restart import RestartFeed
from stormdeck.model.logs.spec import JournalLog, Runtime
from stormdeck.model.snapshots.containers import ContainerFacts, ContainerState
from stormdeck.model.snapshots.discovery import LogPlace
from stormdeck.model.snapshots.server import ServerKind, ServerState
from waiting import eventually

FACTS = ContainerFacts(Runtime.DOCKER, "8c" * 32, "vllm", state=ContainerState.RUNNING)
IN_CONTAINER = replace(FOUND, places=(LogPlace(ServerKind.VLLM, FACTS.log, VLLM.url, FACTS),))
DEGRADED = replace(VLLM, state=ServerState.DEGRADED, detail="The engine is dead.")


@pytest.fixture
def programs(tmp_path, monkeypatch):
    return StandIns(tmp_path, monkeypatch)


def make(*, feed=True):
    """Return a panel that may restart servers, and the list that grows with each search."""
    app, searches = make_app(lines=()), []
    app.feed = QuietFeed()
    if feed:
        app.feed.restart = RestartFeed(app.book, app.notify_lines, lambda: searches.append(True), lambda: NOW)
    return app, searches


def told(app):
    return [line.text for number in range(app.book.start, app.book.end) if (line := app.book.line(number))]


async def ask(pilot, *snapshots, focus="engine"):
    """Deliver snapshots and press the key, with a panel in focus."""
    await deliver(pilot, WELL, PROXY, VLLM, IN_CONTAINER, *snapshots)
    if focus:
        pilot.app.screen.board.get_child_by_id(focus).focus()
    await pilot.press("R")
    await settled(pilot)


@in_loop
async def test_nothing_is_run_before_enter_and_nothing_after_escape(programs):
    programs.add("docker")
    app, searches = make()
    async with app.run_test(size=(120, 40)) as pilot:
        await ask(pilot)
        assert rows_with(app, "Restart vLLM: container vllm")
        assert rows_with(app, "docker restart vllm")
        assert rows_with(app, "Nothing is run before you press enter.")
        await pilot.press("escape")
        await settled(pilot)
        assert not rows_with(app, "docker restart vllm")
    assert programs.arguments("docker") is None
    assert (told(app), searches) == ([], [])


@in_loop
async def test_enter_runs_it_and_shows_its_output_and_the_log_tells_of_it(programs):
    programs.add("docker", "echo vllm")
    app, searches = make()
    async with app.run_test(size=(120, 40)) as pilot:
        await ask(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: rows_with(app, "docker ended with code 0"))
        assert [row.strip(" ║│┃▌█") for row in rows_with(app, "vllm") if "restart" not in row.lower()]
        assert programs.arguments("docker") == ["restart", "vllm"]
        assert told(app) == [
            "Restart vLLM: container vllm: docker restart vllm was started",
            "Restart vLLM: container vllm: docker restart vllm ended with code 0",
        ]
        assert searches == [True]
        await pilot.press("enter")
        await pilot.press("escape", "2")
        await until(pilot, lambda: rows_with(app, "docker restart vllm ended with code 0"))
    assert searches == [True]


@in_loop
async def test_a_failure_and_a_missing_program_are_shown(programs):
    programs.add("docker", "echo 'Error response from daemon: No such container: vllm' >&2", "exit 1")
    app, _ = make()
    async with app.run_test(size=(80, 24)) as pilot:
        await ask(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: rows_with(app, "docker ended with code 1"))
        assert rows_with(app, "No such container: vllm")


@in_loop
async def test_escape_stops_a_command_that_hangs(programs):
    programs.add("docker", "echo waiting", "sleep 600")
    app, searches = make()
    async with app.run_test(size=(120, 40)) as pilot:
        await ask(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: rows_with(app, "waiting") and rows_with(app, "esc stop"))
        await pilot.press("escape")
        await until(pilot, lambda: searches)
        assert told(app)[-1] == "Restart vLLM: container vllm: docker restart vllm was stopped before it ended"
        await until(pilot, lambda: has_ended(programs.pid("docker")))


@in_loop
async def test_a_command_that_hangs_ends_with_the_panel(programs):
    programs.add("docker", "echo waiting", "sleep 600")
    app, _ = make()
    async with app.run_test(size=(120, 40)) as pilot:
        await ask(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: rows_with(app, "waiting"))
    pid = programs.pid("docker")
    await eventually(lambda: has_ended(pid))


@in_loop
async def test_the_verdict_chooses_where_no_panel_is_in_focus():
    app, _ = make()
    async with app.run_test(size=(120, 40)) as pilot:
        await ask(pilot, DEGRADED, focus="")
        assert app.verdict.hop is not None
        assert rows_with(app, "docker restart vllm")


@in_loop
async def test_a_server_that_answers_is_not_offered_unless_its_panel_is_chosen():
    app, _ = make()
    said = []
    app.notify = lambda words, **_: said.append(words)
    async with app.run_test(size=(120, 40)) as pilot:
        await ask(pilot, focus="")
        assert not rows_with(app, "docker restart vllm")
        assert len(said) == 1
        assert "choose its panel with tab" in said[0]


@in_loop
async def test_a_bare_process_is_a_line_to_type_and_to_copy():
    app, _ = make()
    async with app.run_test(size=(120, 40)) as pilot:
        await ask(pilot, FOUND)
        assert rows_with(app, "kill 4700")
        assert rows_with(app, "stormdeck does not run it: type it yourself.")
        assert not rows_with(app, "run it ")
        await pilot.press("enter", "y")
        assert app.clipboard.splitlines()[0].startswith("kill 4700; while ")
        assert app.clipboard.splitlines()[1].endswith("qwen3_coder >>/var/log/vllm.log 2>&1")
    assert told(app) == []


@in_loop
async def test_a_unit_is_restarted_by_systemctl(programs):
    programs.add("systemctl")
    unit = replace(VLLM_PROCESS, unit=JournalLog("vllm", user=True))
    found = replace(FOUND, found=(FOUND.found[0], replace(FOUND.found[1], process=unit)))
    app, _ = make()
    async with app.run_test(size=(120, 40)) as pilot:
        await ask(pilot, found)
        await pilot.press("enter")
        await until(pilot, lambda: rows_with(app, "systemctl ended with code 0"))
        assert programs.arguments("systemctl") == ["--user", "restart", "vllm"]


@in_loop
async def test_a_panel_that_is_read_only_says_so_and_offers_nothing(programs):
    programs.add("docker")
    app, _ = make()
    app.read_only = "The panel is read only (--readonly): nothing is written."
    said = []
    app.notify = lambda words, **_: said.append(words)
    async with app.run_test(size=(120, 40)) as pilot:
        await ask(pilot, DOWN_VLLM)
        assert said == [app.read_only]
        await app.screen.action_restart()
        assert said == [app.read_only] * 2
        assert not rows_with(app, "docker restart vllm")
    assert programs.arguments("docker") is None


@pytest.mark.parametrize(("demo", "words"), [(True, "a part of it"), (False, "still being loaded")])
@in_loop
async def test_the_demo_and_a_panel_without_a_feed_say_why_nothing_is_restarted(demo, words):
    app = make_app(demo=demo)
    said = []
    app.notify = lambda text, **_: said.append(text)
    async with app.run_test(size=(120, 40)) as pilot:
        await ask(pilot)
        assert len(said) == 1
        assert words in said[0]


@in_loop
async def test_two_restarts_do_not_run_at_once(programs):
    programs.add("docker")
    app, _ = make()
    said = []
    app.notify = lambda words, **_: said.append(words)
    async with app.run_test(size=(120, 40)) as pilot:
        await ask(pilot)
        app.feed.restart.is_running = True
        await pilot.press("enter")
        assert said == ["Another restart is still being ended."]
        app.feed.restart.is_running = False
        await pilot.press("enter")
        await until(pilot, lambda: rows_with(app, "docker ended with code 0"))


@in_loop
async def test_an_error_of_its_own_does_not_end_the_panel(monkeypatch):
    async def fail(restart, deliver):
        raise RuntimeError("broken")

    app, _ = make()
    monkeypatch.setattr(app.feed.restart, "run", fail)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await ask(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: rows_with(app, "The command failed."))
        await until(pilot, lambda: rows_with(app, "esc close"))
        assert not rows_with(app, "It runs.")


@in_loop
async def test_a_container_that_was_removed_has_nothing_to_copy():
    gone = replace(FACTS, state=ContainerState.REMOVED)
    app, _ = make()
    async with app.run_test(size=(120, 40)) as pilot:
        await ask(pilot, replace(FOUND, places=(LogPlace(ServerKind.VLLM, gone.log, VLLM.url, gone),)))
        assert rows_with(app, "It has to be created again.")
        await pilot.press("y", "enter")
        assert not rows_with(app, "Copied")
        assert not app.clipboard
