"""Record tests/data/prometheus/five.json: ``python tests/fleet/record_answers.py``.

A real Prometheus scrapes five stand-in vLLMs, one slowed and one killed, the page of LiteLLM 1.110.2 with counters
that rise and a cooldown that begins, and a page of two GPUs as dcgm-exporter writes it. Every query that stormdeck
sends is written with its answer; addresses get steady names.
"""

import asyncio
import contextlib
import json
import os
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "helpers"), str(TESTS / "helpers" / "network")]


from demo_servers import running  # noqa: E402
from fleet_stand_ins import LITELLM, Fleet  # noqa: E402
from prometheus_servers import prometheus  # noqa: E402
from served import served  # noqa: E402
from servers import Imitation, Reply  # noqa: E402
from stormdeck.model.fleet.access import PrometheusAccess  # noqa: E402
from stormdeck.sources.net.http import HttpClient  # noqa: E402
from stormdeck.sources.prometheus.source import PrometheusSource  # noqa: E402
from waiting import until  # noqa: E402

SLOWED, KILLED, COUNT, WATCHED_S = 2, 4, 5, 45
COOLED = (
    'litellm_deployment_cooled_down_total{api_base="http://127.0.0.1:8109/v1/chat/completions",'
    'api_provider="hosted_vllm",exception_status="500",litellm_model_name="Dead",model_id="f46"} '
)
GPU = (
    'gpu="{0}",UUID="GPU-{0}",pci_bus_id="0000:0{0}",device="nvidia{0}",modelName="NVIDIA H200",Hostname="gpu-box",'
    'DCGM_FI_DRIVER_VERSION="570.1"'
)


class Recorder(HttpClient):
    """Keeps the answer of each query."""

    kept: ClassVar[dict] = {}

    async def get(self, url, *more, **named):
        answer = await super().get(url, *more, **named)
        self.kept[parse_qs(urlsplit(url).query)["query"][0]] = json.loads(answer.body)
        return answer


def litellm(begun):
    """Return LiteLLM's page with counters that rise, and after a while its first cooldown."""

    def page(_asked):
        passed = time.monotonic() - begun
        text = re.sub(r"(metric_total\{.*\}) 3\.0", lambda found: f"{found[1]} {3 + 2 * int(passed)}.0", LITELLM)
        cooled = (passed > WATCHED_S / 3) + (passed > WATCHED_S / 2)
        return Reply(text + f"{COOLED}{cooled}\n" * (cooled > 0))

    return page


def gpus(_asked):
    """Return two GPUs as dcgm-exporter does (names: its default-counters.csv)."""
    lines = []
    for number in range(2):
        labels = GPU.format(number)
        values = {"GPU_UTIL": 80 + 10 * number, "FB_USED": 120000, "FB_FREE": 20000, "POWER_USAGE": 512.5}
        lines += [f"DCGM_FI_DEV_{name}{{{labels}}} {value}\n" for name, value in values.items()]
    return Reply("".join(lines))


async def ask(url):
    """Ask everything twice, so that what the first answers name is asked for too."""
    source = PrometheusSource(PrometheusAccess(url), os.environ)
    source.client._http = Recorder("0")
    for _ in range(2):
        async for _answer in source.rounds(time.time(), whole=True):
            pass
    await source.aclose()


def main():
    with contextlib.ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        servers = []
        for number in range(COUNT):
            folder = scratch / str(number)
            folder.mkdir()
            control = folder / "fault"
            control.write_text("slow" if number == SLOWED else "none")
            servers.append(stack.enter_context(running("vllm", folder, "--control", str(control), "--speed", "20")))
        fleet = Fleet(servers)
        pages = {"/metrics": litellm(time.monotonic())}, {"/metrics": gpus}
        proxy, gpu = (one.removeprefix("http://") for one in stack.enter_context(served(*map(Imitation, pages))))
        jobs = {"vllm": {one: {} for one in fleet.targets}, "litellm": {proxy: {}}, "dcgm": {gpu: {}}}
        server = stack.enter_context(prometheus(scratch, jobs))
        until(lambda: len(server.value("up")) == COUNT + 2)
        fleet.work()
        time.sleep(WATCHED_S)
        servers[KILLED].process.kill()
        until(lambda: 0.0 in server.value("up offset 3s").values())
        asyncio.run(ask(server.url))
        text = json.dumps(Recorder.kept)
        names = {one: f"gpu-box:{8001 + number}" for number, one in enumerate(fleet.targets)}
        for address, name in {**names, proxy: "proxy:4000", gpu: "gpu-box:9400"}.items():
            text = text.replace(address, name)
        kept = json.loads(text)
    lines = (f"{json.dumps(query)}: {json.dumps(answer, separators=(',', ':'))}" for query, answer in kept.items())
    (TESTS / "data" / "prometheus" / "five.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
