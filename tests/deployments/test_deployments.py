"""Deployments that people have, by whole commands: in-process servers, and a process table that a test writes.

Waiting is a parameter: a server that is late here takes a quarter of a second, and a status bar waits less.
"""

import asyncio
import functools
import json
import os
from dataclasses import replace

import pytest

from late import LATE_S, late
from served import WITH_MESSAGES, client_settings, served
from servers import Imitation, Reply, closes_at_once, free_url, hangs, litellm, recorded, serving, talks_garbage, vllm
from stormdeck.commands.check import servers
from stormdeck.model.snapshots.discovery import ServerProcess
from stormdeck.model.snapshots.server import ServerKind
from stormdeck.sources.discovery.configured import ConfiguredTargets
from stormdeck.sources.discovery.search import discover
from stormdeck.sources.net.address import address
from stormdeck.sources.net.http import HttpClient
from stormdeck.sources.processes.scan import Listener, Scan

PATIENT = servers.Deadlines(60.0, 60.0, 300.0)
QUICK = servers.Deadlines(0.05, 0.05, 1.0, is_quick=True)
HASTY = servers.Deadlines(2.0, 2.0, 60.0)
"""For servers that never answer."""
STARTED = 1_795_200_177
"""When the recorded vLLM began, by its own metrics."""
VLLM = ("vllm", "serve", "Qwen3.5-27B", "--port", "8000")
NEVER = ("is down", "not found", "does not run", "No vLLM and no proxy", "MODEL303", "SERVER9")


def port(url):
    return address(url).port


def process(name, command, pid=37, kind=None, started=1):
    return ServerProcess(pid, name, tuple(command), started, None, "to a pipe" if kind else "", kind)


def listening(url, name, command, **more):
    return Listener("127.0.0.1", port(url), process(name, command, **more))


@pytest.fixture
def stack(home, monkeypatch):
    """Return what sets the machine up: who listens where, which ports are usual, how long a look waits."""

    def set_up(*listeners, ports=(), patient=PATIENT, loading=(), portless=()):
        scanned = Scan(tuple(listeners), tuple(loading), portless=tuple(portless))
        found = functools.partial(discover, ports=ports, scan=lambda _: scanned)
        monkeypatch.setattr(servers, "discover", found)
        monkeypatch.setattr(servers, "PATIENT", patient)
        monkeypatch.setattr(servers, "QUICK", QUICK)
        return home

    return set_up


def checked(home):
    code, out, _ = home.run("check", "--json")
    said = json.loads(out)
    return code, [one["code"] for one in said["findings"]], said


def status(home):
    code, out, _ = home.run("status", "--no-gpu", "--json")
    return code, json.loads(out)


def hops(said):
    return [(one["kind"], one["url"], one["state"]) for one in said["hops"][1:-1]]


def test_a_vllm_of_this_machine_that_loads_is_starting_for_check_too(stack):
    url = free_url()
    flags = ("--enable-auto-tool-choice", "--tool-call-parser", "qwen3_coder", "--port", str(port(url)))
    owner = process("vllm", ("vllm", "serve", "q", *flags), os.getpid(), ServerKind.VLLM)
    home = stack(loading=[Listener("127.0.0.1", port(url), owner)])
    home.write(client_settings(url))
    code, codes, said = checked(home)
    assert (code, codes, said["findings"][0]["severity"]) == (0, ["URL112"], "warning")
    assert said["findings"][0]["message"].startswith(f"vLLM (pid {os.getpid()}) runs here and does not answer yet")
    assert not any(one["code"] == "URL105" for one in status(home)[1]["statements"])


FORWARDERS = {
    "ssh": ("ssh", ["ssh", "-N", "-L", "8000:127.0.0.1:8000", "gpu-box"]),
    "docker": ("docker-proxy", ["/usr/bin/docker-proxy", "-proto", "tcp", "-host-port", "8000"]),
    "podman": ("conmon", ["/usr/bin/conmon", "--api-version", "1"]),
    "rootless podman": ("rootlessport", ["rootlessport"]),
    "nginx": ("nginx", ["nginx: master process nginx -g daemon off;"]),
    "haproxy": ("haproxy", ["haproxy", "-f", "a.cfg"]),
    "caddy": ("caddy", ["caddy", "run", "--config", "Caddyfile"]),
    "socat": ("socat", ["socat", "TCP-LISTEN:8000,fork", "TCP:gpu-box:8000"]),
    "kubectl": ("kubectl", ["kubectl", "port-forward", "svc/vllm", "8000"]),
    "systemd": ("systemd-socket-", ["/lib/systemd/systemd-socket-proxyd", "gpu-box:8000"]),
}


