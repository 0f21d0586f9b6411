"""Names of real processes."""

import os
import subprocess
import sys
import time

import psutil
import pytest

from stormdeck.sources.gpu.processes import ProcessNames


@pytest.fixture
def child():
    """Start a program whose command line is vLLM's."""
    code = "import sys; print('up', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code, "VLLM::Worker_TP0"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as started:
        started.stdout.readline()
        yield started
        started.stdin.close()


def test_a_worker_of_vllm_is_known_by_its_title(child):
    named = ProcessNames().name(child.pid, 117)
    assert (named.pid, named.name, named.memory_bytes, named.is_vllm) == (child.pid, "vLLM worker", 117, True)


def test_the_name_of_a_worker_is_asked_once(child, monkeypatch):
    names = ProcessNames()
    names.name(child.pid, None)
    monkeypatch.setattr(psutil.Process, "cmdline", lambda _: pytest.fail("asked again"))
    assert names.name(child.pid, None).name == "vLLM worker"


def test_a_worker_that_left_the_gpus_is_forgotten(child, monkeypatch):
    names = ProcessNames()
    names.name(child.pid, None)
    names.forget_all_but({child.pid})
    names.forget_all_but(set())
    monkeypatch.setattr(psutil.Process, "cmdline", lambda _: ["VLLM::EngineCore"])
    assert names.name(child.pid, None).name == "vLLM engine"


def test_a_launcher_that_becomes_a_worker_is_seen_to_become_one(monkeypatch):
    names = ProcessNames()
    assert not names.name(os.getpid(), None).is_vllm
    monkeypatch.setattr(psutil.Process, "cmdline", lambda _: ["VLLM::Worker_TP0"])
    assert names.name(os.getpid(), None).name == "vLLM worker"


def test_a_process_id_that_was_given_anew_is_another_process(child, monkeypatch):
    names = ProcessNames()
    names.name(child.pid, None)
    monkeypatch.setattr(psutil.Process, "create_time", lambda _: time.time() + 1000)
    monkeypatch.setattr(psutil.Process, "cmdline", lambda _: ["blender"])
    monkeypatch.setattr(psutil.Process, "name", lambda _: "blender")
    assert names.name(child.pid, None).name == "blender"


def test_another_program_goes_by_its_own_name():
    named = ProcessNames().name(os.getpid(), None)
    assert not named.is_vllm
    assert named.name == psutil.Process().name()[:24]


@pytest.mark.parametrize("pid", [2**31 - 1, 2**32 - 1], ids=["gone", "no process id at all"])
def test_a_process_out_of_sight_goes_by_its_number(pid):
    named = ProcessNames().name(pid, 7)
    assert (named.name, named.memory_bytes, named.is_vllm) == (f"pid {pid}", 7, False)


def test_a_command_line_that_may_not_be_read_leaves_the_program_name(monkeypatch):
    def refuse(_):
        raise psutil.AccessDenied

    monkeypatch.setattr(psutil.Process, "cmdline", refuse)
    monkeypatch.setattr(psutil.Process, "name", lambda _: "python\x1b[31m3")
    assert ProcessNames().name(os.getpid(), None).name == "python[31m3"
