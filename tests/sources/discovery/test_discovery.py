"""What is found without configuration, in which order, and the notes about the rest."""

import asyncio
import socket
from contextlib import AsyncExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from servers import (
    PATIENT,
    Clock,
    Imitation,
    Reply,
    claude_code_proxy,
    free_url,
    hangs,
    litellm,
    serving,
    vllm,
)
from stormdeck.model.settings.scope import Effective, Scope, SettingsFile, SettingsSnapshot
from stormdeck.model.snapshots.discovery import DiscoverySnapshot, Found, ServerProcess
from stormdeck.model.snapshots.server import ServerKind, ServerState
from stormdeck.sources.discovery.configured import ConfiguredTargets, key_for, origin_keys
from stormdeck.sources.discovery.search import discover
from stormdeck.sources.discovery.upstream import RouteReader
from stormdeck.sources.net.address import address
from stormdeck.sources.net.http import HttpClient
from stormdeck.sources.processes.scan import Listener, Scan

USER = Path.home() / ".claude" / "settings.json"


def settings(url=None, token=None, **more):
    values = {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_AUTH_TOKEN": token, **more}
    effective = {f"env.{name}": Effective(value, Scope.USER) for name, value in values.items() if value is not None}
    return SettingsSnapshot(files=(SettingsFile(Scope.USER, USER, exists=True),), effective=effective)


def process(kind, pid=7, port=None, log=None, note="to a terminal", command=()):
    listed = tuple(command) or ("vllm", "serve", "q", "--port", str(port))
    return ServerProcess(pid, "name", listed, 1, log, note, kind)


def search(servers, given, ports=(), scan=None):
    """Serve, search, and return the snapshot beside the URLs; ``given`` and ``scan`` get the URLs."""

    async def scene():
        async with AsyncExitStack() as stack:
            urls = {name: await stack.enter_async_context(serving(server)) for name, server in servers.items()}
            at = SimpleNamespace(**urls, port={name: address(url).port for name, url in urls.items()})
            http = await stack.enter_async_context(HttpClient("9.9"))
            effective, named = given(at)
            places = [at.port[name] for name in ports]
            seen = scan(at) if scan is not None else Scan()
            return await discover(effective, http, named, places, lambda _: seen, deadline_s=5.0), at

    return asyncio.run(scene())


def nothing(at):
    return settings(), ConfiguredTargets()


def test_the_base_url_leads_to_the_server():
    snapshot, at = search({"vllm": vllm()}, lambda at: (settings(at.vllm), ConfiguredTargets()))
    assert [(one.url, one.kind) for one in snapshot.found] == [(at.vllm, ServerKind.VLLM)]
    assert snapshot.found[0].how == "ANTHROPIC_BASE_URL in ~/.claude/settings.json"
    assert snapshot.done


@pytest.mark.parametrize("tail", ["/v1", "/v1/", "/v1/messages"])
def test_a_path_in_the_base_url_is_left_out_and_reported(tail):
    snapshot, at = search({"vllm": vllm()}, lambda at: (settings(at.vllm + tail), ConfiguredTargets()))
    assert snapshot.found[0].url == at.vllm
    assert "its path /v1" in snapshot.found[0].how


def test_a_base_url_without_a_scheme_is_asked_all_the_same():
    snapshot, at = search({"vllm": vllm()}, lambda at: (settings(at.vllm.removeprefix("http://")), ConfiguredTargets()))
    assert snapshot.found[0].url == at.vllm
    assert "no scheme" in snapshot.found[0].how


def yaml(folder, base, key="sk-upstream", master="sk-master-1"):
    path = folder / "config.yaml"
    path.write_text(
        "model_list:\n- model_name: a\n  litellm_params: {model: openai/q}\n"
        f"- model_name: b\n  litellm_params: {{model: hosted_vllm/q, api_base: {base}/v1, api_key: {key}}}\n"
        f"general_settings: {{master_key: {master}}}\n"
    )
    return path


def test_the_yaml_of_a_proxy_leads_to_the_vllm_behind_it(tmp_path):
    servers = {"proxy": litellm(), "vllm": vllm(), "other": vllm()}
    snapshot, at = search(
        servers,
        lambda at: (settings(at.proxy), ConfiguredTargets(litellm_config=yaml(tmp_path, at.vllm))),
        ports=["other"],
    )
    assert [one.url for one in snapshot.found] == [at.proxy, at.vllm, at.other]
    assert snapshot.server(proxy=True).url == at.proxy
    assert snapshot.server(proxy=False).how == f"api_base in {tmp_path / 'config.yaml'}"


def test_the_yaml_is_found_by_the_process_of_the_proxy(tmp_path):
    def scan(at):
        command = ("litellm", "--config", "config.yaml")
        owner = process(ServerKind.LITELLM, command=command)
        path = yaml(tmp_path, at.vllm)
        return Scan((Listener("127.0.0.1", at.port["proxy"], owner, config=path),))

    snapshot, at = search({"proxy": litellm(), "vllm": vllm()}, nothing, scan=scan)
    assert [one.url for one in snapshot.found] == [at.proxy, at.vllm]
    assert snapshot.found[0].process.pid == 7


def test_a_proxy_whose_process_is_not_seen_leads_to_its_vllm_too(tmp_path):
    snapshot, at = search(
        {"proxy": litellm(), "other": vllm(), "vllm": vllm()},
        lambda at: (settings(), ConfiguredTargets(litellm_config=yaml(tmp_path, at.vllm))),
        ports=["other", "proxy"],
    )
    assert [one.url for one in snapshot.found] == [at.proxy, at.vllm, at.other]


def test_the_vllm_behind_the_proxy_comes_before_others_of_this_machine(tmp_path):
    def scan(at):
        own = [process(ServerKind.VLLM, pid, port) for pid, port in ((1, at.port["other"]), (2, at.port["vllm"]))]
        return Scan(tuple(Listener("127.0.0.1", int(one.command[-1]), one) for one in own))

    snapshot, at = search(
        {"proxy": litellm(), "other": vllm(), "vllm": vllm()},
        lambda at: (settings(at.proxy), ConfiguredTargets(litellm_config=yaml(tmp_path, at.vllm))),
        scan=scan,
    )
    assert [one.url for one in snapshot.found] == [at.proxy, at.vllm, at.other]


def test_of_two_stacks_the_one_that_the_client_uses_is_the_path(tmp_path):
    """Found with two real LiteLLMs on one machine: the other one's vLLM, on a lower port, stood for ours."""

    def scan(at):
        vllms = [process(ServerKind.VLLM, pid, at.port[name]) for pid, name in ((1, "other vllm"), (2, "vllm"))]
        listeners = [Listener("127.0.0.1", int(one.command[-1]), one) for one in vllms]
        for pid, name in ((3, "other"), (4, "proxy")):
            folder = tmp_path / name
            folder.mkdir()
            owner = process(ServerKind.LITELLM, pid, at.port[name])
            path = yaml(folder, at.__dict__["other vllm" if name == "other" else "vllm"])
            listeners.append(Listener("127.0.0.1", at.port[name], owner, config=path))
        return Scan(tuple(listeners))

    servers = {"other": litellm(), "proxy": litellm(), "other vllm": vllm(), "vllm": vllm()}
    snapshot, at = search(servers, lambda at: (settings(at.proxy), ConfiguredTargets()), scan=scan)
    assert [one.url for one in snapshot.on_path()] == [at.proxy, at.vllm]


def test_claude_code_proxy_says_itself_what_is_behind_it():
    async def scene():
        server = vllm()
        async with (
            serving(server) as behind,
            serving(claude_code_proxy(behind + "/v1")) as proxy,
            HttpClient("9") as http,
        ):
            return behind, await discover(settings(proxy), http, ConfiguredTargets(), (), lambda _: Scan(), PATIENT)

    behind, snapshot = asyncio.run(scene())
    assert snapshot.server(proxy=False).url == behind


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a: [", "not YAML in line"),
        ("- 1", "not a YAML mapping"),
        ("model_list: 7", "no model has an api_base"),
        ("model_list: [{litellm_params: {api_base: os.environ/VLLM_BASE}}]", "in the variable VLLM_BASE"),
        ("[" * 1200, "YAML"),
        ("a: &a [*a]", "no model has an api_base"),
        ("x" * (1024 * 1024 + 1), "larger than 1 MiB"),
        (None, "cannot be read"),
    ],
    ids=["cut off", "a list", "no list", "a reference", "too deep", "a loop", "too long", "missing"],
)
def test_a_yaml_that_says_nothing_is_reported(tmp_path, text, why):
    path = tmp_path / "c.yaml"
    if text is not None:
        path.write_text(text)
    snapshot, _ = search({"proxy": litellm()}, lambda at: (settings(at.proxy), ConfiguredTargets(litellm_config=path)))
    assert [one.kind for one in snapshot.found] == [ServerKind.LITELLM]
    assert any(missed.what == f"api_base in {path}" and why in missed.why for missed in snapshot.missed)


