"""Which processes are servers, where they listen and where they print to."""

import asyncio
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from servers import free_port
from stormdeck.model.logs.spec import JournalLog
from stormdeck.model.snapshots.server import ServerKind
from stormdeck.sources.processes import scan as processes
from stormdeck.sources.processes.command_line import kind_of, option, port_of
from stormdeck.sources.processes.containers import Container
from stormdeck.sources.processes.outputs import outputs_of
from stormdeck.sources.processes.scan import Scan, config_of, is_alive, scan_processes
from waiting import until

PY = "/opt/venv/bin/python3.11"


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        ("vllm serve Qwen/Qwen3", ServerKind.VLLM),
        (f"{PY} /opt/venv/bin/vllm serve q --port 8000", ServerKind.VLLM),
        (f"{PY} -u -m vllm.entrypoints.openai.api_server --model q", ServerKind.VLLM),
        (f"{PY} -m stormdeck.demo.vllm --port 1", ServerKind.VLLM),
        ("litellm --config c.yaml", ServerKind.LITELLM),
        (f"{PY} -W ignore /opt/venv/bin/litellm --port 4000", ServerKind.LITELLM),
        ("uvicorn litellm.proxy.proxy_server:app --port 4000", ServerKind.LITELLM),
        (f"{PY} -m stormdeck.demo.litellm", ServerKind.LITELLM),
        ("python start_proxy.py", ServerKind.CLAUDE_CODE_PROXY),
        ("/usr/bin/claude-code-proxy", ServerKind.CLAUDE_CODE_PROXY),
        ("node /usr/bin/ccr start", ServerKind.CLAUDE_CODE_ROUTER),
        ("node /lib/node_modules/@musistudio/claude-code-router/dist/cli.js start", ServerKind.CLAUDE_CODE_ROUTER),
        ("VLLM::EngineCore", None),
        ("vllm bench throughput", None),
        ("tail -f litellm.log", None),
        ("vim vllm serve", None),
        ("docker run vllm/vllm-openai", None),
        ("python -c vllm serve", None),
        ("python", None),
        ("", None),
    ],
)
def test_kind_of_a_command_line(command, kind):
    assert kind_of(command.split()) is kind


@pytest.mark.parametrize(
    ("command", "port"),
    [
        ("vllm serve q", 8000),
        ("vllm serve q --port 9000", 9000),
        ("vllm serve q --port=9000 --port 9001", 9001),
        ("vllm serve --config c.yaml", None),
        ("vllm serve q --port x", 8000),
        ("vllm serve q --port", 8000),
    ],
)
def test_port_of_a_command_line(command, port):
    assert port_of(command.split(), ServerKind.VLLM) == port


def test_an_option_in_either_form():
    assert option(["litellm", "--config", "a.yaml"], "--config", "-c") == "a.yaml"
    assert option(["litellm", "-c=b.yaml"], "--config", "-c") == "b.yaml"
    assert option(["litellm"], "--config") is None


SLEEPS = "import sys, time; print('up', file=sys.stderr); time.sleep(60)"


@pytest.fixture
def started():
    """Start a process, end it afterwards."""
    running = []

    def start(*command, **options):
        running.append(subprocess.Popen(command, **options))
        return running[-1]

    yield start
    for process in running:
        process.kill()
        with process:  # waits, and closes its pipes
            pass


def sleeper(started, **streams):
    return started(sys.executable, "-c", SLEEPS, **{"stdin": subprocess.DEVNULL, **streams}).pid


linux = pytest.mark.skipif(sys.platform != "linux", reason="/proc tells it")


@linux
def test_both_streams_in_one_file(started, tmp_path):
    log = tmp_path / "v.log"
    with log.open("w") as file:
        outputs = outputs_of(sleeper(started, stdout=file, stderr=file))
    assert (outputs.log, outputs.error_log, outputs.note) == (log, None, f"both to {log}")


