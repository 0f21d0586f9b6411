"""The containers of the servers on the path are found by process, published port, compose project and network."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fake_engine import FakeEngine
from stormdeck.model.logs.spec import ContainerLog, JournalLog, Runtime
from stormdeck.model.snapshots.discovery import Found, LogPlace, ServerProcess
from stormdeck.model.snapshots.server import ServerKind
from stormdeck.sources.discovery import log_places as module
from stormdeck.sources.discovery.log_files import followed
from stormdeck.sources.discovery.log_places import log_places
from stormdeck.sources.processes.containers import Container

LITELLM = Found("http://127.0.0.1:4000", ServerKind.LITELLM, "answers on port 4000")
VLLM = Found("http://127.0.0.1:8001", ServerKind.VLLM, "answers on port 8001")
PUBLISHED = {"Path": "litellm", "Args": ["--port", "4000"]}


def published(port: int, inner: int = 4000) -> dict[str, Any]:
    ports = {f"{inner}/tcp": [{"HostIp": "0.0.0.0", "HostPort": str(port)}]}
    return {"NetworkSettings": {"Ports": ports, "Networks": {"stack_default": {}}}}


def labels(service: str, project: str = "stack") -> dict[str, str]:
    return {"com.docker.compose.project": project, "com.docker.compose.service": service}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[FakeEngine]:
    fake = FakeEngine(tmp_path / "s")
    yield fake
    fake.stop()


def places(engine: FakeEngine, *path: Found) -> tuple[LogPlace, ...]:
    environ = {"DOCKER_HOST": f"unix://{engine.path}", "CONTAINER_HOST": "unix:///nowhere"}
    return asyncio.run(log_places(path, (), environ))


def names(found: tuple[LogPlace, ...]) -> list[tuple[str, str]]:
    return [(str(one.log), one.url) for one in found]


def process(pid: int, log: Path | None = None) -> ServerProcess:
    return ServerProcess(pid, "vllm", ("vllm", "serve", "m"), 1, log, "", ServerKind.VLLM)


def test_a_published_port_names_its_container(engine: FakeEngine) -> None:
    engine.add("other", **published(9000))
    engine.add("stack_vllm_1", **published(8001, 8000))
    [one] = places(engine, VLLM)
    assert (one.log, one.url, one.kind) == (ContainerLog(Runtime.DOCKER, "stack_vllm_1"), VLLM.url, ServerKind.VLLM)
    assert one.command == ("vllm", "serve", "Qwen3.5-27B")
    assert one.container is not None
    assert one.container.ports[0].port == 8001
    assert not one.container.endpoint


def test_a_container_of_one_of_several_runtimes_keeps_which(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sockets = [tmp_path / "r" / "docker.sock", tmp_path / "h" / ".rd" / "docker.sock"]
    for socket in sockets:
        socket.parent.mkdir(parents=True)
    engines = [FakeEngine(socket) for socket in sockets]
    monkeypatch.setenv("HOME", str(tmp_path / "h"))
    environ = {"XDG_RUNTIME_DIR": str(tmp_path / "r"), "CONTAINER_HOST": "unix:///nowhere"}
    try:
        engines[1].add("vllm", **published(8001, 8000))
        [one] = asyncio.run(log_places([VLLM], (), environ))
    finally:
        for engine in engines:
            engine.stop()
    assert one.container is not None
    assert one.container.endpoint == f"unix://{sockets[1]}"


def test_a_command_that_starts_a_shell_is_not_the_servers(engine: FakeEngine) -> None:
    engine.add("vllm", Path="sh", Args=["-c", "exec vllm serve m"], **published(8001, 8000))
    [one] = places(engine, VLLM)
    assert one.command == ()


def test_a_vllm_behind_a_proxy_in_a_container_is_found_by_its_project(engine: FakeEngine) -> None:
    engine.add("stack_litellm_1", labels=labels("litellm"), **PUBLISHED, **published(4000))
    engine.add("stack_vllm_1", labels=labels("vllm"))
    alien = {"NetworkSettings": {"Ports": {}, "Networks": {"other_default": {}}}}
    engine.add("other_vllm_1", labels=labels("vllm", "other"), **alien)
    assert names(places(engine, LITELLM)) == [("docker:stack_litellm_1", LITELLM.url), ("docker:stack_vllm_1", "")]


def test_the_network_of_all_containers_joins_none(engine: FakeEngine) -> None:
    shared = {"Networks": {"bridge": {}}}
    ports = published(4000)["NetworkSettings"]["Ports"]
    engine.add("litellm", **PUBLISHED, NetworkSettings={"Ports": ports, **shared})
    engine.add("vllm", NetworkSettings={"Ports": {}, **shared})
    assert names(places(engine, LITELLM)) == [("docker:litellm", LITELLM.url)]


def test_a_vllm_that_was_found_is_the_one_behind(engine: FakeEngine) -> None:
    engine.add("stack_litellm_1", labels=labels("litellm"), **PUBLISHED, **published(4000))
    engine.add("stack_vllm_1", labels=labels("vllm"))
    assert names(places(engine, LITELLM, VLLM)) == [("docker:stack_litellm_1", LITELLM.url)]


def test_a_process_names_its_container(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    vllm = engine.add("vllm", Path="sh", Args=["start.sh"], Config={"Image": "own", "Labels": {}})
    inside = Container("docker", vllm.id[:12])
    monkeypatch.setattr(module, "container_of", lambda pid: inside if pid == 77 else None)
    on_host = Found("http://127.0.0.1:8000", ServerKind.VLLM, "x", process=process(77))
    assert names(places(engine, on_host)) == [("docker:vllm", on_host.url)]


def test_a_process_of_this_machine_is_in_no_container_that_publishes_its_port(engine: FakeEngine) -> None:
    engine.add("vllm", **published(8001, 8000))
    assert places(engine, Found(VLLM.url, ServerKind.VLLM, "x", process=process(1))) == ()


def test_a_server_with_a_file_or_elsewhere_asks_no_runtime(engine: FakeEngine, tmp_path: Path) -> None:
    filed = Found(VLLM.url, ServerKind.VLLM, "x", process=process(1, tmp_path / "vllm.log"))
    assert places(engine, filed, Found("http://gpu-box:8000", ServerKind.VLLM, "--vllm")) == ()
    assert not engine.asked


def test_a_runtime_that_does_not_answer_holds_up_no_search(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 0.05)
    engine.mute = True
    assert places(engine, VLLM) == ()


def test_its_log_is_followed_and_needs_no_advice(engine: FakeEngine) -> None:
    engine.add("stack_litellm_1", labels=labels("litellm"), **PUBLISHED, **published(4000))
    engine.add("stack_vllm_1", labels=labels("vllm"))
    found = places(engine, LITELLM)
    assert followed((LITELLM,), (), places=found) == (tuple(one.log for one in found), ())


def test_a_unit_is_proposed_until_the_user_agrees(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    unit = JournalLog("vllm")
    monkeypatch.setattr(module, "unit_of", lambda pid: unit if pid == 77 else None)
    server = Found("http://127.0.0.1:8000", ServerKind.VLLM, "x", process=process(77))
    [one] = places(engine, server)
    assert (one.log, one.is_proposed) == (unit, True)
    logs, [note] = followed((server,), (), places=(one,))
    assert (logs, "start with --log journal:vllm" in note) == ((), True)
    environ = {"DOCKER_HOST": f"unix://{engine.path}", "CONTAINER_HOST": "unix:///nowhere"}
    [agreed] = asyncio.run(log_places((server,), (), environ, agreed={unit}))
    assert followed((server,), (), places=(agreed,)) == ((unit,), ())


def test_the_pod_behind_a_port_forward_is_proposed(engine: FakeEngine) -> None:
    command = ("kubectl", "port-forward", "-n", "prod", "svc/vllm", "8000:8000")
    kubectl = ServerProcess(5, "kubectl", command, 1, None, "")
    server = Found("http://127.0.0.1:8000", ServerKind.VLLM, "x", holder=kubectl, forwards=True)
    [one] = places(engine, server)
    assert (str(one.log), one.is_proposed) == ("k8s:prod/service/vllm", True)
