"""``stormdeck status``: one look, in bounded time, in the form that a script, tmux or Claude Code takes."""

import functools
import io
import json
import sys
import time
from datetime import UTC, datetime

import pytest
from command_home import Home
from servers import free_url, litellm, vllm
from test_check_live import WITH_MESSAGES, served, settings

from stormdeck.commands import asking
from stormdeck.sources.discovery import discover
from stormdeck.sources.processes import Scan


@pytest.fixture(autouse=True)
def only_what_is_named(monkeypatch):
    """Keep the servers of the machine that runs the tests out of them."""
    monkeypatch.setattr(asking, "discover", functools.partial(discover, ports=(), scan=Scan))


@pytest.fixture
def home(tmp_path, capsys, monkeypatch):
    return Home(tmp_path, capsys, monkeypatch)


def look(home, *more):
    return home.run("status", "--no-gpu", *more)


def told(home, *more):
    code, out, _ = look(home, "--json", *more)
    return code, json.loads(out)


def test_a_path_that_works_is_ok(home):
    with served(vllm(**WITH_MESSAGES)) as (url,):
        home.write(settings(url))
        code, said = told(home)
    assert (code, said["version"], said["state"]) == (0, 1, "ok")
    assert said["headline"]["text"].startswith("All well")
    assert [(hop["kind"], hop["state"]) for hop in said["hops"]] == [
        ("client", "ok"),
        ("vllm", "ok"),
        ("gpu", "unknown"),
    ]
    assert said["hops"][1]["url"] == url
    assert said["hops"][1]["latency_ms"] >= 1


def test_the_json_is_as_the_contract_says(home):
    with served(vllm(**WITH_MESSAGES)) as (url,):
        home.write(settings(url))
        _, said = told(home)
    assert {"version", "state", "headline", "hops", "gpus", "requests"} <= set(said)
    assert set(said["headline"]) == {"text", "hop", "code"}
    assert {"name", "kind", "url", "state", "latency_ms", "detail"} == set(said["hops"][0])
    # No log is read: what is not known is null, not zero.
    assert said["requests"] == {
        "per_minute": None,
        "turns_per_minute": None,
        "retries_per_minute": None,
        "storm": None,
    }


def test_an_error_in_the_settings_is_down_with_its_rule_and_what_to_type(home):
    with served(vllm(**WITH_MESSAGES)) as (url,):
        home.write(settings(f"{url}/v1"))
        code, said = told(home)
    assert (code, said["state"]) == (2, "down")
    assert (said["headline"]["hop"], said["headline"]["code"]) == ("client", "URL101")
    assert said["statements"][0]["next"] == "stormdeck check --fix"


def test_nothing_that_listens_is_down_and_names_the_place(home):
    url = free_url()
    home.write(settings(url))
    code, said = told(home)
    assert code == 2
    assert said["headline"]["code"] == "URL105"
    assert url in said["headline"]["text"]


def test_nothing_configured_is_degraded(home):
    code, out, _ = look(home)
    assert code == 1
    assert "No vLLM and no proxy found" in out


def test_a_proxy_that_refuses_the_token(home):
    with served(litellm(master_key="another")) as (url,):
        home.write(settings(url))
        code, said = told(home)
    assert code == 2
    assert (said["headline"]["hop"], said["headline"]["code"]) == ("client", "AUTH204")


def test_text_has_the_path_the_headline_and_what_to_do(home):
    with served(vllm(**WITH_MESSAGES)) as (url,):
        home.write(settings(f"{url}/v1"))
        code, out, _ = look(home)
    path, head, *rest = out.splitlines()
    assert code == 2
    assert path.startswith("claude ✖ settings ── vLLM :")
    assert head == "✖ ANTHROPIC_BASE_URL: ends in /v1  URL101"
    assert "next: stormdeck check --fix" in " ".join(rest)


def test_tmux_gets_one_coloured_line_and_no_command(home):
    with served(vllm(**WITH_MESSAGES)) as (url,):
        home.write(settings(url, model="#(touch /tmp/owned)"))
        _, out, _ = look(home, "--format", "tmux")
    assert out.count("\n") == 1
    assert out.startswith("#[fg=red]✖#[fg=green]●")
    assert "#(" not in out.replace("##(", "")