@linux
def test_two_files_are_both_reported(started, tmp_path):
    out, err = tmp_path / "out", tmp_path / "err"
    with out.open("w") as one, err.open("w") as two:
        outputs = outputs_of(sleeper(started, stdout=one, stderr=two))
    assert (outputs.log, outputs.error_log) == (out, err)
    assert outputs.note == f"standard output to {out}, standard error to {err}"


@linux
def test_half_in_a_file(started, tmp_path):
    err = tmp_path / "err"
    with err.open("w") as file:
        outputs = outputs_of(sleeper(started, stdout=subprocess.DEVNULL, stderr=file))
    assert outputs.log == err
    assert outputs.note == f"standard output to /dev/null, standard error to {err}"


@linux
def test_a_terminal(started):
    ours, theirs = os.openpty()
    try:
        outputs = outputs_of(sleeper(started, stdout=theirs, stderr=theirs))
        assert (outputs.log, outputs.note) == (None, "to a terminal")
    finally:
        os.close(ours)
        os.close(theirs)


@linux
def test_a_pipe_into_tee_leads_to_its_file(started, tmp_path):
    log = tmp_path / "v.log"
    read, write = os.pipe()
    tee = started("tee", str(log), stdin=read, stdout=subprocess.DEVNULL)
    pid = sleeper(started, stdout=write, stderr=write)
    os.close(read)
    os.close(write)
    until(log.exists)
    assert outputs_of(pid).log == log
    assert "through tee" in outputs_of(pid).note
    assert tee.poll() is None


@linux
@pytest.mark.parametrize(
    ("target", "note"),
    [
        ("pipe:[99]", "to a pipe"),
        ("socket:[99]", "to a socket: the journal of systemd, or a container's log"),
        ("/tmp/gone.log (deleted)", "to /tmp/gone.log, which was deleted"),
        ("/nowhere/in/this/mount", "to /nowhere/in/this/mount, which is not a file on this machine"),
        (None, "nowhere: it is closed"),
    ],
)
def test_other_ends(tmp_path, target, note):
    folder = tmp_path / "12" / "fd"
    folder.mkdir(parents=True)
    if target is not None:
        for number in "12":
            (folder / number).symlink_to(target)
    outputs = outputs_of(12, tmp_path)
    assert (outputs.log, outputs.note) == (None, note)


LISTENS = """
import socket, sys
with socket.create_server(("127.0.0.1", int(sys.argv[-1]))):
    sys.stdin.read()
"""


@pytest.fixture
def fake(started, tmp_path):
    """Start a process that has the command line of a server, and listens once it is asked to."""

    def start(name, *arguments, listens=True, **options):
        script = tmp_path / name
        script.write_text(LISTENS if listens else "import sys; sys.stdin.read()")
        return started(sys.executable, str(script), *arguments, stdin=subprocess.PIPE, **options)

    return start


def test_a_server_is_found_with_its_port_log_and_masked_command(fake, tmp_path):
    port = free_port()
    log = tmp_path / "litellm.log"
    arguments = ["--config", "c.yaml", "--api-key", "sk-very-secret", "--port", str(port)]
    with log.open("w") as file:
        process = fake("litellm", *arguments, stdout=file, stderr=file, cwd=tmp_path)
    until(lambda: scan_processes().at(port) is not None)
    listener = scan_processes().at(port)
    assert listener.url == f"http://127.0.0.1:{port}"
    assert listener.process.pid == process.pid
    assert listener.process.kind is ServerKind.LITELLM
    assert "sk-very-secret" not in repr(listener)
    assert scan_processes(sockets_too=False).at(port) == listener
    assert listener.config == tmp_path / "c.yaml" == config_of(listener.process)
    assert listener.process.folder == str(tmp_path)
    assert (listener.process.unit, listener.process.container) == (None, "")
    if sys.platform == "linux":
        assert listener.process.log == log


