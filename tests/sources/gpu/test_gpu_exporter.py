"""GPU figures over HTTP: the pages of NVIDIA's DCGM exporter and of nvidia_gpu_exporter, written by their sources."""

import asyncio

import pytest

from places import TESTS
from servers import Imitation, Reply, free_url, serving
from stormdeck.model.snapshots.gpu import GpuProcess, GpuState
from stormdeck.sources.gpu.exporter import GpuExporter
from stormdeck.sources.gpu.exporter_page import DCGM, SMI, read_gpu_page
from stormdeck.sources.net.http import HttpClient
from stormdeck.sources.net.series import TooMuchError

DCGM_PAGE = (TESTS / "data/gpu/dcgm.prom").read_bytes()
SMI_PAGE = (TESTS / "data/gpu/nvidia_smi.prom").read_bytes()
MIB = 2**20


def ask(reply, path="/metrics", times=1, name=""):
    """Return what an exporter is seen to report, and what it was asked."""
    server = Imitation({path: reply})

    async def run():
        async with serving(server) as url, HttpClient("1") as http:
            exporter = GpuExporter(f"{url}{name}", http, clock=iter(range(0, 1000, 5)).__next__)
            for _ in range(times):
                host = await exporter.poll()
        return host

    return asyncio.run(run()), server


def test_the_page_of_the_dcgm_exporter():
    page = read_gpu_page(DCGM_PAGE)
    assert (page.exporter, page.driver, page.host) == (DCGM, "590.48.01", "gpu-box")
    busy, idle = page.gpus
    assert (busy.index, busy.name, busy.utilization_percent, busy.temperature_c) == (0, "NVIDIA H200", 97, 71)
    assert (busy.power_w, busy.clock_mhz, busy.memory_used_bytes) == (627, 1755, 131157 * MIB)
    assert busy.memory_total_bytes == (131157 + 12000 + 614) * MIB
    # A blank of DCGM is no temperature; a card without a line for its power has none.
    assert (idle.index, idle.utilization_percent, idle.temperature_c, idle.power_w) == (1, 0, None, None)


def test_only_errors_of_the_hardware_are_told():
    """31 is a fault of one program, 79 a card that fell off the bus."""
    busy, lost = read_gpu_page(DCGM_PAGE).gpus
    assert busy.detail == ""
    assert lost.detail == "last Xid error 79: look into dmesg there"


def test_the_page_of_nvidia_gpu_exporter():
    page = read_gpu_page(SMI_PAGE)
    assert (page.exporter, page.driver, page.failed, page.host) == (SMI, "590.48.01", "", "")
    (card,) = page.gpus
    assert (card.index, card.name, card.utilization_percent, card.temperature_c) == (3, "NVIDIA H200", 87, 52)
    assert (card.power_w, card.power_limit_w, card.clock_mhz, card.clock_max_mhz) == (627, 700, 1200, 1980)
    assert (card.memory_used_bytes, card.memory_total_bytes) == (33934016512, 150754820096)
    assert card.throttle == ("power cap", "hot")
    assert card.processes == (GpuProcess(4711, "vLLM engine", 32_000_000_000, is_vllm=True),)


def test_older_pages():
    """Drivers before 535 and DCGM before 3.3 have older names; older versions of both exporters fewer labels."""
    old = (
        b'DCGM_FI_DEV_CLOCK_THROTTLE_REASONS{gpu="0", UUID="GPU-a"} 8\nDCGM_FI_DEV_GPU_UTIL{gpu="0", UUID="GPU-a"} 4\n'
    )
    (card,) = read_gpu_page(old).gpus
    assert (card.name, card.utilization_percent, card.throttle) == ("GPU", 4, ("hardware slowdown",))
    old = b'nvidia_smi_index{uuid="a"} 2\nnvidia_smi_clocks_throttle_reasons_active{uuid="a"} 4\n'
    (card,) = read_gpu_page(old).gpus
    assert (card.index, card.throttle, card.memory_total_bytes) == (2, ("power cap",), None)


def test_a_partitioned_card_has_no_utilisation_or_memory_as_a_whole():
    line = 'DCGM_FI_DEV_{}{{gpu="0",UUID="GPU-a",GPU_I_PROFILE="1g.18gb",GPU_I_ID="{}"}} {}\n'
    text = "".join(line.format("FB_USED", n, 100) + line.format("POWER_USAGE", n, 300) for n in (7, 8))
    (card,) = read_gpu_page(text.encode()).gpus
    assert (card.mig, card.memory_used_bytes, card.power_w, card.utilization_percent) == (True, None, 300, None)


def test_pods_that_share_a_card_are_one_card():
    line = 'DCGM_FI_DEV_{}{{gpu="0",UUID="GPU-a",pod="{}"}} {}\n'
    text = "".join(line.format("GPU_UTIL", pod, 40) + line.format("FB_USED", pod, 9) for pod in ("vllm-0", "vllm-1"))
    (card,) = read_gpu_page(text.encode()).gpus
    assert (card.utilization_percent, card.memory_used_bytes) == (40, 9 * MIB)


@pytest.mark.parametrize("page", [b"", b"<html></html>", b"vllm:num_requests_running 1\n", b"\xff\x00{{{", b"up 1\n"])
def test_a_page_of_something_else(page):
    assert read_gpu_page(page) is None


