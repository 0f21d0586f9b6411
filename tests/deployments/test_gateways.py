"""Gateways in front of a server: below a path, only /v1/, a key on every path, no server behind. By a real nginx."""

import json

import pytest

from nginx_front import nginx
from served import WITH_MESSAGES, client_settings, served
from server_panel import panel_headline, panel_statements
from servers import Imitation, Reply, free_url, litellm, recorded, vllm
from stormdeck.sources.net.address import address
from stormdeck.sources.net.resolver import Unresolved

pytestmark = pytest.mark.usefixtures("only_what_is_named")

HIDDEN = "vLLM behind a gateway, figures hidden"
ONLY_V1 = "location /v1/ {{ proxy_pass {0}; }} location / {{ return 403; }}"
NOT_FOUND = "location /v1/ {{ proxy_pass {0}; }} location / {{ return 404; }}"
OWN_HEALTH = (
    "location /v1/ {{ proxy_pass {0}; }} location = /health {{ return 200 ok; }} location = /metrics {{ return 404; }} "
    "location / {{ default_type text/html; return 200 '<html>hello</html>'; }}"
)
KEY_EVERYWHERE = 'location / {{ if ($http_authorization != "Bearer dummy") {{ return 401; }} proxy_pass {0}; }}'
BELOW = "location /vllm/ {{ proxy_pass {0}/; }} location / {{ return 404; }}"
ALL = "location / {{ proxy_pass {0}; }}"


def port(url):
    return address(url).port


def checked(home):
    code, out, _ = home.run("check", "--json")
    return code, [one["code"] for one in json.loads(out)["findings"]]


def status(home, *flags):
    code, out, _ = home.run("status", "--no-gpu", "--json", *flags)
    return code, json.loads(out)


def server():
    return vllm(**WITH_MESSAGES)


@pytest.mark.parametrize("places", [ONLY_V1, NOT_FOUND, KEY_EVERYWHERE], ids=["403", "404", "key everywhere"])
def test_a_gateway_that_hides_the_figures_is_no_fault(home, tmp_path, monkeypatch, places):
    with served(server()) as (target,), nginx(tmp_path, places.format(target)) as url:
        home.write(client_settings(url))
        assert checked(home) == (0, [])
        code, said = status(home)
        headline = panel_headline(home, monkeypatch)
    hop = said["hops"][1]
    assert (code, hop["name"], hop["url"], hop["state"]) == (0, "vLLM", url, "ok")
    assert hop["detail"].startswith(HIDDEN)
    assert said["headline"]["text"] == headline == f"All well.  {HIDDEN}"


def test_a_wrong_key_on_every_path_is_about_the_token(home, tmp_path, monkeypatch):
    with served(server()) as (target,), nginx(tmp_path, KEY_EVERYWHERE.format(target)) as url:
        home.write(client_settings(url, ANTHROPIC_AUTH_TOKEN="sk-wrong"))
        said = status(home)[1]
        assert said["headline"]["text"] == panel_headline(home, monkeypatch)
    assert said["headline"]["code"] == "AUTH205"
    assert f"The server at {url}, where Claude Code sends, refuses every request without another key" in json.dumps(
        said
    )


def test_a_gateway_with_a_health_of_its_own_shows_the_figures_that_it_passes(home, tmp_path):
    with served(server()) as (target,), nginx(tmp_path, OWN_HEALTH.format(target)) as url:
        home.write(client_settings(url))
        code, said = status(home)
        assert checked(home) == (0, [])
    assert (code, said["hops"][1]["name"], said["hops"][1]["state"]) == (0, "vLLM", "ok")


FRONTS = {"all paths": ALL, "only /v1/": ONLY_V1, "health and start page of its own": OWN_HEALTH, "below a path": BELOW}


@pytest.mark.parametrize("places", FRONTS.values(), ids=FRONTS)
def test_a_front_whose_server_is_gone_is_said_as_such(home, tmp_path, monkeypatch, places):
    with nginx(tmp_path, places.format(free_url())) as url:
        base = f"{url}/vllm" if places is BELOW else url
        home.write(client_settings(base))
        assert checked(home) == (1, ["URL112"])
        code, said = status(home)
        shown = panel_statements(home, monkeypatch)
    where = f":{port(url)}/vllm" if places is BELOW else f":{port(url)}"
    text = f"The front at {where} answers 502, the server behind it does not"
    assert (code, said["headline"]["text"], shown[0].headline) == (2, text, text)
    assert "does not run" not in json.dumps(said)
    assert "is down" not in json.dumps(said)


@pytest.mark.parametrize("code", [502, 503, 504, 522, 530])
def test_a_vllm_whose_front_answers_alone_is_not_called_hung(home, monkeypatch, code):
    """It answered before, so its kind is known: the front says 50x now."""
    with served(Imitation({}, missing=Reply("Bad Gateway", code))) as (url,):
        home.write(client_settings(free_url()))
        _, said = status(home, "--vllm", url)
    one = next(one for one in said["statements"] if one["text"].startswith("The front"))
    assert one["text"] == f"The front at :{port(url)} answers {code}, the server behind it does not"
    assert one["code"] is None
    assert "engine" not in json.dumps(said["statements"])


