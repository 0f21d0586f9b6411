"""One registry of actions: bindings, palette, help and footer tell the same."""

import importlib
import pkgutil
from collections import Counter

import pytest
from textual.binding import Binding
from textual.dom import DOMNode

import stormdeck.ui
from panel import AREAS, hand, in_loop, screen, show, until
from samples import WELL
from stormdeck.ui.actions import ACTIONS, footer

PLACES = ("app", *AREAS)


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


def test_ids_are_unique():
    assert [name for name, count in Counter(action.id for action in ACTIONS).items() if count > 1] == []


@pytest.mark.parametrize("area", AREAS)
def test_no_two_actions_that_are_in_reach_share_a_key(area):
    keys = Counter(key for action in ACTIONS if action.area in {"app", area} for key in action.keys.split(","))
    assert [key for key, count in keys.items() if count > 1] == []


def test_every_action_belongs_to_a_place_that_exists():
    assert {action.area for action in ACTIONS} <= set(PLACES)


@pytest.mark.parametrize("owner", owners(), ids=lambda owner: owner.__name__)
def test_every_binding_can_be_named_by_a_keymap_and_explains_itself(owner):
    for one in own_bindings(owner):
        assert isinstance(one, Binding)
        assert one.id
        assert one.tooltip
        assert one.description


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)
def test_the_footer_words_are_few_and_the_help_is_a_sentence(action):
    assert len(action.words) <= 16
    assert 1 <= len(action.words.split()) <= 3
    assert action.help[0].isupper()
    assert action.help.endswith(".")


@pytest.mark.parametrize("area", AREAS)
@in_loop
async def test_the_palette_offers_every_action_of_an_area_and_each_can_be_done(panel, area):
    async with panel().run_test(size=(120, 40)) as pilot:
        await show(pilot, area)
        app = pilot.app
        offered = {command.help for command in app.get_system_commands(app.screen)}
        for action in ACTIONS:
            if action.area in {"app", area} and action.id != "palette":
                assert action.help in offered
            owner, _, call = action.target.partition(".")
            if action.area in {"app", area}:
                assert callable(getattr(app if owner == "app" else app.screen, f"action_{call.partition('(')[0]}"))


@in_loop
async def test_an_action_is_found_in_the_palette_by_its_name_and_done(panel):
    async with panel().run_test(size=(120, 40)) as pilot:
        await pilot.press("p")
        await until(pilot, lambda: "Command" in type(pilot.app.screen).__name__, "no palette")
        await pilot.press(*"settings")
        await until(pilot, lambda: "The settings.json form" in screen(pilot.app), "not found in the palette")
        await pilot.press("down", "enter")
        await until(pilot, lambda: getattr(pilot.app.screen, "AREA", "") == "settings")


@pytest.mark.parametrize("area", AREAS)
@in_loop
async def test_the_key_bar_names_the_areas_and_the_keys_that_matter(panel, area):
    async with panel().run_test(size=(160, 40)) as pilot:
        await show(pilot, area)
        await hand(pilot, WELL)
        bottom = screen(pilot.app).splitlines()[-1]
        assert "1 Overview  2 Logs  3 Settings  4 Checks" in bottom
        assert [action.id for action in footer(area) if f"{action.shown} {action.words}" not in bottom] == []


@in_loop
async def test_the_help_lists_every_action(panel):
    async with panel().run_test(size=(120, 120)) as pilot:
        await pilot.press("question_mark")
        shown = " ".join(screen(pilot.app).split())
        assert [action.id for action in ACTIONS if f"{action.shown} {action.help}" not in shown] == []