@pytest.mark.parametrize(
    "value",
    ["NaN", "+Inf", "-Inf", "-1", "1e300", "9223372036854775794", "x", "101", "", "0x10", "1e999999"],
)
def test_a_value_that_is_no_measurement_is_unknown(value):
    page = read_gpu_page(b'DCGM_FI_DEV_GPU_TEMP{gpu="0"} 40\nDCGM_FI_DEV_GPU_UTIL{gpu="0"} %s\n' % value.encode())
    assert [(one.temperature_c, one.utilization_percent) for one in page.gpus] == [(40, None)]


@pytest.mark.attack(
    "a GPU exporter's page has a million cards, processes without end, control characters in names",
    "the page is given up, or cards and processes are bounded; texts are cleaned",
)
def test_a_hostile_page_is_bounded():
    many = b"".join(b'DCGM_FI_DEV_GPU_UTIL{gpu="%d"} 1\n' % n for n in range(1000))
    assert len(read_gpu_page(many).gpus) == 64
    with pytest.raises(TooMuchError):
        read_gpu_page(many * 100)
    apps = b"".join(b'nvidia_smi_compute_app_info{uuid="a",pid="%d",process_name="p"} 1\n' % n for n in range(1000))
    odd = b'nvidia_smi_compute_app_info{uuid="a",pid="-1",process_name="p"} 1\n'
    info = 'nvidia_smi_gpu_info{uuid="a",name="\x1b[31mH200\u202e",index="9999999"} 1\n'.encode()
    (card,) = read_gpu_page(apps + odd + info).gpus
    assert len(card.processes) == 16
    assert card.name == "[31mH200"
    assert card.index == 0


def test_what_is_asked():
    """The page that was named, or else ``/metrics``, with no token."""
    host, server = ask(Reply(DCGM_PAGE))
    assert (server.paths, host.url) == (["/metrics"], f"{server.url}/metrics")
    assert "authorization" not in server.asked[0].headers
    _, server = ask(Reply(DCGM_PAGE), path="/gpu/page", name="/gpu/page")
    assert server.paths == ["/gpu/page"]


def test_the_cards_get_a_history():
    host, _ = ask(Reply(DCGM_PAGE), times=3)
    assert host.snapshot.state is GpuState.OK
    assert host.reported == "gpu-box"
    assert [one.history for one in host.snapshot.gpus] == [(97, 97, 97), (0, 0, 0)]


@pytest.mark.parametrize(
    ("reply", "state", "words"),
    [
        (
            Reply("<html>", headers={"content-type": "text/html"}),
            GpuState.NO_FIGURES,
            "It came back as an HTML page, without a GPU",
        ),
        (
            Reply({"detail": "Not Found"}, 404),
            GpuState.NO_FIGURES,
            "It came back as status 404. Name the page of the exporter",
        ),
        (
            Reply("", 302, {"location": "/login"}),
            GpuState.NO_FIGURES,
            "It came back as a redirect to /login, not followed",
        ),
        (Reply("", 401), GpuState.NO_FIGURES, "It wants a password (401), and none is sent"),
        (Reply("vllm:num_requests_running 1\n"), GpuState.NO_FIGURES, "It is vLLM's page, without a GPU exporter's"),
        (
            Reply("DCGM_FI_DEV_GPU_UTIL 1\n"),
            GpuState.NO_FIGURES,
            "The DCGM exporter has no GPU: start it where the driver",
        ),
        (
            Reply("nvidia_smi_last_collect_success 0\nnvidia_smi_command_exit_code 9\n"),
            GpuState.FAILED,
            "The exporter's nvidia-smi fails (exit code 9): run it on that machine.",
        ),
        (
            Reply("nvidia_smi_last_collect_success 1\nnvidia_smi_command_exit_code 0\n"),
            GpuState.NO_FIGURES,
            "has no GPU",
        ),
        (
            Reply(b'DCGM_FI_DEV_GPU_UTIL{gpu="0"} 1\n' * 6000),
            GpuState.NO_FIGURES,
            "more or longer series than are read",
        ),
    ],
)
def test_why_there_are_no_figures(reply, state, words):
    host, _ = ask(reply)
    assert host.snapshot.state is state
    assert words in host.snapshot.detail
    assert host.snapshot.detail.endswith(".")


def test_an_exporter_that_does_not_run():
    async def run():
        async with HttpClient("1") as http:
            return await GpuExporter(free_url(), http, clock=lambda: 0.0).poll()

    host = asyncio.run(run())
    assert host.snapshot.state is GpuState.NO_FIGURES
    assert "Connection refused: nothing listens on port" in host.snapshot.detail
    assert "DCGM exporter listens on 9400, nvidia_gpu_exporter on 9835." in host.snapshot.detail


def test_the_history_has_a_gap_while_the_exporter_is_away():
    """Each poll is five seconds after the last."""
    replies = iter([Reply(DCGM_PAGE), *[Reply("", 503)] * 8, Reply(DCGM_PAGE)])
    host, _ = ask(lambda asked: next(replies), times=10)
    assert host.snapshot.state is GpuState.OK
    assert host.snapshot.gpus[0].history[0] == 97
    assert host.snapshot.gpus[0].history[-1] == 97
