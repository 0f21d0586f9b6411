"""``watch``, ``analyze`` and ``status`` read a container's log by its name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fake_engine import FakeEngine
from waiting import until

STORM = (500, 500, 500, 200)
AGES = (20.0, 19.4, 18.2, 15.9)


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeEngine]:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/s")
    fake = FakeEngine(tmp_path / "s")
    yield fake
    fake.stop()


def storm(engine: FakeEngine) -> None:
    vllm, now = engine.add("vllm"), time.time()
    for status, age in zip(STORM, AGES, strict=True):
        vllm.write(f'INFO:     10.0.0.2:5000 - "POST /v1/messages HTTP/1.1" {status} X\n', t=now - age)


def test_analyze_dates_the_storm_by_the_runtimes_times(home, engine: FakeEngine) -> None:
    storm(engine)
    code, out, err = home.run("analyze", "docker:vllm", "--json")
    report = json.loads(out)
    assert (code, err, report["retries"], report["turns"]) == (0, "", 3, 1)
    [found] = report["storms"]
    assert found["ended"] - found["started"] == pytest.approx(AGES[0] - AGES[-1], abs=0.01)


def test_analyze_names_a_container_that_is_not_there(home, engine: FakeEngine) -> None:
    code, _, err = home.run("analyze", "docker:nothing")
    assert (code, "docker:nothing: the container does not exist" in err) == (2, True)


@pytest.mark.parametrize("command", ["analyze", "watch"])
def test_a_wrong_name_is_refused(home, command: str) -> None:
    code, _, err = home.run(command, "dokcer:vllm")
    assert (code, "did you mean docker:vllm?" in err) == (2, True)


def test_status_counts_the_last_minutes(home, engine: FakeEngine) -> None:
    storm(engine)
    _, out, err = home.run("status", "--no-gpu", "--json", "--log", "docker:vllm")
    assert "docker:vllm" not in err
    assert json.loads(out)["requests"]["per_minute"] == 4.0


def test_status_names_a_log_that_cannot_be_read(home, engine: FakeEngine) -> None:
    _, _, err = home.run("status", "--no-gpu", "--log", "docker:nothing", "--log", "-")
    assert "docker:nothing: the container does not exist; it is followed once it is there." in err
    assert "Standard input is read by the panel, watch and analyze only." in err


def test_watch_follows_a_container(engine: FakeEngine, tmp_path: Path) -> None:
    vllm = engine.add("vllm")
    out = tmp_path / "out"
    command = [sys.executable, "-m", "stormdeck", "watch", "docker:vllm", "--json", "--home", str(tmp_path)]
    with out.open("wb") as file:
        watch = subprocess.Popen(command, stdout=file, env={**os.environ, "STORMDECK_HOME": ""}, cwd=tmp_path)
    try:
        until(lambda: '"following"' in out.read_text())
        now = time.time()
        for number, late in enumerate((0.0, 0.6, 1.8)):
            line = f'INFO:     10.0.0.2:5000 - "POST /v1/messages HTTP/1.1" 500 X {number}\n'
            vllm.write(line.replace(f" X {number}", " X"), t=now + late)
        until(lambda: "storm_started" in out.read_text(), out.read_text)
    finally:
        watch.terminate()
        assert watch.wait(30) == 0
    events = [json.loads(line) for line in out.read_text().splitlines()]
    assert events[0]["path"] == "docker:vllm"
    assert next(one for one in events if one["event"] == "storm_started")["storm"]["log"] == "docker:vllm"
