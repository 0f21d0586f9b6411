"""Logs on another host are followed by the real ssh through a real sshd, by one connection, with no password."""

from __future__ import annotations

import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psutil
import pytest

import fake_engine
import log_sources
from fake_engine import stamp
from log_sources import following, program
from ssh_server import logins, ssh_server
from stormdeck.model.logs.batch import LogState
from stormdeck.model.logs.spec import parse_log
from stormdeck.sources.logs.places.delivery import WHOLE
from stormdeck.sources.logs.places.opening import read_once
from stormdeck.sources.logs.places.ssh import quoted, ssh_argv
from waiting import until


@pytest.fixture
def box(tmp_path: Path, programs: Path) -> Iterator[Path]:
    with ssh_server(tmp_path, programs):
        yield tmp_path


def append(file: Path, text: str) -> None:
    with file.open("a") as out:
        out.write(text)


def test_a_file_is_followed_and_its_old_lines_are_history(box: Path) -> None:
    log = box / "it's a log.txt"
    append(log, "one\ntwo\n")
    with following(parse_log(f"ssh:gpu-box:{log}")) as seen:
        seen.awaits("one", "two")
        append(log, "three\n")
        seen.awaits("one", "two", "three")
        assert seen.past == ["one", "two"]
        seen.says(LogState.FOLLOWING)


def test_a_rotated_file_is_followed(box: Path) -> None:
    log = box / "vllm.log"
    append(log, "one\n")
    with following(parse_log(f"ssh:gpu-box:{log}")) as seen:
        seen.awaits("one")
        log.rename(box / "vllm.log.1")
        append(log, "two\n")
        seen.awaits("one", "two")


def test_two_logs_share_one_connection(box: Path) -> None:
    first, second = box / "a.log", box / "b.log"
    append(first, "a\n")
    append(second, "b\n")
    with following(parse_log(f"ssh:gpu-box:{first}")) as one:
        one.awaits("a")
        with following(parse_log(f"ssh:gpu-box:{second}")) as two:
            two.awaits("b")
    assert logins(box) == 1


def test_nothing_holds_the_connection_when_this_program_is_killed(box: Path) -> None:
    append(box / "a.log", "a\n")
    code = (
        "import sys, time; sys.path += sys.argv[2:]\n"
        "from log_sources import following; from stormdeck.model.logs.spec import parse_log\n"
        "with following(parse_log(sys.argv[1])) as seen:\n"
        "  seen.awaits('a'); print('ready', flush=True); time.sleep(600)"
    )
    helpers = {str(Path(module.__file__).parent) for module in (fake_engine, log_sources)}
    command = [sys.executable, "-c", code, f"ssh:gpu-box:{box}/a.log", *helpers]
    child = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"
    child.kill()
    child.wait()
    child.stdout.close()
    append(box / "a.log", "b\n" * 3)
    until(lambda: not ssh_processes(box), lambda: str(ssh_processes(box)))


def ssh_processes(folder: Path) -> list[list[str]]:
    """Return the clients of the test's own ssh that run."""
    found = [one.info["cmdline"] or [] for one in psutil.process_iter(["cmdline"])]
    return [words for words in found if "ssh" in words[:1] and any(str(folder) in word for word in words)]


def test_a_lost_connection_loses_and_repeats_nothing(box: Path, programs: Path) -> None:
    log = box / "vllm.log"
    append(log, "one\n")
    program(programs, "tail", '#!/bin/sh\nexec timeout 0.5 /usr/bin/tail "$@"\n')
    with following(parse_log(f"ssh:gpu-box:{log}")) as seen:
        for number in range(20):
            append(log, f"{number}\n")
            if number % 5 == 0:
                until(partial(seen.has, number + 2))
        seen.awaits("one", *map(str, range(20)))
        late = [batch for batch in seen.batches if batch.since is not None]
        assert all(batch.since is not None and batch.since <= batch.arrived for batch in late)


