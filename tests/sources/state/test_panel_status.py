"""The status that a running panel publishes, who may read it, and when it is too old."""

import asyncio
import functools
import json
import os
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from panel import in_loop, make_app, until
from running_panel import deck_of, paths_of, publish
from samples import FOUND, LIVE, PROXY, STORMY, TOKEN, VLLM, WELL
from stormdeck.feed import publisher as publisher_module
from stormdeck.feed.publisher import Publisher
from stormdeck.feed.reducer import take
from stormdeck.options import load
from stormdeck.options.declared import stack_options
from stormdeck.sources.state.panel_status import HEARTBEAT_S, STALE_S, Question, panel_name, published
from stormdeck.sources.state.panel_status_writer import Publication
from stormdeck.ui.app import StormdeckApp
from stormdeck.ui.run import run_panel

BASE = "http://127.0.0.1:4000"
"""Where the settings of the samples send the client."""


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home and a project of one user, with nothing in them."""
    (tmp_path / "project").mkdir()
    for name in [name for name in os.environ if name.startswith(("STORMDECK_", "XDG_", "CLAUDE_", "ANTHROPIC_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path


def ask(home, environ=None, *, shape="json", project=None, claude=None, now=None, **flags):
    """Return what is answered to somebody who gives these flags."""
    options = load({name: [text] for name, text in flags.items()}, {}).options
    question = Question(
        environ or {},
        claude=claude or str(home / ".claude"),
        project=str(project or home / "project"),
        named=stack_options(options),
        shape=shape,
    )
    return published(str(paths_of(home).panels), question, now or time.time())


class TestAnswer:
    def test_it_is_the_document_and_the_bar_of_the_panel(self, home):
        publish(home)
        answer = ask(home)
        assert answer is not None
        assert (answer.status["version"], answer.status["state"]) == (1, "ok")
        assert answer.bar.words == "all well"

    def test_nobody_answers_where_no_panel_runs(self, home):
        assert ask(home) is None

    def test_nothing_is_published_before_the_first_look_is_over(self, home):
        publish(home, deck_of(WELL))
        assert ask(home) is None

    @pytest.mark.parametrize("shape", ["json", "tmux", "statusline"])
    def test_the_same_options_mean_the_same_stack(self, home, shape):
        publish(home, vllm="http://10.0.0.5:8000", log="/var/log/vllm.log")
        assert ask(home, shape=shape, vllm="http://10.0.0.5:8000", log="/var/log/vllm.log") is not None

    @pytest.mark.parametrize("shape", ["json", "tmux", "statusline"])
    @pytest.mark.parametrize(
        "flags",
        [{"vllm": "http://other:8000"}, {"proxy": BASE}, {"settings": "/other.json"}, {"client_version": "2.1.42"}],
        ids=lambda flags: next(iter(flags)),
    )
    def test_other_options_mean_another_stack(self, home, shape, flags):
        publish(home, vllm="http://10.0.0.5:8000")
        assert ask(home, shape=shape, **flags) is None

    @pytest.mark.parametrize(("shape", "answers"), [("tmux", True), ("statusline", True), ("json", False)])
    def test_a_bar_means_the_panel_and_a_script_means_what_it_names(self, home, shape, answers):
        publish(home, vllm="http://10.0.0.5:8000")
        assert (ask(home, shape=shape) is not None) is answers

    def test_another_folder_of_the_client_is_another_user_of_it(self, home):
        publish(home)
        assert ask(home, shape="tmux", claude="/elsewhere/.claude") is None

    @pytest.mark.parametrize(("shape", "answers"), [("tmux", True), ("statusline", False), ("json", False)])
    def test_a_project_with_settings_of_its_own_is_another_stack(self, home, shape, answers):
        other = home / "other"
        (other / ".claude").mkdir(parents=True)
        (other / ".claude" / "settings.local.json").write_text("{}")
        publish(home)
        assert (ask(home, shape=shape, project=other) is not None) is answers

    def test_a_project_without_settings_is_the_same_stack(self, home):
        publish(home)
        assert ask(home, project=home) is not None

    @pytest.mark.parametrize(
        ("url", "shape", "answers"),
        [
            (BASE, "statusline", True),
            ("http://127.0.0.1:9999", "statusline", False),
            ("http://127.0.0.1:9999", "json", False),
            ("http://127.0.0.1:9999", "tmux", True),
        ],
    )
    def test_a_session_that_is_sent_elsewhere_is_not_answered(self, home, url, shape, answers):
        publish(home)
        assert (ask(home, {"ANTHROPIC_BASE_URL": url}, shape=shape) is not None) is answers

    def test_an_address_with_a_password_is_not_written_down_and_matches_nothing(self, home):
        url = "http://me:hunter2hunter2@127.0.0.1:4000"
        deck = deck_of()
        shell = {"ANTHROPIC_BASE_URL": url}
        publish(home, replace(deck, settings=replace(deck.settings, shell=shell)))
        assert "hunter2" not in text_of(home)
        assert ask(home, shell) is None
        assert ask(home) is None

    def test_of_two_panels_the_one_with_the_same_options_answers(self, home, monkeypatch):
        publish(home)
        monkeypatch.setattr(os, "getpid", lambda: os.getppid())
        publish(home, deck_of(WELL, FOUND, VLLM, STORMY), vllm="http://10.0.0.5:8000")
        assert ask(home, shape="tmux").bar.words == "all well"
        assert ask(home, shape="tmux", vllm="http://10.0.0.5:8000").bar.health.value == "broken"


def text_of(home):
    (path,) = paths_of(home).panels.iterdir()
    return path.read_text()


class TestFile:
    def test_it_is_for_its_user_alone(self, home):
        publish(home)
        (path,) = paths_of(home).panels.iterdir()
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700

    def test_it_holds_no_token(self, home):
        """The settings of the samples hold one."""
        assert TOKEN in WELL.files[0].text
        publish(home, deck_of(WELL, FOUND, VLLM, PROXY, STORMY))
        assert TOKEN not in text_of(home)

    def test_a_live_storm_is_reported_with_its_session(self, home):
        storm = replace(LIVE, session="0b1f6e5e")
        publish(home, deck_of(WELL, FOUND, VLLM, replace(STORMY, storms=(storm,))))
        answer = ask(home)
        assert answer.bar.storms[0][0] == "0b1f6e5e"
        assert answer.status["requests"]["storm"]["session"] == "0b1f6e5e"

    def test_it_is_gone_when_the_panel_ends_and_is_not_written_again(self, home):
        one = publish(home)
        asyncio.run(one.stop())
        assert list(paths_of(home).panels.iterdir()) == []
        for passed in (100.0, 200.0):
            asyncio.run(one.publish(time.time(), passed))
        assert list(paths_of(home).panels.iterdir()) == []

    def test_a_file_of_another_user_is_not_believed(self, home, monkeypatch):
        publish(home)
        monkeypatch.setattr(os, "getuid", lambda: 4711)
        assert ask(home) is None

    def test_what_a_killed_panel_left_is_not_believed_and_goes_with_the_next_start(self, home):
        gone = subprocess.Popen([sys.executable, "-c", ""])
        gone.wait()
        publication = Publication(paths_of(home).panels, gone.pid)
        publish(home)
        (path,) = paths_of(home).panels.iterdir()
        left = path.with_name(panel_name(gone.pid))
        path.rename(left)
        foreign = path.with_name("another-host-1.json")
        foreign.write_text("{}")
        assert ask(home) is None
        publication.clear()
        assert list(left.parent.iterdir()) == [foreign]

    def test_a_panel_that_gives_no_sign_of_life_is_not_believed(self, home):
        publish(home)
        assert ask(home, now=time.time() + STALE_S - 1) is not None
        assert ask(home, now=time.time() + STALE_S + 1) is None

    @pytest.mark.parametrize(
        "text",
        ["", "{", "[]", '{"stormdeck": "0.0.0"}', "[" * 100_000, "\x00"],
        ids=["empty", "cut", "a list", "another version", "deep", "binary"],
    )
    def test_nonsense_in_its_place_is_no_answer(self, home, text):
        panels = paths_of(home).panels
        panels.mkdir(parents=True)
        (panels / panel_name(os.getpid())).write_text(text)
        assert ask(home) is None

    @pytest.mark.parametrize("key", ["watches", "bar", "status"])
    def test_a_part_that_is_missing_is_no_answer(self, home, key):
        publish(home)
        (path,) = paths_of(home).panels.iterdir()
        path.write_text(json.dumps(json.loads(path.read_text()) | {key: None}))
        assert ask(home) is None

    def test_a_folder_that_cannot_be_written_harms_nobody(self, home):
        state = paths_of(home).panels.parent
        state.parent.mkdir(parents=True)
        state.write_text("in the way")
        asyncio.run(publish(home).stop())
        assert ask(home) is None


class TestPace:
    def writes(self, one, monkeypatch):
        """Count what is written, and the signs of life."""
        counts = {"write": 0, "touch": 0}
        for name in counts:
            original = getattr(one._publication, name)

            @functools.wraps(original)
            def counted(*args, name=name, original=original):
                counts[name] += 1
                return original(*args)

            monkeypatch.setattr(one._publication, name, counted)
        return counts

    def test_while_nothing_changes_there_are_only_signs_of_life(self, home, monkeypatch):
        one = publish(home)
        counts = self.writes(one, monkeypatch)
        now = time.time()
        for second in range(1, 31):
            asyncio.run(one.publish(now, float(second)))
        assert counts["write"] == 0
        assert counts["touch"] == 30 // HEARTBEAT_S

    def test_figures_wait_for_the_next_sign_of_life_and_a_storm_does_not(self, home, monkeypatch):
        decks = [deck_of()]
        one = Publisher(load({}, {}).options, paths_of(home), lambda: decks[-1])
        asyncio.run(one.publish(time.time(), 0.0))
        counts = self.writes(one, monkeypatch)
        decks.append(take(decks[-1], replace(VLLM, latency_ms=77)))
        asyncio.run(one.publish(time.time(), 1.0))
        assert counts == {"write": 0, "touch": 0}
        decks.append(take(decks[-1], STORMY))
        asyncio.run(one.publish(time.time(), 2.0))
        assert counts == {"write": 1, "touch": 0}
        assert ask(home).bar.health.value == "broken"


class TestPanel:
    @in_loop
    async def test_it_publishes_while_it_runs(self, home):
        app = make_app()
        app.publisher = Publisher(load({}, {}).options, paths_of(home), deck_of)
        async with app.run_test() as pilot:
            await until(pilot, lambda: ask(home) is not None)
        assert list(paths_of(home).panels.iterdir()) == []

    @pytest.mark.parametrize("demo", [True, False])
    def test_the_demo_publishes_nothing(self, home, monkeypatch, demo):
        loaded = []
        monkeypatch.setattr(StormdeckApp, "run", lambda app, **_more: loaded.extend(asyncio.run(app.load_feed())))
        assert run_panel(load({"home": [str(home)]}, {}).options, demo=demo) == 0
        feed, publisher = loaded
        assert feed is not None
        assert (publisher is None) is demo

    def test_what_the_panel_judged_is_not_judged_again(self, home, monkeypatch):
        deck, now = deck_of(), time.time()
        verdicts, asked = publisher_module.statements(deck, now, publisher_module._minute), []

        def judge(*given):
            asked.append(given)
            return verdicts

        monkeypatch.setattr(publisher_module, "statements", judge)
        for judged, times in (((deck, now, verdicts), 0), ((deck_of(), now, verdicts), 1), ((deck, 0.0, verdicts), 1)):
            asked.clear()
            one = Publisher(load({}, {}).options, paths_of(home), lambda: deck, functools.partial(tuple, judged))
            asyncio.run(one.publish(now, 0.0))
            assert len(asked) == times
