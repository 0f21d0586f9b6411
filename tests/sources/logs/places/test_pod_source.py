"""A pod is followed by ``kubectl logs``; a stand-in writes down how it was called and answers like kubectl 1.32."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from fake_engine import stamp
from log_sources import following, program
from stormdeck.model.logs.batch import LogState
from stormdeck.model.logs.spec import parse_log

STAND_IN = """#!/bin/sh
echo "$@" >> {called}
touch {output}
exec tail -n +1 -f {output}
"""


@pytest.fixture
def kubectl(programs: Path, tmp_path: Path) -> Path:
    """Return the file whose lines the stand-in prints."""
    called, output = tmp_path / "called", tmp_path / "output"
    program(programs, "kubectl", STAND_IN.format(called=called, output=output))
    return output


def write(file: Path, *lines: str) -> None:
    with file.open("a") as out:
        out.writelines(f"{line}\n" for line in lines)


def test_a_pod_is_followed_with_its_times(kubectl: Path, tmp_path: Path) -> None:
    now = time.time()
    write(kubectl, f"{stamp(now - 60)} a minute ago")
    with following(parse_log("k8s:kind-dev/prod/deploy/vllm/server")) as seen:
        seen.awaits("a minute ago")
        write(kubectl, f"{stamp(now + 1)} live", "2026-11-30T10:00:00.5+01:00 with a zone", "without a stamp")
        seen.awaits("a minute ago", "live", "with a zone", "without a stamp")
        assert seen.past == ["a minute ago"]
        assert list(seen.batches[0].times) == [pytest.approx(now - 60, abs=1e-6)]
        seen.says(LogState.FOLLOWING)
    words = (tmp_path / "called").read_text().split()
    assert words[:2] == ["--context=kind-dev", "--namespace=prod"]
    assert words[2:5] == ["logs", "--timestamps", "--container=server"]
    assert words[-2:] == ["--follow", "deploy/vllm"]
    assert "--since-time=" in words[5]


@pytest.mark.parametrize(
    ("message", "state"),
    [
        ('Error from server (NotFound): pods "vllm-0" not found', LogState.WAITING),
        ('Error from server (Forbidden): pods "vllm-0" is forbidden: User "x" cannot get', LogState.NO_PERMISSION),
        ("error: You must be logged in to the server (Unauthorized)", LogState.NO_PERMISSION),
        ("The connection to the server 127.0.0.1:6443 was refused - did you specify it?", LogState.FAILED),
        ('error: context "kind-dev" does not exist', LogState.FAILED),
        (
            'Error from server (BadRequest): container "vllm" in pod "vllm-0" is waiting to start: ContainerCreating',
            LogState.WAITING,
        ),
    ],
)
def test_a_refusal_says_why(programs: Path, message: str, state: LogState) -> None:
    program(programs, "kubectl", f"#!/bin/sh\ncat >&2 <<'E'\n{message}\nE\nexit 1\n")
    with following(parse_log("k8s:prod/vllm-0")) as seen:
        seen.says(state, message)


def test_a_pod_that_ends_is_followed_again(programs: Path, tmp_path: Path) -> None:
    now = time.time()
    write(tmp_path / "output", f"{stamp(now - 5)} one", f"{stamp(now + 3)} two")
    program(programs, "kubectl", f"#!/bin/sh\ncat {tmp_path / 'output'}\n")
    with following(parse_log("k8s:prod/vllm-0")) as seen:
        seen.says(LogState.WAITING, "the pod's log ended")
        write(tmp_path / "output", f"{stamp(now + 4)} three")
        seen.awaits("one", "two", "three")


def test_which_pod_of_a_deployment_is_read_is_said(programs: Path) -> None:
    note = "Found 2 pods, using pod/vllm-5d4f-abcde"
    program(programs, "kubectl", f"#!/bin/sh\necho '{note}' >&2\nexec sleep 600\n")
    with following(parse_log("k8s:prod/deploy/vllm")) as seen:
        seen.says(LogState.FOLLOWING, note)


def test_a_kubectl_that_ignores_sigterm_is_ended(programs: Path, tmp_path: Path) -> None:
    line = f"{stamp(time.time() - 1)} ready"
    program(programs, "kubectl", f"#!/bin/sh\ntrap '' TERM\necho '{line}'\nwhile :; do sleep 0.1; done\n")
    with following(parse_log("k8s:prod/vllm-0")) as seen:
        seen.awaits("ready")
