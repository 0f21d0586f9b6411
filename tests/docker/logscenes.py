"""Run servers in containers, let a client retry, and let the panel's feed find and follow their logs."""

import http.client
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import image
from scenes import REPOSITORY, VLLM, address, answers, docker, settings, until

COMPOSE = """version: "2.4"
services:
  vllm:
    image: {image}
    command: {vllm}
    stop_grace_period: 0s
  litellm:
    image: {image}
    command: ["litellm", "--upstream", "vllm:8000"]
    stop_grace_period: 0s
    ports: ["4000:4000"]
"""


class Client:
    """Sends turns as Claude Code does, with its waits, and keeps the ledger of what it sent."""

    def __init__(self, url):
        self._host = url.removeprefix("http://")
        self.requests = self.turns = self.retries = 0

    def turn(self, *statuses):
        """Send one turn, over one connection, whose attempts get these statuses."""
        self.turns += 1
        connection = http.client.HTTPConnection(self._host, timeout=60)
        for number, status in enumerate(statuses):
            if number:
                time.sleep(0.5 * 2 ** (number - 1) * 1.1)
            head = {"x-status": str(status), "user-agent": "claude-cli/2.1.332"}
            connection.request("POST", "/v1/messages?beta=true", b"{}", head)
            answer = connection.getresponse()
            body = answer.read().decode()
            if answer.status != status:
                raise RuntimeError(f"the stack answered {answer.status} instead of {status}: {body[:300]}")
            self.requests += 1
            self.retries += number > 0
        connection.close()


class Panel:
    """The panel's feed in a process of its own."""

    def __init__(self, folder, config, *flags, environ=None):
        self._home = Path(tempfile.mkdtemp(dir=folder))
        (self._home / ".claude").mkdir()
        (self._home / ".claude" / "settings.json").write_text(json.dumps(config))
        self._out = self._home / "seen.json"
        given = {name: value for name, value in os.environ.items() if name in {"DOCKER_HOST", "PATH"}}
        given |= {"HOME": str(self._home), "PYTHONPATH": str(REPOSITORY / "app")} | (environ or {})
        command = [sys.executable, str(Path(__file__).with_name("watching.py")), str(self._out), *flags]
        self._error = (self._home / "error").open("wb")
        self._process = subprocess.Popen(command, env=given, cwd=self._home, stderr=self._error)

    def seen(self):
        """Return what it knows now."""
        if self._process.poll() is not None:
            raise RuntimeError(f"the feed ended: {(self._home / 'error').read_text()[-600:]}")
        return json.loads(self._out.read_text()) if self._out.exists() else {}

    def until(self, is_true, what):
        """Wait until a condition of what it knows holds; return what it knows."""
        try:
            until(lambda: (seen := self.seen()) and is_true(seen), what)
        except RuntimeError as error:
            raise RuntimeError(f"{error}; it knows {json.dumps(self.seen())[:1500]}") from None
        return self.seen()

    def restart(self, hop):
        """Restart a server as the panel's key does; return the command that was run."""
        before = len(self.seen()["restarts"])
        self._out.with_suffix(".restart").write_text(hop)
        seen = self.until(lambda seen: len(seen["restarts"]) > before, f"the restart of {hop}")
        command, words, is_well = seen["restarts"][-1]
        if not is_well:
            raise RuntimeError(f"{command}: {words}")
        return command

    @property
    def pid(self):
        """Its process."""
        return self._process.pid

    def end(self):
        """Let it end by itself, as a panel does that is closed."""
        self._process.terminate()
        self._process.wait()
        self._error.close()

    def stop(self):
        """End it."""
        self._process.kill()
        self._process.wait()
        self._error.close()


def _counts(client):
    return lambda seen: (
        (seen["requests"], seen["turns"], seen["retries"])
        == (
            client.requests,
            client.turns,
            client.retries,
        )
    )


def _step(name, seen, client):
    """Return what the panel knows beside what the client sent."""
    ledger = {"requests": client.requests, "turns": client.turns, "retries": client.retries}
    kept = ("logs", "counted", "requests", "turns", "retries", "storms", "headline")
    return {"step": name, "ledger": ledger} | {key: seen[key] for key in kept}


def composed_logs(machine):
    """Follow a compose project through a storm, ``docker restart``, ``rm`` and ``up`` again."""
    folder = Path(tempfile.mkdtemp(dir=machine.folder))
    (folder / "docker-compose.yml").write_text(COMPOSE.format(image=image.IMAGE, vllm=json.dumps(VLLM)))
    run = ["docker-compose", "-p", "stack"]

    def compose(*words):
        done = subprocess.run([*run, *words], cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"docker-compose {words[0]}: {done.stderr.strip()[-300:]}")

    compose("up", "-d")
    url = "http://127.0.0.1:4000"
    try:
        until(lambda: _all_answer(url), "the stack")
        client, panel = Client(url), Panel(machine.folder, settings(url), "gpu=off")
        try:
            log = _steps(machine, client, panel, compose, url)
        finally:
            panel.stop()
        machine.results.append({"name": "compose, both logs found", "log": log})
    finally:
        subprocess.run([*run, "down", "-t", "0"], cwd=folder, capture_output=True, check=False)