def test_usual_ports_are_looked_at_and_named_when_in_vain():
    dead = free_url()

    async def scene():
        async with serving(vllm()) as up, serving(Imitation({"/": Reply("hello")})) as other, HttpClient("9") as http:
            ports = [address(url).port for url in (up, other, dead)]
            return up, other, await discover(settings(), http, ConfiguredTargets(), ports, lambda _: Scan(), PATIENT)

    up, other, snapshot = asyncio.run(scene())
    assert [(one.url, one.how) for one in snapshot.found] == [(up, f"answers on port {address(up).port}")]
    why = {missed.what: missed.why for missed in snapshot.missed}
    assert "refused" in why[dead]
    assert "neither as vLLM nor" in why[other]
    assert why["ANTHROPIC_BASE_URL"] == "not set"


def test_flags_come_first_and_each_server_is_asked_once():
    server = vllm()
    snapshot, _ = search(
        {"vllm": server},
        lambda at: (settings(at.vllm), ConfiguredTargets(vllm=at.vllm.replace("127.0.0.1", "localhost") + "/v1")),
        ports=["vllm"],
    )
    assert [one.how for one in snapshot.found] == ["--vllm"]
    assert server.paths == ["/version", "/v1/models"]


def test_what_a_flag_names_is_found_though_it_is_dead():
    snapshot, _ = search({}, lambda at: (settings(), ConfiguredTargets(vllm=free_url(), proxy=free_url())))
    assert [one.kind for one in snapshot.found] == [ServerKind.LITELLM, ServerKind.VLLM]
    assert sum("refused" in missed.why for missed in snapshot.missed) == 2


