"""Where the ports of containers are published, asked of the runtime where no command line shows it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fake_engine import FakeEngine
from stormdeck.model.snapshots.discovery import Contained, ServerProcess
from stormdeck.model.snapshots.server import ServerKind
from stormdeck.sources.discovery import published as module
from stormdeck.sources.discovery.published import with_published_ports
from stormdeck.sources.processes.containers import Container
from stormdeck.sources.processes.scan import Scan

PROCESS = ServerProcess(37, "vllm", ("vllm", "serve", "m"), 1, None, "", ServerKind.VLLM, has_own_network=True)
INNER = Contained(PROCESS, "container 000000000000", 8000, listens=False)


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeEngine]:
    fake = FakeEngine(tmp_path / "s")
    monkeypatch.setattr(module, "container_of", lambda pid: Container("docker", f"{1:064x}"[:12]))
    yield fake
    fake.stop()


def bound(*places: tuple[str, str]) -> dict[str, Any]:
    ports = {"8000/tcp": [{"HostIp": host, "HostPort": port} for host, port in places] or None}
    return {"NetworkSettings": {"Ports": ports, "Networks": {"bridge": {}}}}


def ask(engine: FakeEngine, one: Contained = INNER) -> Contained:
    environ = {"DOCKER_HOST": f"unix://{engine.path}", "CONTAINER_HOST": "unix:///nowhere"}
    (found,) = asyncio.run(with_published_ports(Scan(contained=(one,)), environ)).contained
    return found


@pytest.mark.parametrize(
    ("places", "url", "words"),
    [
        ((("127.0.0.1", "8001"),), "http://127.0.0.1:8001", "its port 8000 is published as 8001"),
        ((("0.0.0.0", "8001"), ("::", "8001")), "http://127.0.0.1:8001", "its port 8000 is published as 8001"),
        ((("192.168.1.5", "9001"),), "http://192.168.1.5:9001", "its port 8000 is published as 9001"),
        ((), None, "its port 8000 is not published"),
    ],
    ids=["loopback", "all addresses", "one address", "not published"],
)
def test_the_runtime_knows_the_port(
    engine: FakeEngine, places: tuple[tuple[str, str], ...], url: str | None, words: str
) -> None:
    engine.add("vllm", **bound(*places))
    found = ask(engine)
    assert (found.url, found.lists_ports, found.listens) == (url, True, False)
    assert found.where.endswith(words)


def test_a_server_with_tls_is_published_with_tls(engine: FakeEngine) -> None:
    engine.add("vllm", **bound(("127.0.0.1", "8001")))
    process = replace(PROCESS, command=(*PROCESS.command, "--ssl-certfile", "c.pem", "--ssl-keyfile", "k.pem"))
    assert ask(engine, replace(INNER, process=process)).url == "https://127.0.0.1:8001"


def test_what_the_runtime_does_not_know_or_does_not_answer_stays_unknown(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ask(engine) == INNER
    engine.fails["json"] = (403, "permission denied")
    assert ask(engine) == INNER
    monkeypatch.setattr(module, "PATIENCE_S", 0.05)
    engine.mute = True
    assert ask(engine) == INNER


def test_nothing_is_asked_where_the_ports_are_known(engine: FakeEngine) -> None:
    known = replace(INNER, lists_ports=True)
    assert ask(engine, known) == known
    assert not engine.asked
