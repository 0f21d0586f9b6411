"""The log of a container is followed through everything that its runtime does; each line is delivered once."""

from __future__ import annotations

import os
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fake_engine import FakeEngine
from log_sources import Seen
from stormdeck.model.logs.batch import LogBatch, LogState
from stormdeck.model.logs.spec import ContainerLog, Runtime
from stormdeck.model.snapshots.containers import ContainerState
from stormdeck.sources.containers import engine_api
from stormdeck.sources.logs.places import container as module
from stormdeck.sources.logs.places import source
from stormdeck.sources.logs.places.container import ContainerSource
from stormdeck.sources.logs.places.source import Receiver
from waiting import until

COMPOSE = {"com.docker.compose.project": "stack", "com.docker.compose.service": "vllm"}


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeEngine]:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/s")
    monkeypatch.setattr(source, "FIRST_WAIT_S", 0.01)
    monkeypatch.setattr(ContainerSource, "longest_wait_s", 0.05)
    monkeypatch.setattr(source, "SETTLED_S", 0.05)
    monkeypatch.setattr(module, "FACTS_S", 0.02)
    fake = FakeEngine(tmp_path / "s")
    yield fake
    fake.stop()


@pytest.fixture
def follow(engine: FakeEngine) -> Iterator[Callable[..., Seen]]:
    running: list[ContainerSource] = []

    def start(name: str = "vllm") -> Seen:
        seen = Seen()
        to = Receiver(seen.batches.append, seen.statuses.append, seen.facts.append)
        one = ContainerSource(ContainerLog(Runtime.DOCKER, name), to)
        running.append(one)
        one.start()
        return seen

    yield start
    for one in running:
        one.stop()
    names = {f"follow {one.name}" for one in running}
    until(lambda: not any(thread.name in names for thread in threading.enumerate()), "a thread is left")


def test_both_streams_come_with_their_times(engine: FakeEngine, follow: Callable[..., Seen]) -> None:
    vllm = engine.add("vllm")
    seen = follow()
    seen.says(LogState.FOLLOWING)
    began = time.time()
    vllm.write("one\n", t=began)
    vllm.write("two\n", stream=2, t=began + 0.25)
    seen.awaits("one", "two")
    times = [t for batch in seen.batches for t in batch.times]
    assert times == [pytest.approx(began, abs=1e-6), pytest.approx(began + 0.25, abs=1e-6)]
    assert {batch.log for batch in seen.batches} == {"docker:vllm"}
    assert not seen.past


def test_the_last_hour_is_history(engine: FakeEngine, follow: Callable[..., Seen]) -> None:
    vllm, now = engine.add("vllm"), time.time()
    for age, text in ((7200, "yesterday\n"), (1800, "half an hour ago\n"), (5, "just now\n")):
        vllm.write(text, t=now - age)
    seen = follow()
    seen.awaits("half an hour ago", "just now")
    assert seen.past == seen.lines
    assert seen.batches[0].times[0] == pytest.approx(now - 1800, abs=1e-6)
    vllm.write("live\n")
    seen.awaits("half an hour ago", "just now", "live")
    assert seen.past == ["half an hour ago", "just now"]


def test_the_history_is_bounded_by_its_size(engine: FakeEngine, follow: Callable[..., Seen]) -> None:
    vllm, now = engine.add("vllm"), time.time()
    for number in range(300):
        vllm.write(f"{number} {'x' * 8000}\n", t=now - 300 + number / 2)
    seen = follow()
    until(lambda: seen.lines)
    assert sum(map(len, seen.lines)) <= 1024 * 1024
    assert seen.lines[-1].startswith("299 ")


def test_a_long_line_of_several_messages_is_one_line(engine: FakeEngine, follow: Callable[..., Seen]) -> None:
    vllm = engine.add("vllm")
    seen = follow()
    seen.says(LogState.FOLLOWING)
    t = time.time()
    vllm.write("a" * 16384, t=t)
    vllm.write("err\n", stream=2, t=t + 0.1)
    vllm.write("b" * 100 + "\n", t=t + 0.2)
    vllm.write("next\n", t=t + 0.3)
    seen.awaits("err", "a" * 16384 + "b" * 100, "next")
    times = [one for batch in seen.batches for one in batch.times]
    assert times == [pytest.approx(t + late, abs=1e-6) for late in (0.1, 0.0, 0.3)]


