"""A real Prometheus that scrapes a thousand simulated servers, and what it was asked when."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from bench.install import MissingError, from_distribution
from bench.place import Place

APPS = Path(__file__).parent / "apps"
INSTANCES, PROXIES, AT_A_HOST = 1000, 100, 8
SCRAPE_S = 5
LISTENS = re.compile(r'msg="Listening on" address=(\S+)')
READY_S = 120.0
ANSWER_S = 10.0
WARM_S, WARM_SCRAPES = 20.0, 2
"""Rates need some scrapes."""


class Fleet:
    """A Prometheus with the servers that it scrapes."""

    def __init__(self, url: str, log: Path) -> None:
        self.url = url
        self._log = log

    def value(self, query: str) -> float:
        """Return the number that a query gives, 0 without one."""
        asked = f"{self.url}/api/v1/query?query={quote(query)}"
        with (
            contextlib.suppress(OSError, ValueError, LookupError),
            urllib.request.urlopen(asked, timeout=ANSWER_S) as answer,  # noqa: S310 - always http
        ):
            return float(json.load(answer)["data"]["result"][0]["value"][1])
        return 0.0

    def answered(self, words: str, since: float) -> float:
        """Return when the first query with some words since a moment was answered, in unix seconds."""
        end = time.monotonic() + READY_S
        while time.monotonic() < end:
            for line in self._log.read_text().splitlines():
                one = json.loads(line)
                at = _unix(one["ts"])
                if words in one["params"]["query"] and at >= since:
                    return at
            time.sleep(0.1)
        raise OSError(f"Prometheus was not asked for {words}")


def _unix(text: str) -> float:
    """Return a time such as 2026-12-01T04:05:06.123Z in unix seconds."""
    return datetime.fromisoformat(text).timestamp()


@contextlib.contextmanager
def many_servers(
    place: Place, instances: int = INSTANCES, proxies: int = PROXIES, scrape_s: int = SCRAPE_S
) -> Iterator[Fleet]:
    """Run the simulated servers and a Prometheus that has scraped them all a few times."""
    program = from_distribution("prometheus")
    folder = place.folder / "fleet"
    folder.mkdir()
    queries, log, config = folder / "queries.log", folder / "prometheus.log", folder / "prometheus.yml"
    with contextlib.ExitStack() as stack:
        played = _started(stack, [sys.executable, str(APPS / "fleet.py")], place, subprocess.PIPE)
        assert played.stdout is not None
        port = int(played.stdout.readline())
        config.write_text(json.dumps(configuration(port, queries, instances, proxies, scrape_s)))
        out = stack.enter_context(log.open("wb"))
        listen = ["--web.listen-address=127.0.0.1:0", f"--storage.tsdb.path={folder / 'tsdb'}"]
        server = _started(stack, [program.path, f"--config.file={config}", *listen], place, out)
        end = time.monotonic() + READY_S
        found = None
        while found is None and server.poll() is None and time.monotonic() < end:
            time.sleep(0.1)
            found = LISTENS.search(log.read_text())
        if found is None:
            raise MissingError(f"Prometheus did not start: {log.read_text()[-200:]}")
        fleet = Fleet(f"http://{found[1]}", queries)
        up = "count(up == 1)"
        wanted = 0.98 * (instances + proxies)
        while fleet.value(up) < wanted:
            if time.monotonic() > end:
                raise OSError(f"Prometheus has scraped {fleet.value(up):.0f} servers in {READY_S:.0f} s")
            time.sleep(1.0)
        time.sleep(max(WARM_S, WARM_SCRAPES * scrape_s))
        yield fleet


def configuration(port: int, queries: Path, instances: int, proxies: int, scrape_s: int) -> dict[str, object]:
    """Return a configuration whose targets have names, and are all scraped at one port."""
    hosts = range(-(-instances // AT_A_HOST))
    jobs = {
        "vllm": [f"gpu-{one // AT_A_HOST:03}:{8000 + one % AT_A_HOST}" for one in range(instances)],
        "litellm": [f"litellm-{one:03}:4000" for one in range(proxies)],
        "dcgm": [f"gpu-{one:03}:9400" for one in hosts],
    }
    return {
        "global": {
            "scrape_interval": f"{scrape_s}s",
            "scrape_timeout": f"{scrape_s}s",
            "query_log_file": str(queries),
        },
        "scrape_configs": [_job(name, targets, port) for name, targets in jobs.items()],
    }


def _job(name: str, targets: list[str], port: int) -> dict[str, object]:
    return {
        "job_name": name,
        "metrics_path": f"/{name}",
        "static_configs": [
            {"targets": [target], "labels": {"__param_number": str(number)}} for number, target in enumerate(targets)
        ],
        "relabel_configs": [
            {"source_labels": ["__address__"], "target_label": "instance"},
            {"target_label": "__address__", "replacement": f"127.0.0.1:{port}"},
        ],
    }


def _started(stack: contextlib.ExitStack, command: list[str], place: Place, out: object) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        command,
        env=place.environ,
        cwd=place.work,
        stdin=subprocess.DEVNULL,
        stdout=out,  # type: ignore[call-overload]
        stderr=subprocess.STDOUT if not isinstance(out, int) else subprocess.DEVNULL,
        start_new_session=True,
    )

    def end() -> None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()

    stack.callback(end)
    return process
