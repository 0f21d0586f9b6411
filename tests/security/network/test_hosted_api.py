"""The hosted API is never asked, in any spelling, from any source."""

import functools
import json

import pytest
from origins import make_panel, write, yaml
from recorder import LITELLM, claude_code_proxy, recording

from command_home import Home
from panel import in_loop, screen, until
from stormdeck.commands.check import servers
from stormdeck.model.canary.plan import plan_of
from stormdeck.model.rules.facts import Facts
from stormdeck.model.settings.merge import merged
from stormdeck.model.urls import is_hosted
from stormdeck.sources.discovery.search import discover
from stormdeck.sources.net import resolver
from stormdeck.sources.net.address import address, is_own_host
from stormdeck.sources.net.failure import Failure, FailureKind
from stormdeck.sources.net.http import HttpClient
from stormdeck.sources.processes.scan import Scan

pytestmark = pytest.mark.usefixtures("only_what_is_named")

SPELT = [
    "https://api.anthropic.com",
    "https://api.anthropic.com/v1",
    "https://api.anthropic.com.",
    "https://api.anthropic.com..",
    "https://API.Anthropic.COM:8443",
    "http://api.anthropic.com:80",
    "https://api.anthropic\u3002com",
    "https://api\uff0eanthropic\uff0ecom",
    "https://api\uff61anthropic.com",
    "https://\uff41\uff50\uff49.anthropic.com",
    "https://api.anthro\u00adpic.com",
    "https://api.anthropic\u200b.com",
    "https://api%2Eanthropic.com",
    "https://%61pi.anthropic.com",
    "https://anthropic.com",
    "https://console.anthropic.com",
    "https://api.claude.com",
    "https://160.79.104.10",
    "https://[::ffff:160.79.104.10]",
    "https://2689558538",
    "https://0xa04f680a",
    "https://160.5203978",
    "https://0240.0117.0150.012",
    "https:/api.anthropic.com",
    "https:api.anthropic.com",
    "https:////api.anthropic.com",
]
NOT_IT = ["http://127.0.0.1:8000", "https://anthropic.com.evil.example", "https://notanthropic.com", "http://gpu-box"]


@pytest.fixture
def home(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Home(tmp_path, capsys, monkeypatch)


@pytest.fixture
def looked_up(monkeypatch):
    """Return the names that are looked up, and the hosts that are asked; nothing leaves this machine."""
    names = []

    def look_up(host):
        names.append(host)
        return resolver.Unresolved("no such name in a test", is_final=True)

    original, plainly = HttpClient._ask, HttpClient._ask_plainly

    async def ask(self, url, target, *args):
        names.extend([] if target.is_here else [target.host])
        return await original(self, url, target, *args)

    async def ask_plainly(self, target, *args):
        names.extend([] if target.is_here else [target.host])
        return await plainly(self, target, *args)

    monkeypatch.setattr(resolver, "_look_up", look_up)
    monkeypatch.setattr(HttpClient, "_ask", ask)
    monkeypatch.setattr(HttpClient, "_ask_plainly", ask_plainly)
    return names


def status(home, *more):
    return json.loads(home.run("status", "--json", "--no-gpu", *more)[1])


def server(said):
    return next(hop for hop in said["hops"] if hop["kind"] == "vllm")


@pytest.mark.attack(
    "a flag, the settings, LiteLLM's YAML or another proxy name the hosted API, in any spelling",
    "its name is not even looked up; the hop says that it is not asked",
)
@pytest.mark.parametrize("url", SPELT)
def test_the_settings_name_it(home, looked_up, url):
    write(home.settings, ANTHROPIC_BASE_URL=url, ANTHROPIC_AUTH_TOKEN="sk-users")
    said = status(home)
    home.run("check", "--canary")
    assert looked_up == []
    assert "the hosted API: not asked" in server(said)["detail"]
    assert (server(said)["name"], server(said)["state"]) == ("hosted API", "unknown")
    assert "down" not in said["headline"]["text"]


@pytest.mark.parametrize("flag", ["--vllm", "--proxy"])
@pytest.mark.parametrize("url", SPELT)
def test_a_flag_names_it(home, looked_up, flag, url):
    code, out, _ = home.run("status", "--json", "--no-gpu", flag, url)
    home.run("check", "--canary", flag, url)
    assert looked_up == []
    if code != 2 or out:
        assert "the hosted API: not asked" in server(json.loads(out))["detail"]


@pytest.mark.parametrize("url", SPELT)
def test_the_yaml_names_it(home, looked_up, url):
    with recording(LITELLM) as proxy:
        write(home.settings, ANTHROPIC_BASE_URL=proxy.url(), ANTHROPIC_AUTH_TOKEN="sk-users")
        said = status(home, "--litellm-config", yaml(home, url))
    assert looked_up == []
    assert "the hosted API: not asked" in server(said)["detail"]


@pytest.mark.parametrize("url", SPELT)
def test_another_proxy_names_it(home, looked_up, url):
    with recording(claude_code_proxy(url)) as proxy:
        write(home.settings, ANTHROPIC_BASE_URL=proxy.url(), ANTHROPIC_AUTH_TOKEN="sk-users")
        said = status(home)
    assert looked_up == []
    assert "the hosted API: not asked" in server(said)["detail"]


@in_loop
async def test_the_panel_says_it_too(home, looked_up):
    write(home.settings, ANTHROPIC_BASE_URL=SPELT[2], ANTHROPIC_AUTH_TOKEN="sk-users")
    app = make_panel(home, proxy="https://api.anthropic.com", vllm="https://API.anthropic.com")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "the hosted API: not asked" in screen(app), "it is not said")
        assert app.deck.vllm is app.deck.proxy is None
        plan = app.feed.canary.plan(app.deck)
        assert plan.requests == 0
    assert looked_up == []


