"""``stormdeck status``: one snapshot, in bounded time, in the format for a script, tmux or Claude Code."""

import asyncio
import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from command_home import Home, Terminal
from running_panel import deck_of, publish
from samples import FOUND, LIVE, STORMY, VLLM, WELL
from served import WITH_MESSAGES, client_settings, served
from servers import free_url, litellm, vllm
from stormdeck.__main__ import main
from stormdeck.commands.status import fresh, session
from stormdeck.feed.publisher import Publisher
from stormdeck.model.status.document import status_json
from stormdeck.model.verdict.ranking import statements
from stormdeck.options import load
from stormdeck.paths import user_paths
from waiting import DEADLINE_S


@pytest.fixture
def pipe(monkeypatch):
    """Return a function that puts a text on standard input; a busy machine may take its time to read it."""
    monkeypatch.setattr(session, "_PATIENCE_S", DEADLINE_S)
    with contextlib.ExitStack() as files:

        def put(text):
            file = files.enter_context(tempfile.TemporaryFile())
            file.write(text)
            file.seek(0)
            monkeypatch.setattr(sys, "stdin", files.enter_context(io.TextIOWrapper(file)))

        yield put


@pytest.fixture(autouse=True)
def named_servers_and_terminal(only_what_is_named, monkeypatch):
    """Keep the servers of the machine that runs the tests out of them, and its terminal."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.fixture
def home(tmp_path, capsys, monkeypatch):
    return Home(tmp_path, capsys, monkeypatch)


def look(home, *more):
    return home.run("status", "--no-gpu", *more)


def output(home, *more):
    code, out, _ = look(home, "--json", *more)
    return code, json.loads(out)


def test_a_path_that_works_is_ok(home):
    with served(vllm(**WITH_MESSAGES)) as (url,):
        home.write(client_settings(url))
        code, said = output(home)
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
        home.write(client_settings(url))
        _, said = output(home)
    assert {"version", "state", "headline", "hops", "gpus", "requests"} <= set(said)
    assert set(said["headline"]) == {"text", "hop", "code"}
    assert {"name", "kind", "url", "group", "state", "latency_ms", "detail"} == set(said["hops"][0])
    # No log is read: what is not known is null, not zero.
    assert said["requests"] == {
        "per_minute": None,
        "turns_per_minute": None,
        "retries_per_minute": None,
        "reason": "no log is read",
        "storm": None,
        "window": None,
        "lines_not_analysed": 0,
    }


def test_an_error_in_the_settings_is_down_with_its_rule_and_what_to_type(home):
    with served(vllm(**WITH_MESSAGES)) as (url,):
        home.write(client_settings(f"{url}/v1"))
        code, said = output(home)
    assert (code, said["state"]) == (2, "down")
    assert (said["headline"]["hop"], said["headline"]["code"]) == ("client", "URL101")
    assert said["statements"][0]["next"] == "stormdeck check --fix"


def test_nothing_that_listens_is_down_and_names_the_place(home):
    url = free_url()
    home.write(client_settings(url))
    code, said = output(home)
    assert code == 2
    assert said["headline"]["code"] == "URL105"
    assert url in said["headline"]["text"]


def test_nothing_configured_is_degraded(home):
    code, out, _ = look(home)
    assert code == 1
    assert "No vLLM and no proxy found" in out


def test_a_proxy_that_refuses_the_token(home):
    with served(litellm(master_key="another")) as (url,):
        home.write(client_settings(url))
        code, said = output(home)
    assert code == 2
    assert (said["headline"]["hop"], said["headline"]["code"]) == ("client", "AUTH204")


def test_text_has_the_path_the_headline_and_what_to_do(home):
    with served(vllm(**WITH_MESSAGES)) as (url,):
        home.write(client_settings(f"{url}/v1"))
        code, out, _ = look(home)
    path, head, *rest = out.splitlines()
    assert code == 2
    assert path.startswith("claude ✖ settings ── vLLM :")
    assert head == "✖ ANTHROPIC_BASE_URL: ends in /v1  URL101"
    assert "next: stormdeck check --fix" in " ".join(rest)


def test_tmux_gets_one_coloured_line_and_no_command(home):
    with served(vllm(**WITH_MESSAGES)) as (url,):
        home.write(client_settings(url, model="#(touch /tmp/owned)"))
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
def test_the_status_line_takes_whatever_claude_code_says(home, pipe, given):
    pipe(given)
    with served(vllm(**WITH_MESSAGES)) as (url,):
        home.write(client_settings(url))
        code, out, _ = look(home, "--format", "statusline")
    assert code == 0
    assert out.count("\n") == 1
    assert "all well" in out
    assert ("Sonnet" in out) == (b"Sonnet" in given)
    assert "\x1b[31m" not in out


def test_a_status_line_is_shown_by_claude_code_only_with_exit_code_0(home, pipe):
    pipe(b"{}")
    home.write(client_settings(free_url()))
    code, out, _ = look(home, "--format", "statusline")
    assert code == 0
    assert "No server answers" in out


@pytest.mark.parametrize(
    "stdin", [None, io.StringIO("x"), Terminal("x"), io.TextIOWrapper(io.BytesIO())], ids=lambda one: type(one).__name__
)
def test_a_status_line_waits_for_nobody(home, monkeypatch, stdin):
    monkeypatch.setattr(sys, "stdin", stdin)
    assert look(home, "--format", "statusline")[0] == 0


def test_the_formats_are_ascii_and_without_colour_where_they_are_asked_to(home, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    _, out, _ = look(home, "--format", "tmux", "--ascii")
    assert out.isascii()
    assert "#[" not in out
    assert look(home, "--ascii")[1].isascii()
    monkeypatch.setenv("LC_ALL", "C")
    assert look(home, "--format", "tmux")[1].isascii()
    assert not look(home, "--format", "tmux", "--no-ascii")[1].isascii()


def test_json_is_a_format_too(home):
    assert look(home, "--format", "json") == look(home, "--json")


def test_an_unknown_format_is_wrong_use(home):
    code, _, err = look(home, "--format", "xmobar")
    assert code == 2
    assert "tmux" in err


def stamped(ago, status, port=40000):
    when = datetime.fromtimestamp(time.time() - ago, UTC).isoformat(timespec="milliseconds")
    return f'{when} INFO:     127.0.0.1:{port} - "POST /v1/messages?beta=true HTTP/1.1" {status} X\n'


def test_a_log_with_times_gives_the_requests_and_the_storm(home):
    log = home.folder / "vllm.log"
    log.write_text("".join(stamped(ago, 500) for ago in (9.0, 8.45, 7.4, 5.3)))
    with served(vllm(**WITH_MESSAGES)) as (url,):
        home.write(client_settings(url))
        code, said = output(home, "--log", str(log))
    assert code == 2
    assert said["requests"]["per_minute"] == 4.0
    window = said["requests"]["window"]
    assert window["seconds"] == 900
    assert window["requests"] == window["turns"] + window["retries"] == 4
    assert said["requests"]["retries_per_minute"] == 3.0
    assert said["requests"]["storm"]["attempts"] == 4
    assert said["headline"]["text"].startswith("RETRY")


def test_a_log_without_times_gives_no_rates(home):
    log = home.folder / "vllm.log"
    log.write_text('INFO:     127.0.0.1:40000 - "POST /v1/messages HTTP/1.1" 500 X\n' * 5)
    with served(vllm(**WITH_MESSAGES)) as (url,):
        home.write(client_settings(url))
        _, said = output(home, "--log", str(log))
    assert said["requests"]["per_minute"] is None
    assert said["requests"]["reason"] == "no log has times in its lines"


class TestFromAPanel:
    """A panel of the same home runs and has published what it says."""

    @pytest.fixture(autouse=True)
    def nothing_is_asked(self, monkeypatch):
        monkeypatch.setattr(fresh, "take_snapshot", self._refuse)

    @staticmethod
    def _refuse(*_args, **_more):
        raise LookupError("asked")

    @pytest.fixture
    def user(self, tmp_path, monkeypatch):
        """The environment of a user with this home and nothing else, who stands in the project."""
        for name in [name for name in os.environ if name.startswith(("STORMDECK_", "XDG_", "CLAUDE_", "ANTHROPIC_"))]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("HOME", str(tmp_path))
        (tmp_path / "project").mkdir()
        monkeypatch.chdir(tmp_path / "project")

    def test_json_is_its_document_whole(self, home):
        publish(home.folder)
        code, said = output(home)
        deck = deck_of()
        assert code == 0
        assert said.keys() == status_json(deck, statements(deck, time.time(), str)).keys()
        assert [hop["name"] for hop in said["hops"]] == ["claude", "LiteLLM", "vLLM", "GPU"]

    def test_the_exit_code_is_that_of_its_state(self, home):
        publish(home.folder, deck_of(WELL, FOUND, VLLM, STORMY))
        assert look(home, "--format", "tmux")[0] == 2
        assert look(home, "--json")[0] == 2

    def test_a_storm_shows_in_its_own_session(self, home, pipe):
        storm = replace(LIVE, session="0b1f6e5e")
        publish(home.folder, deck_of(WELL, FOUND, VLLM, replace(STORMY, storms=(storm,))))
        pipe(b'{"session_id":"0b1f6e5e"}')
        code, out, _ = look(home, "--format", "statusline")
        assert code == 0
        assert "STORM attempt" in out
        assert "(this session)" in out

    def test_text_is_always_a_look_of_its_own(self, home):
        publish(home.folder)
        assert "asked" in look(home)[2]

    @pytest.mark.parametrize(
        "flags",
        [("--fresh",), ("--vllm", "http://10.0.0.5:8000"), ("--settings", "/other.json")],
        ids=lambda one: one[0],
    )
    def test_what_asks_for_another_look_gets_it(self, home, flags):
        publish(home.folder)
        assert "asked" in look(home, "--json", *flags)[2]

    @pytest.mark.usefixtures("user")
    @pytest.mark.parametrize(
        "line", [["--json"], ["--format", "tmux"], ["--format=tmux"], ["--format", "statusline"], ["--format", "json"]]
    )
    def test_the_lines_of_status_bars_need_no_option_read(self, tmp_path, monkeypatch, capsys, line):
        publish(tmp_path)
        monkeypatch.setattr(sys, "stdin", None)
        monkeypatch.setitem(sys.modules, "stormdeck.commands.cli", None)
        assert main(["status", *line]) == 0
        assert "ll well" in capsys.readouterr().out

    @pytest.mark.usefixtures("user")
    @pytest.mark.parametrize("change", ["variable", "file", "none"])
    def test_options_from_elsewhere_are_read_first(self, tmp_path, monkeypatch, capsys, change):
        publish(tmp_path)
        if change == "variable":
            monkeypatch.setenv("STORMDECK_VLLM", "http://10.0.0.5:8000")
        if change == "file":
            file = tmp_path / ".config" / "stormdeck" / "config.yaml"
            file.parent.mkdir(parents=True)
            file.write_text("vllm: http://10.0.0.5:8000\n")
        main(["status", "--format", "tmux"])
        assert ("asked" in capsys.readouterr().err) is (change != "none")

    @pytest.mark.usefixtures("user")
    @pytest.mark.parametrize(("flags", "code"), [({}, 0), ({"vllm": ["http://other:8000"]}, 2)], ids=["same", "flag"])
    def test_an_options_file_that_the_panel_read_too_need_not_be_read_again(
        self, tmp_path, monkeypatch, capsys, flags, code
    ):
        """Unless a flag of the panel had the last word."""
        file = tmp_path / ".config" / "stormdeck" / "config.yaml"
        file.parent.mkdir(parents=True)
        file.write_text("vllm: http://10.0.0.5:8000\n")
        one = Publisher(load(flags, {}).options, user_paths({}, tmp_path), deck_of)
        asyncio.run(one.publish(time.time(), 0.0))
        monkeypatch.setitem(sys.modules, "stormdeck.commands.cli", None)
        assert main(["status", "--format", "tmux"]) == code
        assert ("all well" in capsys.readouterr().out) is (code == 0)

    @pytest.mark.parametrize(
        ("more", "slow"),
        [
            ([], ("argparse", "asyncio", "dataclasses", "httpx", "pathlib", "psutil", "textual", "typing", "yaml")),
            (["--vllm", "http://10.0.0.5:8000"], ("asyncio", "httpx", "psutil", "textual", "yaml")),
        ],
        ids=["the line of a bar", "with an option"],
    )
    def test_nothing_slow_is_imported_for_a_status_bar(self, tmp_path, more, slow):
        (tmp_path / "project").mkdir()
        publish(tmp_path, vllm="http://10.0.0.5:8000")
        code = (
            "import sys; before = set(sys.modules); from stormdeck.__main__ import main; "
            f"code = main(['status', '--format', 'tmux', *{more}]); "
            f"print(code, *sorted(({set(slow)!r} & set(sys.modules)) - before))"
        )
        environ = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=tmp_path / "project",
            env=environ,
            capture_output=True,
            text=True,
            check=True,
        )
        line, rest = done.stdout.splitlines()
        assert "all well" in line
        assert rest == "0"


class TestExplainMessage:
    SELECTED = "There's an issue with the selected model (Qwen3.5-27B). It may not exist"

    def test_it_names_the_line_to_change(self, home):
        with served(vllm(**WITH_MESSAGES)) as (url,):
            home.write(client_settings(f"{url}/v1"))
            code, out, _ = home.run("explain", self.SELECTED)
        assert code == 0
        assert "URL101" in out.splitlines()[2]
        assert "found here" in out.splitlines()[2]
        assert "settings.json:" in out

    def test_json_has_the_causes_in_their_order(self, home):
        with served(vllm(**WITH_MESSAGES)) as (url,):
            home.write(client_settings(f"{url}/v1"))
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
            home.write(client_settings(url))
            code, out, _ = home.run("explain", "API Error: Request rejected (429)", "--log", str(log))
        assert code == 0
        assert "PROXY808" in out
        assert "0b1f6e5e-6c3f-4a7e-9a52-1f2a0f3b9c11" in " ".join(out.split())

    def test_an_unknown_message_names_the_nearest(self, home):
        code, out, err = home.run("explain", "my request was too large or so, sorry")
        assert (code, out) == (2, "")
        assert "Request too large" in err

    def test_a_secret_in_a_message_is_not_reported(self, home):
        code, out, err = home.run("explain", "something odd about sk-hunter2hunter2 happened there")
        assert code == 2
        assert "hunter2" not in out + err