def test_a_terminal_has_no_frames(engine: FakeEngine, follow: Callable[..., Seen]) -> None:
    vllm = engine.add("vllm", tty=True)
    seen = follow()
    seen.says(LogState.FOLLOWING)
    t = time.time()
    vllm.write("\x1b[32mINFO\x1b[0m one\r\n", t=t)
    vllm.write("two\r\n", t=t + 1)
    seen.awaits("\x1b[32mINFO\x1b[0m one", "two")
    assert [one for batch in seen.batches for one in batch.times] == [pytest.approx(t), pytest.approx(t + 1)]


def test_a_restart_loses_and_repeats_nothing(engine: FakeEngine, follow: Callable[..., Seen]) -> None:
    vllm = engine.add("vllm")
    seen = follow()
    seen.says(LogState.FOLLOWING)
    t = time.time()
    for number in range(4):
        vllm.write(f"{number}\n", t=t)
        vllm.write(f"{number}\n", t=t)
    until(lambda: len(seen.lines) == 8)
    vllm.running, vllm.state = False, {"ExitCode": 143}
    seen.says(LogState.WAITING, "exited with code 143: it was stopped (SIGTERM)")
    vllm.write("late\n", t=t)
    vllm.write("again\n", t=t + 0.5)
    vllm.running, vllm.state = True, {}
    seen.says(LogState.FOLLOWING)
    seen.awaits("0", "0", "1", "1", "2", "2", "3", "3", "late", "again")
    assert not seen.past


def test_a_new_container_of_the_name_is_followed_from_its_first_line(
    engine: FakeEngine, follow: Callable[..., Seen]
) -> None:
    first = engine.add("vllm")
    seen = follow()
    seen.says(LogState.FOLLOWING)
    first.write("old\n")
    seen.awaits("old")
    engine.remove(first)
    seen.says(LogState.WAITING, "was removed")
    assert seen.facts[-1].ending == "was removed"
    engine.add("vllm").write("new\n")
    seen.awaits("old", "new")
    assert [facts.id for facts in seen.facts[-1:]] == [engine.containers[-1].id]


def test_a_container_is_followed_by_its_compose_service(engine: FakeEngine, follow: Callable[..., Seen]) -> None:
    first = engine.add("stack_vllm_1", labels=COMPOSE)
    by_service, by_both, by_name = follow("vllm"), follow("stack/vllm"), follow("stack_vllm_1")
    for seen in (by_service, by_both, by_name):
        seen.says(LogState.FOLLOWING)
    engine.remove(first)
    engine.add("stack-vllm-1", labels=COMPOSE).write("new\n")
    for seen in (by_service, by_both, by_name):
        seen.awaits("new")


def test_several_containers_of_a_service_are_named(engine: FakeEngine, follow: Callable[..., Seen]) -> None:
    engine.add("stack_vllm_1", labels=COMPOSE)
    engine.add("stack_vllm_2", labels=COMPOSE)
    follow("vllm").says(LogState.FAILED, "2 containers of service vllm run: name one of stack_vllm_1, stack_vllm_2")


def test_a_container_that_is_not_there_yet_is_awaited(engine: FakeEngine, follow: Callable[..., Seen]) -> None:
    seen = follow()
    seen.says(LogState.WAITING, "does not exist; it is followed once it is there")
    engine.add("vllm").write("first\n")
    seen.awaits("first")
    assert not seen.past


def test_an_exited_container_gives_its_last_lines_and_its_reason(
    engine: FakeEngine, follow: Callable[..., Seen]
) -> None:
    vllm = engine.add("vllm")
    vllm.write("the last words\n", t=time.time() - 60)
    vllm.running, vllm.state = False, {"ExitCode": 137, "OOMKilled": True}
    seen = follow()
    seen.awaits("the last words")
    seen.says(LogState.WAITING, "exited with code 137: a process in it was killed because its memory limit")
    assert (seen.facts[-1].oom_killed, seen.facts[-1].state) == (True, ContainerState.EXITED)
    opened = sum("/logs" in path for path in engine.asked)
    until(lambda: sum("/logs" in path for path in engine.asked) > opened)
    assert seen.lines == ["the last words"]


def test_health_and_restarts_arrive_while_it_runs(engine: FakeEngine, follow: Callable[..., Seen]) -> None:
    vllm = engine.add("vllm")
    seen = follow()
    seen.says(LogState.FOLLOWING)
    vllm.state, vllm.more = {"Health": {"Status": "unhealthy"}}, {"RestartCount": 7}
    until(lambda: (seen.facts[-1].health, seen.facts[-1].restarts) == ("unhealthy", 7))


