"""One registry of actions: bindings, palette, help and footer agree."""

import importlib
import pkgutil

import pytest
from textual.binding import Binding
from textual.dom import DOMNode

import stormdeck.ui
from fleets import FLEET
from panel import AREAS, KEYS, deliver, in_loop, rows_with, screen, show, until
from samples import WELL
from stormdeck.model.keys.actions import ACTIONS, DIALOGS
from stormdeck.ui.app import StormdeckApp
from stormdeck.ui.bindings import footer
from stormdeck.ui.screens.backups import BackupsScreen
from stormdeck.ui.screens.canary import CanaryScreen
from stormdeck.ui.screens.checks import ChecksScreen
from stormdeck.ui.screens.dialog import Dialog
from stormdeck.ui.screens.dialogs.layout import LayoutScreen
from stormdeck.ui.screens.fleet import FleetScreen
from stormdeck.ui.screens.help import HelpScreen
from stormdeck.ui.screens.log_line import LineScreen
from stormdeck.ui.screens.logs import LogsScreen
from stormdeck.ui.screens.model_groups import GroupsScreen
from stormdeck.ui.screens.overview import OverviewScreen
from stormdeck.ui.screens.pages import PageScreen, RawScreen, SymptomScreen
from stormdeck.ui.screens.profiles import ProfilesScreen
from stormdeck.ui.screens.restart import RestartScreen
from stormdeck.ui.screens.save import LeaveScreen, SaveScreen
from stormdeck.ui.screens.settings import SettingsScreen
from stormdeck.ui.screens.timeline import TimelineScreen
from stormdeck.ui.screens.trust import TrustScreen

OWNERS = {
    "overview": OverviewScreen,
    "logs": LogsScreen,
    "settings": SettingsScreen,
    "checks": ChecksScreen,
    "timeline": TimelineScreen,
    "fleet": FleetScreen,
    "help": HelpScreen,
    "canary": CanaryScreen,
    "save": SaveScreen,
    "raw": RawScreen,
    "symptom": SymptomScreen,
    "page": PageScreen,
    "leave": LeaveScreen,
    "trust": TrustScreen,
    "groups": GroupsScreen,
    "profiles": ProfilesScreen,
    "restart": RestartScreen,
    "dialog": Dialog,
    "line": LineScreen,
    "backups": BackupsScreen,
    "layout": LayoutScreen,
}


def owners():
    """Return the app, and every screen and widget of the panel that has bindings of its own."""
    modules = [
        importlib.import_module(found.name)
        for found in pkgutil.walk_packages(stormdeck.ui.__path__, "stormdeck.ui.")
        if not found.ispkg
    ]
    own = {one for module in modules for one in vars(module).values() if isinstance(one, type)}
    return sorted((one for one in own if _is_ours(one) and own_bindings(one)), key=lambda one: one.__name__)


def _is_ours(one):
    return issubclass(one, DOMNode) and one.__module__.startswith("stormdeck.ui.")


def own_bindings(owner):
    return vars(owner).get("BINDINGS", [])


@pytest.mark.parametrize("owner", owners(), ids=lambda owner: owner.__name__)
def test_every_binding_can_be_named_by_a_keymap_and_explains_itself(owner):
    for one in own_bindings(owner):
        assert isinstance(one, Binding)
        assert one.id
        assert one.tooltip
        assert one.description


@pytest.mark.parametrize("place", [*KEYS, *DIALOGS])
def test_every_action_can_be_done_where_it_belongs(place):
    owner = OWNERS[place]
    for action in ACTIONS:
        if action.place in {"app", place} and not action.inner:
            name, _, call = action.target.partition(".")
            assert callable(getattr(StormdeckApp if name == "app" else owner, f"action_{call.partition('(')[0]}"))


@pytest.mark.parametrize("area", AREAS)
@in_loop
async def test_the_key_bar_names_the_areas_and_the_keys_that_matter(panel, area):
    async with panel().run_test(size=(160, 40)) as pilot:
        await show(pilot, area)
        await deliver(pilot, WELL)
        bottom = screen(pilot.app).splitlines()[-1]
        assert "1 Overview  2 Logs  3 Settings  4 Checks  5 Timeline" in bottom
        shown = footer(area, ACTIONS)
        assert 4 <= len(shown) <= 9
        assert [action.id for action in shown if f"{action.shown} {action.words}" not in bottom] == []


@pytest.mark.parametrize(("width", "own"), [(80, 2), (60, 2), (40, 1)])
@in_loop
async def test_a_narrower_key_bar_keeps_help_and_quit_and_drops_the_last_keys_first(panel, width, own):
    async with panel().run_test(size=(width, 24)) as pilot:
        await show(pilot, "logs")
        await deliver(pilot, WELL)
        bottom = screen(pilot.app).splitlines()[-1]
        assert "? help  q quit" in bottom
        keys = [action for action in footer("logs", ACTIONS) if action.place == "logs"]
        assert [f"{action.shown} {action.words}" in bottom for action in keys] == [True] * own + [False] * (5 - own)


@pytest.mark.parametrize(("size", "words"), [((100, 250), "help"), ((40, 250), "words")])
@in_loop
async def test_the_help_lists_every_action_in_short_where_the_pane_is_narrow(panel, size, words):
    async with panel().run_test(size=size) as pilot:
        await deliver(pilot, FLEET)
        await pilot.press("question_mark")
        await until(pilot, lambda: rows_with(pilot.app, "EVERYWHERE"))
        shown = " ".join(screen(pilot.app).split())
        for action in ACTIONS:
            place = f"{action.place}: " if action.place in DIALOGS else ""
            short = f"{action.shown} {place}{action.words}"
            assert (short if words == "words" else f"{' '.join(action.all_shown)} {action.help}") in shown


@in_loop
async def test_a_wide_help_has_two_columns_and_begins_with_the_area_that_is_shown(panel):
    async with panel().run_test(size=(140, 70)) as pilot:
        await show(pilot, "settings")
        await pilot.press("question_mark")
        await until(pilot, lambda: rows_with(pilot.app, "EVERYWHERE"))
        first = next(row for row in screen(pilot.app).splitlines() if row.strip())
        assert first.split()[0] == "SETTINGS"
        assert len(first.split()) == 2
        await pilot.press("end")
        await until(pilot, lambda: rows_with(pilot.app, "SIGNS"))
