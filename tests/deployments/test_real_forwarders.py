"""Real forwarders (socat, nginx, haproxy, ssh) on a port, as the process table of this machine shows them."""

import asyncio
import getpass
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from served import WITH_MESSAGES, served
from servers import free_port, vllm
from stormdeck.model.settings.merge import merged
from stormdeck.model.snapshots.server import ServerKind
from stormdeck.sources.discovery.configured import ConfiguredTargets
from stormdeck.sources.discovery.search import discover
from stormdeck.sources.net.address import address
from stormdeck.sources.net.http import HttpClient
from stormdeck.sources.processes.scan import Scan, scan_processes

DEADLINE_S = 20.0
SSH = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"]


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def running(port, *command):
    """Run a program until it listens on a port; skip the test where it does not."""
    program = shutil.which(command[0]) or shutil.which(command[0], path="/usr/sbin:/sbin")
    if program is None:
        pytest.skip(f"{command[0]} is not installed")
    process = subprocess.Popen([program, *command[1:]], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + DEADLINE_S
        while not listens(port):
            if process.poll() is not None or time.monotonic() > end:
                pytest.skip(f"{command[0]} does not start here")
            time.sleep(0.02)
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def by_socat(folder, port, target):
    with running(port, "socat", f"TCP-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr", f"TCP:127.0.0.1:{target}"):
        yield


@contextmanager
def by_nginx(folder, port, target):
    temporary = "".join(f"{kind}_temp_path {folder};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    place = f"listen 127.0.0.1:{port}; location / {{ proxy_pass http://127.0.0.1:{target}; }}"
    config = folder / "nginx.conf"
    config.write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error;\n"
        f"events {{}} http {{ access_log off; {temporary} server {{ {place} }} }}\n"
    )
    with running(port, "nginx", "-p", str(folder), "-e", str(folder / "error"), "-c", str(config)):
        yield


@contextmanager
def by_haproxy(folder, port, target):
    config = folder / "haproxy.cfg"
    config.write_text(
        "defaults\n mode http\n timeout connect 9s\n timeout client 9s\n timeout server 9s\n"
        f"listen front\n bind 127.0.0.1:{port}\n server vllm 127.0.0.1:{target}\n"
    )
    with running(port, "haproxy", "-f", str(config)):
        yield


@contextmanager
def by_ssh(folder, port, target):
    """Forward as the README says, through an sshd of the test's own."""
    if shutil.which("ssh-keygen") is None:
        pytest.skip("ssh-keygen is not installed")
    for name in ("host", "key"):
        subprocess.run(["ssh-keygen", "-qt", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    if not Path("/run/sshd").is_dir():
        pytest.skip("sshd wants /run/sshd")
    door = free_port()
    options = ["StrictModes=no", "UsePAM=no", "PermitRootLogin=yes", "PidFile=none", "ListenAddress=127.0.0.1"]
    options += [f"AuthorizedKeysFile={folder / 'key.pub'}"]
    server = ["sshd", "-D", "-f", "/dev/null", "-p", str(door), "-h", str(folder / "host")]
    tunnel = ["ssh", "-N", "-i", str(folder / "key"), "-p", str(door), *SSH]
    tunnel += ["-L", f"127.0.0.1:{port}:127.0.0.1:{target}", f"{getpass.getuser()}@127.0.0.1"]
    with running(door, *server, *(part for one in options for part in ("-o", one))), running(port, *tunnel):
        yield


FORWARDERS = {"socat": by_socat, "nginx": by_nginx, "haproxy": by_haproxy, "ssh": by_ssh}


@pytest.mark.parametrize("name", FORWARDERS)
def test_a_real_forwarder_is_named_and_its_command_line_is_not_vllm_s(tmp_path, name):
    port = free_port()
    url = f"http://127.0.0.1:{port}"

    def scan(_):
        """Return the listener of the test alone: other servers of the machine are none of its."""
        return Scan(tuple(one for one in scan_processes().listeners if one.port == port))

    async def look():
        async with HttpClient("9") as http:
            return await discover(
                merged((), {"ANTHROPIC_BASE_URL": url}), http, ConfiguredTargets(), ports=(), scan=scan
            )

    with served(vllm(**WITH_MESSAGES)) as (target,), FORWARDERS[name](tmp_path, port, address(target).port):
        found = asyncio.run(look())
    server = found.found[0]
    assert (server.url, server.kind, server.process) == (url, ServerKind.VLLM, None)
    assert server.holder.name == name
    assert server.forwards
    words = f"Port {port} is held by {name} (pid {server.holder.pid}), which passes it on"
    assert any(note.startswith(words) for note in found.log_notes)
