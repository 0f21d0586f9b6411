"""Start a real Prometheus, or a VictoriaMetrics, that scrapes stand-ins on the loopback."""

import contextlib
import json
import re
import shutil
import socket
import subprocess

import httpx

from waiting import DEADLINE_S, until

HAS_PROMETHEUS = shutil.which("prometheus") is not None
HAS_VICTORIA = shutil.which("victoria-metrics") is not None
LISTENS = re.compile(r'msg="Listening on" address=(\S+)')


class Prometheus:
    """A running server of the query API."""

    def __init__(self, process, log, url):
        self.process, self.log, self.url = process, log, url
        self.http = httpx.Client(trust_env=False, timeout=DEADLINE_S)

    def value(self, query):
        """Return the values of an instant query by instance, empty while it does not answer."""
        with contextlib.suppress(httpx.TransportError, ValueError):
            answer = self.http.get(f"{self.url}/api/v1/query", params={"query": query}).json()
            result = answer.get("data", {}).get("result", [])
            return {one["metric"].get("instance", ""): float(one["value"][1]) for one in result}
        return {}


def scraping(jobs, interval_s=1, rules=()):
    """Return a configuration that scrapes targets by job; a target may have labels."""
    scrapes = []
    for job, targets in jobs.items():
        static = [{"targets": [target], "labels": labels} for target, labels in targets.items()]
        scrapes.append({"job_name": job, "static_configs": static})
    every = f"{interval_s}s"
    times = {"scrape_interval": every, "scrape_timeout": every}
    return json.dumps({"global": times, "rule_files": [str(one) for one in rules], "scrape_configs": scrapes})


@contextlib.contextmanager
def prometheus(folder, jobs, interval_s=1, rules=()):
    """Run a real Prometheus until the block ends, on a port that the kernel gives."""
    config = folder / "prometheus.yml"
    evaluated = scraping(jobs, interval_s, rules)
    config.write_text(evaluated)
    log = folder / "prometheus.log"
    command = ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder / 'tsdb'}"]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*command, "--web.listen-address=127.0.0.1:0", "--log.level=info"], stdout=out, stderr=subprocess.STDOUT
        )
    with _ending(process):
        found = until(lambda: LISTENS.search(log.read_text()) if process.poll() is None else None, log.read_text)
        server = Prometheus(process, log, f"http://{found[1]}")
        until(lambda: server.value("vector(1)"), log.read_text)
        yield server
        server.http.close()


@contextlib.contextmanager
def victoria(folder, jobs, interval_s=1):
    """Run a real VictoriaMetrics, which scrapes by the same configuration."""
    config = folder / "scrape.yml"
    config.write_text(scraping(jobs, interval_s).replace('"rule_files": [], ', ""))
    log = folder / "victoria.log"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    command = ["victoria-metrics", f"-storageDataPath={folder / 'victoria'}", f"-promscrape.config={config}"]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*command, f"-httpListenAddr={address}", "-search.latencyOffset=1s"], stdout=out, stderr=subprocess.STDOUT
        )
    with _ending(process):
        server = Prometheus(process, log, f"http://{address}")
        until(lambda: process.poll() is None and server.value("vector(1)"), log.read_text)
        yield server
        server.http.close()


@contextlib.contextmanager
def _ending(process):
    try:
        yield
    finally:
        process.terminate()
        process.wait(DEADLINE_S)
