"""What a busy stack costs each second: counted, not timed, so that a slow machine gives the same result."""

import os
import threading
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from textual.css.query import DOMQuery

from panel import deliver, in_loop, settled, show
from samples import CALM, FOUND, GPUS, NOW, PROXY, VLLM, WELL
from stormdeck.feed import reducer
from stormdeck.model.deck import Deck
from stormdeck.model.history.ring import HistorySnapshot
from stormdeck.model.symptoms import server_errors
from stormdeck.model.verdict import ranking
from stormdeck.sources.io.watch import FileWatcher
from stormdeck.ui.widgets import path_bar
from waiting import DEADLINE_S

WHOLE = (WELL, FOUND, VLLM, PROXY, GPUS, CALM)


@in_loop
async def test_panels_are_not_searched_for_at_each_snapshot_and_line(panel, monkeypatch):
    searched, nodes = [], vars(DOMQuery)["nodes"].fget
    monkeypatch.setattr(DOMQuery, "nodes", property(lambda self: (searched.append(self), nodes(self))[1]))
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, *WHOLE)
        await show(pilot, "overview")
        await settled(pilot)
        searched.clear()
        pilot.app.book.add("a.log", ["ERROR a line"], NOW, {})
        pilot.app.notify_lines()
        await deliver(pilot, replace(VLLM, latency_ms=9))
        assert len(searched) <= 3


@in_loop
async def test_the_path_is_made_once_for_a_snapshot_however_often_it_is_drawn(panel, monkeypatch):
    made, original = [], path_bar.path
    monkeypatch.setattr(path_bar, "path", lambda deck: (made.append(deck), original(deck))[1])
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, *WHOLE)
        await show(pilot, "overview")
        await settled(pilot)
        made.clear()
        await deliver(pilot, replace(VLLM, latency_ms=9))
        assert len(made) == 1


@pytest.mark.parametrize("snapshot", [HistorySnapshot(), GPUS], ids=lambda one: type(one).__name__)
def test_what_no_rule_reads_is_not_compared_for_the_rules(monkeypatch, snapshot):
    monkeypatch.setattr(reducer, "facts_of", lambda _deck: pytest.fail("the rules' facts are made"))
    reducer.take(Deck(), snapshot)


def test_the_rules_read_nothing_of_what_is_not_compared_for_them():
    class Read:
        """A deck that refuses what no rule may read."""

        def __getattr__(self, name):
            assert name not in {reducer._FIELDS[one] for one in reducer._UNJUDGED}, f"the rules read {name}"
            return getattr(deck, name)

    deck = Deck()
    for snapshot in WHOLE:
        deck = reducer.take(deck, snapshot)
    assert reducer.facts_of(cast("Deck", Read())) == reducer.facts_of(deck)


def test_an_error_text_is_searched_for_once(monkeypatch):
    searched, original = [], server_errors.unescaped
    monkeypatch.setattr(server_errors, "unescaped", lambda text: (searched.append(text), original(text))[1])
    text = f"500: EngineCore died, and this test ({os.getpid()}) says so"
    for _ in range(20):
        assert server_errors.server_error_in(text) is not None
        server_errors.model_in(text)
    assert len(searched) == 2


def test_a_second_judgement_of_the_same_deck_masks_no_text_again(monkeypatch):
    deck = Deck()
    for snapshot in WHOLE:
        deck = reducer.take(deck, snapshot)
    ranking.statements(deck, NOW, str)
    before = ranking._mask.cache_info().misses
    assert ranking.statements(deck, NOW, str)
    assert ranking._mask.cache_info().misses == before


def test_a_watched_file_is_asked_for_once_a_step_and_no_folder_is_read(tmp_path, monkeypatch):
    asked, steps, stat = Counter(), threading.Semaphore(0), Path.stat
    compare = FileWatcher._compare
    monkeypatch.setattr(FileWatcher, "_compare", lambda self: (compare(self), steps.release()))
    monkeypatch.setattr(Path, "iterdir", lambda self: pytest.fail("a folder is read"))
    files = [tmp_path / "a", tmp_path / "folder" / "b"]

    def counted(self, **named):
        if self in files:
            asked[self] += 1
        return stat(self, **named)

    monkeypatch.setattr(Path, "stat", counted)
    watcher = FileWatcher(step_ms=10)
    watcher.watch(files, lambda: None)
    for _ in range(5):
        assert steps.acquire(timeout=DEADLINE_S)
    watcher.stop()
    watcher._thread.join(DEADLINE_S)
    taken = 5 + sum(1 for _ in iter(lambda: steps.acquire(blocking=False), False))
    assert asked == dict.fromkeys(files, taken + 1)
    assert watcher._thread.name == "file watcher"
