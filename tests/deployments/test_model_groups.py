"""A LiteLLM with several servers behind it, by whole commands: which group is hurt, and which server the path shows."""

import json

import pytest

from served import WITH_MESSAGES, client_settings, served
from servers import Imitation, Reply, free_url
from servers import litellm as litellm_without_models
from servers import vllm as any_vllm
from stormdeck.commands.check import servers as asking
from stormdeck.model.snapshots.discovery import ServerProcess
from stormdeck.model.snapshots.server import ServerKind
from stormdeck.sources.discovery.search import discover
from stormdeck.sources.net.address import address
from stormdeck.sources.processes.scan import Listener, Scan

PATIENT = asking.Deadlines(10.0, 10.0, 60.0)
UNRESOLVED = "http://vllm-of-the-proxy.invalid:8000"


def vllm():
    """Return a vLLM that Claude Code can use."""
    return any_vllm(**WITH_MESSAGES)


def litellm(master_key):
    """Return a LiteLLM that takes messages and lists the two groups of most tests."""
    server = litellm_without_models(master_key)
    models = {"object": "list", "data": [{"id": name, "owned_by": "openai"} for name in ("big", "small")]}
    server.routes |= {"/v1/messages": Reply({"detail": "Method Not Allowed"}, 405), "/v1/models": Reply(models)}
    return server


def entry(name, base, **params):
    """Return one deployment; without a base, LiteLLM asks the provider's own API."""
    provider = "anthropic" if base is None or "anthropic.com" in base else "hosted_vllm"
    return {
        "model_name": name,
        "litellm_params": {"model": f"{provider}/Qwen3.5-27B", **({"api_base": base} if base else {}), **params},
    }


class Proxied:
    """A client, a LiteLLM that is found by its process, and the YAML that a test gives it."""

    def __init__(self, home, folder, monkeypatch):
        self.home = home
        self.yaml = folder / "litellm.yaml"
        self.monkeypatch = monkeypatch

    def set_up(self, proxy, models, tiers=None, **sections):
        self.yaml.write_text(
            json.dumps({"model_list": models, "general_settings": {"master_key": "sk-lab"}, **sections})
        )
        owner = ServerProcess(41, "litellm", ("litellm",), 1, None, "to a pipe", ServerKind.LITELLM)
        listeners = (Listener("127.0.0.1", address(proxy).port, owner, config=self.yaml),)
        self.find(lambda: Scan(listeners))
        env = {f"ANTHROPIC_DEFAULT_{tier}_MODEL": name for tier, name in (tiers or {}).items()}
        self.home.write(client_settings(proxy, model="big", ANTHROPIC_AUTH_TOKEN="sk-lab", **env))

    def find(self, scan):
        async def found(*args, **more):
            return await discover(*args, **{**more, "ports": (), "scan": lambda _: scan()})

        self.monkeypatch.setattr(asking, "discover", found)
        self.monkeypatch.setattr(asking, "PATIENT", PATIENT)

    def status(self, *flags):
        code, out, _ = self.home.run("status", "--no-gpu", "--json", *flags)
        return code, json.loads(out)


@pytest.fixture
def proxied(home, tmp_path, monkeypatch):
    return Proxied(home, tmp_path, monkeypatch)


def headlines(said):
    return [one["text"] for one in said["statements"]]


def by_group(said):
    return [(one["group"], one["url"], one["state"]) for one in said["hops"] if one["group"] is not None]


TIERS = {"SONNET": "big", "OPUS": "big", "HAIKU": "small"}


