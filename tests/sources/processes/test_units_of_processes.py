"""The unit of a process and the pod behind a port forward are read from what every user may read."""

from __future__ import annotations

from pathlib import Path

import pytest

from stormdeck.model.logs.spec import JournalLog
from stormdeck.sources.processes.port_forward import forwarded_pod
from stormdeck.sources.processes.units import unit_of

SESSION = "0::/user.slice/user-1000.slice/session-3.scope\n"
GROUPS = [
    ("0::/system.slice/vllm.service\n", JournalLog("vllm")),
    ("12:cpu:/system.slice/x\n1:name=systemd:/system.slice/vllm@a.service\n0::/\n", JournalLog("vllm@a")),
    ("0::/system.slice/system-vllm.slice/vllm@big\\x2d1.service\n", JournalLog("vllm@big\\x2d1")),
    (
        "0::/user.slice/user-1000.slice/user@1000.service/app.slice/litellm.service\n",
        JournalLog("litellm", user=True),
    ),
    ("0::/user.slice/user-1001.slice/user@1001.service/app.slice/litellm.service\n", None),
    ("0::/user.slice/user-1000.slice/user@1000.service/tmux-spawn-1.scope\n", None),
    (SESSION, None),
    ("0::/\n", None),
    ("", None),
    ("nonsense\n", None),
    ("0::/system.slice/a b.service\n", None),
    ("0::/system.slice/--flag.service\n", None),
]


@pytest.mark.parametrize(("group", "unit"), GROUPS)
def test_the_unit_is_in_the_control_group(tmp_path: Path, group: str, unit: JournalLog | None) -> None:
    for name, text in (("77", group), ("self", SESSION.replace("3", "9"))):
        (tmp_path / name).mkdir()
        (tmp_path / name / "cgroup").write_text(text)
    assert unit_of(77, tmp_path, uid=1000) == unit


def test_the_unit_of_this_program_says_nothing(tmp_path: Path) -> None:
    for name in ("77", "self"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "cgroup").write_text("0::/system.slice/terminal.service\n")
    assert unit_of(77, tmp_path) is None
    assert unit_of(78, tmp_path) is None


@pytest.mark.parametrize(
    ("command", "log"),
    [
        ("kubectl port-forward -n prod svc/vllm 8000:8000", "k8s:prod/service/vllm"),
        ("kubectl -n prod port-forward --address 127.0.0.1 vllm-0 8000", "k8s:prod/vllm-0"),
        (
            "/usr/bin/kubectl --context=kind-dev --namespace=prod port-forward deployment/vllm 8000",
            "k8s:kind-dev/prod/deploy/vllm",
        ),
        ("kubectl port-forward svc/vllm 8000:8000", None),
        ("kubectl -n prod logs vllm-0", None),
        ("kubectl port-forward -n prod", None),
        ("kubectl port-forward -n prod ../x 8000", None),
        ("ssh -L 8000:localhost:8000 port-forward", None),
        ("", None),
    ],
)
def test_a_port_forward_names_its_pod(command: str, log: str | None) -> None:
    found = forwarded_pod(command.split())
    assert (str(found) if found is not None else None) == log
