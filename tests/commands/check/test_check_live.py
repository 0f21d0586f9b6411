"""``stormdeck check`` with servers: findings that need them, in bounded time, and the first settings for a server."""

import asyncio
import json

import pytest

from served import WITH_MESSAGES, client_settings, served
from servers import Imitation, Reply, free_url, hangs, litellm, vllm
from stormdeck.commands.check import servers as asking
from stormdeck.sources.net.failure import FailureKind

pytestmark = pytest.mark.usefixtures("only_what_is_named")


def codes(out):
    return {finding["code"] for finding in json.loads(out)["findings"]}


class TestLive:
    def test_a_server_that_serves_what_is_asked_for_is_no_fault(self, home):
        with served(vllm(**WITH_MESSAGES)) as (url,):
            home.write(client_settings(url))
            code, out, _ = home.run("check", "--json")
        assert (code, codes(out)) == (0, set())

    def test_an_id_that_is_not_served_is_found_and_fixed(self, home):
        with served(vllm(**WITH_MESSAGES)) as (url,):
            home.write(client_settings(url, model="qwen3.5-27b"))
            assert "MODEL303" not in codes(home.run("check", "--json", "--offline")[1])
            code, out, _ = home.run("check", "--json")
            assert code == 1
            assert "MODEL303" in codes(out)
            assert home.run("check", "--fix", "--yes")[0] == 0
            assert home.settings.read_text() == client_settings(url)

    def test_a_port_where_nothing_listens(self, home):
        url = free_url()
        home.write(client_settings(url))
        code, out, _ = home.run("check", "--json")
        assert code == 1
        assert "URL105" in codes(out)

    def test_where_nothing_listens_the_http_library_stays_out(self, monkeypatch):
        async def loaded(*_args, **_more):
            raise AssertionError("the library was loaded for a dead port")

        monkeypatch.setattr(asking.HttpClient, "get", loaded)
        failure = asyncio.run(asking.PreflightClient("1").get(free_url()))
        assert failure.kind is FailureKind.REFUSED

    def test_offline_asks_nobody(self, home):
        server = vllm(**WITH_MESSAGES)
        with served(server) as (url,):
            home.write(client_settings(url))
            home.run("check", "--offline", "--vllm", url)
        assert server.asked == []

    def test_a_server_that_accepts_and_never_answers_is_an_error(self, home, monkeypatch):
        monkeypatch.setattr(asking, "PATIENT", asking.Deadlines(0.1, 0.1, 5.0))
        with served(hangs) as (url,):
            home.write(client_settings(url))
            code, out, _ = home.run("check", "--json")
            text = home.run("check")[1]
        assert (code, json.loads(out)["ok"], codes(out)) == (1, False, {"URL112"})
        assert "no complete answer within 0.1 s" in text
        assert "does not run" not in text

    def test_a_search_that_takes_too_long_is_given_up_and_reported(self, home, monkeypatch):
        async def endless(*_args, **_more):
            await asyncio.sleep(3600)

        monkeypatch.setattr(asking, "discover", endless)
        monkeypatch.setattr(asking, "PATIENT", asking.Deadlines(0.05, 0.05, 0.05))
        home.write(client_settings("http://127.0.0.1:1"))
        code, _, err = home.run("check")
        assert code == 0
        assert "Not every server answered" in err

    def test_the_token_goes_to_its_own_origin_alone(self, home):
        other = vllm(**WITH_MESSAGES)
        with served(vllm(**WITH_MESSAGES), other) as (url, elsewhere):
            home.write(client_settings(url, ANTHROPIC_AUTH_TOKEN="sk-hunter2-hunter2"))
            out, err = home.run("check", "--vllm", elsewhere)[1:]
        assert other.asked
        assert not any("hunter2" in str(asked.headers) for asked in other.asked)
        assert "hunter2" not in out + err


