"""What stormdeck says of servers in real containers, as root and as a plain user.

``make test-docker``. One dockerd in namespaces of its own serves all of it (``scenes.py``), and nothing is left.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TABLE = HERE / "TABLE.md"
LIMIT_S = 1500.0
PROGRAMS = ("dockerd", "iptables", "unshare", "setpriv", "tar")
NOT_PUBLISHED = r"vLLM runs in container \w+, its port 8000 is not published"
PROPOSED = r"http://127\.0\.0\.1:8000"

EXPECTED = {
    "vLLM, -p 8001:8000": (0, "All well"),
    "vLLM, -p 8001:8000, nothing configured": (1, "Claude Code is not set up here yet: no settings lead to :8001"),
    "vLLM, -p 8001:8000, base URL :8000": (2, "No server answers at http://127.0.0.1:8000"),
    "vLLM that loads, -p 8001:8000": (1, "vLLM is starting"),
    "vLLM without a published port, nothing configured": (1, NOT_PUBLISHED),
    "vLLM by its container's address": (0, "All well"),
    "vLLM without a published port, behind socat": (0, "All well"),
    "compose, only LiteLLM published": (0, f"LiteLLM answers; {NOT_PUBLISHED}"),
    "compose, only LiteLLM published, nothing configured": (1, "Claude Code is not set up here yet"),
    "compose, only LiteLLM published, --litellm-config": (0, f"LiteLLM answers; {NOT_PUBLISHED}"),
    "host network": (0, "All well"),
    "host network, another stack's YAML at that path here": (0, "All well"),
    "podman, host network": (0, "All well"),
    "podman, -p 8001:8000": (0, "All well"),
    "rootless podman, -p 8001:8000": (0, "All well"),
    "rootless podman, -p 8001:8000, nothing configured": (1, "Claude Code is not set up here yet"),
    "no docker-proxy, -p 8001:8000": (0, "All well"),
    "no docker-proxy, -p 8001:8000, nothing configured": (1, "Claude Code is not set up here yet"),
    "no docker-proxy, vLLM that loads": (1, "Nothing accepts connections behind http://127.0.0.1:8001 yet, and vLLM"),
    "no docker-proxy, vLLM that loads, Docker asked": (1, "vLLM is starting|Nothing accepts connections behind"),
}
"""The exit code of ``status``, and how its headline begins, for both users."""
ERRORS = {"vLLM, -p 8001:8000, base URL :8000": ["URL105"]}
"""What ``check`` finds wrong there; nothing in the others."""


def why_not():
    """Return why it cannot run here, an empty text where it can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "needs root on Linux"
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    missing = [program for program in PROGRAMS if shutil.which(program, path=path) is None]
    return f"not installed: {', '.join(missing)}" if missing else ""


def seen(out, *scenes, flags=""):
    """Return what scenes say beside a daemon of their own."""
    environ = {**os.environ, "PATH": f"/usr/bin:/usr/sbin:/sbin:{os.environ['PATH']}", "DOCKERD_FLAGS": flags}
    command = [str(HERE / "dockerd.sh"), sys.executable, str(HERE / "scenes.py"), str(out), *scenes]
    done = subprocess.run(
        command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=LIMIT_S, check=False
    )
    if not out.exists():
        pytest.skip(f"dockerd does not run here: {done.stdout.strip()[-300:]}")
    return json.loads(out.read_text())


@pytest.fixture(scope="session")
def results(tmp_path_factory):
    """Return what the scenes wrote."""
    reason = why_not()
    if reason:
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("docker")
    found = [*seen(folder / "out.json"), *seen(folder / "unproxied.json", "unproxied", flags="--userland-proxy=false")]
    if os.environ.get("WRITE_TABLE"):
        TABLE.write_text(table(found))
    return found


def of(results, name):
    """Return the results of a deployment, or skip with the reason."""
    found = [one for one in results if one["name"] == name and "status" in one]
    if not found:
        reasons = [one.get("skipped") or one.get("failed", "") for one in results if "status" not in one]
        pytest.skip("; ".join(reasons) or "not built")
    return found


@pytest.mark.parametrize(("name", "code", "headline"), [(name, *one) for name, one in EXPECTED.items()], ids=EXPECTED)
def test_the_headline(results, name, code, headline):
    for one in of(results, name):
        assert one["code"] == code, one["user"]
        assert re.match(headline, one["status"]["headline"]["text"]), (one["user"], one["status"]["headline"])


CLEAN = [name for name, (code, _) in EXPECTED.items() if code == 0 and "--litellm-config" not in name]


