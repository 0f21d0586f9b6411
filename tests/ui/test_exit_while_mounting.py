"""The app exits while a screen is being mounted: the exit code stays, and nothing is raised."""

import pytest

from panel import KEYS, in_loop, make_app
from stormdeck.ui.screens.help import HelpScreen


@pytest.mark.parametrize("area", KEYS)
@in_loop
async def test_an_area_that_is_left_before_it_is_mounted(area):
    app = make_app()
    async with app.run_test(size=(120, 40)):
        app.switch_mode(area)
        app.exit(return_code=143)
    assert app.return_code == 143


@in_loop
async def test_a_dialog_that_is_left_before_it_is_mounted():
    app = make_app()
    async with app.run_test(size=(120, 40)):
        app.push_screen(HelpScreen("overview"))
        app.exit(return_code=143)
    assert app.return_code == 143


@in_loop
async def test_lines_that_arrive_while_no_screen_is_left_are_no_error(panel):
    app = panel()
    async with app.run_test(size=(80, 24)):
        stack, app._screen_stacks[app.current_mode] = app._screen_stacks[app.current_mode], []
        app._on_log_lines()
        app._screen_stacks[app.current_mode] = stack