class TestProxyYaml:
    def test_its_findings_have_line_and_column_and_show_no_key(self, home):
        yaml = home.write(
            "model_list:\n  - model_name: claude-*\n    litellm_params:\n      model: Qwen3.5-27B\n"
            "      api_base: http://127.0.0.1:8000/v1\n      api_key: sk-hunter2-hunter2\n"
            "general_settings:\n  master_key: sk-hunter2-master\n",
            home.folder / "config.yaml",
        )
        home.write(client_settings("http://127.0.0.1:4000"))
        code, out, _ = home.run("check", "--offline", "--json", "--litellm-config", str(yaml))
        found = [finding for finding in json.loads(out)["findings"] if finding["file"] == str(yaml)]
        assert code == 1
        assert {finding["code"][:5] for finding in found} == {"PROXY"}
        assert all(finding["line"] for finding in found if finding["code"] == "PROXY805")
        text = home.run("check", "--offline", "--litellm-config", str(yaml))[1]
        assert f"{yaml}:4:" in text
        assert "hunter2" not in out + text


class TestFirstSettings:
    def test_the_whole_block_for_the_server_that_answers(self, home):
        with served(vllm(**WITH_MESSAGES)) as (url,):
            code, out, err = home.run("check", "--vllm", url)
            assert (code, out) == (0, "No findings.\n")
            assert f"{url} serves Qwen3.5-27B: `stormdeck check --fix`" in err
            code, out, _ = home.run("check", "--vllm", url, "--fix")
            assert code == 2
            assert f'+     "ANTHROPIC_BASE_URL": "{url}",' in out
            assert not home.settings.exists()
            assert home.run("check", "--vllm", url, "--fix", "--yes")[0] == 0
        written = json.loads(home.settings.read_text())
        assert written["model"] == "sonnet"
        assert written["env"]["ANTHROPIC_DEFAULT_OPUS_MODEL"] == "Qwen3.5-27B"
        assert written["env"]["CLAUDE_CODE_MAX_CONTEXT_TOKENS"] == "131072"
        assert home.settings.stat().st_mode & 0o777 == 0o600

    def test_what_else_stands_in_the_file_stays(self, home):
        home.write('{\n  "hooks": {"Stop": [ ]}\n}\n')
        with served(vllm(**WITH_MESSAGES)) as (url,):
            assert home.run("check", "--vllm", url, "--fix", "--yes")[0] == 0
        assert home.settings.read_text().startswith('{\n  "hooks": {"Stop": [ ]},\n  "model": "sonnet",\n')

    def test_the_proxy_with_its_own_key_and_name(self, home):
        yaml = home.write("general_settings:\n  master_key: sk-master-1\nmodel_list: []\n", home.folder / "config.yaml")
        with served(litellm()) as (url,):
            out, err = home.run("check", "--proxy", url, "--litellm-config", str(yaml), "--fix", "--yes")[1:]
        env = json.loads(home.settings.read_text())["env"]
        assert (env["ANTHROPIC_BASE_URL"], env["ANTHROPIC_AUTH_TOKEN"]) == (url, "sk-master-1")
        assert env["ANTHROPIC_DEFAULT_SONNET_MODEL"] == "claude-sonnet"
        assert "sk-master" not in out + err

    def test_settings_that_name_a_server_are_fixed_and_not_replaced(self, home):
        with served(vllm(**WITH_MESSAGES)) as (url,):
            home.write('{"env": {"ANTHROPIC_BASE_URL": "http://127.0.0.1:1"}}')
            home.run("check", "--vllm", url, "--fix", "--yes")
        assert "API_TIMEOUT_MS" not in home.settings.read_text()

    def test_not_without_a_model(self, home):
        empty = Imitation({"/version": Reply({"version": "0.32.0"}), "/health": Reply(b"")})
        with served(empty) as (url,):
            assert home.run("check", "--vllm", url, "--fix", "--yes")[0] in {0, 1}
        assert not home.settings.exists()