@pytest.mark.parametrize(("name", "command"), FORWARDERS.values(), ids=FORWARDERS)
def test_a_forwarder_is_called_by_its_name_and_judged_by_no_rule_about_vllm(stack, name, command):
    with served(vllm(**WITH_MESSAGES)) as (url,):
        home = stack(listening(url, name, command))
        home.write(client_settings(url))
        assert checked(home)[:2] == (0, [])
        code, said = status(home)
        assert (code, hops(said)) == (0, [("vllm", url, "ok")])
        (note,) = notes(stack, url)
    assert note.startswith(f"Port {port(url)} is held by {name} (pid 37), which passes it on: ")
    assert "writes" not in note


def notes(stack, url):
    """Return the notes of a search about the logs."""

    async def scene():
        async with HttpClient("9") as http:
            return (await servers.discover(given(url), http, ConfiguredTargets())).log_notes

    return asyncio.run(scene())


def given(url):
    from stormdeck.model.settings.merge import merged

    return merged((), {"ANTHROPIC_BASE_URL": url})


def test_another_program_on_the_port_is_named_and_not_said_to_pass_anything_on(stack):
    with served(vllm(**WITH_MESSAGES)) as (url,):
        home = stack(listening(url, "python", ["python", "serve.py", "--config", "a.yaml"]))
        home.write(client_settings(url))
        assert checked(home)[:2] == (0, [])
        (note,) = notes(stack, url)
    assert note.startswith(f"Port {port(url)} belongs to python (pid 37): ")


def test_vllm_itself_is_judged_by_its_command_line(stack):
    with served(vllm(**WITH_MESSAGES)) as (url,):
        home = stack(listening(url, "vllm", VLLM, kind=ServerKind.VLLM))
        home.write(client_settings(url))
        assert checked(home)[:2] == (1, ["SERVER901"])


@pytest.mark.parametrize(("started", "codes"), [(STARTED, ["SERVER901"]), (STARTED - 60, [])], ids=["it", "another"])
def test_the_vllm_behind_a_forwarder_is_the_one_that_started_when_it_says(stack, started, codes):
    with served(vllm(**WITH_MESSAGES)) as (url,):
        front = listening(url, "ssh", FORWARDERS["ssh"][1])
        back = Listener("127.0.0.1", 1, process("vllm", VLLM, 41, ServerKind.VLLM, started))
        home = stack(front, loading=[back])
        home.write(client_settings(url))
        assert checked(home)[1] == codes


ON_A_SOCKET = (*VLLM, "--uds", "/run/vllm.sock")


def test_the_vllm_behind_a_forwarder_may_listen_on_a_unix_socket(stack):
    with served(vllm(**WITH_MESSAGES)) as (url,):
        front = listening(url, "nginx", FORWARDERS["nginx"][1])
        home = stack(front, portless=[process("vllm", ON_A_SOCKET, 41, ServerKind.VLLM, STARTED)])
        home.write(client_settings(url))
        assert checked(home)[1] == ["SERVER901"]


def test_a_vllm_on_a_unix_socket_alone_is_named_and_not_said_to_start(stack):
    home = stack(portless=[process("vllm", ON_A_SOCKET, 41, ServerKind.VLLM)])
    code, said = status(home)
    assert (code, said["headline"]["text"]) == (1, "No vLLM and no proxy found on this machine")
    assert "vLLM (pid 41): it listens on a Unix socket" in said["statements"][0]["evidence"]
    assert "starting" not in json.dumps(said)


def proxy():
    """Return a LiteLLM that has the path of the messages."""
    server = litellm("sk-lab")
    server.routes["/v1/messages"] = Reply({"detail": "Method Not Allowed"}, 405)
    return server


