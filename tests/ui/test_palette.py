"""The command palette: every action, rule, setting and theme, found by its name."""

import subprocess
import sys
from dataclasses import replace

import pytest
from textual.command import CommandInput, CommandList
from textual.events import Click

from fleets import FLEET
from panel import deliver, in_loop, make_app, rows_with, until
from samples import WRONG
from stormdeck.feed.protocol import PanelFeed
from stormdeck.model.keys.actions import ACTIONS, AREAS
from stormdeck.model.logs.spec import JournalLog, parse_log
from stormdeck.model.rules.registry import RULES
from stormdeck.model.settings.fields import FIELDS
from stormdeck.model.snapshots.discovery import DiscoverySnapshot, LogPlace
from stormdeck.model.snapshots.server import ServerKind
from stormdeck.ui.palette import entries, typed_log
from stormdeck.ui.panel_app import PanelApp
from stormdeck.ui.themes import OWN


async def choose(pilot, words, shown):
    """Type words into the palette, and take the first line that they find."""
    await pilot.press("ctrl+p")
    await until(pilot, lambda: "Command" in type(pilot.app.screen).__name__, "no palette")
    pilot.app.screen.query_one(CommandInput).value = words
    await until(pilot, lambda: rows_with(pilot.app, shown), f"{shown} is not found")
    await pilot.press("enter")


def test_there_is_an_entry_for_every_action_rule_setting_and_theme():
    app = make_app()
    app.set_reactive(PanelApp.deck, replace(app.deck, fleet=FLEET))
    found = [*entries(app, "logs")]
    helps, names = {entry.help for entry in found}, " ".join(entry.name for entry in found)
    areas = {"app", *(area for area, _ in AREAS)}
    offered = [one for one in ACTIONS if one.place in areas and not one.inner and one.id != "app.palette"]
    assert [action.id for action in offered if action.help not in helps] == []
    assert [rule.code for rule in RULES if rule.code not in names] == []
    assert [field.path for field in FIELDS if field.path.removeprefix("env.") not in names] == []
    assert [theme for theme in app.available_themes if f"Theme: {theme.removeprefix(OWN)}" not in names] == []
    assert len({entry.name for entry in found}) == len(found)


@in_loop
@pytest.mark.parametrize("key", ["pagedown", "pageup"])
async def test_a_list_without_room_has_no_pages_and_ends_nothing(panel, key):
    async with panel().run_test(size=(40, 12)) as pilot:
        await pilot.press("ctrl+p")
        await until(pilot, lambda: "Command" in type(pilot.app.screen).__name__, "no palette")
        found = pilot.app.screen.query_one(CommandList)
        await until(pilot, lambda: found.option_count > 1 and found.highlighted is not None, "no entries")
        await pilot.resize_terminal(40, 4)
        await until(pilot, lambda: not found.scrollable_content_region, "the list has room")
        await pilot.press(key)
        await pilot.resize_terminal(40, 12)
        await until(pilot, lambda: found.scrollable_content_region.height > 2, "the list has no room")
        before = found.highlighted
        await pilot.press(key)
        await until(pilot, lambda: key == "pageup" or found.highlighted > before, "no page")


@in_loop
async def test_a_click_from_before_the_pane_got_smaller_ends_nothing(panel):
    async with panel().run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+p")
        await until(pilot, lambda: type(pilot.app.screen).__name__ == "CommandPalette", "no palette")
        palette = pilot.app.screen
        palette.post_message(Click(None, 155, 21, 0, 0, 1, False, False, False, screen_x=155, screen_y=21))
        await pilot.press("escape")
        await until(pilot, lambda: type(pilot.app.screen).__name__ == "OverviewScreen", "not closed")


@in_loop
async def test_it_opens_again_before_the_last_one_is_gone(panel):
    async with panel().run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+p")
        await until(pilot, lambda: type(pilot.app.screen).__name__ == "CommandPalette", "no palette")
        first = pilot.app.screen
        first.dismiss()
        pilot.app.action_command_palette()
        await until(pilot, lambda: pilot.app.screen.query(CommandList), "not opened again")
        assert pilot.app.screen is not first
        await pilot.press("escape")
        await until(pilot, lambda: type(pilot.app.screen).__name__ == "OverviewScreen", "not closed")


@in_loop
async def test_two_keys_that_close_it_close_nothing_else(panel):
    async with panel().run_test(size=(80, 24)) as pilot:
        for key, name in (("ctrl+p", "CommandPalette"), ("question_mark", "HelpScreen")):
            await pilot.press(key)
            await until(pilot, lambda name=name: type(pilot.app.screen).__name__ == name, f"no {name}")
            opened = pilot.app.screen
            opened.dismiss()
            opened.dismiss()
            await until(pilot, lambda: type(pilot.app.screen).__name__ == "OverviewScreen", "not closed")