def _all_answer(url):
    """Return whether the proxy answers, and the server behind it too: compose starts one without the other."""
    return answers(f"{url}/health/liveliness") and answers(f"http://{address('stack_vllm_1')}:8000/version")


def _steps(machine, client, panel, compose, url):
    steps = []

    def note(name, seen):
        steps.append(_step(name, seen, client))

    both = ["docker:stack_litellm_1", "docker:stack_vllm_1"]
    panel.until(lambda seen: seen["logs"] == both and len(seen["containers"]) == 2, "both logs")
    for _ in range(5):
        client.turn(200)
    client.turn(500, 500, 500, 200)
    note("a storm", panel.until(_counts(client), "the counts of the storm"))
    assert panel.restart("proxy") == "docker restart stack_litellm_1"
    until(lambda: _all_answer(url), "LiteLLM again")
    client.turn(200)
    client.turn(500, 200)
    note("R: docker restart", panel.until(_counts(client), "the counts after the restart"))
    compose("rm", "-s", "-f")
    gone = panel.until(lambda seen: any("removed" in note for note in seen["notes"]), "the containers are gone")
    note("after rm", gone)
    compose("up", "-d")
    until(lambda: _all_answer(url), "the new stack")
    client.turn(200)
    client.turn(429, 429, 200)
    note("after up again", panel.until(_counts(client), "the counts after up"))
    docker("kill", "stack_vllm_1")
    ended = "has exited with code 137: it was killed (SIGKILL)"
    note("vLLM killed", panel.until(lambda seen: ended in seen["headline"], "the reason"))
    return steps


def _of_store(folder, store):
    """Return the variables by which a bare ``podman`` means the store of this test."""
    programs = Path(tempfile.mkdtemp(dir=folder))
    wrapper = programs / "podman"
    wrapper.write_text(f'#!/bin/sh\nexec {shutil.which("podman")} {shlex.join(store[1:])} "$@"\n')
    wrapper.chmod(0o755)
    return {"DOCKER_HOST": "", "PATH": f"{programs}:{os.environ['PATH']}"}


def podman_logs(machine):
    """Follow a container of podman, by the service on its socket, through a restart."""
    store = ["podman", "--root", f"{machine.folder}/podman-logs", "--runroot", "/run/podman-logs"]
    store += ["--cgroup-manager", "cgroupfs"]
    socket = Path("/run/podman/podman.sock")
    socket.parent.mkdir(parents=True, exist_ok=True)
    run = [*store, "run", "-d", "--name", "vllm", "--network", "host", "--log-driver", "k8s-file"]
    done = subprocess.run([*run, "--rootfs", str(machine.root), *VLLM], capture_output=True, text=True, check=False)
    if done.returncode:
        why = (done.stderr.strip().splitlines() or ["no reason"])[-1][:160]
        machine.results.append({"name": "podman, its log found", "skipped": why})
        return
    service = subprocess.Popen([*store, "system", "service", "--time=0", f"unix://{socket}"])
    url = "http://127.0.0.1:8000"
    steps = []
    try:
        until(socket.exists, "podman's socket")
        until(lambda: answers(f"{url}/version"), "podman's vLLM")
        client, panel = (
            Client(url),
            Panel(machine.folder, settings(url), "gpu=off", environ=_of_store(machine.folder, store)),
        )
        try:
            panel.until(lambda seen: seen["logs"] == ["podman:vllm"] and seen["containers"], "podman's log")
            client.turn(200)
            client.turn(500, 500, 500, 200)
            steps.append(_step("a storm", panel.until(_counts(client), "the counts"), client))
            assert panel.restart("vLLM") == "podman restart vllm"
            until(lambda: answers(f"{url}/version"), "podman's vLLM again")
            client.turn(200)
            panel.until(lambda seen: "is down" not in seen["headline"], "podman's vLLM seen again")
            again = panel.until(_counts(client), "the counts after the restart")
            steps.append(_step("R: podman restart", again, client))
        finally:
            panel.stop()
        machine.results.append({"name": "podman, its log found", "log": steps})
    finally:
        service.kill()
        service.wait()
        subprocess.run([*store, "rm", "-f", "-t", "0", "vllm"], capture_output=True, check=False)