def test_a_litellm_that_was_named_as_vllm_is_still_litellm():
    server = litellm()
    snapshot, _ = search({"proxy": server}, lambda at: (settings(), ConfiguredTargets(vllm=at.proxy)))
    assert snapshot.found[0].kind is ServerKind.LITELLM
    assert "/health" not in server.paths


def test_servers_that_a_dead_base_url_does_not_lead_to_are_beside_the_path(tmp_path):
    dead = free_url()

    def scan(at):
        owner = process(ServerKind.LITELLM, port=at.port["proxy"])
        return Scan((Listener("127.0.0.1", at.port["proxy"], owner, config=yaml(tmp_path, at.behind)),))

    snapshot, at = search(
        {"proxy": litellm(), "vllm": vllm(), "behind": vllm()},
        lambda at: (settings(dead), ConfiguredTargets()),
        ports=["vllm"],
        scan=scan,
    )
    how = "ANTHROPIC_BASE_URL in ~/.claude/settings.json"
    assert snapshot.found == (Found(dead, ServerKind.OTHER, how, met=ServerState.DOWN),)
    assert {one.url for one in snapshot.beside} == {at.proxy, at.vllm, at.behind}
    assert snapshot.logs == ()


def test_a_server_that_a_flag_names_is_on_the_path_whatever_the_base_url_says():
    snapshot, at = search(
        {"vllm": vllm(), "other": vllm()},
        lambda at: (settings(free_url()), ConfiguredTargets(vllm=at.vllm)),
        ports=["other"],
    )
    assert snapshot.server(proxy=False).url == at.vllm
    assert [one.url for one in snapshot.beside] == [at.other]


def test_a_late_server_keeps_the_kind_that_it_had():
    async def scene():
        async with serving(hangs) as url, HttpClient("9.9") as http:
            known = {address(url).server: ServerKind.LITELLM}
            ports = [address(url).port]
            found = [
                await discover(given, http, ConfiguredTargets(), ports, lambda _: Scan(), 0.1, known=known)
                for given in (settings(url), settings())
            ]
            unknown = await discover(settings(), http, ConfiguredTargets(), ports, lambda _: Scan(), 0.1)
            return url, found, unknown

    url, found, unknown = asyncio.run(scene())
    assert [[(one.kind, one.met) for one in each.found] for each in found] == [
        [(ServerKind.LITELLM, ServerState.SILENT)]
    ] * 2
    assert (unknown.found, unknown.silent) == ((), (url,))