def test_a_file_that_is_not_there_is_awaited(box: Path) -> None:
    with following(parse_log(f"ssh:gpu-box:{box}/later.log")) as seen:
        seen.says(LogState.WAITING, "No such file or directory")
        append(box / "later.log", "first\n")
        seen.awaits("first")


def test_a_host_that_wants_a_password_is_named(box: Path) -> None:
    with following(parse_log("ssh:nobody:/var/log/vllm.log")) as seen:
        seen.says(LogState.NO_PERMISSION, "nobody wants a password, or a key that the agent does not have")


def test_a_host_that_does_not_answer_is_named(box: Path) -> None:
    with following(parse_log("ssh:down:/var/log/vllm.log")) as seen:
        seen.says(LogState.FAILED, "down cannot be reached: ssh: connect to host 127.0.0.1 port 1: Connection refused")


def test_a_container_there_is_followed_on_both_streams(box: Path, programs: Path) -> None:
    t = time.time()
    lines = f"echo '{stamp(t - 5)} out'; sleep 0.05; echo '{stamp(t - 4)} err' >&2; exec sleep 600"
    program(programs, "docker", f'#!/bin/sh\necho "$@" > {box}/called\n{lines}\n')
    with following(parse_log("ssh:gpu-box:docker:vllm")) as seen:
        until(lambda: len(seen.lines) == 2)
        assert sorted(seen.lines) == ["err", "out"]
        assert sorted(at for batch in seen.batches for at in batch.times) == [
            pytest.approx(t - 5),
            pytest.approx(t - 4),
        ]
        assert (box / "called").read_text().split()[-2:] == ["--follow", "vllm"]


def test_a_container_that_is_not_there_is_awaited(box: Path, programs: Path) -> None:
    program(programs, "docker", "#!/bin/sh\necho 'Error: No such container: vllm' >&2\nexit 1\n")
    with following(parse_log("ssh:gpu-box:docker:vllm")) as seen:
        seen.says(LogState.WAITING, "on gpu-box: Error: No such container: vllm")


def test_a_unit_and_a_pod_there_are_followed(box: Path, programs: Path) -> None:
    micro = int(time.time() * 1_000_000)
    entry = f'{{"__REALTIME_TIMESTAMP":"{micro}","MESSAGE":"of the unit"}}'
    program(programs, "journalctl", f"#!/bin/sh\necho '{entry}'\nexec sleep 600\n")
    program(programs, "kubectl", f"#!/bin/sh\necho '{stamp(time.time())} of the pod'\nexec sleep 600\n")
    with following(parse_log("ssh:gpu-box:journal:user:vllm")) as unit:
        unit.awaits("of the unit")
    with following(parse_log("ssh:gpu-box:k8s:prod/vllm-0")) as pod:
        pod.awaits("of the pod")


def test_a_program_that_is_missing_there_is_named(box: Path) -> None:
    with following(parse_log("ssh:gpu-box:podman:vllm")) as seen:
        until(lambda: seen.statuses and seen.statuses[-1].state in {LogState.FAILED, LogState.WAITING})


def test_a_file_is_read_once(box: Path) -> None:
    append(box / "vllm.log", "one\ntwo\n")
    batches = list(read_once(parse_log(f"ssh:gpu-box:{box}/vllm.log"), WHOLE))
    assert [line for batch in batches for line in batch.lines] == ["one", "two"]


@pytest.mark.parametrize("path", ["/a b", "/a;reboot", "/$(reboot)", "/`reboot`", "/a'b", "/a\\b", "/a|b", "/ä"])
def test_a_path_stays_one_word_for_the_hosts_shell(path: str) -> None:
    assert shlex.split(ssh_argv("gpu-box", ["tail", "-F", path])[-1]) == ["tail", "-F", path]


def test_the_home_folder_there_is_known(box: Path) -> None:
    assert quoted("~/x y.log") == "~/'x y.log'"
    assert ssh_argv("me@gpu-box", ["wc"])[-2:] == ["me@gpu-box", "wc"]
    assert "-oBatchMode=yes" in ssh_argv("gpu-box", ["wc"])
