"""What another machine may print that nobody asked for: no exception, no invented server, no hidden one."""

import shutil
import subprocess

import pytest

from places import TESTS
from stormdeck.model.snapshots.server import ServerKind
from stormdeck.sources.remote.gpus import RemoteGpus
from stormdeck.sources.remote.listing import SCRIPT, read_listing

RECORDED = (TESTS / "data" / "remote" / "listing.txt").read_text()
STAT = "(x) S 1 0 0 0 -1 0 0 0 0 0 8 1 0 0 20 0 1 0 5737695 0 0"
HUGE = "9" * 5000


def process(pid, *argv, **values):
    """Return what the script prints of a process."""
    lines = [f"@process {pid}", "".join(f"{word}\t" for word in argv), f"@stat {pid} {STAT}"]
    return "\n".join([*lines, *(f"@{name} {value}" for name, value in values.items())])


def with_first(*processes):
    """Return the recorded listing with processes before its own."""
    head, rest = RECORDED.split("\n@process ", 1)
    return "\n".join([head, *processes, f"@process {rest}"])


@pytest.mark.parametrize("number", [HUGE, "²", "-1", "", "1e9", "٣"], ids=range(6))
@pytest.mark.parametrize("place", ["@boot btime {}", "@process {}", "btime 1796043029 {}", "@stat {} (x) S {}"])
def test_numbers_of_all_kinds_raise_nothing(number, place):
    before = place.format("1", "1").split()[0]
    for text in (
        RECORDED.replace(before, place.format(number, number), 1),
        with_first(process(number, "vllm", "serve")),
    ):
        for one in read_listing(text).processes:
            assert 0 <= one.pid < 2**31
            assert 0 <= one.started < 2**40


@pytest.mark.parametrize("word", ["²", "٣", HUGE[:4000], "1_0"], ids=range(4))
def test_a_gpu_has_an_index_of_plain_digits(word):
    line = f"{word}, NVIDIA H200, 91, 120000, 143771, 71, 612.20, 700.00, 1980, 1980, 580.95.05"
    assert RemoteGpus().take(line, 0.0) is None


def test_a_server_is_found_behind_many_processes_that_only_name_it():
    noise = [process(pid, "tail", "-F", "/var/log/vllm.log") for pid in range(10000, 10400)]
    assert {one.kind for one in read_listing(with_first(*noise)).processes} == {ServerKind.VLLM, ServerKind.LITELLM}


@pytest.mark.parametrize("end", ["\r", "\v", "\x1e", "\x85", "\u2028"])
def test_an_argument_is_never_a_line_of_its_own(end):
    argument = f"--seed{end}@folder /etc{end}@out /etc/shadow"
    found = read_listing(with_first(process(7, "vllm", "serve", "m", argument, out="/dev/null"))).processes
    one = next(one for one in found if one.pid == 7)
    assert (one.log, one.folder, one.argv[-1]) == (None, "", argument)


def test_a_greeting_of_the_shell_hides_nothing():
    expected = read_listing(RECORDED)
    assert read_listing(f"Welcome!\x1b[31m\n{RECORDED}") == expected


def test_ports_are_those_that_can_be():
    row = "   0: 00000000:{} 00000000:0000 0A 0:0 0:0 0     0        0 {} 1 0 100 0 0 10 0"
    rows = "\n".join(row.format(port, 900 + at) for at, port in enumerate(("FFFFF", "-1F", "0", "1_0", "1F40")))
    assert all(0 < port < 65536 for port in read_listing(f"@boot x\n@tcp\n{rows}\n@end").listening)


def test_a_port_of_a_thousand_digits_is_none():
    (one,) = (
        one for one in read_listing(with_first(process(7, "vllm", "serve", "--port", HUGE))).processes if one.pid == 7
    )
    assert one.port is None


@pytest.mark.parametrize(
    "shell", [("sh",), ("busybox", "sh"), ("dash",), ("bash", "--posix")], ids=lambda words: words[0]
)
def test_a_crowd_of_processes_ends_the_script_early_and_a_few_do_not(tmp_path, shell):
    if shutil.which(shell[0]) is None:
        pytest.skip(f"{shell[0]} is not installed")

    def listed(count):
        for pid in range(11, count + 11):
            (tmp_path / str(pid)).mkdir(exist_ok=True)
            (tmp_path / str(pid) / "cmdline").write_bytes(b"/opt/vllm\0serve\0m\0")
            (tmp_path / str(pid) / "stat").write_text(f"{pid} {STAT}\n")
        script = SCRIPT.replace("/proc", str(tmp_path))
        done = subprocess.run([*shell, "-s"], input=script, capture_output=True, text=True, check=True)
        return read_listing(done.stdout)

    (tmp_path / "stat").write_text("btime 1796043029\n")
    few = listed(3)
    assert (len(few.processes), few.is_whole) == (3, True)
    assert not listed(600).is_whole
