"""Servers in containers on this machine, by whole commands: real answers, and a process table that a test writes."""

import functools
import json

import pytest

from served import WITH_MESSAGES, client_settings, served
from servers import Reply, closes_at_once, free_url, litellm, vllm
from stormdeck.commands.check import servers
from stormdeck.model.snapshots.discovery import Contained, ServerProcess
from stormdeck.model.snapshots.server import ServerKind
from stormdeck.sources.discovery.search import discover
from stormdeck.sources.net.address import address
from stormdeck.sources.processes.scan import Listener, Scan

NEVER = ("is down", "does not start", "does not run", "No vLLM and no proxy", "start vLLM")
YAML = (
    "model_list:\n- model_name: claude-sonnet\n  litellm_params: "
    "{{model: anthropic/Qwen3.5-27B, api_base: '{base}', api_key: x}}\n"
    "general_settings: {{master_key: sk-lab}}\nlitellm_settings: {{drop_params: true}}\n"
)


@pytest.fixture
def stack(home, monkeypatch):
    """Return what sets the machine up: what runs in containers, and who listens."""

    def set_up(*contained, listeners=(), loading=()):
        scan = Scan(tuple(listeners), tuple(loading), contained=tuple(contained))
        found = functools.partial(discover, ports=(), scan=lambda _: scan)
        monkeypatch.setattr(servers, "discover", found)
        return home

    return set_up


def inner(kind=ServerKind.VLLM, pid=37, port=8000, argv=("vllm", "serve", "q"), **more):
    process = ServerProcess(pid, kind.value, argv, 1, None, "to a pipe", kind, has_own_network=True)
    return Contained(process, "container 8c84f0c3a1b2", port, **{"lists_ports": True, "listens": True, **more})


def proxy_in_container(url, **more):
    return inner(ServerKind.LITELLM, 41, 4000, ("litellm", "--config", "/app/config.yaml"), url=url, **more)


def said(home, *flags):
    code, out, _ = home.run("status", "--no-gpu", "--json", *flags)
    document = json.loads(out)
    assert not any(words in out for words in NEVER)
    return code, document, [(one["name"], one["state"]) for one in document["hops"][1:-1]]


def codes(home):
    return [one["code"] for one in json.loads(home.run("check", "--json")[1])["findings"]]


def gateway():
    server = litellm("sk-lab")
    server.routes["/v1/messages"] = Reply({"detail": "Method Not Allowed"}, 405)
    return server


def through(url):
    return client_settings(url, model="claude-sonnet", ANTHROPIC_AUTH_TOKEN="sk-lab")


def test_only_the_proxy_is_published(stack, deployment):
    with served(gateway()) as (url,):
        home = stack(inner(), proxy_in_container(url))
        home.write(through(url))
        code, document, hops = said(home)
        assert codes(home) == []
        assert deployment("containers, only LiteLLM's port is published").state == "ok"
    assert (code, hops) == (0, [("LiteLLM", "ok"), ("vLLM", "unknown")])
    where = "vLLM runs in container 8c84f0c3a1b2, its port 8000 is not published"
    assert document["headline"]["text"] == f"LiteLLM answers; {where}"
    assert document["hops"][2]["url"] is None


def test_only_the_proxy_is_published_and_vllm_loads(stack):
    with served(gateway()) as (url,):
        home = stack(inner(listens=False), proxy_in_container(url))
        home.write(through(url))
        code, document, _ = said(home)
    assert (code, document["state"]) == (1, "degraded")
    assert document["headline"]["text"].endswith("is not published and does not listen yet")


@pytest.mark.parametrize("base", ["http://127.0.0.1:8000", "http://localhost:8000/v1", "http://vllm.invalid:8000"])
def test_an_upstream_in_the_network_of_the_containers_is_not_of_this_machine(stack, tmp_path, base):
    yaml = tmp_path / "config.yaml"
    yaml.write_text(YAML.format(base=base))
    with served(gateway()) as (url,):
        home = stack(inner(), proxy_in_container(url, config=yaml))
        home.write(through(url))
        code, _, hops = said(home)
    assert (code, hops[1]) == (0, ("vLLM", "unknown"))


def test_a_published_port_is_found_and_its_process_is_vllm_s(stack):
    """By the process come its command line and its rules."""
    with served(vllm(**WITH_MESSAGES)) as (url,):
        home = stack(inner(url=url, argv=("vllm", "serve", "q", "--port", "8000")))
        home.write(client_settings(url))
        code, _, hops = said(home)
        assert (code, hops) == (2, [("vLLM", "degraded")])
        assert codes(home) == ["SERVER901"]


def test_a_published_port_is_found_where_nothing_is_configured(stack):
    with served(vllm(**WITH_MESSAGES)) as (url,):
        _, document, _ = said(stack(inner(url=url)))
    assert document["hops"][1]["url"] == url


