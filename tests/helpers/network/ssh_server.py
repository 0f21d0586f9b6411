"""A real sshd of the test's own on a port of the loopback, and an ``ssh`` that finds it and nothing of the user's."""

from __future__ import annotations

import getpass
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from forwarders import reserved_port, running
from log_sources import program

CONFIG = """Host gpu-box
  HostName 127.0.0.1
  Port {port}
  User {user}
  IdentityFile {folder}/key
Host nobody
  HostName 127.0.0.1
  Port {port}
  User {user}
  IdentityFile /nowhere
Host down
  HostName 127.0.0.1
  Port 1
Host *
  IdentitiesOnly yes
  IdentityAgent none
  StrictHostKeyChecking no
  UserKnownHostsFile /dev/null
  LogLevel ERROR
"""


@contextmanager
def ssh_server(folder: Path, programs: Path) -> Iterator[None]:
    """Run sshd; ``gpu-box`` lets the user in, ``nobody`` has no key."""
    sshd, ssh = shutil.which("sshd", path="/usr/sbin:/usr/bin"), shutil.which("ssh")
    if sshd is None or ssh is None or shutil.which("ssh-keygen") is None:
        pytest.skip("OpenSSH's server and client are not both installed")
    if not Path("/run/sshd").is_dir():
        pytest.skip("sshd wants /run/sshd")
    for name in ("host", "key"):
        subprocess.run(["ssh-keygen", "-qt", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    port = reserved_port()
    (folder / "config").write_text(CONFIG.format(port=port, user=getpass.getuser(), folder=folder))
    program(programs, "ssh", f'#!/bin/sh\nexec {ssh} -F {folder}/config "$@"\n')
    options = ["StrictModes=no", "UsePAM=no", "PermitRootLogin=yes", "PidFile=none", "ListenAddress=127.0.0.1"]
    options += [f"AuthorizedKeysFile={folder / 'key.pub'}", f"SetEnv=PATH={programs}:/usr/bin:/bin", "LogLevel=VERBOSE"]
    server = [sshd, "-D", "-f", "/dev/null", "-p", str(port), "-h", str(folder / "host"), "-E", str(folder / "sshd")]
    with running(port, *server, *(part for one in options for part in ("-o", one))):
        yield


def logins(folder: Path) -> int:
    """Return how often a client has logged in."""
    return (folder / "sshd").read_text().count("Accepted publickey")
