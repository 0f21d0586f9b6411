"""Panels, presets and the density are chosen in the panel, seen at once, and kept."""

from panel import deliver, in_loop, make_app, rows_with, screen, until
from samples import CALM, FOUND, GPUS, PROXY, STORMY, VLLM, WELL
from stormdeck.model.overview_layout import PANELS, LayoutPreferences
from stormdeck.model.panel_choices import PRESETS
from stormdeck.ui.appearance import Appearance

WHOLE = (WELL, FOUND, VLLM, PROXY, GPUS, STORMY)
DOWN_TO_STORMS = ["down"] * (len(PRESETS) + PANELS.index("storms"))


def keeping(app):
    """Return what the panel keeps, as it is chosen."""
    kept = {}
    app.keep_choice = lambda name, value: kept.update({name: value}) or ""
    return kept


def shown(app):
    """Return the panels that have a place."""
    return list(app.screen_stack[0].board.boxes(app.screen_stack[0].board.size))


@in_loop
async def test_a_panel_goes_and_comes_back_by_keys_and_is_kept(panel):
    app = panel()
    kept = keeping(app)
    async with app.run_test(size=(120, 40)) as pilot:
        await deliver(pilot, *WHOLE)
        assert "storms" in shown(app)
        await pilot.press("l", *DOWN_TO_STORMS, "space")
        await until(pilot, lambda: rows_with(app, "[ ] storms"))
        await until(pilot, lambda: "storms" not in shown(app))
        assert kept["panels"] == tuple(name for name in PANELS if name != "storms")
        await pilot.press("enter")
        await until(pilot, lambda: "storms" in shown(app))
        assert kept["panels"] == PANELS
        await pilot.press("escape")
        await until(pilot, lambda: rows_with(app, "STORMS"))


@in_loop
async def test_a_preset_shows_its_panels_alone(panel):
    app = panel()
    kept = keeping(app)
    async with app.run_test(size=(120, 40)) as pilot:
        await deliver(pilot, *WHOLE)
        await pilot.press("l", "up", "up", *["up"] * len(PANELS), "enter")
        await until(pilot, lambda: rows_with(app, "(x) log"))
        await until(pilot, lambda: shown(app) == ["verdict", "log"])
        assert kept == {"panels": ("verdict", "log")}
        await pilot.press("l")
        await until(pilot, lambda: not rows_with(app, "STORMS") and rows_with(app, "RETRY STORM"))


@in_loop
async def test_the_density_is_a_choice_too(panel):
    app = panel()
    kept = keeping(app)
    async with app.run_test(size=(120, 40)) as pilot:
        await deliver(pilot, *WHOLE)
        await pilot.press("l", "up", "enter")
        await until(pilot, lambda: rows_with(app, "[x] compact"))
        assert app.has_class("-compact")
        assert kept == {"density": "compact"}


@in_loop
async def test_the_last_panel_stays_and_says_so():
    app = make_app(look=Appearance(preferences=LayoutPreferences(("storms",))))
    async with app.run_test(size=(120, 40)) as pilot:
        await deliver(pilot, *WHOLE)
        await pilot.press("l", *DOWN_TO_STORMS, "enter")
        await until(pilot, lambda: rows_with(app, "One panel stays."))
        assert app.preferences.panels == ("storms",)


@in_loop
async def test_why_a_choice_is_not_kept_is_said(panel):
    app = panel()
    app.keep_choice = lambda *_: "Until you quit: at the next start --panels sets panels."
    async with app.run_test(size=(120, 40)) as pilot:
        await deliver(pilot, *WHOLE)
        await pilot.press("l", *DOWN_TO_STORMS, "enter")
        await until(pilot, lambda: rows_with(app, "at the next start --panels sets panels"))


@in_loop
async def test_a_row_is_chosen_by_a_click(panel):
    app = panel()
    async with app.run_test(size=(120, 40)) as pilot:
        await deliver(pilot, *WHOLE)
        await pilot.press("l")
        await until(pilot, lambda: rows_with(app, "(x) everything"))
        rows = screen(app).splitlines()
        y = next(at for at, row in enumerate(rows) if "[x] gpus" in row)
        await pilot.click(offset=(rows[y].index("gpus"), y))
        await until(pilot, lambda: rows_with(app, "[ ] gpus"))


@in_loop
async def test_a_zoomed_panel_that_is_hidden_is_no_longer_zoomed(panel):
    app = panel()
    async with app.run_test(size=(120, 40)) as pilot:
        await deliver(pilot, WELL, FOUND, VLLM, PROXY, GPUS, CALM)
        board = app.screen.board
        board.zoom("storms")
        board.use(LayoutPreferences(("verdict", "log")))
        assert board.zoomed == ""
        await until(pilot, lambda: shown(app) == ["verdict", "log"])
