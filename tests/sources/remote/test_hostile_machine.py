"""A machine that hangs, talks without end, or cannot have the usual socket: the real ``ssh`` and ``sshd``."""

import asyncio
import os
import stat
import sys
import tempfile
from pathlib import Path

import pytest

from log_sources import program
from ssh_server import ssh_server
from stormdeck.model.snapshots.gpu import GpuState
from stormdeck.sources.logs.places.ssh import control_path
from stormdeck.sources.remote import connection as connections
from stormdeck.sources.remote import gpus
from stormdeck.sources.remote.connection import OUTPUT_BYTES, Connection, UnreachableError
from stormdeck.sources.remote.gpus import gpu_snapshots

LONG_S = 120


@pytest.fixture
def ssh(tmp_path, programs):
    with ssh_server(tmp_path, programs):
        yield programs


def with_connection(step, host="gpu-box"):
    """Run a step with a connection, and close that; neither hangs."""

    async def play():
        connection = Connection(host)
        try:
            return await step(connection)
        finally:
            await connection.close()

    async def limited():
        async with asyncio.timeout(LONG_S):
            return await play()

    return asyncio.run(limited())


async def last_gpus(connection):
    """Return the last snapshot of the GPUs."""
    return [snapshot async for snapshot in gpu_snapshots(connection)][-1]


@pytest.mark.parametrize(
    "script",
    ["exec tr '\\0' x </dev/zero", "exec cat /dev/urandom", "exec tr '\\0' x </dev/zero >&2", "exec yes"],
    ids=["no end of a line", "binary", "errors", "lines"],
)
def test_a_program_that_prints_without_end_is_ended(ssh, monkeypatch, script):
    monkeypatch.setattr(gpus, "ANSWER_S", 5.0)
    program(ssh, "nvidia-smi", f"#!/bin/sh\n{script}\n")
    seen = with_connection(last_gpus)
    assert seen.state is GpuState.NO_FIGURES
    assert seen.gpus == ()


@pytest.mark.usefixtures("ssh")
def test_a_script_that_prints_without_end_is_cut_and_ended(monkeypatch):
    monkeypatch.setattr(connections, "ANSWER_S", 5.0)

    async def step(connection):
        await connection.open()
        with pytest.raises(UnreachableError, match="does not answer"):
            await connection.output("exec cat /dev/urandom")
        return await connection.output(f"head -c {OUTPUT_BYTES + 10} /dev/zero | tr '\\0' x")

    assert len(with_connection(step)) == OUTPUT_BYTES


def test_a_machine_that_says_nothing_has_a_limit(programs, monkeypatch):
    monkeypatch.setattr(connections, "ANSWER_S", 0.5)
    program(programs, "ssh", "#!/bin/sh\ntrap '' TERM\nexec sleep 1000\n")

    async def step(connection):
        with pytest.raises(UnreachableError, match="gpu-box does not answer within"):
            await connection.output("true")
        assert await connection.address() == ""

    with_connection(step)


@pytest.fixture
def short():
    """A folder whose path is short enough for a socket."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder)


@pytest.mark.usefixtures("ssh")
@pytest.mark.parametrize("folder", ["x" * 120, "gone", "with space", "p%h"])
def test_a_runtime_folder_that_ssh_cannot_use_is_not_used(monkeypatch, short, folder):
    place = short / folder
    if folder != "gone":
        place.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(place))

    async def step(connection):
        return await connection.output("echo seen"), control_path("gpu-box", connection._purpose)

    said, path = with_connection(step)
    assert said == "seen\n"
    assert not path.exists()


def test_an_ssh_that_had_to_be_killed_leaves_no_socket(programs, monkeypatch, short):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(short))
    monkeypatch.setattr(connections, "_END_S", 0.1)
    socket = "import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])"
    script = f"""#!/bin/sh
trap '' TERM
for word; do case $word in -oControlPath=*) {sys.executable} -c '{socket}' "${{word#*=}}"; esac; done
while :; do sleep 1; done
"""
    program(programs, "ssh", script)

    async def step(connection):
        await connection.open()
        return [path.name for path in short.iterdir()]

    assert len(with_connection(step)) == 1
    assert list(short.iterdir()) == []


@pytest.mark.usefixtures("ssh")
def test_a_socket_that_was_left_is_no_connection(monkeypatch, short):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(short))

    async def step(connection):
        await connection.open()
        path = control_path("gpu-box", connection._purpose)
        os.kill(connection._holder.pid, 9)
        await connection.ended()
        assert stat.S_ISSOCK(path.stat().st_mode)
        local = await connection.forward("127.0.0.1", 9)
        return local, connection.is_open

    local, is_open = with_connection(step)
    assert local > 0
    assert is_open