def test_two_groups_that_answer_are_clean_and_every_server_is_a_hop(proxied):
    with served(litellm("sk-lab"), vllm(), vllm(), vllm()) as (proxy, first, second, third):
        proxied.set_up(proxy, [entry("big", f"{first}/v1"), entry("big", f"{second}/v1"), entry("small", third)], TIERS)
        code, said = proxied.status()
    assert not any(" behind " in text for text in headlines(said))
    assert [(one["name"], one["kind"], one["url"]) for one in said["hops"][:4]] == [
        ("claude", "client", None),
        ("LiteLLM", "proxy", proxy),
        ("vLLM", "vllm", first),
        ("GPU", "gpu", None),
    ]
    assert by_group(said) == [("big", first, "ok"), ("big", second, "ok"), ("small", third, "ok")]
    assert all("group" in one for one in said["hops"])
    assert (code, said["hops"][2]["latency_ms"] is not None) == (0, True)


@pytest.mark.parametrize("dead", [0, 1], ids=["the first", "the second"])
def test_one_of_two_balanced_servers_is_down(proxied, dead):
    gone = free_url()
    with served(litellm("sk-lab"), vllm(), vllm()) as (proxy, up, third):
        pair = [gone, up] if dead == 0 else [up, gone]
        proxied.set_up(proxy, [*(entry("big", f"{one}/v1") for one in pair), entry("small", third)], TIERS)
        code, said = proxied.status()
    assert said["headline"] == {"text": "1 of 2 servers behind big is down", "hop": "vllm", "code": None}
    assert (code, said["state"], said["statements"][0]["state"]) == (1, "degraded", "degraded")
    assert (said["hops"][2]["url"], said["hops"][2]["group"]) == (up, "big")
    assert by_group(said) == [("big", up, "ok"), ("big", gone, "down"), ("small", third, "ok")]


def test_both_balanced_servers_are_down(proxied):
    one, two = free_url(), free_url()
    with served(litellm("sk-lab"), vllm()) as (proxy, third):
        proxied.set_up(proxy, [entry("big", f"{one}/v1"), entry("big", f"{two}/v1"), entry("small", third)], TIERS)
        code, said = proxied.status()
    assert (code, said["headline"]["text"]) == (2, "Both servers behind big are down")
    assert by_group(said) == [("big", one, "down"), ("big", two, "down"), ("small", third, "ok")]


def test_the_group_of_another_tier_is_dead(proxied):
    gone = free_url()
    with served(litellm("sk-lab"), vllm()) as (proxy, up):
        proxied.set_up(proxy, [entry("big", f"{up}/v1"), entry("small", f"{gone}/v1")], TIERS)
        code, said = proxied.status()
    assert (code, said["headline"]["text"]) == (2, "The server behind small is down")
    assert said["hops"][2]["url"] == up


def test_the_path_follows_the_selected_tier_and_not_the_order_of_the_yaml(proxied):
    with served(litellm("sk-lab"), vllm(), vllm()) as (proxy, first, second):
        proxied.set_up(proxy, [entry("small", f"{first}/v1"), entry("big", f"{second}/v1")], TIERS)
        assert proxied.status()[1]["hops"][2]["url"] == second


def test_the_one_server_of_the_selected_tier_is_down(proxied):
    gone = free_url()
    with served(litellm("sk-lab"), vllm()) as (proxy, up):
        proxied.set_up(proxy, [entry("small", f"{up}/v1"), entry("big", f"{gone}/v1")], TIERS)
        code, said = proxied.status()
    assert (code, said["headline"]["text"]) == (2, f"vLLM :{address(gone).port} behind big is down")
    assert sum(" down" in text for text in headlines(said)) == 1


def test_a_group_that_no_tier_leads_to_is_a_hop_and_no_headline(proxied):
    gone = free_url()
    with served(litellm("sk-lab"), vllm()) as (proxy, up):
        proxied.set_up(proxy, [entry("big", f"{up}/v1"), entry("spare", f"{gone}/v1")], {})
        said = proxied.status()[1]
    assert not any("behind" in text for text in headlines(said))
    assert by_group(said)[1] == ("spare", gone, "down")