@pytest.mark.parametrize("tail", ["", "/", "/v1", "/v1/"])
def test_a_server_below_a_path_is_asked_there(home, tmp_path, monkeypatch, tail):
    with served(server()) as (target,), nginx(tmp_path, BELOW.format(target)) as url:
        home.write(client_settings(f"{url}/vllm{tail}"))
        code, said = status(home)
        hop = said["hops"][1]
        assert (hop["name"], hop["url"], hop["state"]) == ("vLLM", f"{url}/vllm", "ok")
        wrong = ["URL101"] if "v1" in tail else []
        assert checked(home) == (len(wrong), wrong)
        if not wrong:
            assert code == 0
            assert panel_headline(home, monkeypatch).startswith("All well.")


@pytest.mark.parametrize("tail", ["", "/v1"])
def test_a_flag_keeps_its_path(home, tmp_path, tail):
    with served(server()) as (target,), nginx(tmp_path, BELOW.format(target)) as url:
        home.write(client_settings(f"{url}/vllm"))
        code, said = status(home, "--vllm", f"{url}/vllm{tail}")
    assert (code, [one["url"] for one in said["hops"][1:-1]]) == (0, [f"{url}/vllm"])


def yaml(folder, api_base):
    path = folder / "config.yaml"
    path.write_text(
        "model_list:\n- model_name: claude-sonnet\n  litellm_params: "
        f"{{model: anthropic/Qwen3.5-27B, api_base: {api_base.removesuffix('/v1')}, api_key: sk-behind}}\n"
        "general_settings: {master_key: sk-lab, cancel_on_disconnect: true}\nlitellm_settings: {drop_params: true}\n"
        "router_settings: {disable_cooldowns: true}\n"
    )
    return path


def proxy():
    one = litellm("sk-lab")
    one.routes["/v1/messages"] = Reply({"detail": "Method Not Allowed"}, 405)
    return one


def through_proxy(url):
    return client_settings(url, model="claude-sonnet", ANTHROPIC_AUTH_TOKEN="sk-lab")


def test_two_servers_below_one_port_are_two_hops(home, tmp_path, monkeypatch):
    """LiteLLM below /llm, and its vLLM below /vllm of the same nginx: each gets the key of its origin."""
    behind, front = server(), proxy()
    both = "location /llm/ {{ proxy_pass {0}/; }} location /vllm/ {{ proxy_pass {1}/; }} location / {{ return 404; }}"
    with served(front, behind) as (first, second), nginx(tmp_path, both.format(first, second)) as url:
        home.write(through_proxy(f"{url}/llm"))
        config = yaml(tmp_path, f"{url}/vllm/v1")
        code, said = status(home, "--litellm-config", str(config))
        hops = [(one["name"], one["url"], one["state"]) for one in said["hops"][1:-1]]
        assert hops == [("LiteLLM", f"{url}/llm", "ok"), ("vLLM", f"{url}/vllm", "ok")]
        assert code == 0
        assert panel_headline(home, monkeypatch, litellm_config=config).startswith("All well.")


def test_a_path_that_nothing_serves_is_not_the_server_of_that_port(home):
    with served(server()) as (url,):
        home.write(client_settings(f"{url}/typo"))
        code, codes = checked(home)
        said = status(home)[1]
    assert (code, codes) == (1, ["URL106"])
    assert said["hops"][1]["url"] == f"{url}/typo"
    assert "All well" not in said["headline"]["text"]


def test_a_key_goes_to_every_path_of_its_origin_and_to_no_other():
    from stormdeck.model.settings.merge import merged
    from stormdeck.model.snapshots.discovery import DiscoverySnapshot
    from stormdeck.sources.discovery.configured import ConfiguredTargets, key_for, origin_keys

    given = merged((), {"ANTHROPIC_BASE_URL": "https://gw.lan/vllm", "ANTHROPIC_AUTH_TOKEN": "sk"})
    keys = origin_keys(given, DiscoverySnapshot(), ConfiguredTargets())
    assert key_for("https://gw.lan/other", keys) == "sk"
    assert key_for("https://gw.lan:8443/vllm", keys) is None
    assert key_for("http://gw.lan/vllm", keys) is None


NAMES = ["vllm", "vllm.invalid", "host.docker.internal", "host.containers.internal"]


@pytest.fixture
def unknown_names(monkeypatch):
    """Let no name resolve, whatever name server the machine has."""
    none = Unresolved("Name or service not known", is_final=True)
    monkeypatch.setattr("stormdeck.sources.net.resolver._look_up", lambda _: none)


