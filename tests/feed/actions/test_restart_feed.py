"""A feed restarts servers unless the panel is read only, and records in the log view what it ran."""

from pathlib import Path

import pytest

from panel import in_loop
from samples import NOW
from stand_ins import StandIns
from stormdeck.feed.actions.restart import RestartFeed
from stormdeck.feed.feed import Feed
from stormdeck.model.logs.book import LogBook
from stormdeck.model.restart import Restart
from stormdeck.options import Options
from stormdeck.paths import user_paths

RESTART = Restart("Restart vLLM: unit vllm", ("systemctl", "restart", "vllm"))


@pytest.mark.parametrize("readonly", [True, False])
def test_a_feed_that_is_read_only_restarts_nothing(tmp_path: Path, readonly: bool) -> None:
    options = Options(home=tmp_path, project=tmp_path, gpu=False, readonly=readonly)
    feed = Feed(options, user_paths({}, tmp_path, tmp_path), {}, LogBook(), lambda _: None, lambda: None)
    assert (feed.restart is None) is readonly


@in_loop
async def test_what_is_run_and_how_it_ends_are_lines_of_the_log_at_their_time(tmp_path, monkeypatch):
    StandIns(tmp_path, monkeypatch).add("systemctl", "echo failed", "exit 5")
    book, output, calls = LogBook(), [], []
    feed = RestartFeed(book, lambda: calls.append("lines"), lambda: calls.append("search"), lambda: NOW)
    ended = await feed.run(RESTART, output.append)
    lines = [book.line(number) for number in range(book.end)]
    assert [(line.log, line.arrived, line.text) for line in lines] == [
        ("stormdeck", NOW, "Restart vLLM: unit vllm: systemctl restart vllm was started"),
        ("stormdeck", NOW, "Restart vLLM: unit vllm: systemctl restart vllm ended with code 5"),
    ]
    assert (ended.code, output) == (5, ["failed"])
    assert calls == ["lines", "lines", "search"]
    assert not feed.is_running