@pytest.mark.parametrize(
    "section",
    [
        {"router_settings": {"fallbacks": [{"big": ["small"]}]}},
        {"litellm_settings": {"fallbacks": [{"big": ["small"]}]}},
        {"litellm_settings": {"default_fallbacks": ["small"]}},
    ],
)
def test_a_dead_group_with_a_fallback_is_no_error(proxied, section):
    one, two = free_url(), free_url()
    with served(litellm("sk-lab"), vllm()) as (proxy, up):
        models = [entry("big", f"{one}/v1"), entry("big", f"{two}/v1"), entry("small", f"{up}/v1")]
        proxied.set_up(proxy, models, TIERS, **section)
        code, said = proxied.status()
    assert (code, said["headline"]["text"]) == (1, "Both servers behind big are down; LiteLLM falls back to small")


@pytest.mark.parametrize(
    ("name", "section", "asked"),
    [
        ("*", {}, "big"),
        ("bi*", {}, "big"),
        ("large", {"router_settings": {"model_group_alias": {"big": "large"}}}, "big"),
        ("large", {"router_settings": {"model_group_alias": {"big": {"model": "large", "hidden": True}}}}, "big"),
        ("large", {"litellm_settings": {"model_alias_map": {"big": "large"}}}, "big"),
        ("os.environ/NOT_SET_ANYWHERE", {}, None),
    ],
)
def test_wildcards_and_aliases_lead_to_their_group(proxied, name, section, asked):
    with served(litellm("sk-lab"), vllm(), vllm()) as (proxy, first, second):
        proxied.set_up(proxy, [entry("other", f"{first}/v1"), entry(name, f"{second}/v1")], {}, **section)
        shown = proxied.status()[1]["hops"][2]
    assert shown["url"] == (second if asked else first)


def test_a_server_in_two_groups_is_asked_once_and_is_a_hop_of_both(proxied):
    shared = vllm()
    with served(litellm("sk-lab"), vllm(), shared) as (proxy, first, second):
        models = [entry("big", f"{first}/v1"), entry("big", f"{second}/v1"), entry("small", f"{second}/v1")]
        proxied.set_up(proxy, models, TIERS)
        said = proxied.status()[1]
    assert by_group(said) == [("big", first, "ok"), ("big", second, "ok"), ("small", second, "ok")]
    assert shared.paths.count("/health") == 1


@pytest.mark.parametrize("base", ["https://api.anthropic.com", "https://eu.api.openai.com/v1", None])
def test_a_hosted_group_is_not_asked_and_says_so(proxied, base):
    with served(litellm("sk-lab"), vllm()) as (proxy, up):
        proxied.set_up(proxy, [entry("big", f"{up}/v1"), entry("small", base)], TIERS)
        said = proxied.status()[1]
        last = said["hops"][-1]
        assert (last["group"], last["url"], last["state"]) == ("small", None, "unknown")
        assert "not asked" in last["detail"]
        assert not any("behind" in text for text in headlines(said))
        proxied.set_up(proxy, [entry("small", f"{up}/v1"), entry("big", base)], TIERS)
        said = proxied.status()[1]
    shown = said["hops"][2]
    assert (shown["name"], shown["url"], shown["group"]) == ("hosted API", None, "big")


def test_a_name_that_only_the_proxy_knows_is_unknown_and_never_down(proxied):
    with served(litellm("sk-lab"), vllm()) as (proxy, up):
        models = [entry("big", f"{up}/v1"), entry("big", UNRESOLVED), entry("small", UNRESOLVED)]
        proxied.set_up(proxy, models, TIERS)
        said = proxied.status()[1]
    assert by_group(said)[1:] == [("big", UNRESOLVED, "unknown"), ("small", UNRESOLVED, "unknown")]
    assert "not reachable from here" in said["hops"][-1]["detail"]
    assert not any("down" in text for text in headlines(said))


def test_sixty_entries_are_listed_and_a_bounded_number_is_asked(proxied):
    behind = [vllm() for _ in range(30)]
    with served(litellm("sk-lab"), *behind) as (proxy, *urls):
        models = [entry(f"m{at}", f"{urls[at % 30]}/v1") for at in range(58)]
        models += [entry("big", f"{urls[29]}/v1"), entry("small", f"{urls[28]}/v1")]
        proxied.set_up(proxy, models, TIERS)
        said = proxied.status()[1]
    assert len(by_group(said)) == 60
    assert by_group(said)[:2] == [("big", urls[29], "ok"), ("small", urls[28], "ok")]
    assert sum("/health" in one.paths for one in behind) == 16
    assert any(one["detail"] == "not asked" for one in said["hops"])