@pytest.mark.parametrize(
    ("inside", "unit", "place"),
    [
        (None, JournalLog("litellm", user=True), ("", JournalLog("litellm", user=True))),
        (Container("docker", "8c84f0c3a1b2"), JournalLog("docker"), ("docker 8c84f0c3a1b2", None)),
        (Container("kubectl", "NAME"), None, ("kubectl", None)),
    ],
)
def test_a_server_has_the_unit_or_the_container_that_manages_it(fake, monkeypatch, inside, unit, place):
    monkeypatch.setattr(processes, "container_of", lambda pid: inside)
    monkeypatch.setattr(processes, "unit_of", lambda pid: unit)
    port = free_port()
    fake("litellm", "--port", str(port))
    listener = until(lambda: scan_processes().at(port))
    assert (listener.process.container, listener.process.unit) == place
    assert bool(listener.process.folder) is (inside is None)


def test_a_vllm_that_does_not_listen_yet_is_loading(fake):
    port = free_port()
    process = fake("vllm", "serve", "q", "--port", str(port), listens=False)
    until(lambda: any(one.port == port for one in scan_processes().loading))
    loading = next(one for one in scan_processes().loading if one.port == port)
    assert loading.process.pid == process.pid
    assert is_alive(loading.process)
    process.kill()
    process.wait()
    assert not is_alive(loading.process)


@pytest.mark.parametrize("option", [["--uds", "/run/vllm.sock"], ["--uds=/run/vllm.sock"], ["--headless"]])
def test_a_vllm_that_never_listens_on_a_port_is_not_loading(fake, option):
    process = fake("vllm", "serve", "q", *option, listens=False)
    until(lambda: any(one.pid == process.pid for one in scan_processes().portless))
    assert process.pid not in [one.process.pid for one in scan_processes().loading]


def test_what_may_not_be_read_is_a_note(monkeypatch):
    import psutil

    def denied(*_):
        raise psutil.AccessDenied

    monkeypatch.setattr(psutil, "net_connections", denied)
    monkeypatch.setattr(psutil, "process_iter", lambda: iter([Hidden()]))
    scan = scan_processes()
    assert scan.listeners == scan.loading == ()
    assert "cannot be read" in scan.notes[0]


class Hidden:
    pid = 1

    def cmdline(self):
        import psutil

        raise psutil.AccessDenied(1)


def test_without_a_server_who_listens_is_reported_only_on_request(monkeypatch):
    import psutil

    asked = []
    monkeypatch.setattr(psutil, "process_iter", lambda: iter(()))
    monkeypatch.setattr(psutil, "net_connections", lambda _: asked.append("tcp") or [])
    assert scan_processes(sockets_too=False) == scan_processes() == Scan()
    assert asked == ["tcp"]


@pytest.mark.parametrize(
    ("hidden", "note"),
    [
        (1, "1 listening port belongs to a process that this user may not see"),
        (2, "2 listening ports belong to processes that this user may not see"),
    ],
)
def test_ports_of_other_users_are_counted(monkeypatch, hidden, note):
    import psutil

    def socket(port):
        return SimpleNamespace(status=psutil.CONN_LISTEN, laddr=SimpleNamespace(ip="127.0.0.1", port=port), pid=None)

    monkeypatch.setattr(psutil, "process_iter", lambda: iter(()))
    monkeypatch.setattr(psutil, "net_connections", lambda _: [socket(9000 + each) for each in range(hidden)])
    assert scan_processes().notes == (note,)


def test_a_scan_may_run_in_a_thread():
    assert asyncio.run(asyncio.to_thread(scan_processes)) is not None


@pytest.mark.parametrize(
    ("ip", "reached"),
    [
        ("127.0.0.1", {"localhost", "127.0.0.1"}),
        ("0.0.0.0", {"localhost", "127.0.0.1"}),
        ("::1", {"localhost", "::1"}),
        ("::", {"localhost", "127.0.0.1", "::1"}),
        ("10.1.2.3", {"localhost"}),
    ],
)
def test_a_listener_takes_what_its_address_takes(ip, reached):
    listener = processes._listener(ip, 8000, None)
    assert {host for host in ("localhost", "127.0.0.1", "::1") if listener.takes(host)} == reached