def test_a_server_that_loads_in_its_container(stack, deployment):
    with served(closes_at_once) as (url,):
        home = stack(inner(url=url, listens=False))
        home.write(client_settings(url))
        code, document, hops = said(home)
        (one,) = json.loads(home.run("check", "--json")[1])["findings"]
        assert deployment("a vLLM that loads in a container, its port is published").state == "degraded"
    assert (one["code"], one["severity"], one["title"]) == ("URL112", "warning", "the server is starting")
    assert one["message"].startswith("vLLM (pid 37) runs in container 8c84f0c3a1b2, its port 8000 is published as ")
    assert (code, hops, document["hops"][1]["detail"]) == (1, [("server", "degraded")], "starting")
    assert document["headline"]["text"] == "vLLM is starting (process 37) and does not listen yet"


def test_a_server_that_loads_behind_a_port_that_only_the_firewall_knows(stack):
    """Docker without its docker-proxy: the connection is refused until the server listens (run, 20.10)."""
    home = stack(inner(listens=False, lists_ports=False))
    home.write(client_settings(free_url()))
    document = said(home)[1]
    cause = document["statements"][0]["cause"]
    assert cause.startswith("unknown: vLLM in container 8c84f0c3a1b2 does not listen yet")
    assert "does not run" not in json.dumps(document)


@pytest.mark.parametrize("owner", [None, ("dockerd", "--userland-proxy=false")], ids=["plain user", "root"])
def test_a_port_that_is_held_and_refuses_may_lead_to_a_server_that_loads(stack, owner):
    """Docker without its docker-proxy holds the port itself, and the firewall sends connections on (run, 20.10)."""
    url = free_url()
    process = ServerProcess(7, owner[0], owner, 1, None, "") if owner is not None else None
    home = stack(inner(listens=False, lists_ports=False), listeners=[Listener("127.0.0.1", address(url).port, process)])
    home.write(client_settings(url))
    code, document, hops = said(home)
    (one,) = json.loads(home.run("check", "--json")[1])["findings"]
    assert (code, hops, document["hops"][1]["detail"]) == (1, [("server", "degraded")], "refuses")
    assert document["headline"]["text"] == (
        f"Nothing accepts connections behind {url} yet, and vLLM (pid 37) is starting"
    )
    assert (one["code"], one["severity"]) == ("URL112", "warning")
    assert "does not listen yet" in one["message"]
    assert "does not run" not in json.dumps(document)


def test_a_container_alone_is_no_server_of_this_machine(stack, deployment):
    """Its port is no port of this machine: nothing is said to start on it, and no base URL is proposed."""
    home = stack(inner())
    code, document, hops = said(home)
    assert deployment("a vLLM in a container, no port is published").state == "degraded"
    assert (code, hops) == (1, [("vLLM", "unknown")])
    assert document["headline"]["text"] == "vLLM runs in container 8c84f0c3a1b2, its port 8000 is not published"
    assert "http://127.0.0.1:8000" not in json.dumps(document)
    assert "starting" not in json.dumps(document)


def test_a_wrong_base_url_beside_a_published_port(stack):
    dead = free_url()
    home = stack(inner(url="http://127.0.0.1:8001"))
    home.write(client_settings(dead))
    code, out, _ = home.run("status", "--no-gpu", "--json")
    document = json.loads(out)
    assert (code, document["headline"]["code"]) == (2, "URL105")


UNREADABLE = {"missing": (None, "warning"), "no YAML": ("{", "warning"), "empty": ("", "warning")}


@pytest.mark.parametrize(("text", "severity"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_litellm_that_answers_never_does_not_start(stack, tmp_path, text, severity):
    yaml = tmp_path / "config.yaml"
    if text is not None:
        yaml.write_text(text)
    owner = ServerProcess(41, "litellm", ("litellm", "--config", str(yaml)), 1, None, "", ServerKind.LITELLM)
    with served(gateway()) as (url,):
        listener = Listener("127.0.0.1", address(url).port, owner, config=yaml)
        home = stack(listeners=[listener])
        home.write(through(url))
        out = home.run("check", "--json", "--litellm-config", str(yaml))[1] if text is not None else None
        document = said(home)[1]
    assert document["state"] != "down"
    if out is not None:
        found = [(one["code"], one["severity"]) for one in json.loads(out)["findings"]]
        assert ("PROXY813", severity) in found
        assert "does not start with it:" not in out


def listening(url, name, kind=None):
    return Listener("127.0.0.1", address(url).port, ServerProcess(7, name, (name,), 1, None, "", kind))


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("ssh", "the server is behind ssh (pid 7), not here"),
        ("kubectl", "the server is behind kubectl (pid 7), not here"),
        ("docker-proxy", ""),
        ("vllm", ""),
    ],
)
def test_gpus_stand_behind_a_server_of_this_machine_only(stack, name, where):
    kind = ServerKind.VLLM if name == "vllm" else None
    with served(vllm(**WITH_MESSAGES)) as (url,):
        home = stack(listeners=[listening(url, name, kind)])
        home.write(client_settings(url))
        hop = json.loads(home.run("status", "--no-gpu", "--json")[1])["hops"][-1]
    assert hop["kind"] == "gpu"
    assert hop["detail"].startswith(where)
    assert ("nvidia-smi" in hop["detail"]) is bool(where)
