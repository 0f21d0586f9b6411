"""No program is run for a log that nobody named or agreed to; no name of a log becomes an option or a command."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from log_sources import following, program
from ssh_server import ssh_server
from stormdeck.model.logs.batch import LogState
from stormdeck.model.logs.spec import JournalLog, PodLog, RemoteLog, Runtime, parse_log
from stormdeck.model.snapshots.discovery import Found, ServerProcess
from stormdeck.model.snapshots.server import ServerKind
from stormdeck.sources.containers.facts import facts_of
from stormdeck.sources.discovery import log_places as module
from stormdeck.sources.discovery.log_places import log_places
from stormdeck.sources.logs.places.frames import FramedLines
from stormdeck.sources.logs.places.journal import journal_argv
from stormdeck.sources.logs.places.kubernetes import kubectl_argv
from stormdeck.sources.logs.places.ssh import ssh_argv


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


@pytest.mark.attack(
    "a server in a unit, and one behind kubectl port-forward", "its log is proposed, and no program is run"
)
def test_discovery_runs_nothing(programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = tmp_path / "ran"
    for name in ("journalctl", "kubectl", "ssh", "docker", "podman", "systemctl"):
        program(programs, name, f"#!/bin/sh\ntouch {ran}\n")
    monkeypatch.setattr(module, "unit_of", lambda pid: JournalLog("vllm"))
    process = ServerProcess(77, "vllm", ("vllm", "serve", "m"), 1, None, "", ServerKind.VLLM)
    kubectl = ServerProcess(5, "kubectl", ("kubectl", "port-forward", "-n", "a", "svc/b", "80"), 1, None, "")
    path = [
        Found("http://127.0.0.1:8000", ServerKind.VLLM, "x", process=process),
        Found("http://127.0.0.1:4000", ServerKind.LITELLM, "x", holder=kubectl, forwards=True),
    ]
    environ = {"DOCKER_HOST": "unix:///nowhere", "CONTAINER_HOST": "unix:///nowhere"}
    found = asyncio.run(log_places(path, (), environ))
    assert [one.is_proposed for one in found] == [True, True]
    assert not ran.exists()


HOSTILE = ["/a; touch {}", "/$(touch {})", "/`touch {}`", "/a' ; touch {} '", "/a\n touch {}", "/a | touch {}"]


@pytest.mark.attack("a path for ssh with a command in it", "it stays the name of a file on the other host")
@pytest.mark.parametrize("path", HOSTILE)
def test_a_path_is_no_command_for_the_other_hosts_shell(programs: Path, tmp_path: Path, path: str) -> None:
    ran = tmp_path / "ran"
    with (
        ssh_server(tmp_path, programs),
        following(RemoteLog("gpu-box", Path(path.format(ran)))) as seen,
    ):
        seen.says(LogState.WAITING, "No such file")
    assert not ran.exists()


@pytest.mark.attack("a host, unit, pod or container whose name begins like an option", "refused before anything is run")
@pytest.mark.parametrize(
    "name",
    [
        "ssh:-oProxyCommand=touch x:/a",
        "ssh:me@-oProxyCommand=x:/a",
        "journal:--file=/etc/shadow",
        "journal:user:-x",
        "k8s:prod/--kubeconfig=x",
        "k8s:-n/vllm",
        "docker:--help",
        "docker:../../images/json",
        "ssh:gpu:docker:--help",
    ],
)
def test_a_name_is_no_option(name: str) -> None:
    with pytest.raises(ValueError, match=r"expected|is no"):
        parse_log(name)


@pytest.mark.attack(
    "the command lines of all places", "options end before what the user named, or it is part of one word"
)
def test_what_the_user_named_stays_one_word() -> None:
    assert journal_argv(JournalLog("a.b"), 0.0, follow=True)[0:1] == ["journalctl"]
    assert "--unit=a.b" in journal_argv(JournalLog("a.b"), 0.0, follow=True)
    pod = parse_log("k8s:ctx/ns/deploy/a")
    assert isinstance(pod, PodLog)
    assert kubectl_argv(pod, 0.0, follow=True)[-1] == "deploy/a"
    argv = ssh_argv("gpu-box", ["tail", "-F", "/a b"])
    assert argv[argv.index("--") + 1 :] == ["gpu-box", "tail -F '/a b'"]


HOSTILE_ANSWERS = [
    {},
    {"Id": 5, "Name": [], "State": [], "Config": "x", "NetworkSettings": None, "RestartCount": "many"},
    {"Id": "a", "Name": "/\x1b[31mred", "Config": {"Labels": {"com.docker.compose.service": "\x1b]0;x\x07"}}},
    {
        "Id": "a",
        "NetworkSettings": {"Ports": {"x/tcp": [{}], "80/tcp": "no", "1/tcp": [None, {"HostPort": "99999999"}]}},
    },
    {"Id": "a", "Path": 5, "Args": [None, {}], "State": {"StartedAt": "9999999-01-01", "ExitCode": None}},
    {"Id": "a", "Args": ["--api-key", "sk-secret-key-123456789"], "Path": "vllm"},
]


@pytest.mark.attack("a container with hostile names, types and secrets in its command", "text, left out, masked")
@pytest.mark.parametrize("answer", HOSTILE_ANSWERS, ids=range(len(HOSTILE_ANSWERS)))
def test_an_answer_of_any_shape_is_text(answer: dict[str, object]) -> None:
    text = repr(facts_of(Runtime.DOCKER, answer))
    assert "\x1b" not in text
    assert "\\x1b" not in text
    assert "sk-secret-key" not in text


@pytest.mark.attack("a log stream whose frames name 4 GiB, or are garbage", "read on in pieces, and shown as text")
def test_a_frame_of_any_size_is_never_held_whole() -> None:
    lines = FramedLines()
    assert list(lines.feed(b"\x01\0\0\0\xff\xff\xff\xff2026-11-30T00:00:00Z one\n" + b"x" * 200_000)) != []
    for _ in range(100):
        assert list(lines.feed(b"y" * 100_000)) == []
    garbage = FramedLines()
    assert [line.text for line in garbage.feed(b"no frame\nat all\n")] == ["no frame", "at all"]
