"""Inference servers other than vLLM: named and judged by their answers, by whole commands and in the panel."""

import json

import pytest

from other_servers import NAMES, described, other_server
from served import client_settings, served
from server_panel import panel_deck, panel_headline, panel_statements
from servers import Reply, free_url
from stormdeck.model.snapshots.server import ServerKind, ServerState
from stormdeck.sources.net.address import address

pytestmark = pytest.mark.usefixtures("only_what_is_named")

WITH_MESSAGES = {"_v1_messages": Reply({"detail": "Method Not Allowed"}, 405)}
NEVER = ("is down", "does not run", "not found", "neither vLLM", "No server answers", "SERVER9")


def port(url):
    return address(url).port


def checked(home):
    code, out, _ = home.run("check", "--json")
    said = json.loads(out)
    return code, [one["code"] for one in said["findings"]], said


def status(home, *flags):
    code, out, _ = home.run("status", "--no-gpu", "--json", *flags)
    return code, json.loads(out)


def with_server(home, name, model=None, **changes):
    """Return what serves one kind and writes settings that lead to it."""
    server = served(other_server(name, **changes))
    (url,) = server.__enter__()
    home.write(client_settings(url, model=model or described(name)["model"]))
    return url, server


@pytest.fixture
def stack(home):
    opened = []

    def set_up(name, model=None, **changes):
        url, server = with_server(home, name, model, **changes)
        opened.append(server)
        return url

    yield set_up
    for server in opened:
        server.__exit__(None, None, None)


@pytest.mark.parametrize("name", NAMES)
def test_a_server_is_named_and_its_light_is_green(home, stack, monkeypatch, name):
    url = stack(name, **WITH_MESSAGES)
    kind = described(name)["kind"]
    assert checked(home)[:2] == (0, [])
    code, said = status(home)
    hop = said["hops"][1]
    assert (code, hop["name"], hop["kind"], hop["url"], hop["state"]) == (0, kind, "vllm", url, "ok")
    assert said["headline"]["text"].startswith("All well.")
    assert not any(words in json.dumps(said) for words in NEVER)
    headline = panel_headline(home, monkeypatch)
    assert headline.startswith("All well.")
    assert kind in headline or described(name)["figures"] is not None


@pytest.mark.parametrize("name", NAMES)
def test_figures_come_from_its_own_page_where_it_has_one(home, stack, monkeypatch, name):
    stack(name, **WITH_MESSAGES)
    said = described(name)
    server = panel_deck(home, monkeypatch).vllm
    assert (server.kind.value, server.state, server.version) == (said["kind"], ServerState.UP, said["version"])
    assert said["model"] in [model.id for model in server.models]
    if said["figures"] is None:
        assert server.engine is None
    else:
        running, waiting, cache = said["figures"]
        engine = server.engine
        assert (engine.running, engine.waiting, engine.kv_cache_percent) == (running, waiting, cache)


@pytest.mark.parametrize(("name", "option"), [("sglang", "--enable-metrics"), ("llama-server", "--metrics")])
def test_a_page_that_is_switched_off_is_said_with_its_option(home, stack, monkeypatch, name, option):
    stack(name, **WITH_MESSAGES, _metrics=Reply("not found", 404))
    server = panel_deck(home, monkeypatch).vllm
    assert (server.state, server.engine) == (ServerState.UP, None)
    assert server.detail.endswith(f"start it with {option}")


def test_a_server_that_is_known_to_lack_the_messages_is_not_well(home, stack, monkeypatch):
    stack("mlx")
    code, said = status(home)
    text = "MLX answers; whether it takes Claude Code's requests is not known"
    assert (code, said["headline"]["text"], panel_headline(home, monkeypatch)) == (1, text, text)
    assert checked(home)[1] == []


REFUSING = {"ollama"}
ANY_ID = {"llama-server", "tgi"}


@pytest.mark.parametrize("name", NAMES)
def test_ids_are_checked_by_its_own_list(home, stack, name):
    stack(name, model="somebody-elses", **WITH_MESSAGES)
    _, codes, said = checked(home)
    severities = {one["severity"] for one in said["findings"] if one["code"] == "MODEL303"}
    if name in ANY_ID:
        assert codes == []
    else:
        assert set(codes) == {"MODEL303"}
        assert severities == {"error" if name in REFUSING else "warning"}


@pytest.mark.parametrize("model", ["qwen3.5:27b", "Qwen3.5:27B", "hf.co/bartowski/Q-GGUF"])
def test_ollama_adds_the_default_tag(home, stack, model):
    stack("ollama", model=model, **WITH_MESSAGES)
    assert checked(home)[:2] == (0, [])


