"""A real nginx in front of servers of a test; the test is skipped where it is not installed."""

import shutil
import socket
import subprocess
import time
from contextlib import contextmanager

import pytest

from servers import free_port
from waiting import DEADLINE_S


@contextmanager
def nginx(folder, places):
    """Run nginx with these locations on a port of its own; yields its URL."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/sbin")
    if program is None:
        pytest.skip("nginx is not installed")
    port = free_port()
    temporary = "".join(f"{kind}_temp_path {folder};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    config = folder / "nginx.conf"
    config.write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error;\n"
        f"events {{}} http {{ access_log off; {temporary} server {{ listen 127.0.0.1:{port}; {places} }} }}\n"
    )
    command = [program, "-p", str(folder), "-e", str(folder / "error"), "-c", str(config)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + DEADLINE_S
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > end:
                pytest.skip("nginx does not start here")
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