def test_a_server_with_weight_0_is_not_missed(proxied):
    gone = free_url()
    with served(litellm("sk-lab"), vllm(), vllm()) as (proxy, up, third):
        models = [entry("big", up, weight=1), entry("big", gone, weight=0), entry("small", third)]
        proxied.set_up(proxy, models, TIERS)
        assert not any("behind" in text for text in headlines(proxied.status()[1]))


@pytest.mark.parametrize("status", [500, 503])
def test_a_server_whose_health_check_fails_is_not_called_down(proxied, status):
    sick = Imitation({"/health": Reply("", status, {"server": "uvicorn"})})
    with served(litellm("sk-lab"), vllm(), vllm(), sick) as (proxy, up, third, ill):
        proxied.set_up(proxy, [entry("big", up), entry("big", ill), entry("small", third)], TIERS)
        code, said = proxied.status()
    assert (code, said["headline"]["text"]) == (1, "1 of 2 servers behind big does not answer requests")


def test_a_server_has_other_names_in_the_yaml(proxied):
    """It is found by its port as 127.0.0.1 before the YAML is read."""
    with served(litellm("sk-lab"), vllm(), vllm()) as (proxy, up, third):
        named = up.replace("127.0.0.1", "localhost")
        proxied.set_up(proxy, [entry("small", third), entry("big", f"{named}/v1/")], TIERS)
        owner = ServerProcess(41, "litellm", ("litellm",), 1, None, "to a pipe", ServerKind.LITELLM)
        other = ServerProcess(42, "vllm", ("vllm", "stormdeck.demo.vllm"), 1, None, "to a pipe", ServerKind.VLLM)
        ports = [address(url).port for url in (proxy, up)]
        listeners = (
            Listener("127.0.0.1", ports[0], owner, config=proxied.yaml),
            Listener("127.0.0.1", ports[1], other),
        )
        proxied.find(lambda: Scan(listeners))
        said = proxied.status()[1]
    assert [(group, state) for group, _, state in by_group(said)] == [("big", "ok"), ("small", "ok")]
    assert said["hops"][2]["latency_ms"] is not None


def test_one_server_with_two_names_stays_as_it_was(proxied):
    with served(litellm("sk-lab"), vllm()) as (proxy, up):
        proxied.set_up(proxy, [entry("big", f"{up}/v1"), entry("small", up)], TIERS)
        said = proxied.status()[1]
    assert len(said["hops"]) == 5
    assert by_group(said) == [("big", up, "ok"), ("small", up, "ok")]


def listed(*rows):
    """Return a LiteLLM that lists its deployments as 1.110.2 does (shape: ``/model/info`` of a real one)."""
    server = litellm("sk-lab")
    data = [{**row, "model_info": {"id": f"{at:064x}", "db_model": False}} for at, row in enumerate(rows)]
    server.routes["/model/info"] = lambda asked: (
        Reply({"data": data})
        if asked.headers.get("authorization") == "bearer sk-lab"
        else Reply({"error": {"message": "No connected db."}}, 400)
    )
    return server


def test_without_its_yaml_litellm_lists_its_groups_itself(proxied):
    gone = free_url()
    with served(vllm(), vllm()) as (up, third):
        proxy = listed(entry("big", f"{gone}/v1"), entry("big", f"{up}/v1"), entry("small", f"{third}/v1"))
        with served(proxy) as (url,):
            proxied.find(Scan)
            tiers = {f"ANTHROPIC_DEFAULT_{tier}_MODEL": name for tier, name in TIERS.items()}
            proxied.home.write(client_settings(url, ANTHROPIC_AUTH_TOKEN="sk-lab", **tiers))
            code, said = proxied.status()
    assert (code, said["headline"]["text"]) == (1, "1 of 2 servers behind big is down")
    assert by_group(said) == [("big", up, "ok"), ("big", gone, "down"), ("small", third, "ok")]


