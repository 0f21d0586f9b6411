"""Notes about a server's log if another program or a container is in between."""

import pytest

from stormdeck.model.snapshots.discovery import Found, ServerProcess
from stormdeck.model.snapshots.server import ServerKind
from stormdeck.sources.discovery import log_files as following
from stormdeck.sources.discovery.log_files import followed
from stormdeck.sources.processes.containers import Container, container_of
from stormdeck.sources.processes.forwarders import is_forwarder

URL = "http://127.0.0.1:8000"
ID = "8c84f0c3a1b2" + "0" * 52


def process(name="vllm", command=("vllm", "serve", "q"), kind=ServerKind.VLLM, pid=37):
    return ServerProcess(pid, name, command, 1, None, "to a pipe" if kind else "", kind)


def note_of(found):
    (note,) = followed([found], ())[1]
    return note


@pytest.mark.parametrize(
    ("name", "command", "known"),
    [
        ("ssh", ("ssh", "-L", "8000:a:8000", "b"), True),
        ("sshd", ("sshd: dev@pts/0",), True),
        ("docker-proxy", ("/usr/bin/docker-proxy", "-proto", "tcp"), True),
        ("nginx", ("nginx: worker process",), True),
        ("com.docker.backe", ("/Applications/Docker.app/com.docker.backend",), True),
        ("systemd-socket-", ("/lib/systemd/systemd-socket-proxyd",), True),
        ("python3", ("python3", "forward.py"), False),
        ("node", ("node", "ssh.js"), False),
        ("serve", ("",), False),
        ("serve", (), False),
    ],
)
def test_forwarders_are_known_by_name(name, command, known):
    assert is_forwarder(process(name, command, None)) is known


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ssh", "Port 8000 is held by ssh (pid 37), which passes it on: give the log of vLLM with --log FILE."),
        ("docker-proxy", "`docker logs -f NAME > FILE 2>&1 &` and name it: --log FILE."),
        ("conmon", "`podman logs -f NAME > FILE 2>&1 &` and name it: --log FILE."),
    ],
)
def test_a_forwarder_s_own_output_is_no_log_of_the_server(name, words):
    note = note_of(Found(URL, ServerKind.VLLM, "", None, process(name, (name,), None), forwards=True))
    assert note.endswith(words)
    assert "start it with" not in note


@pytest.mark.parametrize(
    ("group", "container"),
    [
        (f"0::/system.slice/docker-{ID}.scope", Container("docker", ID[:12])),
        (f"12:pids:/docker/{ID}\n1:name=systemd:/docker/{ID}", Container("docker", ID[:12])),
        (f"0::/user.slice/user-1000.slice/libpod-{ID}.scope/container", Container("podman", ID[:12])),
        (f"0::/kubepods.slice/kubepods-burstable.slice/cri-containerd-{ID}.scope", Container("kubectl", "NAME")),
        ("0::/user.slice/user-1000.slice/session-3.scope", None),
        ("0::/docker", Container("docker", "NAME")),
        ("0::/own", None),
        (None, None),
    ],
)
def test_a_container_is_known_by_its_control_group(tmp_path, group, container):
    for pid, text in (("self", "0::/own"), ("37", group)):
        if text is not None:
            (tmp_path / pid).mkdir()
            (tmp_path / pid / "cgroup").write_text(text)
    assert container_of(37, tmp_path) == container


def test_a_container_s_pipe_leads_to_its_runtime(monkeypatch):
    monkeypatch.setattr(following, "container_of", lambda pid: Container("docker", "8c84f0c3a1b2"))
    note = note_of(Found(URL, ServerKind.VLLM, "", process()))
    assert "`docker logs -f 8c84f0c3a1b2 > vllm.log 2>&1 &`" in note
    assert ">> vllm.log" not in note