def test_a_dead_base_url_is_the_proxy_where_its_yaml_is_known(tmp_path):
    snapshot, _ = search(
        {"vllm": vllm()}, lambda at: (settings(free_url()), ConfiguredTargets(litellm_config=yaml(tmp_path, at.vllm)))
    )
    assert snapshot.server(proxy=True) is not None


def test_a_proxy_beside_the_path_is_no_hop():
    snapshot, at = search(
        {"vllm": vllm(), "proxy": litellm()},
        lambda at: (settings(at.vllm), ConfiguredTargets()),
        ports=["vllm", "proxy"],
    )
    assert snapshot.server(proxy=True) is None
    assert any(missed.what == at.proxy and "does not use it" in missed.why for missed in snapshot.missed)


def test_a_proxy_beside_the_path_is_no_hop_where_a_flag_names_the_base_url_too():
    snapshot, _ = search(
        {"vllm": vllm(), "proxy": litellm()},
        lambda at: (settings(at.vllm), ConfiguredTargets(vllm=at.vllm)),
        ports=["vllm", "proxy"],
    )
    assert snapshot.server(proxy=True) is None


def test_the_hosted_api_is_not_asked():
    snapshot, _ = search({}, lambda at: (settings("https://api.anthropic.com", "secret"), ConfiguredTargets()))
    assert snapshot.found == ()
    assert "hosted API" in snapshot.missed[0].why


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1:1", "http://[::1]:1", "http://host.invalid:8000", "http://x y", "ftp://a"]
)
def test_any_base_url_is_survived(url):
    snapshot, _ = search({}, lambda at: (settings(url, "secret"), ConfiguredTargets()))
    assert snapshot.done
    assert snapshot.missed


def test_a_vllm_that_loads_is_known_before_it_answers():
    url = free_url()
    port = address(url).port
    loading = Scan(loading=(Listener("127.0.0.1", port, process(ServerKind.VLLM, port=port)),))
    snapshot, _ = search({}, lambda at: (settings(url), ConfiguredTargets()), scan=lambda at: loading)
    assert [(one.kind, one.process.pid) for one in snapshot.found] == [(ServerKind.VLLM, 7)]
    assert [one.pid for one in snapshot.loading] == [7]


def test_a_gateway_elsewhere_is_no_litellm_because_one_loads_here():
    loading = Scan(loading=(Listener("127.0.0.1", 4000, process(ServerKind.LITELLM, port=4000)),))
    snapshot, _ = search(
        {}, lambda at: (settings("http://gateway.invalid:8443"), ConfiguredTargets()), scan=lambda at: loading
    )
    assert [one.kind for one in snapshot.found] == [ServerKind.OTHER]


@pytest.mark.parametrize(("named", "host"), [("[::1]", "127.0.0.1"), ("[::1]", "10.1.2.3"), ("127.0.0.2", "127.0.0.1")])
def test_a_server_at_another_address_of_this_machine_is_not_loading(named, host):
    """The base URL names one address, vLLM listens at another: waiting does not help."""
    port = address(free_url()).port
    there = Scan((Listener(host, port, process(ServerKind.VLLM, port=port)),))
    snapshot, _ = search(
        {}, lambda at: (settings(f"http://{named}:{port}"), ConfiguredTargets()), scan=lambda at: there
    )
    assert [(one.kind, one.process) for one in snapshot.found] == [(ServerKind.OTHER, None)]
    assert snapshot.missed[0].why == f"connection refused: port {port} takes connections at http://{host}:{port} alone"


def test_a_server_that_is_named_by_this_machines_name_is_seen_with_its_process_and_once(tmp_path, monkeypatch):
    log = tmp_path / "vllm.log"
    log.touch()
    # This name leads to the loopback everywhere, and no list of loopback names holds it.
    monkeypatch.setattr("socket.gethostname", lambda: "LocalHost.LocalDomain")
    name = "localhost.localdomain"
    monkeypatch.setattr("socket.getaddrinfo", _to_loopback(socket.getaddrinfo, name))

    def scan(at):
        return Scan((Listener("127.0.0.1", at.port["vllm"], process(ServerKind.VLLM, port=at.port["vllm"], log=log)),))

    def given(at):
        return settings(f"http://{name}:{at.port['vllm']}"), ConfiguredTargets()

    snapshot, at = search({"vllm": vllm()}, given, ports=["vllm"], scan=scan)
    assert [(one.url, one.process.pid) for one in snapshot.found] == [(f"http://{name}:{at.port['vllm']}", 7)]
    assert (snapshot.logs, snapshot.log_notes) == ((log,), ())


