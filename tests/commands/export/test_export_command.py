"""``stormdeck export`` as a program: it serves, ends cleanly, and refuses what cannot be."""

import json
import os
import signal
import socket
import subprocess
import sys

import httpx
import pytest
import yaml

from stormdeck.__main__ import main
from stormdeck.model.exporter.alerts import rules
from stormdeck.model.exporter.dashboard import dashboard
from waiting import until


def started(folder, *options):
    log = folder / "vllm.log"
    log.write_text("")
    command = [sys.executable, "-m", "stormdeck", "export", "--listen", "127.0.0.1:0", "--no-gpu"]
    server = "http://127.0.0.1:9"  # nothing listens there, so that no server of this machine is asked
    return subprocess.Popen(
        [*command, "--vllm", server, "--proxy", server, "--log", str(log), *options],
        env={"HOME": str(folder), "PATH": os.environ["PATH"]},
        cwd=folder,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_counts_the_requests_of_a_log_and_ends_with_0(tmp_path, number):
    child = started(tmp_path)
    try:
        url = child.stderr.readline().split()[0]
        until(lambda: "stormdeck_logs 1.0" in httpx.get(url, trust_env=False).text)
        with (tmp_path / "vllm.log").open("a") as log:
            log.write('INFO:     127.0.0.1:5000 - "POST /v1/messages HTTP/1.1" 200 OK\n')
        until(lambda: "stormdeck_attempts_total 1.0" in httpx.get(url, trust_env=False).text)
        assert str(tmp_path) not in httpx.get(url, trust_env=False).text
        child.send_signal(number)
        _, errors = child.communicate(timeout=60)
    finally:
        child.kill()
        child.wait()
    assert (child.returncode, errors) == (0, "")
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, trust_env=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["vllm.log"]


def test_a_taken_port_is_an_error(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        assert main(["export", "--listen", place]) == 2
    assert capsys.readouterr().err == f"stormdeck: {place} cannot be listened on: Address already in use.\n"


@pytest.mark.parametrize("place", ["here", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:٩٤٦٤"])
def test_an_address_that_is_none_is_an_error(place, capsys):
    assert main(["export", "--listen", place]) == 2
    assert "expected HOST:PORT" in capsys.readouterr().err


def test_an_unknown_document_is_an_error(capsys):
    assert main(["export", "rulez"]) == 2
    assert "rules" in capsys.readouterr().err


def test_rules_and_dashboard_are_printed_whole(capsys):
    assert main(["export", "rules"]) == 0
    assert yaml.safe_load(capsys.readouterr().out) == rules()
    assert main(["export", "dashboard"]) == 0
    assert json.loads(capsys.readouterr().out) == dashboard()
