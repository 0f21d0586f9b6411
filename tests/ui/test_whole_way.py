"""End to end: a line in a log file and an answer of a server, through the real feed, to the screen."""

import socket
import threading
import time

import pytest

from alone import discover_named
from fake_vllm import serving, well_set
from log_lines import access
from panel import in_loop, make_app, rows_with, screen, show, until
from stormdeck.feed.feed import Feed
from stormdeck.options import Options
from stormdeck.paths import user_paths
from stormdeck.ui.clock import Clock
from waiting import until as wait_until

SIZE = (120, 40)


def free_url():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Return a maker of panels on a real feed: a home and a log of its own, no GPU, the real clock."""

    # Servers that happen to run on the machine of whoever runs the tests are none of theirs.
    monkeypatch.setattr("stormdeck.feed.servers.discover", discover_named)

    def make(url, base_url=""):
        home, log = tmp_path / "home", tmp_path / "vllm.log"
        (home / ".claude").mkdir(parents=True)
        (home / ".claude" / "settings.json").write_text(well_set(base_url or url))
        log.touch()
        options = Options(home=home, project=home / "project", vllm=url, log=(log,), gpu=False, poll=1)
        app = make_app(home=home, lines=[])
        app.clock = Clock()
        paths = user_paths({}, home, options.project)
        app.feed = Feed(options, paths, {}, app.book, app.deliver, app.notify_lines)
        return app, log

    return make


@in_loop
async def test_lines_in_a_log_become_a_verdict_that_names_attempt_and_cause(start):
    with serving() as url:
        app, log = start(url)
        async with app.run_test(size=SIZE) as pilot:
            await until(pilot, lambda: rows_with(app, "running          3"), "vLLM is not shown")
            assert rows_with(app, "waiting     7")
            assert rows_with(app, "Qwen3.5-27B   window 128k")
            await until(pilot, lambda: rows_with(app, "LOG  vllm.log"), "the log is not followed")
            now = time.time()
            failed = [access(500, at=now - ago) + "\n" for ago in (9.0, 8.45, 7.4, 5.3)]
            with log.open("a") as file:
                file.writelines(failed)
            await until(pilot, lambda: rows_with(app, "RETRY STORM  attempt 4 of 11"), "no storm")
            assert "500 from vLLM" in screen(app)
            assert rows_with(app, "attempt 4")
            with log.open("a") as file:
                file.write(access(at=now - 1.1) + "\n")
            await until(pilot, lambda: rows_with(app, "Recovered after 5 attempts"), "not recovered")
            await show(pilot, "logs")
            assert rows_with(app, "attempt 4")


@in_loop
async def test_a_server_that_goes_away_and_comes_back_is_noticed(start):
    url = free_url()
    app, _ = start(url)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: rows_with(app, "is down"), "not down")
        with serving(int(url.rpartition(":")[2])):
            await until(pilot, lambda: rows_with(app, "vLLM 0.33.0"), "not back")
            await until(pilot, lambda: not rows_with(app, "is down"), "still down")


@in_loop
async def test_a_wrong_setting_is_found_shown_and_written_in_the_real_file(start):
    with serving() as url:
        app, _ = start(url, f"{url}/v1")
        file = app.home / ".claude" / "settings.json"
        async with app.run_test(size=SIZE) as pilot:
            await until(pilot, lambda: rows_with(app, "URL101"), "not found")
            await show(pilot, "settings")
            await until(pilot, lambda: app.focused is not None)
            await pilot.press("f", "s")
            await until(pilot, lambda: rows_with(app, "SAVE"), "no diff")
            await pilot.press("enter")
            await until(pilot, lambda: "/v1" not in file.read_text(), "not written")
            assert file.read_text() == well_set(url)
            await until(pilot, lambda: not rows_with(app, "URL101"), "still found")


@in_loop
async def test_a_settings_file_that_breaks_outside_is_the_headline(start):
    with serving() as url:
        app, _ = start(url)
        async with app.run_test(size=SIZE) as pilot:
            await until(pilot, lambda: rows_with(app, "vLLM 0.33.0"))
            (app.home / ".claude" / "settings.json").write_text('{\n  "env": {,}\n}')
            await until(pilot, lambda: rows_with(app, "settings.json line 2"), "not noticed")


def test_quitting_leaves_no_thread(start):
    before = set(threading.enumerate())

    @in_loop
    async def use_it():
        with serving() as url:
            app, _ = start(url)
            async with app.run_test(size=SIZE) as pilot:
                await until(pilot, lambda: rows_with(app, "vLLM 0.33.0"))
                await until(pilot, lambda: rows_with(app, "LOG  vllm.log"))
                await pilot.press("q")
            assert app.return_code == 0

    use_it()
    wait_until(lambda: set(threading.enumerate()) <= before, lambda: str(set(threading.enumerate()) - before))
