"""A program that the user agreed to is run to its end: bounded, cleaned, and killed when it hangs or is stopped."""

import asyncio

import pytest

from panel import in_loop
from stand_ins import StandIns, has_ended
from stormdeck.sources.processes.run import LONGEST_LINE, MOST_LINES, run_program
from waiting import eventually


@pytest.fixture
def programs(tmp_path, monkeypatch):
    return StandIns(tmp_path, monkeypatch)


@in_loop
async def test_its_output_comes_as_it_is_printed_with_both_streams_and_without_escapes(programs):
    programs.add("docker", r"printf '\033[32mvllm\033[0m\n'", "echo a warning >&2", "printf 'no line end'")
    lines = []
    ended = await run_program(["docker", "restart", "my vllm; reboot"], lines.append)
    assert lines == ["vllm", "a warning", "no line end"]
    assert (ended.code, ended.words, ended.is_success) == (0, "ended with code 0", True)
    assert programs.arguments("docker") == ["restart", "my vllm; reboot"]


@in_loop
async def test_a_line_is_delivered_before_the_program_ends(programs, tmp_path):
    programs.add("docker", "echo begun", f"while [ ! -e {tmp_path}/go ]; do sleep 0.01; done")
    lines = []
    running = asyncio.create_task(run_program(["docker"], lines.append))
    await eventually(lambda: lines == ["begun"])
    assert not running.done()
    (tmp_path / "go").touch()
    assert (await running).is_success


@in_loop
async def test_a_failure_has_its_code_and_its_message(programs):
    programs.add("systemctl", "echo 'Interactive authentication required.' >&2", "exit 4")
    lines = []
    ended = await run_program(["systemctl", "restart", "vllm"], lines.append)
    assert (ended.code, ended.words, ended.is_success) == (4, "ended with code 4", False)
    assert lines == ["Interactive authentication required."]


@in_loop
async def test_a_program_that_is_not_installed_or_cannot_be_run_is_said_so(programs, tmp_path):
    ended = await run_program(["no-such-program"], print)
    assert (ended.code, ended.words) == (None, "was not run: no-such-program is not installed on this machine")
    (tmp_path / "kubectl").write_text("#!/bin/sh\n")
    denied = await run_program([str(tmp_path / "kubectl")], print)
    assert (denied.code, denied.words) == (None, "was not run: Permission denied")


@in_loop
async def test_one_that_hangs_is_stopped_at_the_limit_even_if_it_heeds_no_signal(programs):
    programs.add("kubectl", "trap '' TERM", "echo waiting", "while :; do sleep 0.05; done")
    lines = []
    ended = await run_program(["kubectl"], lines.append, limit_s=0.3)
    assert ended.code is None
    assert ended.words == "did not end within 0.3 s and was stopped: what it has done by then is not known"
    assert has_ended(programs.pid("kubectl"))


@in_loop
async def test_it_is_stopped_with_its_task(programs):
    programs.add("docker", "echo begun", "sleep 600")
    lines = []
    running = asyncio.create_task(run_program(["docker"], lines.append))
    await eventually(lambda: lines)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await eventually(lambda: has_ended(programs.pid("docker")))


@in_loop
async def test_what_it_leaves_running_neither_stays_nor_holds_it_up(programs, tmp_path):
    programs.add("docker", f"sleep 600 & echo $! >{tmp_path}/child", "echo done")
    lines = []
    assert (await run_program(["docker"], lines.append)).is_success
    assert lines == ["done"]
    child = int((tmp_path / "child").read_text())
    await eventually(lambda: has_ended(child) or _is_zombie(child))


@in_loop
async def test_a_flood_is_read_to_its_end_and_cut(programs):
    programs.add("docker", "i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i + 1)); done")
    lines = []
    assert (await run_program(["docker"], lines.append)).is_success
    assert len(lines) == MOST_LINES + 1
    assert lines[-2:] == [f"line {MOST_LINES - 1}", "… more output is not shown"]


@in_loop
async def test_a_line_without_end_is_cut(programs):
    programs.add("docker", "head -c 3000000 /dev/zero | tr '\\0' x; echo; echo after")
    lines = []
    assert (await run_program(["docker"], lines.append)).is_success
    assert lines == ["x" * (LONGEST_LINE - 1) + "…", "after"]


@in_loop
async def test_it_gets_neither_input_nor_a_terminal(programs):
    programs.add("systemctl", "read -r answer || echo no input", "(exec </dev/tty) 2>/dev/null || echo no terminal")
    lines = []
    assert (await run_program(["systemctl"], lines.append)).is_success
    assert lines == ["no input", "no terminal"]


def _is_zombie(pid):
    import psutil

    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
