"""Every letter of every screen can be read in every theme, by the contrast that WCAG 2 asks of text."""

import pytest
from textual.color import Color

from fleets import FLEET
from panel import KEYS, cells, deliver, in_loop, make_app, settled, show, until
from samples import FOUND, GPUS, IN_FLIGHT, PROXY, STORMY, VLLM, WRONG
from stormdeck.ui.appearance import Appearance
from stormdeck.ui.themes import READABLE, contrast

EVERYTHING = (WRONG, FOUND, VLLM, PROXY, GPUS, STORMY, IN_FLIGHT, FLEET)
LOOKED_AT = ("stormdeck-dark", "stormdeck-light", "nord", "atom-one-light", "tokyo-night")
"""Own themes, and of Textual's those that needed most: drawn. The others have the same rules (test_appearance)."""


def unreadable(app, region=None):
    """Return letters and figures with too little contrast, by the pair of colours; of a region, or the whole screen."""
    found = {}
    left, top, right, bottom = region.corners if region else (0, 0, *app.size)
    for row in cells(app)[top:bottom]:
        for sign, style in row[left:right]:
            if sign.isalnum() and style is not None and style.color is not None and style.bgcolor is not None:
                pair = (Color.from_rich_color(style.color).hex, Color.from_rich_color(style.bgcolor).hex)
                found.setdefault(pair, []).append(sign)
    return {pair: "".join(signs)[:40] for pair, signs in found.items() if contrast(*map(Color.parse, pair)) < READABLE}


@pytest.mark.parametrize("theme", LOOKED_AT)
@in_loop
async def test_every_letter_is_readable(theme):
    async with make_app(look=Appearance(theme)).run_test(size=(120, 40)) as pilot:
        await deliver(pilot, *EVERYTHING)
        for area in KEYS:
            await show(pilot, area)
            await pilot.press("tab")
            await settled(pilot)
            assert unreadable(pilot.app) == {}, area


@pytest.mark.parametrize("theme", LOOKED_AT)
@in_loop
async def test_every_letter_of_a_dialog_is_readable(theme):
    """What stands behind a dialog is dimmed, and not there to be read."""
    async with make_app(look=Appearance(theme)).run_test(size=(120, 40)) as pilot:
        await deliver(pilot, *EVERYTHING)
        for key, found in (("question_mark", ".dialog"), ("p", "CommandList")):
            await pilot.press(key)
            await until(pilot, lambda found=found: pilot.app.screen.query(found), f"{key} opens nothing")
            await settled(pilot)
            assert unreadable(pilot.app, pilot.app.screen.query_one(found).region) == {}, key
            await pilot.press("escape")
            await until(pilot, lambda: len(pilot.app.screen_stack) == 1, "it stays open")


@in_loop
async def test_a_letter_that_cannot_be_read_is_found():
    async with make_app().run_test(size=(80, 24)) as pilot:
        await deliver(pilot, *EVERYTHING)
        pilot.app.screen.styles.background = "grey"
        for widget in pilot.app.screen.query("*"):
            widget.styles.color, widget.styles.background = "grey", "dimgrey"
        await settled(pilot)
        assert unreadable(pilot.app)
