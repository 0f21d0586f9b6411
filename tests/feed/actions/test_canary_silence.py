"""The panel spends no GPU time on its own: an hour of watching sends nothing but known GETs."""

import asyncio
import importlib
import json
import selectors
import sys
from types import SimpleNamespace

from alone import discover_named
from canary_samples import MODEL, TOKEN
from canary_servers import Model
from servers import Reply, litellm, serving, vllm
from stormdeck.feed.feed import Feed
from stormdeck.model.logs.book import LogBook
from stormdeck.options import Options
from stormdeck.paths import user_paths

LEAST = 200
"""Requests that each server must have seen, so that the hour was one of watching."""
TO_VLLM = {"/health", "/version", "/v1/models", "/metrics", "/v1/messages"}
TO_LITELLM = {
    *("/", "/version", "/v1/models", "/model/info", "/metrics", "/v1/messages"),
    *("/health/liveliness", "/health/readiness", "/health/readiness/details", "/health/backlog"),
}
"""What costs no GPU time (measured, 1.109): not its ``/health``, which sends a completion to every model. A GET of
``/v1/messages`` is a 405."""
METRICS = 'vllm:num_requests_running{engine="0"} 0.0\nvllm:num_requests_waiting{engine="0"} 0.0\n'
"""A page as short as can be: reading a whole one takes most of the time of this test."""


class Impatient(selectors.DefaultSelector):
    """Waits for the sockets, but lets the time of a wait in which nothing comes go by at once."""

    skipped_s = 0.0

    def select(self, timeout=None):
        if timeout is None:
            return super().select()
        came = super().select(0)
        if not came:
            self.skipped_s += max(0.0, timeout)
        return came


class HurriedLoop(asyncio.SelectorEventLoop):
    """A loop in which an idle hour takes seconds."""

    def __init__(self):
        self.impatient = Impatient()
        super().__init__(self.impatient)

    def time(self):
        return super().time() + self.impatient.skipped_s


def test_an_hour_of_watching_asks_no_model_anything(tmp_path, monkeypatch):
    importlib.import_module("httpx")
    monkeypatch.setitem(sys.modules, "sniffio", None)  # httpcore looks for it at each request, which takes long
    monkeypatch.setattr("stormdeck.feed.servers.discover", discover_named)
    behind, proxy = Model(gets=vllm(_metrics=Reply(METRICS)).routes), Model(gets=litellm(TOKEN).routes)

    async def idle():
        loop = asyncio.get_running_loop()
        clock = SimpleNamespace(time=lambda: 1_795_000_000.0 + loop.time())
        monkeypatch.setattr("stormdeck.feed.servers.time", clock)
        async with serving(behind) as direct, serving(proxy) as url:
            feed = watching(tmp_path, url, direct)
            feed.start()
            for minute in range(10 * 60):
                await asyncio.sleep(60)
                if minute >= 60 and min(len(behind.asked), len(proxy.asked)) >= LEAST:
                    break
            await feed.stop()

    with asyncio.Runner(loop_factory=HurriedLoop) as runner:
        runner.run(idle())
    asked = [*behind.asked, *proxy.asked]
    assert min(len(behind.asked), len(proxy.asked)) >= LEAST
    assert {one.method for one in asked} == {"GET"}
    assert {one.path for one in behind.asked} <= TO_VLLM
    assert {one.path for one in proxy.asked} <= TO_LITELLM


def watching(folder, url, direct):
    """Return a feed on a proxy and the server behind it, with a client's settings and a log."""
    home, log = folder / "home", folder / "litellm.log"
    (home / ".claude").mkdir(parents=True)
    env = {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_AUTH_TOKEN": TOKEN, "ANTHROPIC_DEFAULT_SONNET_MODEL": MODEL}
    (home / ".claude" / "settings.json").write_text(json.dumps({"model": "sonnet", "env": env}))
    log.touch()
    options = Options(home=home, project=home / "project", vllm=direct, proxy=url, log=(log,), gpu=False, poll=10)
    paths = user_paths({}, home, options.project)
    return Feed(options, paths, {}, LogBook(), lambda snapshot: None, lambda: None)