def test_a_model_of_its_database_stands_beside_those_of_its_yaml(proxied):
    """The selected tier leads to it: the path shows its server, not the first of the YAML."""
    with served(vllm(), vllm()) as (first, second):
        proxy = listed(entry("small", f"{first}/v1"), entry("big", f"{second}/v1"))
        proxy.routes["/v1/messages"] = Reply({"detail": "Method Not Allowed"}, 405)
        with served(proxy) as (url,):
            proxied.set_up(url, [entry("small", f"{first}/v1")], TIERS)
            code, said = proxied.status()
    assert (code, said["hops"][2]["url"], said["hops"][2]["group"]) == (0, second, "big")
    assert by_group(said) == [("big", second, "ok"), ("small", first, "ok")]


def test_a_server_of_a_later_order_is_not_missed(proxied):
    gone = free_url()
    with served(litellm("sk-lab"), vllm()) as (proxy, up):
        models = [entry("big", f"{up}/v1", order=1), entry("big", f"{gone}/v1", order=2), entry("small", up)]
        proxied.set_up(proxy, models, TIERS)
        code, said = proxied.status()
    assert code == 0
    assert not any(" behind " in text for text in headlines(said))


def test_loopback_of_a_proxy_behind_a_tunnel_is_the_other_machine_s(proxied):
    """It refuses here, which says nothing of the machine that the proxy runs on."""
    gone = free_url()
    with served(listed(entry("big", f"{gone}/v1"), entry("small", "http://127.0.0.1:1/v1"))) as (url,):
        tunnel = ServerProcess(37, "ssh", ("ssh", "-N"), 1, None, "", None)
        proxied.find(lambda: Scan((Listener("127.0.0.1", address(url).port, tunnel),)))
        proxied.home.write(client_settings(url, model="big", ANTHROPIC_AUTH_TOKEN="sk-lab"))
        said = proxied.status()[1]
    assert not any("down" in text for text in headlines(said))
    assert all(one["state"] != "down" for one in said["hops"])
    assert "the proxy's own machine" in json.dumps(said["hops"])


UP, GONE, ELSEWHERE = "up", "gone", "elsewhere"
SEEN = {
    "LiteLLM with two groups over three servers": ((UP, UP, UP), "ok", "All well."),
    "LiteLLM, the first of two balanced servers down": (
        (GONE, UP, UP),
        "degraded",
        "1 of 2 servers behind big is down",
    ),
    "LiteLLM, the second of two balanced servers down": (
        (UP, GONE, UP),
        "degraded",
        "1 of 2 servers behind big is down",
    ),
    "LiteLLM, both balanced servers down": ((GONE, GONE, UP), "down", "Both servers behind big are down"),
    "LiteLLM, the server of the background tier down": ((UP, UP, GONE), "down", "The server behind small is down"),
    "LiteLLM, a group in a network that is not reachable from here": ((UP, UP, ELSEWHERE), "ok", "All well."),
}


@pytest.mark.parametrize(("name", "states", "state", "words"), [(name, *case) for name, case in SEEN.items()])
def test_the_panel_says_the_same_as_the_commands(proxied, deployment, name, states, state, words):
    with served(litellm("sk-lab"), vllm(), vllm(), vllm()) as (proxy, *running):
        urls = [
            {UP: url, GONE: free_url(), ELSEWHERE: UNRESOLVED}[one] for one, url in zip(states, running, strict=True)
        ]
        first, second, third = (f"{url}/v1" for url in urls)
        proxied.set_up(proxy, [entry("big", first), entry("big", second), entry("small", third)], TIERS)
        seen = deployment(name)
    assert (seen.state, seen.headline[: len(words)]) == (state, words)
