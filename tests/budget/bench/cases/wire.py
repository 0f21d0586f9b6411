"""What it costs to stand between a client and its server: the recorder beside other programs that pass requests on."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bench.figures import Budget, Measure, Row, Table
from bench.install import MissingError, from_distribution, from_pypi
from bench.measure import memory, usage
from bench.place import Effort, Place

APPS = Path(__file__).parents[1] / "apps"
RATE, STREAMS = 1000, 64
READY_S = 60.0
MEASURES = (
    Measure("first", "added to the first byte, median", "ms"),
    Measure("first99", "of 100 the 99th", "ms"),
    Measure("cpu", f"a stream of {RATE:,} events/s, CPU", "% of a core", 1),
    Measure("many", f"{STREAMS} streams of 10 events/s, CPU", "% of a core", 1),
    Measure("grown", "grown by all this", "MiB", 1),
)
BUDGETS = (Budget("first", 2.0, ""), Budget("first99", 5.0, ""), Budget("cpu", 10.0, ""))
NGINX = """daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr crit;
events {{ worker_connections 512; }}
http {{ access_log off; client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
uwsgi_temp_path {folder}; scgi_temp_path {folder};
server {{ listen 127.0.0.1:{port}; location / {{
proxy_pass {target}; proxy_buffering off; proxy_http_version 1.1; }} }} }}
"""
Command = Callable[[Path, int, str], Sequence[str]]


def run(place: Place, effort: Effort) -> Table:
    """Measure all in one run, each by itself."""
    rows = []
    with _started([sys.executable, str(APPS / "streamer.py")], place) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        bare = _firsts(port, effort)
        for program, version, command in _programs():
            if isinstance(command, str):
                rows.append(Row(program, skipped=command))
                continue
            own = _free_port()
            with _started(command(place.folder, own, f"http://127.0.0.1:{port}"), place) as child:
                _wait_for(own)
                rows.append(Row(program, version, _measured(child.pid, own, bare, effort)))
    how = (
        "Client and server on one machine, loopback; the same requests directly and through each program, each over a "
        f"new connection. Streams last {effort.window_s:g} s."
    )
    return Table("wire", "Between client and server", how, MEASURES, tuple(rows), ("stormdeck tap",), "", BUDGETS)


def _measured(pid: int, port: int, bare: Sequence[float], effort: Effort) -> dict[str, Sequence[float]]:
    _firsts(port, effort)
    before = memory(pid).own
    seconds = int(effort.window_s)
    added = sorted(
        max(0.0, own - direct) for own, direct in zip(sorted(_firsts(port, effort)), sorted(bare), strict=True)
    )
    one = _cpu(pid, lambda: _stream(port, f"/{RATE}/{seconds}"))

    def many() -> None:
        threads = [threading.Thread(target=_stream, args=(port, f"/10/{seconds}")) for _ in range(STREAMS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    all_ = _cpu(pid, many)
    return {
        "first": (added[len(added) // 2],),
        "first99": (added[len(added) * 99 // 100],),
        "cpu": (one,),
        "many": (all_,),
        "grown": (max(0.0, memory(pid).own - before),),
    }


def _cpu(pid: int, work: Callable[[], object]) -> float:
    before = usage(pid)
    work()
    return before.cpu_percent(usage(pid))


def _firsts(port: int, effort: Effort) -> list[float]:
    """Return how many milliseconds each of many requests waits for its first byte."""
    return [_stream(port, "/first") for _ in range(100 * effort.long_runs)]


def _stream(port: int, path: str) -> float:
    """Read a stream to its end over a connection of its own; return the milliseconds to its first event."""
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.settimeout(READY_S)
        begun = time.perf_counter()
        head = f"POST {path}/v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 2\r\n\r\n{{}}"
        client.sendall(head.encode())
        got, first = b"", 0.0
        while b"message_stop" not in got:
            piece = client.recv(65536)
            if not piece:
                raise OSError("the stream ended early")
            got = (got + piece)[-4096:]
            if not first and b"event:" in got:
                first = 1000 * (time.perf_counter() - begun)
        return first


def _programs() -> Iterator[tuple[str, str, Command | str]]:
    from stormdeck import __version__

    module = [sys.executable, "-m", "stormdeck", "tap"]
    yield "stormdeck tap", __version__, lambda _, port, to: [*module, "--listen", f"127.0.0.1:{port}", "--to", to]
    forwarder = [sys.executable, str(APPS / "forwarder.py")]
    yield "uvicorn and httpx, bare", "", lambda _, port, to: [*forwarder, str(port), to]
    try:
        mitm = from_pypi("mitmdump", "mitmproxy")
        flags = ["--quiet", "--set", "stream_large_bodies=1", "--listen-host", "127.0.0.1"]
        yield (
            "mitmproxy",
            mitm.version,
            lambda _, port, to: [mitm.path, *flags, "--mode", f"reverse:{to}", "--listen-port", str(port)],
        )
    except MissingError as error:
        yield "mitmproxy", "", str(error)
    try:
        nginx = from_distribution("nginx")
        yield "nginx", nginx.version, lambda folder, port, to: _nginx(nginx.path, folder, port, to)
    except MissingError as error:
        yield "nginx", "", str(error)


def _nginx(path: str, folder: Path, port: int, target: str) -> Sequence[str]:
    file = folder / "nginx.conf"
    file.write_text(NGINX.format(folder=folder, port=port, target=target))
    return [path, "-e", "stderr", "-c", str(file)]


@contextlib.contextmanager
def _started(command: Sequence[str], place: Place) -> Iterator[subprocess.Popen[str]]:
    child = subprocess.Popen(
        command,
        env=place.environ,
        cwd=place.work,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    try:
        yield child
    finally:
        child.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(10)
        child.kill()
        child.wait()
        if child.stdout is not None:
            child.stdout.close()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + READY_S
    while True:
        with contextlib.suppress(OSError):
            _stream(port, "/first")
            return
        if time.monotonic() > deadline:
            raise OSError(f"nothing answers on port {port}")
        time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