SERVERS = {"vLLM": lambda: vllm(**WITH_MESSAGES), "LiteLLM": proxy}


def through(name, url):
    """Return the settings of a client that a server of this name takes."""
    if name == "vLLM":
        return client_settings(url)
    return client_settings(url, model="claude-sonnet", ANTHROPIC_AUTH_TOKEN="sk-lab")


@pytest.mark.parametrize("name", SERVERS)
def test_a_late_server_is_asked_as_long_as_it_needs(stack, name):
    with served(late(SERVERS[name]())) as (url,):
        home = stack()
        home.write(through(name, url))
        assert checked(home)[:2] == (0, [])
        code, said = status(home)
    assert (code, said["hops"][1]["url"], said["hops"][1]["state"]) == (0 if name == "vLLM" else 1, url, "ok")
    assert said["hops"][1]["latency_ms"] >= LATE_S * 1000


@pytest.mark.parametrize("shape", ["tmux", "statusline"])
@pytest.mark.parametrize("name", SERVERS)
def test_a_status_bar_does_not_wait_and_calls_nothing_down(stack, name, shape):
    with served(late(SERVERS[name]())) as (url,):
        home = stack()
        home.write(through(name, url))
        out = home.run("status", "--format", shape)[1]
    assert f"Asking :{port(url)}" in out
    assert not any(words in out for words in NEVER)


SILENT = {"accepts and is silent": hangs, "accepts and closes": closes_at_once, "talks no HTTP": talks_garbage}


@pytest.mark.parametrize("server", SILENT.values(), ids=SILENT)
@pytest.mark.parametrize("holder", [None, "ssh"])
def test_a_server_that_gives_no_answer_is_an_error_of_its_own(stack, server, holder):
    with served(server) as (url,):
        patient = HASTY if server is hangs else PATIENT
        home = stack(*([listening(url, holder, [holder])] if holder else []), patient=patient)
        home.write(client_settings(url))
        code, codes, said = checked(home)
        assert (code, codes, said["ok"]) == (1, ["URL112"], False)
        code, said = status(home)
    assert (code, said["headline"]["code"], hops(said)) == (2, "URL112", [("vllm", url, "down")])
    assert not any(words in json.dumps(said) for words in NEVER)


def test_a_late_proxy_stays_a_proxy_and_no_other_list_judges_its_names(stack, tmp_path):
    """Its snapshot is late, the client's names are those of its YAML, and the vLLM behind it serves another."""
    with served(hangs, vllm(**WITH_MESSAGES)) as (url, behind):
        yaml = tmp_path / "config.yaml"
        yaml.write_text(
            "model_list:\n- model_name: claude-sonnet\n  litellm_params: "
            f"{{model: hosted_vllm/Qwen3.5-27B, api_base: {behind}/v1, api_key: x}}\n"
            "general_settings: {master_key: sk-lab}\nlitellm_settings: {drop_params: true}\n"
        )
        owner = process("litellm", ["litellm", "--config", str(yaml)], 41, ServerKind.LITELLM)
        home = stack(Listener("127.0.0.1", port(url), owner, config=yaml), patient=HASTY)
        home.write(through("LiteLLM", url))
        before = home.settings.read_bytes()
        codes = checked(home)[1]
        home.run("check", "--fix", "--yes")
        said = status(home)[1]
    assert "MODEL303" not in codes
    assert "MODEL304" not in codes
    assert home.settings.read_bytes() == before
    assert [(one["name"], one["state"]) for one in said["hops"][1:3]] == [("LiteLLM", "down"), ("vLLM", "ok")]
    assert said["headline"]["code"] == "URL112"


def unrelated(url, folder):
    """Return another user's LiteLLM with its own YAML."""
    yaml = folder / "other.yaml"
    yaml.write_text(
        "model_list:\n- model_name: someone-elses\n  litellm_params: {model: hosted_vllm/z, "
        'api_base: "http://127.0.0.1:1/v1", api_key: x}\ngeneral_settings: {master_key: sk-other}\n'
    )
    owner = process("litellm", ["litellm", "--config", str(yaml)], 41, ServerKind.LITELLM)
    return Listener("127.0.0.1", port(url), owner, config=yaml)