@pytest.mark.parametrize("name", CLEAN)
def test_a_clean_stack_has_no_finding(results, name):
    for one in of(results, name):
        assert one["findings"] == [], one["user"]


@pytest.mark.parametrize("name", EXPECTED)
def test_no_error_that_is_none(results, name):
    for one in of(results, name):
        found = [code for code, severity, _ in one["findings"] if severity == "error"]
        assert (found, one["check"]) == (ERRORS.get(name, []), 1 if name in ERRORS else 0), one["user"]


@pytest.mark.parametrize("name", [name for name in EXPECTED if "host network" not in name and ":8000," not in name])
def test_no_server_is_seen_where_none_listens(results, name):
    for one in of(results, name):
        hops = [hop["url"] for hop in one["status"]["hops"]]
        nexts = [statement["next"] for statement in one["status"]["statements"]]
        if "base URL :8000" not in name:
            assert not any(re.search(PROPOSED, text or "") for text in (*hops, *nexts)), one["user"]


@pytest.mark.parametrize("name", [name for name in EXPECTED if "LiteLLM" in name or "host network" in name])
def test_a_litellm_that_answers_never_does_not_start(results, name):
    for one in of(results, name):
        assert "does not start with it" not in json.dumps(one)
        assert "10.1.2.3" not in json.dumps(one)


def table(found):
    """Return the results as a table."""
    how = (
        "Written by `make test-docker`: dockerd 20.10, docker-compose 1.29 and podman 4.3 of Debian 12, in namespaces "
        "of their own. The servers in the containers imitate vLLM and LiteLLM (`imitation.py`)."
    )
    rows = [
        "# What stormdeck says of servers in containers",
        "",
        how,
        "",
        "| deployment | user | `status` | hops | `check` | headline |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for one in found:
        if "log" in one:
            last = one["log"][-1]
            counted = f"{last['requests']} requests, {last['turns']} turns, {last['retries']} retries"
            rows.append(
                f"| {one['name']} | root | | {', '.join(one['log'][0]['logs'])} | {counted} | {last['headline']} |"
            )
            continue
        if "status" not in one:
            rows.append(f"| {one['name']} | | not run | | | {one.get('skipped') or one.get('failed')} |")
            continue
        status = one["status"]
        hops = ", ".join(
            " ".join(filter(None, (hop["name"], hop["url"], hop["state"]))) for hop in status["hops"][1:-1]
        )
        codes = ", ".join(f"{code} ({severity})" for code, severity, _ in one["findings"]) or "no finding"
        headline = status["headline"]["text"] + (f" ({code})" if (code := status["headline"]["code"]) else "")
        rows.append(
            f"| {one['name']} | {one['user']} | {one['code']} {status['state']} | {hops} | {one['check']}: {codes} "
            f"| {headline} |"
        )
    return _plain("\n".join(rows)) + "\n"


def _plain(text):
    """Return a text without what differs at every run."""
    text = re.sub(r"container [0-9a-f]{12}", "container ID", text)
    text = re.sub(r"\b(process|pid) \d+", r"\1 N", text)
    return re.sub(r"\b172\.\d+\.\d+\.\d+", "172.17.0.N", text)


FOLLOWED = {
    "compose, both logs found": ["docker:stack_litellm_1", "docker:stack_vllm_1"],
    "podman, its log found": ["podman:vllm"],
}
"""The logs that the panel finds by itself."""


def steps_of(results, name):
    """Return what the panel knew after each step, or skip with the reason."""
    found = [one for one in results if one["name"] == name and "log" in one]
    if not found:
        pytest.skip("; ".join(one["skipped"] for one in results if "skipped" in one) or "not built")
    return found[0]["log"]


@pytest.mark.parametrize("name", FOLLOWED)
def test_the_logs_are_found_and_counted_exactly(results, name):
    failed = [one["failed"] for one in results if one["name"] in {"composed_logs", "podman_logs"} and "failed" in one]
    assert not failed
    steps = steps_of(results, name)
    for step in steps:
        assert {key: step[key] for key in step["ledger"]} == step["ledger"], step["step"]
        assert step["counted"] == FOLLOWED[name][0]
    assert steps[0]["logs"] == FOLLOWED[name]
    assert steps[0]["storms"] == [[4, "500", FOLLOWED[name][0]]]


def test_a_killed_vllm_behind_the_proxy_is_named_with_its_reason(results):
    last = steps_of(results, "compose, both logs found")[-1]
    assert last["headline"] == "vLLM's container stack_vllm_1 has exited with code 137: it was killed (SIGKILL)"