@pytest.mark.parametrize("name", NAMES)
def test_only_a_pair_of_404_and_405_proves_that_the_messages_are_missing(home, stack, name):
    said = described(name)
    missing = said["missing"]
    stack(name, _v1_messages=Reply(missing["body"], missing["status"], missing["headers"]))
    answers_405 = said["routes"].get("/v1/chat/completions", {}).get("status") == 405
    assert checked(home)[1] == (["URL106"] if answers_405 else [])


def test_without_a_405_the_canary_is_what_shows_it(home, stack, monkeypatch):
    stack("ollama")
    first = panel_statements(home, monkeypatch)[0]
    assert first.detail.startswith("Only a canary shows whether Ollama takes Claude Code's requests")


@pytest.mark.parametrize("name", NAMES)
def test_a_server_that_is_not_started_is_down(home, monkeypatch, name):
    dead = free_url()
    home.write(client_settings(dead, model=described(name)["model"]))
    code, said = status(home)
    assert (code, said["headline"]["code"], said["statements"][0]["cause"]) == (
        2,
        "URL105",
        "the server does not run, or the base URL is wrong",
    )


def test_a_llama_server_that_loads_its_model_is_starting(home, stack, monkeypatch):
    loading = Reply(
        {"error": {"message": "Loading model", "type": "unavailable_error", "code": 503}}, 503, {"server": "llama.cpp"}
    )
    url = stack("llama-server", _v1_models=loading, _=loading, _health=loading)
    code, said = status(home)
    assert code == 1
    assert said["headline"]["text"] == f"llama-server :{port(url)} is starting and answers 503 until it has loaded"
    assert checked(home)[1] == []


def test_a_key_that_is_refused_is_about_the_token(home, stack):
    """SGLang shows its figures without a key; what shows nothing is still no other program."""
    url = stack("sglang", _v1_models=Reply({"error": "Unauthorized"}, 401))
    said = status(home)[1]
    assert said["headline"]["text"] == f"SGLang :{port(url)} refuses the token"
    assert checked(home)[:2] == (1, ["AUTH205"])
    assert not any(words in json.dumps(said) for words in NEVER)


def test_a_server_that_wants_a_key_and_shows_nothing_is_not_called_another_kind(home, stack):
    hidden = Reply({"error": "Unauthorized"}, 401)
    url = stack("sglang", _v1_models=hidden, _metrics=hidden)
    said = status(home)[1]
    assert f"The server at {url}, where Claude Code sends, refuses every request" in json.dumps(said)
    assert not any(words in json.dumps(said) for words in NEVER)


def test_a_server_that_changes_its_kind_is_asked_again(home, monkeypatch):
    """Between two polls Ollama takes the port of SGLang: the old name is not kept."""
    import asyncio

    from servers import Clock, serving
    from stormdeck.sources.net.http import HttpClient
    from stormdeck.sources.servers.engine import engine_source

    async def scene():
        server, after = other_server("sglang"), other_server("ollama")
        async with serving(server) as url, HttpClient("9") as http:
            source = engine_source(url, ServerKind.SGLANG, http, Clock())
            before = await source.poll()
            server.routes, server.missing = after.routes, after.missing
            return before, await source.poll()

    before, now = asyncio.run(scene())
    assert (before.state, now.state) == (ServerState.UP, ServerState.STRANGE)
    assert "answers as Ollama" in now.detail


def test_every_model_of_a_long_list_is_known(home, stack, monkeypatch):
    many = {"object": "list", "data": [{"id": f"m{one}", "owned_by": "library"} for one in range(10_000)]}
    stack("ollama", model="m7", _v1_models=Reply(many), **WITH_MESSAGES)
    assert len(panel_deck(home, monkeypatch).vllm.models) == 10_000


def test_rules_about_vllm_say_nothing_about_another_server(home, stack):
    """A window of 8192 tokens: only that the client assumes a larger one is true of every server."""
    small = {"object": "list", "data": [{"id": "qwen3.5-27b", "owned_by": "sglang", "max_model_len": 8192}]}
    stack("sglang", _v1_models=Reply(small), **WITH_MESSAGES)
    assert set(checked(home)[1]) == {"CTX601"}


def test_two_kinds_at_once_are_no_kind(home, stack):
    both = {"object": "list", "data": [{"id": "a", "owned_by": "sglang"}, {"id": "b", "owned_by": "vllm"}]}
    stack("sglang", model="a", _v1_models=Reply(both), **WITH_MESSAGES)
    said = status(home)[1]
    assert said["hops"][1]["name"] == "server"
    assert "is neither vLLM nor a known proxy" in said["headline"]["text"]
