"""Attacks on a token between us and a server: redirects, the shell's proxies, odd spellings, mimics."""

import functools
import json

import pytest
from origins import TOKEN, write, yaml
from recorder import LITELLM, SILENT, VLLM, recording

from command_home import Home
from stormdeck.commands.check import servers
from stormdeck.sources.discovery.search import discover
from stormdeck.sources.processes.scan import Scan

pytestmark = pytest.mark.usefixtures("only_what_is_named")


@pytest.fixture
def home(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Home(tmp_path, capsys, monkeypatch)


def status(home, *more):
    return json.loads(home.run("status", "--json", "--no-gpu", *more)[1])


def check(home, *more):
    return home.run("check", "--canary", *more)


@pytest.mark.attack(
    "the server that the token is for redirects every request to another port", "no redirect is followed"
)
@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(home, code):
    with recording(SILENT) as other, recording(SILENT) as server:
        server.redirect = (code, other.url())
        write(home.settings, ANTHROPIC_BASE_URL=server.url(), ANTHROPIC_AUTH_TOKEN=TOKEN)
        status(home)
        check(home)
        assert TOKEN in server.all
        assert other.requests == []


@pytest.mark.attack(
    "HTTP_PROXY, HTTPS_PROXY or ALL_PROXY stand in the shell or in the settings", "requests go past that proxy"
)
@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"])
def test_proxies_of_the_shell_and_of_the_settings_are_not_used(home, monkeypatch, name):
    with recording(SILENT) as proxy, recording() as server:
        monkeypatch.setenv(name, proxy.url())
        write(home.settings, **{"ANTHROPIC_BASE_URL": server.url(), "ANTHROPIC_AUTH_TOKEN": TOKEN, name: proxy.url()})
        status(home)
        check(home)
        assert TOKEN in server.all
        assert proxy.requests == []


@pytest.mark.attack(
    "the base URL holds a user and a password", "they are sent to nobody, and the token goes to the host"
)
def test_user_and_password_of_a_url_are_not_sent(home):
    with recording() as server:
        url = server.url().replace("//", "//someone:pw-in-url@")
        write(home.settings, ANTHROPIC_BASE_URL=url, ANTHROPIC_AUTH_TOKEN=TOKEN)
        status(home)
        check(home)
        assert "basic" not in server.all.lower()
        assert "pw-in-url" not in server.all


ODD = ["http://127.0.0.1:{one}#@127.0.0.1:{two}", "http://127.0.0.1:{one}?@127.0.0.1:{two}"]


@pytest.mark.attack("a base URL hides a second host behind #@ or ?@", "the first one is asked alone")
@pytest.mark.parametrize("url", ODD)
def test_a_second_host_in_a_url_is_not_asked(home, url):
    with recording() as one, recording() as two:
        text = url.format(one=one.port, two=two.port)
        write(home.settings, ANTHROPIC_BASE_URL=text, ANTHROPIC_AUTH_TOKEN=TOKEN)
        status(home)
        check(home)
        assert one.requests
        assert two.requests == []


SPELT = ["http://LOCALHOST:{}", "http://127.0.0.1:0{}", "http://\uff11\uff12\uff17.0.0.1:{}", " http://127.0.0.1:{} \n"]


@pytest.mark.parametrize("spelt", SPELT)
def test_odd_spellings_of_this_machine_lead_to_it(home, spelt):
    with recording() as server:
        write(home.settings, ANTHROPIC_BASE_URL=spelt.format(server.port), ANTHROPIC_AUTH_TOKEN=TOKEN)
        assert status(home)["hops"][1]["state"] == "ok"
        assert TOKEN in server.all


@pytest.mark.attack("the base URL says https and its port speaks plain HTTP", "the token is not sent in clear")
def test_no_token_goes_in_clear_to_an_https_address(home):
    with recording() as server:
        url = server.url().replace("http:", "https:")
        write(home.settings, ANTHROPIC_BASE_URL=url, ANTHROPIC_AUTH_TOKEN=TOKEN)
        status(home)
        check(home)
        assert TOKEN not in server.all


@pytest.mark.attack(
    "programs on the usual ports answer as vLLM, LiteLLM or with 404, while the base URL is unset, dead or elsewhere",
    "they are asked without a token and without a key",
)
@pytest.mark.parametrize("routes", [VLLM, LITELLM, SILENT], ids=["vllm", "litellm", "404"])
@pytest.mark.parametrize("base", [None, "http://127.0.0.1:1", "another"])
@pytest.mark.parametrize("with_yaml", [False, True])
def test_a_listener_on_a_usual_port_gets_no_token(home, monkeypatch, routes, base, with_yaml):
    with recording(routes) as listener, recording() as another:
        found = functools.partial(discover, ports=(listener.port,), scan=lambda _: Scan())
        monkeypatch.setattr(servers, "discover", found)
        env = {"ANTHROPIC_AUTH_TOKEN": TOKEN, "ANTHROPIC_API_KEY": "sk-users-key-2"}
        if base is not None:
            env["ANTHROPIC_BASE_URL"] = another.url() if base == "another" else base
        write(home.settings, **env)
        more = ("--litellm-config", yaml(home, another.url())) if with_yaml else ()
        status(home, *more)
        check(home, *more)
        assert listener.requests
        assert "sk-" not in listener.all
