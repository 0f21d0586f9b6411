"""The user's own keys: they work, the old ones do not, and footer, help, hints and palette show them."""

from panel import deliver, in_loop, make_app, rows_with, screen, show, until
from samples import WRONG
from stormdeck.model.keys.keymap import read_chosen
from stormdeck.ui.app import StormdeckApp
from stormdeck.ui.widgets.logs.view import LogView


def with_keys(*texts):
    """Return a panel with keys of the user's own."""
    base = make_app()
    return StormdeckApp(base.home, book=base.book, clock=base.clock, keys=[read_chosen(text) for text in texts])


@in_loop
async def test_a_chosen_key_works_everywhere_it_is_named_and_the_old_one_does_not():
    app = with_keys("logs.pause=ctrl+f", "app.help=H", "help.close=x", "app.logs=O")
    async with app.run_test(size=(160, 60)) as pilot:
        await pilot.press("O")
        await until(pilot, lambda: app.current_mode == "logs" and app.screen.is_active)
        assert "^f pause" in screen(app).splitlines()[-1]
        await pilot.press("space")
        assert not app.screen.query_one(LogView).paused
        await pilot.press("ctrl+f")
        assert app.screen.query_one(LogView).paused
        await pilot.press("question_mark", "H")
        await until(pilot, lambda: rows_with(app, "^f "), "not in the help")
        assert rows_with(app, "H ")
        await pilot.press("escape", "x")
        await until(pilot, lambda: app.screen.AREA == "logs", "not closed")


@in_loop
async def test_the_numbers_go_to_the_areas_whatever_else_is_chosen():
    app = with_keys("app.settings=S")
    async with app.run_test(size=(120, 40)) as pilot:
        await show(pilot, "settings")
        await show(pilot, "overview")
        await pilot.press("S")
        await until(pilot, lambda: app.current_mode == "settings")


@in_loop
async def test_two_keys_are_swapped():
    app = with_keys("settings.fix=s", "settings.save=f")
    async with app.run_test(size=(120, 40)) as pilot:
        await deliver(pilot, WRONG)
        await show(pilot, "settings")
        await until(pilot, lambda: app.focused is not None)
        assert rows_with(app, "s  ")
        await pilot.press("s")
        await until(pilot, lambda: rows_with(app, "1 unsaved"), "the fix was not taken")
        await pilot.press("f")
        await until(pilot, lambda: rows_with(app, "SAVE"), "no diff")
        rows = screen(app).splitlines()
        y = next(number for number, row in enumerate(rows) if "esc back to the form" in row)
        await pilot.click(offset=(rows[y].index("esc back"), y))
        await until(pilot, lambda: not rows_with(app, "SAVE"), "a hint was clicked in vain")
        assert rows_with(app, "1 unsaved")


class TestLeaving:
    @in_loop
    async def test_changes_that_are_not_saved_are_asked_about_first(self):
        app = make_app()
        async with app.run_test(size=(80, 24)) as pilot:
            await deliver(pilot, WRONG)
            await show(pilot, "settings")
            await until(pilot, lambda: app.focused is not None)
            await pilot.press("f", "q")
            await until(pilot, lambda: rows_with(app, "1 change in the form is not saved"), "not asked")
            await pilot.press("escape")
            await until(pilot, lambda: rows_with(app, "1 unsaved"), "the change is gone")
            await pilot.press("q")
            await until(pilot, lambda: rows_with(app, "leave without them"))
            await pilot.press("ctrl+q")
        assert app.return_code == 0

    @in_loop
    async def test_ctrl_q_leaves_while_a_text_is_typed(self):
        app = make_app()
        async with app.run_test(size=(80, 24)) as pilot:
            await show(pilot, "logs")
            await pilot.press("slash", "q", "ctrl+q")
        assert app.return_code == 0

    @in_loop
    async def test_ctrl_c_says_how_to_quit(self):
        app = make_app()
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            await pilot.press("ctrl+c")
            await until(pilot, lambda: rows_with(app, "q quits, ^q also while you type."), "not told")
            assert app.is_running
