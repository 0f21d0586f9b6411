"""What macOS does differently, imitated: no /proc, sockets of other users for root alone, other places for files."""

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from stormdeck import paths
from stormdeck.model.snapshots.client_state import Login
from stormdeck.model.snapshots.server import ServerKind
from stormdeck.sources.client.state import read_client_state
from stormdeck.sources.io import atomic_write
from stormdeck.sources.processes import scan
from stormdeck.sources.processes.containers import container_of
from stormdeck.sources.processes.outputs import outputs_of
from stormdeck.sources.settings.write import Written, write_settings

NO_PROC = Path("/no/proc")


@pytest.fixture
def macos(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")


def with_files(monkeypatch, files):
    """Let psutil list these files by descriptor, or raise what is given."""

    def open_files(_self):
        if isinstance(files, Exception):
            raise files
        return [SimpleNamespace(fd=fd, path=path) for fd, path in files.items()]

    monkeypatch.setattr(psutil.Process, "open_files", open_files)


@pytest.mark.parametrize(
    ("files", "log", "error_log", "note"),
    [
        ({1: "/l/out", 2: "/l/err", 7: "/l/db"}, "/l/out", "/l/err", "standard output to /l/out"),
        ({1: "/l/vllm.log", 2: "/l/vllm.log"}, "/l/vllm.log", None, "both to /l/vllm.log"),
        ({2: "/l/err"}, "/l/err", None, "standard output unknown: not to a file that this system lists"),
        ({5: "/l/db"}, None, None, "unknown: not to a file that this system lists"),
        (psutil.AccessDenied(1), None, None, "unknown: the process belongs to another user"),
        (psutil.NoSuchProcess(1), None, None, "unknown: not to a file that this system lists"),
    ],
)
def test_the_logs_of_a_process_are_found_without_proc(monkeypatch, files, log, error_log, note):
    with_files(monkeypatch, files)
    outputs = outputs_of(os.getpid(), NO_PROC)
    assert [str(path) if path else None for path in (outputs.log, outputs.error_log)] == [log, error_log]
    assert outputs.note.startswith(note)


def test_psutil_finds_the_log_of_a_real_process(tmp_path):
    log = tmp_path / "vllm.log"
    with log.open("w") as file:
        kept = os.dup(1)
        os.dup2(file.fileno(), 1)
        try:
            outputs = outputs_of(os.getpid(), NO_PROC)
        finally:
            os.dup2(kept, 1)
            os.close(kept)
    assert log in {outputs.log, outputs.error_log}


class Process:
    """One process, as psutil gives it; without a port it belongs to another user."""

    name = lambda _self: "vllm"  # noqa: E731
    ppid = lambda _self: 1  # noqa: E731
    create_time = lambda _self: 1000.0  # noqa: E731

    def __init__(self, pid, argv, port=None):
        self.pid, self._argv, self._port = pid, argv, port

    def cmdline(self):
        return list(self._argv)

    def oneshot(self):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        return None

    def net_connections(self, kind):
        assert kind == "tcp"
        if self._port is None:
            raise psutil.AccessDenied(self.pid)
        at = SimpleNamespace(ip="127.0.0.1", port=self._port)
        return [SimpleNamespace(status=psutil.CONN_LISTEN, laddr=at), SimpleNamespace(status="NONE", laddr=())]


def denied(_kind):
    raise psutil.AccessDenied


@pytest.mark.usefixtures("macos")
def test_own_servers_are_found_where_only_root_may_list_all_sockets(monkeypatch):
    own, other = Process(11, ["vllm", "serve", "m", "--port", "8010"], 8010), Process(12, ["nginx"])
    monkeypatch.setattr(psutil, "net_connections", denied)
    monkeypatch.setattr(psutil, "process_iter", lambda: iter([own, other]))
    monkeypatch.setattr(scan, "outputs_of", lambda pid: outputs_of(pid, NO_PROC))
    found = scan.scan_processes()
    assert [(one.url, one.process.pid, one.process.kind) for one in found.listeners] == [
        ("http://127.0.0.1:8010", 11, ServerKind.VLLM)
    ]
    assert found.loading == ()
    assert found.notes == ("macOS shows the listening ports of other users' processes to root alone",)


@pytest.mark.usefixtures("macos")
def test_the_managed_settings_are_those_of_macos(tmp_path):
    assert str(paths.user_paths({}).managed) == "/Library/Application Support/ClaudeCode/managed-settings.json"
    inside = paths.user_paths({}, tmp_path).managed
    assert inside == tmp_path / "Library/Application Support/ClaudeCode/managed-settings.json"


def test_the_managed_settings_are_those_of_linux(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    assert str(paths.user_paths({}).managed) == "/etc/claude-code/managed-settings.json"


@pytest.mark.usefixtures("macos")
def test_a_login_in_the_keychain_is_not_called_missing(tmp_path):
    assert read_client_state(paths.user_paths({}, tmp_path)).login is Login.UNKNOWN


def test_a_settings_file_is_written_where_no_file_can_be_made_without_a_name(tmp_path, monkeypatch):
    monkeypatch.setattr(atomic_write, "_O_TMPFILE", None)
    monkeypatch.setattr(atomic_write, "_DESCRIPTORS", Path("/no/proc/self/fd"))
    file = tmp_path / "settings.json"
    assert isinstance(write_settings(file, "{}", "", tmp_path / "backups"), Written)
    assert file.read_text() == "{}"
    assert [one.name for one in tmp_path.iterdir()] == ["settings.json"]


def test_without_proc_no_process_is_in_a_container():
    assert container_of(os.getpid(), NO_PROC) is None
