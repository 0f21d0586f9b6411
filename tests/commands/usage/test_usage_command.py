"""``stormdeck usage``: real transcripts, energy, prices, days in the user's time zone, and what cannot be read."""

import json
import os
import shutil
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pytest

from history_samples import sample
from stormdeck.model.history.ring import MINUTE_S
from stormdeck.model.logs.batch import LogState
from stormdeck.model.wire.exchange import Exchange, Outcome
from stormdeck.model.wire.request import Kind
from stormdeck.sources.state.history_store import HistoryStore
from stormdeck.sources.transcripts import read
from stormdeck.sources.wire.journal import Journal
from transcripts import ask, line

RECORDINGS = Path(__file__).parents[2] / "recordings"
PRICES = ("--prices", "input=3", "--prices", "cached=0.3", "--prices", "output=15")


def answer(t, name="msg_1", text="secret words"):
    usage = {"input_tokens": 1000, "cache_read_input_tokens": 9000, "output_tokens": 500}
    content = [{"type": "text", "text": text}]
    message = {"id": name, "model": "Qwen", "stop_reason": "end_turn", "usage": usage, "content": content}
    return line("assistant", t, message=message)


def write(home, *lines, name="s.jsonl"):
    file = home.folder / ".claude" / "projects" / "p" / name
    return home.write("".join(f"{text}\n" for text in lines), file)


@pytest.fixture
def zone(monkeypatch):
    """Return a function that sets the time zone."""

    def set_zone(name):
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield set_zone
    os.environ.pop("TZ", None)
    time.tzset()


def independent_sums():
    """Add up the recordings by the plainest means: a dictionary of the last usage by id."""
    usages, failures = {}, set()
    for file in RECORDINGS.glob("*/transcripts/**/*.jsonl"):
        for text in file.read_text(encoding="utf-8").splitlines():
            fields = json.loads(text)
            if fields.get("type") != "assistant":
                continue
            message = fields["message"]
            if fields.get("isApiErrorMessage"):
                failures.add(fields["uuid"])
            elif message["model"] != "<synthetic>":
                usages[message["id"]] = message
    sums = defaultdict(int)
    sums["turns"] = len(usages) + len(failures)
    sums["failed"] = len(failures)
    for message in usages.values():
        usage = message["usage"]
        sums["tokens_in"] += usage["input_tokens"]
        known = message["stop_reason"] is not None and usage["input_tokens"]
        sums["tokens_out"] += usage["output_tokens"] if known else 0
        sums["turns_without_tokens_out"] += not known
    return sums


@pytest.fixture
def recorded(home):
    """Return a home with the transcripts of all recordings."""
    for folder in RECORDINGS.glob("*/transcripts"):
        shutil.copytree(folder, home.folder / ".claude" / "projects" / folder.parent.name)
    return home


def test_the_recordings_add_up(recorded):
    code, out, err = recorded.run("usage", "--since", "2026-01-01", "--json")
    assert (code, err) == (0, "")
    found = json.loads(out)["total"]
    expected = independent_sums()
    assert expected["turns"] > 200
    assert {key: found[key] for key in expected} == dict(expected)


def test_the_days_and_the_models_add_up_to_the_total(recorded):
    _, out, _ = recorded.run("usage", "--since", "2026-01-01", "--json")
    found = json.loads(out)
    for key in ("turns", "failed", "tokens_in", "tokens_out", "retries_recorded"):
        assert sum(day[key] for day in found["days"]) == found["total"][key]
    answered = found["total"]["turns"] - found["total"]["failed"]
    assert sum(model["turns"] for model in found["models"]) == answered


def test_a_day_of_work(home):
    now = time.time()
    write(home, ask(now - 30), answer(now - 20), answer(now - 20), ask(now - 19), answer(now - 9, "msg_2"))
    minute = int(now) // 60 * 60 - 120
    HistoryStore(home.folder / ".local" / "state" / "stormdeck" / "history.sqlite3").save(
        [(MINUTE_S, sample(minute, gpu_power_w=6000.0))], now
    )
    code, out, err = home.run("usage", "--since", "10m", *PRICES, "--json")
    assert (code, err) == (0, "")
    found = json.loads(out)["total"]
    assert (found["turns"], found["tokens_in"], found["tokens_cached"], found["tokens_out"]) == (
        2,
        20_000,
        18_000,
        1000,
    )
    assert found["cached_share"] == 0.9
    assert found["waited_s"] == pytest.approx(20, abs=0.01)
    assert (found["gpu_energy_kwh"], found["gpu_watched_s"]) == (0.1, 60)
    assert found["cost"]["least"] == found["cost"]["most"] == pytest.approx(0.006 + 0.0054 + 0.015)
    _, out, _ = home.run("usage", "--since", "10m", *PRICES)
    assert [part in out for part in ("20k", "90 %", "1.0k", "20 s", "0.10 kWh", "1 min", "0.03")] == [True] * 7
    assert max(map(len, out.splitlines())) <= 80


def test_no_word_of_the_conversation_is_printed(home):
    now = time.time()
    write(home, ask(now - 30), answer(now - 20, text="\x1b[31mhunter2"))
    for flags in ((), ("--json",)):
        _, out, err = home.run("usage", "--since", "10m", *flags)
        assert "secret" not in out + err
        assert "hunter2" not in out + err