@pytest.mark.parametrize(
    ("status", "message", "words"),
    [
        (409, "can not get logs from container which is dead or marked for removal", "marked for removal"),
        (501, "configured logging driver does not support reading", "does not support reading"),
        (500, "", "no reason given"),
    ],
)
def test_a_refused_log_says_why_and_is_tried_again(
    engine: FakeEngine, follow: Callable[..., Seen], status: int, message: str, words: str
) -> None:
    vllm = engine.add("vllm")
    engine.fails["/logs"] = (status, message)
    seen = follow()
    seen.says(LogState.FAILED, words)
    engine.fails.clear()
    vllm.write("well\n")
    seen.awaits("well")
    seen.says(LogState.FOLLOWING)


def test_a_stream_cut_in_a_frame_is_read_on(engine: FakeEngine, follow: Callable[..., Seen]) -> None:
    vllm, t = engine.add("vllm"), time.time()
    engine.cut_after = 2
    for number in range(5):
        vllm.write(f"line {number}\n", t=t + number / 1000)
    seen = follow()
    until(lambda: len(seen.lines) >= 2)
    until(lambda: sum("/logs" in path for path in engine.asked) > 2)
    engine.cut_after = None
    until(lambda: "line 4" in seen.lines)
    whole = [line for line in seen.lines if line in {f"line {number}" for number in range(5)}]
    assert whole == [f"line {number}" for number in range(5)]


def test_an_api_that_never_answers_is_named(
    engine: FakeEngine, follow: Callable[..., Seen], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_api, "DEADLINE_S", 0.05)
    engine.mute = True
    vllm = engine.add("vllm")
    seen = follow()
    seen.says(LogState.FAILED, "does not answer within")
    engine.mute = False
    monkeypatch.setattr(engine_api, "DEADLINE_S", 5.0)
    vllm.write("awake\n")
    seen.awaits("awake")


def test_an_api_that_hangs_later_is_named_and_the_log_goes_on(
    engine: FakeEngine, follow: Callable[..., Seen], monkeypatch: pytest.MonkeyPatch
) -> None:
    vllm = engine.add("vllm")
    seen = follow()
    seen.says(LogState.FOLLOWING)
    engine.fails["/json"] = (500, "the daemon is busy")
    seen.says(LogState.FOLLOWING, "the daemon is busy")
    vllm.write("still here\n")
    seen.awaits("still here")
    engine.fails.clear()
    until(lambda: not seen.statuses[-1].detail)


def test_a_socket_that_may_not_be_used_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: FakeEngine, follow: Callable[..., Seen]
) -> None:
    if os.getuid() == 0:

        def refused(*_: object, **__: object) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr("httpcore._backends.anyio.anyio.connect_unix", refused)
    else:
        (tmp_path / "s").chmod(stat.S_IRUSR)
    follow().says(LogState.NO_PERMISSION, "may not be used by this user; join the group docker")


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("unix:///nowhere/docker.sock", "does not run: there is no such socket"),
        ("ssh://me@gpu-box", "name the log ssh:me@gpu-box:docker:NAME"),
        ("fd://3", "neither unix://, tcp:// nor ssh://"),
        ("tcp://127.0.0.1:1", "does not run: its socket refuses connections"),
    ],
)
def test_a_docker_host_that_cannot_be_used_says_why(
    monkeypatch: pytest.MonkeyPatch, engine: FakeEngine, follow: Callable[..., Seen], host: str, words: str
) -> None:
    monkeypatch.setenv("DOCKER_HOST", host)
    seen = follow()
    until(lambda: seen.statuses)
    assert words in seen.statuses[-1].detail


def test_a_slow_receiver_stops_only_its_own_source(engine: FakeEngine, follow: Callable[..., Seen]) -> None:
    vllm, free = engine.add("vllm"), threading.Event()
    taken: list[LogBatch] = []

    def slow(batch: LogBatch) -> None:
        free.wait(30)
        taken.append(batch)

    one = ContainerSource(ContainerLog(Runtime.DOCKER, "vllm"), Receiver(slow, lambda _: None))
    one.start()
    other = follow()
    other.says(LogState.FOLLOWING)
    for number in range(50):
        vllm.write(f"{number}\n")
    until(lambda: len(other.lines) == 50)
    one.stop()
    free.set()