@pytest.mark.usefixtures("unknown_names")
@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_only_the_proxy_knows_is_not_down(home, tmp_path, monkeypatch, name):
    with served(proxy()) as (url,):
        home.write(through_proxy(url))
        config = yaml(tmp_path, f"http://{name}:9/v1")
        code, said = status(home, "--litellm-config", str(config))
        shown = panel_statements(home, monkeypatch, litellm_config=config)[0]
    text = f"vLLM {name}:9 is not reachable from here"
    assert (code, said["headline"]["text"], shown.headline) == (1, text, text)
    assert [(one["name"], one["state"]) for one in said["hops"][1:-1]] == [("LiteLLM", "ok"), ("vLLM", "unknown")]
    assert "--vllm" in shown.detail
    assert "is down" not in json.dumps(said)


@pytest.mark.parametrize("name", ["host.docker.internal", "host.containers.internal"])
def test_a_name_of_containers_that_leads_elsewhere_here_is_not_down(home, tmp_path, monkeypatch, name):
    """Docker Desktop makes the name known on the host, where another address answers, or none."""
    monkeypatch.setattr("stormdeck.sources.net.resolver._look_up", lambda _: None)
    monkeypatch.setattr("httpcore._backends.auto.AutoBackend.connect_tcp", refused)
    home.write(client_settings("http://127.0.0.1:9", model="claude-sonnet"))
    config = yaml(tmp_path, f"http://{name}:9/v1")
    _, said = status(home, "--litellm-config", str(config))
    assert ("vLLM", "unknown") in [(one["name"], one["state"]) for one in said["hops"]]


async def refused(*_args, **_more):
    raise ConnectionRefusedError


@pytest.mark.usefixtures("unknown_names")
def test_a_server_that_a_flag_names_stands_in_for_a_name_of_the_proxy(home, tmp_path, monkeypatch):
    with served(proxy(), server()) as (url, behind):
        home.write(through_proxy(url))
        config = yaml(tmp_path, "http://vllm.invalid:8000/v1")
        code, said = status(home, "--litellm-config", str(config), "--vllm", behind)
        assert panel_headline(home, monkeypatch, litellm_config=config, vllm=behind).startswith("All well.")
    assert (code, [one["url"] for one in said["hops"][1:-1]]) == (0, [url, behind])


@pytest.mark.usefixtures("unknown_names")
def test_the_loopback_of_a_proxy_elsewhere_is_not_this_machine(home, tmp_path, monkeypatch):
    """The YAML of a LiteLLM on another machine says localhost: that is not asked here."""
    asked = server()
    with served(asked) as (here,):
        home.write(through_proxy("http://gpu-box.invalid:4000"))
        config = yaml(tmp_path, f"{here}/v1")
        _, said = status(home, "--litellm-config", str(config), "--proxy", "http://gpu-box.invalid:4000")
    assert asked.paths == []
    assert here not in [one["url"] for one in said["hops"]]


@pytest.mark.usefixtures("unknown_names")
def test_a_base_url_whose_name_does_not_resolve_is_wrong(home):
    home.write(client_settings("http://gpu-box.lan:8000"))
    assert checked(home) == (1, ["URL105"])
    code, said = status(home)
    assert (code, said["headline"]["code"]) == (2, "URL105")
    assert "does not run" not in said["statements"][0]["cause"]


NO_URLS = {
    "http://[fe80::1%25eth0]:8000": "Its IPv6 address has a zone",
    "http://:8000": "Its host is missing",
    "http://127.0.0.1:70000": "Its port 70000 is above 65535",
    "http://[::1:8000": "Its bracket is not closed",
    "http://host:80a": "Its port is no number",
    "http://a b:8000": "Its host contains a blank",
    "http://": "Its host is missing",
}


@pytest.mark.parametrize(("url", "why"), NO_URLS.items())
def test_a_base_url_that_does_not_parse_is_found(home, url, why):
    home.write(client_settings(url))
    code, out, _ = home.run("check", "--json")
    said = json.loads(out)["findings"]
    assert (code, [one["code"] for one in said]) == (1, ["URL110"])
    assert said[0]["message"].startswith(why)
    assert status(home)[1]["headline"]["code"] == "URL110"


FINE = ["http://[::1]:8000", "http://user:p@127.0.0.1:8000", "http://127.0.0.1:65535/", "HTTP://localhost:08000"]


@pytest.mark.parametrize("url", FINE)
def test_a_base_url_that_parses_is_not(home, url):
    home.write(client_settings(url))
    said = json.loads(home.run("check", "--json", "--offline")[1])["findings"]
    assert "URL110" not in [one["code"] for one in said]


def test_a_plain_vllm_stays_clean(home, monkeypatch):
    with served(vllm(**WITH_MESSAGES, _version=recorded("get_03_get_version.txt"))) as (url,):
        home.write(client_settings(url))
        assert checked(home) == (0, [])
        assert status(home)[0] == 0
        assert panel_headline(home, monkeypatch).startswith("All well.")
