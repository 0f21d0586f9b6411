"""Today's usage is read again when a transcript has changed, and delivered when it differs."""

import asyncio
import time

from history_samples import sample
from stormdeck.feed.usage import UsageFeed
from stormdeck.model.history.ring import MINUTE_S
from stormdeck.sources import usage
from stormdeck.sources.state.history_store import HistoryStore
from stormdeck.sources.usage import UsageReader, begin_of, local_day
from transcripts import ask, line
from waiting import eventually

NOON = begin_of(local_day(time.time())) + 12 * 3600


def answer(t, name):
    counted = {"input_tokens": 1000, "cache_read_input_tokens": 9000, "output_tokens": 500}
    return line("assistant", t, message={"id": name, "model": "Q", "stop_reason": "end_turn", "usage": counted})


def write(folder, *lines):
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "s.jsonl").open("a") as file:
        file.writelines(f"{text}\n" for text in lines)


def test_the_day_is_counted_from_transcripts_figures_and_power(tmp_path):
    write(tmp_path / "projects" / "p", ask(NOON - 30), answer(NOON - 20, "1"), ask(NOON - 9), answer(NOON - 4, "2"))
    minute = int(NOON) // 60 * 60 - 120
    figures = sample(minute, gpu_power_w=6000.0, prompt_tokens_per_s=100.0, generation_tokens_per_s=10.0)
    HistoryStore(tmp_path / "h.sqlite3").save([(MINUTE_S, figures)], NOON)
    found = UsageReader(tmp_path / "projects", tmp_path / "h.sqlite3").read(NOON)
    assert (found.turns, found.tokens_in, found.tokens_out, found.cached_share) == (2, 20_000, 1000, 0.9)
    assert (found.waited_s, found.energy.kwh, found.servers.tokens_in) == (15, 0.1, 6000)


def test_what_has_not_changed_is_not_read_again(tmp_path, monkeypatch):
    reads = []
    real = usage.read_usage
    monkeypatch.setattr(usage, "read_usage", lambda *one: reads.append(one) or real(*one))
    write(tmp_path / "p", ask(NOON - 30), answer(NOON - 20, "1"))
    reader = UsageReader(tmp_path, tmp_path / "h.sqlite3")
    assert reader.read(NOON).turns == reader.read(NOON).turns == 1
    assert len(reads) == 1
    write(tmp_path / "p", ask(NOON - 9), answer(NOON - 4, "2"))
    assert reader.read(NOON).turns == 2
    assert len(reads) == 2


def test_on_the_next_day_it_begins_anew(tmp_path):
    write(tmp_path / "p", ask(NOON - 30), answer(NOON - 20, "1"))
    reader = UsageReader(tmp_path, tmp_path / "h.sqlite3")
    assert reader.read(NOON).turns == 1
    assert reader.read(begin_of(local_day(NOON + 24 * 3600)) + 5).turns == 0


def test_without_a_client_there_is_nothing_to_tell(tmp_path):
    assert list(UsageReader(tmp_path / "none", tmp_path / "h.sqlite3").read(NOON).parts()) == []


def test_the_feed_delivers_what_it_reads(tmp_path):
    write(tmp_path / "p", ask(NOON - 30), answer(NOON - 20, "1"))

    async def scene():
        seen = []
        reader = UsageReader(tmp_path, tmp_path / "h.sqlite3")
        running = asyncio.ensure_future(UsageFeed(reader, seen.append, lambda: NOON, 0.0).run())
        await eventually(lambda: seen)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return seen

    assert [one.turns for one in asyncio.run(scene())] == [1]
