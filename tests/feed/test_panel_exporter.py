"""A running panel's own exporter: the figures of the command, a taken port, and an end that leaves nothing."""

import asyncio
import os
import re
import socket
import subprocess
import sys
import threading

import httpx
import pytest

from alone import discover_named
from panel import until as on_screen
from running_panel import paths_of
from stormdeck.feed import servers
from stormdeck.feed.feed import Feed
from stormdeck.feed.remote import exporter as module
from stormdeck.feed.remote.exporter import DeckExporter
from stormdeck.model.exporter.address import ListenAddress, read_address
from stormdeck.model.logs.book import LogBook
from stormdeck.options import load
from stormdeck.ui.app import StormdeckApp
from waiting import DEADLINE_S, eventually, until

HERE = ListenAddress("127.0.0.1", 0)
LINE = 'INFO:     127.0.0.1:5000 - "POST /v1/messages HTTP/1.1" {} X\n'
NOWHERE = "http://127.0.0.1:9"


def page(port):
    return httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text


def figures(text):
    """Return the series of stormdeck itself, without those that depend on when they are asked for."""
    lines = [line for line in text.splitlines() if line.startswith("stormdeck_") and "_created" not in line]
    return [line for line in lines if not re.match(r"stormdeck_(in_flight_oldest|finding)", line)]


def test_the_panel_serves_the_figures_of_the_command(tmp_path, monkeypatch):
    """Both read the same log, a storm of three attempts in it."""
    monkeypatch.setattr(servers, "discover", discover_named)
    log = tmp_path / "vllm.log"
    log.write_text("")
    flags = {"log": [str(log)], "vllm": [NOWHERE], "proxy": [NOWHERE], "gpu": ["off"], "export": ["127.0.0.1:0"]}
    options = load({**flags, "home": [str(tmp_path)]}, {}).options
    command = [sys.executable, "-m", "stormdeck", "export", "--listen", "127.0.0.1:0", "--no-gpu", "--log", str(log)]
    child = subprocess.Popen(
        [*command, "--vllm", NOWHERE, "--proxy", NOWHERE],
        env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]},
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        url = child.stderr.readline().split()[0]
        until(lambda: "stormdeck_logs 1.0" in httpx.get(url, trust_env=False).text)

        async def scene():
            async with asyncio.timeout(DEADLINE_S):
                return await compare()

        async def compare():
            app = StormdeckApp(tmp_path, book=LogBook(), named=(NOWHERE,))
            app.feed = Feed(options, paths_of(tmp_path), {}, app.book, app.deliver, app.notify_lines)
            async with app.run_test() as pilot:
                port = await on_screen(pilot, lambda: app.feed.exporter.port)
                async with httpx.AsyncClient(trust_env=False) as http:

                    async def shows(where, words):
                        return words in (await http.get(where)).text

                    own = f"http://127.0.0.1:{port}/metrics"
                    while not await shows(own, "stormdeck_logs 1.0"):
                        await pilot.pause(0.05)
                    for status in (500, 500, 500):
                        with log.open("a") as file:
                            file.write(LINE.format(status))
                        await pilot.pause(0.2)
                    for where in (own, url):
                        while not await shows(where, "stormdeck_attempts_total 3.0"):
                            await pilot.pause(0.05)
                    while True:
                        mine, theirs = figures((await http.get(own)).text), figures((await http.get(url)).text)
                        if mine == theirs:
                            break
                        await pilot.pause(0.1)
                return mine, port

        mine, port = asyncio.run(scene())
    finally:
        child.terminate()
        child.communicate(timeout=60)
    assert "stormdeck_attempts_total 3.0" in mine
    assert any(line.startswith("stormdeck_hop_up") for line in mine)
    with pytest.raises(httpx.ConnectError):
        page(port)


def test_a_taken_port_is_a_notice_and_served_once_it_is_free(monkeypatch):
    monkeypatch.setattr(module, "RETRY_S", 0.01)

    async def scene():
        with socket.create_server(("127.0.0.1", 0)) as taken:
            exporter = DeckExporter(ListenAddress("127.0.0.1", taken.getsockname()[1]))
            task = asyncio.ensure_future(exporter.run())
            why = await eventually(lambda: exporter.problem)
        await task
        assert why.startswith("Metrics are not exported: 127.0.0.1:")
        assert "cannot be listened on: Address already in use" in why
        assert why.endswith("name another port with --export.")
        assert exporter.problem == ""
        assert "stormdeck_build_info" in await asyncio.to_thread(page, exporter.port)
        await exporter.stop()

    asyncio.run(scene())


def test_a_panel_that_ends_before_it_listens_leaves_no_listener():
    before = set(threading.enumerate())

    async def scene():
        exporter = DeckExporter(HERE)
        task = asyncio.ensure_future(exporter.run())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await exporter.stop()
        # What the thread would do if it came late.
        assert exporter._listen() is None
        assert exporter.port is None

    asyncio.run(scene())
    until(lambda: not [one for one in set(threading.enumerate()) - before if "background" not in one.name])


def test_the_page_is_served_while_the_deck_changes():
    """Requests come in threads of their own."""

    async def scene():
        exporter = DeckExporter(HERE)
        await exporter.run()
        asked = [asyncio.to_thread(page, exporter.port) for _ in range(8)]
        from running_panel import deck_of

        decks = [deck_of() for _ in range(20)]
        answers = asyncio.gather(*asked)
        for deck in decks:
            exporter.take(deck)
            await asyncio.sleep(0)
        assert all("stormdeck_build_info" in one for one in await answers)
        await exporter.stop()

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("text", "at"),
    [("9464", "127.0.0.1:9464"), ("0.0.0.0:1", "0.0.0.0:1"), ("[::1]:9464", "[::1]:9464"), (":0", "127.0.0.1:0")],
)
def test_addresses(text, at):
    assert str(read_address(text)) == at
    assert str(load({"export": [text]}, {}).options.export) == at


@pytest.mark.parametrize("text", ["here", "h:", "h:65536", "h:-1", "h:٩", "", "h:1e3"])
def test_no_addresses(text):
    assert read_address(text) is None
