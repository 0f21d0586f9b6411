"""The recorded logs of LiteLLM and of the server behind it count each request once, in whatever order they come."""

from __future__ import annotations

from datetime import datetime

import pytest

from places import TESTS
from stormdeck.model.traffic.log_analyzer import LogAnalyzer
from stormdeck.sources.recordings.archive import Archive

FOLDER = TESTS / "data" / "logs" / "two_hops"


def read(names):
    analyzer = LogAnalyzer(local_time=datetime.timestamp)
    archive = Archive([str(FOLDER / name) for name in names], local_time=datetime.timestamp)
    for name, lines, arrived in archive.heads():
        analyzer.note_head(name, lines, arrived)
    for batch in archive.batches():
        analyzer.take(batch)
    return analyzer.report()


@pytest.mark.parametrize("names", [("litellm.log", "upstream.log"), ("upstream.log", "litellm.log")])
def test_two_recorded_logs_count_each_request_once(names):
    alone, both = read(["litellm.log"]), read(names)
    assert (alone.main_requests, alone.turns, alone.retries) == (4, 1, 3)
    for key in ("http_requests", "probes", "main_requests", "turns", "retries", "by_status"):
        assert getattr(both, key) == getattr(alone, key)
    assert [one.attempts for one in both.storms] == [4]
    assert any("upstream.log" in note for note in both.notes)