def _to_loopback(resolve, name):
    return lambda host, *more, **named: resolve("127.0.0.1" if host in {name, name.encode()} else host, *more, **named)


def test_the_ports_of_an_engine_are_not_asked():
    """They speak no HTTP: a question could disturb the workers."""
    engine = Imitation({})
    main = Imitation({})

    def scan(at):
        worker = process(None, command=("VLLM::Worker",))
        server = process(ServerKind.VLLM, port=1)
        return Scan((Listener("127.0.0.1", at.port["engine"], worker), Listener("127.0.0.1", at.port["main"], server)))

    search({"engine": engine, "main": main}, nothing, ports=["engine"], scan=scan)
    assert engine.asked == main.asked == []


def test_a_busy_server_is_found_by_its_process():
    server = litellm()
    server.routes["/version"] = None

    def scan(at):
        return Scan((Listener("127.0.0.1", at.port["proxy"], process(ServerKind.LITELLM)),))

    snapshot, _ = search({"proxy": server}, nothing, scan=scan)
    assert [one.kind for one in snapshot.found] == [ServerKind.LITELLM]


def test_a_vllm_that_is_down_at_a_usual_port_is_what_the_yaml_names(tmp_path):
    """The port alone would be nobody's; the proxy's YAML says whose it is."""
    gone = free_url()
    path = yaml(tmp_path, gone)

    async def scene():
        async with serving(litellm()) as url, HttpClient("9.9") as http:
            ports = [address(url).port, address(gone).port]
            scan = Scan((Listener("127.0.0.1", ports[0], process(ServerKind.LITELLM), config=path),))
            return await discover(settings(url), http, ConfiguredTargets(), ports, lambda _: scan, deadline_s=PATIENT)

    snapshot = asyncio.run(scene())
    assert [(one.kind, one.met) for one in snapshot.found] == [
        (ServerKind.LITELLM, ServerState.UP),
        (ServerKind.VLLM, ServerState.DOWN),
    ]
    assert [one.what for one in snapshot.missed] == [f"{gone} (api_base in {path})"]


def test_logs_of_the_proxy_come_first(tmp_path):
    one, two, three = (tmp_path / name for name in ("v.log", "p.log", "p.err"))
    for path in (one, two, three):
        path.touch()

    def scan(at):
        vllm_process = process(ServerKind.VLLM, 1, at.port["vllm"], log=one, note=f"both to {one}")
        proxy = ServerProcess(
            2, "litellm", ("litellm",), 1, two, "standard output to a, standard error to b", ServerKind.LITELLM, three
        )
        return Scan(
            (Listener("127.0.0.1", at.port["vllm"], vllm_process), Listener("127.0.0.1", at.port["proxy"], proxy))
        )

    snapshot, _ = search({"vllm": vllm(), "proxy": litellm()}, nothing, scan=scan)
    assert snapshot.logs == (two, three, one)
    assert snapshot.log_notes == ()


def test_a_server_that_prints_to_a_terminal_gets_a_sentence():
    def scan(at):
        return Scan((Listener("127.0.0.1", at.port["proxy"], process(ServerKind.LITELLM)),))

    snapshot, _ = search({"proxy": litellm()}, nothing, scan=scan)
    assert snapshot.logs == ()
    assert "to a terminal" in snapshot.log_notes[0]
    assert ">> litellm.log 2>&1" in snapshot.log_notes[0]


def test_a_server_whose_process_is_not_seen_gets_a_sentence_and_one_that_does_not_run_gets_none():
    running, _ = search({"vllm": vllm()}, lambda at: (settings(), ConfiguredTargets(vllm=at.vllm)))
    assert "is not seen, as in a container" in running.log_notes[0]
    stopped, _ = search({}, lambda at: (settings(), ConfiguredTargets(vllm=free_url())))
    assert [one.kind for one in stopped.found] == [ServerKind.VLLM]
    assert stopped.log_notes == ()


def test_logs_that_the_user_names_are_followed_alone(tmp_path):
    snapshot, _ = search(
        {"vllm": vllm()}, lambda at: (settings(at.vllm), ConfiguredTargets(logs=(tmp_path / "x.log",)))
    )
    assert snapshot.logs == (tmp_path / "x.log",)
    assert snapshot.log_notes == ()