@pytest.mark.parametrize("by", ["process", "port"])
def test_a_dead_base_url_beside_an_unrelated_proxy(stack, tmp_path, by):
    dead = free_url()
    with served(litellm("sk-other")) as (url,):
        home = stack(*([unrelated(url, tmp_path)] if by == "process" else []), ports=[port(url)])
        home.write(client_settings(dead, model="q"))
        code, codes, said = checked(home)
        state = status(home)[1]
    assert (code, codes) == (1, ["URL105"])
    assert f"another server was found at {url}" in said["findings"][0]["message"]
    assert said["findings"][0]["fix"] is None
    assert (hops(state), state["headline"]["code"]) == ([("vllm", dead, "down")], "URL105")
    assert url not in state["statements"][0]["next"]


def test_a_dead_base_url_stands_before_the_vllm_that_a_flag_names(stack):
    dead = free_url()
    with served(vllm(**WITH_MESSAGES)) as (url,):
        home = stack()
        home.write(client_settings(dead))
        said = json.loads(home.run("status", "--no-gpu", "--json", "--vllm", url)[1])
    assert hops(said) == [("proxy", dead, "down"), ("vllm", url, "ok")]
    assert said["headline"]["code"] == "URL105"


def test_a_silent_base_url_beside_an_unrelated_proxy(stack, tmp_path):
    with served(hangs, litellm("sk-other")) as (url, other):
        home = stack(unrelated(other, tmp_path), patient=replace(HASTY, unnamed_s=60.0))
        home.write(client_settings(url, model="q"))
        assert checked(home)[1] == ["URL112"]
        assert hops(status(home)[1]) == [("vllm", url, "down")]


def test_a_listener_that_nobody_named_and_that_is_late_is_not_nothing(stack):
    with served(hangs) as (url,):
        home = stack(ports=[port(url)], patient=HASTY)
        code, said = status(home)
    assert (code, said["state"]) == (1, "degraded")
    assert said["headline"]["text"].startswith(f"No answer yet from :{port(url)}")
    assert not any(words in json.dumps(said) for words in NEVER)


def test_a_search_that_is_given_up_has_not_found_nothing(stack, monkeypatch):
    async def endless(*_args, **_more):
        await asyncio.sleep(3600)

    home = stack(patient=servers.Deadlines(0.05, 0.05, 0.05))
    monkeypatch.setattr(servers, "discover", endless)
    code, said = status(home)
    assert (code, said["headline"]["text"]) == (1, "Looking for vLLM and a proxy on this machine")


@pytest.mark.parametrize("reply", [Reply("Bad Gateway", 502), Reply("no", 504)], ids=["502", "504"])
def test_a_front_whose_server_is_gone(stack, reply):
    with served(Imitation({}, missing=reply)) as (url,):
        home = stack()
        home.write(client_settings(url))
        code, said = status(home)
        assert checked(home)[:2] == (1, ["URL112"])
    assert code == 2
    assert said["hops"][1]["detail"] == "degraded"
    assert (
        said["headline"]["text"] == f"The front at :{port(url)} answers {reply.status}, the server behind it does not"
    )
    assert "does not run" not in json.dumps(said)


@pytest.mark.parametrize("status_code", [401, 403])
def test_what_wants_a_key_first_is_not_called_another_kind(stack, status_code):
    with served(Imitation({}, missing=Reply('{"error": "Unauthorized"}', status_code))) as (url,):
        home = stack()
        home.write(client_settings(url))
        _, said = status(home)
    assert "neither vLLM" not in json.dumps(said["statements"])
    assert any("refuses every request without another key" in one["text"] for one in said["statements"])


def test_one_look_puts_no_question_twice():
    server = vllm(**WITH_MESSAGES, _version=recorded("get_03_get_version.txt"))

    async def scene():
        async with serving(server) as url, servers.PreflightClient("9") as http:
            await asyncio.gather(*(http.get(f"{url}/version") for _ in range(5)))
            await http.get(f"{url}/v1/models", "key")
            await http.get(f"{url}/v1/models")
        return server.paths

    assert sorted(asyncio.run(scene())) == ["/v1/models", "/v1/models", "/version"]