@in_loop
async def test_what_is_found_is_done(panel):
    async with panel().run_test(size=(120, 60)) as pilot:
        app = pilot.app
        await deliver(pilot, WRONG)
        await pilot.press("p")
        await until(pilot, lambda: rows_with(app, "storm log  s"), "what can be done here is not offered first")
        await pilot.press("escape")
        await choose(pilot, "theme nord", "Theme: nord")
        await until(pilot, lambda: app.theme == "nord", "no other theme")
        await choose(pilot, "next error", "Logs: next error  e")
        await until(pilot, lambda: app.current_mode == "logs", "the action of another area is not done")
        await choose(pilot, "base url anthropic", "Setting: Base URL")
        await until(pilot, lambda: rows_with(app, "default: api.anthropic.com"), "not gone to the setting")
        await choose(pilot, "URL101", "URL101  ")
        await until(pilot, lambda: rows_with(app, "✖ error: "), "the page does not say what the rule finds here")
        await pilot.press("y")
        assert app.clipboard.startswith("URL101")


class Following(PanelFeed):
    """Keeps which logs the user follows."""

    def __init__(self):
        self.followed = []

    def start(self):
        """Start nothing."""

    async def stop(self):
        """Stop nothing."""

    def follow_log(self, log):
        self.followed.append(str(log))
        return ""

    def add_log(self, log):
        self.followed.append(f"added {log}")


@in_loop
async def test_a_log_that_is_proposed_is_followed_by_its_name(panel):
    unit = LogPlace(ServerKind.VLLM, JournalLog("vllm", user=True), "http://127.0.0.1:8000", is_proposed=True)
    found = DiscoverySnapshot(places=(unit, replace(unit, log=JournalLog("other"), is_proposed=False)), done=True)
    async with panel().run_test(size=(120, 40)) as pilot:
        pilot.app.feed = feed = Following()
        await deliver(pilot, found)
        assert not [entry.name for entry in entries(pilot.app, "logs") if "journal:other" in entry.name]
        await choose(pilot, "journal:user", "Follow log: journal:user:vllm")
        await until(pilot, lambda: feed.followed == ["journal:user:vllm"], "it is not followed")
        assert [one.message for one in pilot.app._notifications] == ["journal:user:vllm is followed."]


@pytest.mark.parametrize(
    "text",
    [
        "docker:litellm",
        "podman:vllm",
        "journal:user:vllm",
        "k8s:prod/deploy/vllm",
        "ssh:gpu-box:/v.log",
        "/var/log/v.log",
    ],
)
def test_any_log_can_be_named_there(panel, text):
    @in_loop
    async def scene():
        async with panel().run_test(size=(120, 40)) as pilot:
            pilot.app.feed = feed = Following()
            await choose(pilot, text, f"Follow log: {text}")
            await until(pilot, lambda: feed.followed == [f"added {text}"], "it is not followed")
            assert [one.message for one in pilot.app._notifications] == [
                f"{text} is followed until you quit. To follow it at the next start, too: --log"
            ]

    scene()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("-", "Standard input is the keyboard here"),
        ("dockr:vllm", "did you mean docker:vllm"),
        ("docker:", "Log: docker:"),
        ("~/vllm.log", "/vllm.log"),
    ],
)
def test_what_a_typed_name_leads_to(text, words):
    entry = typed_log(make_app(), text)
    assert words in f"{entry.name} {entry.help}"


@pytest.mark.parametrize(
    "text", ["theme nord", "theme: nord", "vllm.log", "URL101", "", "logs: next error", "http://x"]
)
def test_words_of_a_search_are_no_logs(text):
    assert typed_log(make_app(), text) is None


def test_it_is_not_loaded_before_it_is_opened():
    code = "import sys, stormdeck.ui.run; print([n for n in sys.modules if 'palette' in n or n == 'textual.command'])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert "stormdeck.ui.palette" not in done.stdout


@in_loop
async def test_a_followed_log_is_listed_and_leads_to_its_lines(panel):
    async with panel().run_test(size=(120, 60)) as pilot:
        await deliver(pilot, DiscoverySnapshot(logs=(parse_log("docker:vllm-1"),)))
        await choose(pilot, "log docker:vllm-1", "Log: docker:vllm-1")
        await until(pilot, lambda: pilot.app.current_mode == "logs", "its lines are not shown")
