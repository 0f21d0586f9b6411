"""Copying with y, searching with /, n and N, and the mouse: the same in every area."""

from textual.widgets import Input

from panel import deliver, in_loop, rows_with, screen, show, until
from samples import CALM, FAILURE, FOUND, NOW, REFUSED, TOKEN, WELL_SET, WRONG, settings
from stormdeck.model.settings.scope import Scope
from stormdeck.ui.widgets.checks.list import CheckList
from stormdeck.ui.widgets.logs.view import LogView
from stormdeck.ui.widgets.settings.field_row import FieldRow

LOG = "/var/log/litellm.log"
SIZE = (120, 40)
LINES = [(LOG, [f"line {number:03}" for number in range(100)], NOW, {}), (LOG, [REFUSED, FAILURE], NOW, {})]


def view(pilot):
    return pilot.app.screen.query_one(LogView)


def row(pilot):
    """Return the label of the setting that has the focus."""
    return pilot.app.focused.field.label if isinstance(pilot.app.focused, FieldRow) else ""


async def settings_of(pilot, snapshot=WRONG):
    await deliver(pilot, snapshot)
    await show(pilot, "settings")
    await until(pilot, lambda: row(pilot))


async def click_on(pilot, text, **kind):
    """Click on the first place of the screen that shows a text."""
    rows = screen(pilot.app).splitlines()
    y = next(number for number, shown in enumerate(rows) if text in shown)
    await pilot.click(offset=(rows[y].index(text), y), **kind)


class TestCopy:
    @in_loop
    async def test_the_verdict(self, panel):
        app, past_tmux = panel(), []
        app.to_clipboard = past_tmux.append
        async with app.run_test(size=SIZE, notifications=True) as pilot:
            await deliver(pilot, WRONG, CALM)
            await pilot.press("y")
            assert app.clipboard.startswith(app.verdict.headline)
            assert past_tmux == [app.clipboard]
            await until(pilot, lambda: rows_with(pilot.app, "Copied the verdict."), "not told")

    @in_loop
    async def test_the_newest_line_then_those_that_are_marked(self, panel):
        async with panel(lines=[*LINES, (LOG, ["Authorization: Bearer sk-abcdef1234"], NOW, {})]).run_test() as pilot:
            await show(pilot, "logs")
            await pilot.press("y")
            assert pilot.app.clipboard.startswith("Authorization: ")
            assert "sk-abcdef" not in pilot.app.clipboard
            await pilot.press("g", "y")
            assert pilot.app.clipboard == "line 000"
            await pilot.press("down", "shift+down", "shift+down", "y")
            assert pilot.app.clipboard == "line 001\nline 002\nline 003"
            await pilot.press("shift+up", "shift+up", "shift+up", "y")
            assert pilot.app.clipboard == "line 000\nline 001"

    @in_loop
    async def test_a_finding_with_its_fix(self, panel):
        async with panel().run_test(size=SIZE) as pilot:
            await deliver(pilot, WRONG)
            await show(pilot, "checks")
            await pilot.press("y")
            assert pilot.app.clipboard.startswith("URL101 ANTHROPIC_BASE_URL: ")
            assert "\nFix: " in pilot.app.clipboard

    @in_loop
    async def test_a_setting_but_never_a_secret(self, panel):
        async with panel().run_test(size=SIZE, notifications=True) as pilot:
            await settings_of(pilot)
            await pilot.press("y")
            assert pilot.app.clipboard.startswith("http://127.0.0.1")
            await pilot.press("slash", *"auth", "enter")
            await until(pilot, lambda: row(pilot) == "Auth token")
            for keys in (("y",), ("r", "y")):
                await pilot.press(*keys)
                await until(pilot, lambda: rows_with(pilot.app, "Secrets are not copied."), "not told")
            assert TOKEN not in pilot.app.clipboard
            assert pilot.app.clipboard.startswith("http://127.0.0.1")