def test_a_server_elsewhere_needs_a_named_log():
    snapshot, _ = search({}, lambda at: (settings(), ConfiguredTargets(vllm="http://gpu-box.invalid:8000")))
    assert "runs elsewhere" in snapshot.log_notes[0]


def test_the_token_of_the_base_url_goes_to_no_other_server(tmp_path):
    servers = {"proxy": litellm(), "vllm": vllm(), "other": vllm(), "upstream": vllm()}
    search(
        servers,
        lambda at: (
            settings(at.proxy, "sk-client-token"),
            ConfiguredTargets(vllm=at.other, litellm_config=yaml(tmp_path, at.upstream)),
        ),
        ports=["vllm"],
    )
    for name in ("vllm", "other"):
        assert not any("authorization" in asked.headers for asked in servers[name].asked)
    sent = {asked.headers.get("authorization") for asked in servers["upstream"].asked}
    assert sent <= {None, "bearer sk-upstream"}


def test_each_key_belongs_to_its_origin(tmp_path):
    config = yaml(tmp_path, "http://127.0.0.1:8000")
    found = DiscoverySnapshot(found=(Found("http://127.0.0.1:4000", ServerKind.LITELLM, "x"),))
    named = ConfiguredTargets(proxy="http://127.0.0.1:4000", litellm_config=config)
    keys = origin_keys(settings("http://localhost:9000/v1", "sk-client"), found, named)
    assert key_for("http://localhost:9000", keys) == "sk-client"
    assert key_for("http://127.0.0.1:4000", keys) == "sk-master-1"
    assert key_for("http://127.0.0.1:8000/v1", keys) == "sk-upstream"
    for other in (
        "https://localhost:9000",
        "http://127.0.0.1:9000",
        "http://[::1]:9000",
        "http://127.0.0.1:9001",
        "http://gpu-box:9000",
        "no url",
    ):
        assert key_for(other, keys) is None


def test_at_the_base_url_the_token_of_the_client_counts(tmp_path):
    config = yaml(tmp_path, "http://127.0.0.1:8000")
    found = DiscoverySnapshot(found=(Found("http://127.0.0.1:4000", ServerKind.LITELLM, "x"),))
    keys = origin_keys(settings("http://127.0.0.1:4000", "sk-wrong"), found, ConfiguredTargets(litellm_config=config))
    assert key_for("http://127.0.0.1:4000", keys) == "sk-wrong"


def test_no_key_is_in_the_snapshot(tmp_path):
    snapshot, _ = search(
        {"proxy": litellm(), "vllm": vllm()},
        lambda at: (settings(at.proxy, "sk-client"), ConfiguredTargets(litellm_config=yaml(tmp_path, at.vllm))),
    )
    assert not any(key in repr(snapshot) for key in ("sk-client", "sk-upstream", "sk-master-1"))


def test_where_nothing_listens_nobody_is_asked():
    port = address(free_url()).port
    http, asked = cast("HttpClient", SimpleNamespace(get=None, trust=lambda authorities: None)), []

    def scan(sockets_too):
        asked.append(sockets_too)
        return Scan()

    snapshot = asyncio.run(discover(settings(), http, ConfiguredTargets(), [port], scan))
    found = f"connection refused: nothing listens on port {port}"
    assert (snapshot.found, snapshot.missed[-1].why, asked) == ((), found, [False])


def test_what_litellm_refuses_to_list_is_not_asked_again_so_soon():
    proxy = litellm()
    clock = Clock()

    async def scene():
        async with serving(proxy) as url, HttpClient("9") as http:
            reader = RouteReader(clock)
            for _ in range(3):
                found = await reader.of_litellm(url, None, None, "sk-wrong", http, 5.0)
            clock.move(301)
            await reader.of_litellm(url, None, None, "sk-wrong", http, 5.0)
            return found

    assert "--litellm-config FILE" in asyncio.run(scene()).error
    assert proxy.paths == ["/model/info"] * 2


def test_a_proxy_that_nobody_named_cannot_send_stormdeck_to_other_hosts():
    """Any program can answer on a usual port; its servers on this machine are asked, others are not."""
    proxy = claude_code_proxy("http://gpu-box.invalid:8000/v1")
    snapshot, _ = search({"proxy": proxy}, nothing, ports=["proxy"])
    assert snapshot.routes.servers == ()
    assert any("none of your settings names the proxy" in missed.why for missed in snapshot.missed)