@pytest.mark.parametrize("url", SPELT)
@in_loop
async def test_whoever_asks_is_refused(url):
    async with HttpClient("test") as http:
        answer = await http.get(url)
    assert isinstance(answer, Failure)
    assert answer.kind is FailureKind.HOSTED


@pytest.mark.parametrize("url", NOT_IT)
def test_other_hosts_are_not_taken_for_it(url):
    assert not is_hosted(address(url).host)


@pytest.mark.attack(
    "a program on a usual port answers as claude-code-proxy and names any host as its upstream",
    "only this machine's own addresses are followed, unless the user named the proxy",
)
@pytest.mark.parametrize("upstream", ["http://10.1.2.3:8000/v1", "http://gpu-box:80", "http://[2001:db8::1]:8000"])
def test_a_listener_makes_us_ask_no_other_host(home, looked_up, monkeypatch, upstream):
    with recording(claude_code_proxy(upstream)) as mimic:
        found = functools.partial(discover, ports=(mimic.port,), scan=lambda _: Scan())
        monkeypatch.setattr(servers, "discover", found)
        seen = status(home)
        assert looked_up == []
        assert server(seen)["state"] == "unknown"
        status(home, "--proxy", mimic.url())
        assert looked_up != []


def test_what_it_names_on_this_machine_is_asked(home, monkeypatch):
    with recording() as behind, recording(claude_code_proxy(behind.url())) as proxy:
        found = functools.partial(discover, ports=(proxy.port,), scan=lambda _: Scan())
        monkeypatch.setattr(servers, "discover", found)
        assert server(status(home))["url"] == behind.url()


@pytest.mark.parametrize(
    ("host", "own"), [("127.0.0.1", True), ("::1", True), ("127.8.8.8", True), ("192.0.2.1", False)]
)
def test_this_machines_own_addresses(host, own):
    assert is_own_host(host) is own


def test_a_folder_that_is_not_trusted_leads_to_no_third_host(home, looked_up):
    with recording(claude_code_proxy("http://10.1.2.3:8000")) as mimic:
        write(home.shared, ANTHROPIC_BASE_URL=mimic.url())
        status(home)
        assert looked_up == []
        assert mimic.requests


@pytest.mark.parametrize("url", SPELT)
def test_a_canary_is_not_planned_for_it(url):
    facts = Facts.effective(merged((), {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_AUTH_TOKEN": "sk-users"}))
    assert plan_of(facts, "0", "session").targets == ()
