"""Real forwarders on a port of the loopback: socat, nginx, haproxy, and ssh through an sshd of the test's own."""

import getpass
import itertools
import os
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from waiting import DEADLINE_S

SSH = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"]
_tried = itertools.count()


def reserved_port():
    """Return a free port below those that the system gives to connections: no other test's connection takes it."""
    while True:
        port = 20_000 + (os.getpid() * 37 + next(_tried)) % 10_000
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def running(port, *command):
    """Run a program until it listens on a port; skip the test where it is missing or does not start."""
    program = shutil.which(command[0]) or shutil.which(command[0], path="/usr/sbin:/sbin")
    if program is None:
        pytest.skip(f"{command[0]} is not installed")
    process = subprocess.Popen([program, *command[1:]], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        end = time.monotonic() + DEADLINE_S
        while not listens(port):
            if process.poll() is not None:
                pytest.skip(f"{command[0]} does not start here: {process.stderr.read()[-200:].decode()}")
            if time.monotonic() > end:
                pytest.skip(f"{command[0]} does not listen within {DEADLINE_S:g} s")
            time.sleep(0.02)
        yield process
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


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
        "defaults\n mode http\n timeout connect 9s\n timeout client 60s\n timeout server 60s\n"
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
    door = reserved_port()
    options = ["StrictModes=no", "UsePAM=no", "PermitRootLogin=yes", "PidFile=none", "ListenAddress=127.0.0.1"]
    options += [f"AuthorizedKeysFile={folder / 'key.pub'}"]
    server = ["sshd", "-D", "-f", "/dev/null", "-p", str(door), "-h", str(folder / "host")]
    tunnel = ["ssh", "-N", "-i", str(folder / "key"), "-p", str(door), *SSH]
    tunnel += ["-L", f"127.0.0.1:{port}:127.0.0.1:{target}", f"{getpass.getuser()}@127.0.0.1"]
    with running(door, *server, *(part for one in options for part in ("-o", one))), running(port, *tunnel):
        yield


FORWARDERS = {"socat": by_socat, "nginx": by_nginx, "haproxy": by_haproxy, "ssh": by_ssh}