@pytest.mark.parametrize(
    ("name", "days"),
    [("UTC", ["2026-11-20"]), ("Asia/Kathmandu", ["2026-11-21"]), ("America/New_York", ["2026-11-20"])],
)
def test_a_day_is_one_of_the_users_time_zone(home, zone, name, days):
    zone(name)
    write(home, answer(1_795_213_800.0))  # 2026-11-20T22:30Z
    _, out, _ = home.run("usage", "--since", "2026-11-01", "--json")
    assert [day["day"] for day in json.loads(out)["days"]] == days


def test_a_week_begins_at_midnight_where_the_user_is(home, zone):
    zone("Europe/Berlin")
    _, out, _ = home.run("usage", "--json")
    begin = time.localtime(json.loads(out)["since"])
    assert (begin.tm_hour, begin.tm_min, begin.tm_sec) == (0, 0, 0)


def test_without_a_client_it_says_so(home):
    code, out, err = home.run("usage")
    assert (code, err) == (0, "")
    assert out.startswith("No turn since ")
    code, out, _ = home.run("usage", "--json")
    assert code == 0
    assert json.loads(out)["total"]["turns"] == 0


def test_a_named_folder_must_be_there(home):
    code, _, err = home.run("usage", "--transcripts", str(home.folder / "nowhere"))
    assert code == 2
    assert "does not exist" in err


def test_damage_is_reported_and_the_rest_counts(home):
    state = home.folder / ".local" / "state" / "stormdeck"
    state.mkdir(parents=True)
    (state / "history.sqlite3").write_text("no database")
    write(home, answer(time.time() - 20))
    code, out, err = home.run("usage", "--json")
    assert code == 2
    assert "history.sqlite3" in err
    assert json.loads(out)["total"]["turns"] == 1


def test_a_transcript_that_cannot_be_read_is_named_and_the_rest_counts(home, monkeypatch):
    write(home, answer(time.time() - 20))
    locked = write(home, answer(time.time() - 20, "msg_2"), name="locked.jsonl")

    def refuse(path, take=read.open_log):
        return read.Obstacle(LogState.NO_PERMISSION, "") if path == locked else take(path)

    monkeypatch.setattr(read, "open_log", refuse)
    code, out, err = home.run("usage", "--json")
    assert code == 2
    assert f"{locked} could not be read" in err
    assert json.loads(out)["total"]["turns"] == 1


@pytest.mark.parametrize("since", ["yesterday", "", "-1", "25:00"])
def test_a_time_that_is_none_is_refused(home, since):
    code, out, err = home.run("usage", f"--since={since}")
    assert (code, out) == (2, "")
    assert "--since" in err


def test_prices_come_from_the_options_file(home):
    write(home, answer(time.time() - 20))
    file = home.folder / ".config" / "stormdeck" / "config.yaml"
    home.write("prices:\n  input: 3\n  cached: 0.3\n  output: 15\n", file)
    _, out, _ = home.run("usage", "--json")
    found = json.loads(out)
    assert found["prices"] == {"input": 3.0, "cached": 0.3, "output": 15.0}
    assert found["total"]["cost"]["least"] == pytest.approx(0.0132)
    home.write("prices:\n  input: 3\n", file)
    code, _, err = home.run("usage")
    assert code == 2
    assert "prices: expected one price each for input, cached and output" in err


def test_vllms_own_count_stands_beside_the_table_and_in_no_sum(home):
    now = time.time()
    write(home, ask(now - 30), answer(now - 20))
    minute = int(now) // 60 * 60 - 120
    HistoryStore(home.folder / ".local" / "state" / "stormdeck" / "history.sqlite3").save(
        [(MINUTE_S, sample(minute, prompt_tokens_per_s=500.0, generation_tokens_per_s=20.0))], now
    )
    found = json.loads(home.run("usage", "--since", "10m", "--json")[1])["total"]
    assert (found["tokens_in"], found["tokens_out"]) == (10_000, 500)
    assert found["servers_counted"] == {"tokens_in": 30_000, "tokens_out": 1200, "watched_s": 60}
    out = " ".join(home.run("usage", "--since", "10m")[1].split())
    assert "vLLM itself counted 30k in and 1.2k out in the 1 min that a panel watched" in out
    assert "with retries and abandoned work" in out


def test_what_a_running_recorder_saw_fail_is_told_with_its_tokens(home):
    now = time.time()
    write(home, ask(now - 30), answer(now - 20))
    journal = Journal(home.folder / ".local" / "state" / "stormdeck" / "wire", "1")
    try:
        begun = Exchange("1", now - 30, Kind.MAIN, "s", "main", "k", turn="1", ended=now - 29)
        journal.note(replace(begun, outcome=Outcome.STATUS, status=500))
        journal.note(replace(begun, id="2", outcome=Outcome.CUT, input_tokens=2000, deltas=40))
        journal.note(replace(begun, id="3", outcome=Outcome.CLIENT_LEFT, input_tokens=3000, deltas=50))
        found = json.loads(home.run("usage", "--since", "10m", "--json")[1])
        out = " ".join(home.run("usage", "--since", "10m")[1].split())
    finally:
        journal.close()
    assert found["total"]["tokens_in"] == 10_000
    assert found["recorded"]["failed_attempts"] == {
        "requests": 2,
        "tokens_in": 2000,
        "tokens_out_at_least": 40,
        "requests_without_tokens": 1,
    }
    assert found["recorded"]["abandoned"]["tokens_in"] == 3000
    assert "2 failed attempts had cost at least 2.0k in and 40 out (1 without any report)" in out
    assert "1 abandoned request had cost at least 3.0k in and 50 out" in out