@pytest.mark.parametrize(
    "given",
    [
        b'{"session_id":"abc","model":{"id":"m","display_name":"Sonnet\\u001b[31m"},"cwd":"/x"}',
        b"",
        b"no json",
        b"[1,2]",
        b'{"model":7}',
        b'{"model":' + b"[" * 100_000,
    ],
    ids=["whole", "empty", "no JSON", "a list", "a number", "deep"],
)
def test_the_status_line_takes_whatever_claude_code_says(home, monkeypatch, given):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
    with served(vllm(**WITH_MESSAGES)) as (url,):
        home.write(settings(url))
        code, out, _ = look(home, "--format", "statusline")
    assert code == 0
    assert out.count("\n") == 1
    assert "all well" in out
    assert ("Sonnet" in out) == (b"Sonnet" in given)
    assert "\x1b[31m" not in out


def test_an_unknown_format_is_wrong_use(home):
    code, _, err = look(home, "--format", "xmobar")
    assert code == 2
    assert "tmux" in err


def stamped(ago, status, port=40000):
    when = datetime.fromtimestamp(time.time() - ago, UTC).isoformat(timespec="milliseconds")
    return f'{when} INFO:     127.0.0.1:{port} - "POST /v1/messages?beta=true HTTP/1.1" {status} X\n'


def test_a_log_with_times_tells_the_requests_and_the_storm(home):
    log = home.folder / "vllm.log"
    log.write_text("".join(stamped(ago, 500) for ago in (9.0, 8.45, 7.4, 5.3)))
    with served(vllm(**WITH_MESSAGES)) as (url,):
        home.write(settings(url))
        code, said = told(home, "--log", str(log))
    assert code == 2
    assert said["requests"]["per_minute"] == 4.0
    assert said["requests"]["retries_per_minute"] == 3.0
    assert said["requests"]["storm"]["attempts"] == 4
    assert said["headline"]["text"].startswith("RETRY")


def test_a_log_without_times_tells_no_rates(home):
    log = home.folder / "vllm.log"
    log.write_text('INFO:     127.0.0.1:40000 - "POST /v1/messages HTTP/1.1" 500 X\n' * 5)
    with served(vllm(**WITH_MESSAGES)) as (url,):
        home.write(settings(url))
        _, said = told(home, "--log", str(log))
    assert said["requests"]["per_minute"] is None


class TestExplainMessage:
    SELECTED = "There's an issue with the selected model (Qwen3.5-27B). It may not exist"

    def test_it_names_the_line_to_change(self, home):
        with served(vllm(**WITH_MESSAGES)) as (url,):
            home.write(settings(f"{url}/v1"))
            code, out, _ = home.run("explain", self.SELECTED)
        assert code == 0
        assert "URL101" in out.splitlines()[2]
        assert "found here" in out.splitlines()[2]
        assert "settings.json:" in out

    def test_json_has_the_causes_in_their_order(self, home):
        with served(vllm(**WITH_MESSAGES)) as (url,):
            home.write(settings(f"{url}/v1"))
            code, out, _ = home.run("explain", self.SELECTED, "--json")
        said = json.loads(out)
        assert code == 0
        assert said["message"] == ["the server answered 404"]
        assert (said["causes"][0]["code"], said["causes"][0]["standing"]) == ("URL101", "found")

    def test_a_log_gives_the_record_and_its_id(self, home):
        log = home.folder / "litellm.log"
        log.write_text(
            "14:01:28 - LiteLLM Proxy:ERROR: common_request_processing.py:1984 - litellm.proxy.proxy_server."
            "_handle_llm_api_exception(): Exception occured - litellm_call_id=0b1f6e5e-6c3f-4a7e-9a52-1f2a0f3b9c11 - "
            "No deployments available for selected model, Try again in 5 seconds. cooldown_list=['a']\n"
        )
        with served(litellm()) as (url,):
            home.write(settings(url))
            code, out, _ = home.run("explain", "API Error: Request rejected (429)", "--log", str(log))
        assert code == 0
        assert "PROXY808" in out
        assert "0b1f6e5e-6c3f-4a7e-9a52-1f2a0f3b9c11" in " ".join(out.split())

    def test_an_unknown_message_names_the_nearest(self, home):
        code, out, err = home.run("explain", "my request was too large or so, sorry")
        assert (code, out) == (2, "")
        assert "Request too large" in err

    def test_a_secret_in_a_message_is_not_told(self, home):
        code, out, err = home.run("explain", "something odd about sk-hunter2hunter2 happened there")
        assert code == 2
        assert "hunter2" not in out + err