class TestSearch:
    @in_loop
    async def test_in_the_log_with_the_filter_and_after_it_is_dropped(self, panel):
        async with panel(lines=LINES).run_test(size=SIZE) as pilot:
            await show(pilot, "logs")
            await pilot.press("slash", *"7", "space", *"line", "enter", "g", "n", "n")
            assert view(pilot).mark == 27
            assert view(pilot).filter.active
            await pilot.press("escape")
            await until(pilot, lambda: rows_with(pilot.app, "line 026"), "the place in the log is lost")
            await pilot.press("n")
            assert view(pilot).mark == 37
            await pilot.press("N", "N", "N")
            assert view(pilot).mark == 7
            await pilot.press("N")
            assert view(pilot).mark == 97, "not round the end"
            await pilot.press("slash", *"5", "enter", "g", "shift+down", "y")
            assert pilot.app.clipboard == "line 005\nline 015", "lines that the filter holds back are copied"

    @in_loop
    async def test_in_the_log_without_words_it_goes_over_the_errors(self, panel):
        async with panel(lines=LINES).run_test(size=SIZE) as pilot:
            await show(pilot, "logs")
            marks = []
            for key in ("g", "n", "n", "n", "N"):
                await pilot.press(key)
                marks.append(view(pilot).mark)
            assert marks == [0, 100, 101, 100, 101]

    @in_loop
    async def test_past_the_newest_line_the_log_is_followed_again(self, panel):
        async with panel(lines=LINES).run_test(size=SIZE) as pilot:
            await show(pilot, "logs")
            await pilot.press("up", "up")
            await until(pilot, lambda: rows_with(pilot.app, "not following"), "not told")
            assert view(pilot).mark == 100
            await pilot.press("down", "down")
            await until(pilot, lambda: not rows_with(pilot.app, "not following"))
            assert view(pilot).mark == -1

    @in_loop
    async def test_in_the_checks_by_words_else_over_the_problems(self, panel):
        async with panel().run_test(size=SIZE) as pilot:
            await deliver(pilot, WRONG, FOUND)
            await show(pilot, "checks")
            checks = pilot.app.screen.query_one(CheckList)
            first = checks.current
            await pilot.press("n")
            assert checks.current is not first
            await pilot.press("N")
            assert checks.current is first
            await pilot.press("slash", *"model", "enter")
            assert checks.current.code.startswith("MODEL")
            await pilot.press("G")
            last = checks.current
            await pilot.press("n")
            assert checks.current is not last
            await pilot.press("g")
            assert checks.current is first
            await click_on(pilot, "MODEL")
            assert checks.current.code.startswith("MODEL")

    @in_loop
    async def test_in_the_settings_forth_and_back(self, panel):
        async with panel().run_test(size=SIZE) as pilot:
            await settings_of(pilot)
            seen = [row(pilot)]
            for keys in (("slash", *"small", "enter"), ("slash", *"_model", "enter"), ("n",), ("N",)):
                await pilot.press(*keys)
                await until(pilot, lambda: row(pilot) not in {"", seen[-1]}, "not moved")
                seen.append(row(pilot))
            assert seen[1] == "Small fast model"
            assert seen[4] == seen[2]
            await pilot.press("escape", "g")
            await until(pilot, lambda: row(pilot) == "Base URL")
            await pilot.press("G")
            await until(pilot, lambda: row(pilot) != "Base URL")

    @in_loop
    async def test_a_message_that_was_pasted_is_there_again_after_escape(self, panel):
        async with panel().run_test(size=SIZE) as pilot:
            await show(pilot, "checks")
            await pilot.press("d", *"API", "escape", "d")
            field = pilot.app.screen.query_one("#message", Input)
            assert (field.value, field.has_focus) == ("API", True)


class TestMouse:
    @in_loop
    async def test_lines_of_the_log_are_marked(self, panel):
        async with panel(lines=LINES).run_test(size=SIZE) as pilot:
            await show(pilot, "logs")
            await click_on(pilot, "line 090")
            assert view(pilot).mark == 90
            await click_on(pilot, "line 093", shift=True)
            await pilot.press("y")
            assert pilot.app.clipboard.splitlines() == ["line 090", "line 091", "line 092", "line 093"]

    @in_loop
    async def test_a_setting_is_chosen_then_edited_and_a_scope_is_shown(self, panel):
        local = settings('{"model": "opus"}', scope=Scope.LOCAL).files[0]
        async with panel().run_test(size=SIZE) as pilot:
            await settings_of(pilot, settings(WELL_SET, others=(local,)))
            await click_on(pilot, "API key  ")
            await until(pilot, lambda: row(pilot) == "API key")
            await click_on(pilot, "API key  ", times=2)
            await until(pilot, lambda: isinstance(pilot.app.focused, Input), "not edited")
            await pilot.press("escape")
            await click_on(pilot, "Local")
            await until(pilot, lambda: rows_with(pilot.app, "/srv/project"), "the scope is not shown")
