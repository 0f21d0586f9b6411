"""Going back in the settings: the last save undone as a diff, and kept copies restored."""

import pytest
from test_settings_area import PITFALLS, WIDE, on_file  # noqa: F401 - a fixture

from panel import in_loop, rows_with, screen, show, until

FIXED = PITFALLS.replace(":4000/v1", ":4000")


async def opened(pilot):
    await until(pilot, lambda: pilot.app.deck.settings.files)
    await show(pilot, "settings")
    await until(pilot, lambda: pilot.app.focused is not None)


async def saved(pilot, file):
    """Fix the base URL and save it."""
    await opened(pilot)
    await pilot.press("f", "s")
    await until(pilot, lambda: rows_with(pilot.app, "SAVE"))
    await pilot.press("enter")
    await until(pilot, lambda: file.read_text() == FIXED)
    await until(pilot, lambda: not rows_with(pilot.app, "unsaved") and not rows_with(pilot.app, "SAVE"))


@in_loop
async def test_after_a_save_undo_proposes_the_reverse_and_writes_the_old_bytes(on_file):  # noqa: F811
    app, file = on_file(PITFALLS)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await saved(pilot, file)
        await until(pilot, lambda: "b lists the copies" in " ".join(screen(app).split()))
        await until(pilot, lambda: app.screen.draft.file.text == FIXED)
        await pilot.press("u")
        await until(pilot, lambda: rows_with(app, "UNDO THE SAVE"))
        assert rows_with(app, '+     "ANTHROPIC_BASE_URL": "http://127.0.0.1:4000/v1",')
        await pilot.press("escape")
        assert file.read_text() == FIXED
        await until(pilot, lambda: not rows_with(app, "UNDO THE SAVE"))
        await pilot.press("u")
        await until(pilot, lambda: rows_with(app, "UNDO THE SAVE"))
        await pilot.press("enter")
        await until(pilot, lambda: file.read_text() == PITFALLS)
        await until(pilot, lambda: app.screen.AREA == "settings" and app.screen.draft.file.text == PITFALLS)
        await pilot.press("u")
        await until(pilot, lambda: rows_with(app, "Nothing to undo"))


@in_loop
async def test_a_save_that_another_program_wrote_over_is_not_undone(on_file):  # noqa: F811
    app, file = on_file(PITFALLS)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await saved(pilot, file)
        other = FIXED.replace(":4000", ":4001")
        file.write_text(other)
        app.feed.start()
        await until(pilot, lambda: app.screen.draft.file.text == other)
        await pilot.press("u")
        await until(pilot, lambda: rows_with(app, "Nothing to undo"))


@pytest.mark.parametrize("size", [WIDE, (60, 30)])
@in_loop
async def test_copies_are_listed_and_one_is_restored_and_that_can_be_undone(on_file, size):  # noqa: F811
    app, file = on_file(PITFALLS)
    async with app.run_test(size=size) as pilot:
        await saved(pilot, file)
        await until(pilot, lambda: app.screen.draft.file.text == FIXED)
        await pilot.press("b")
        await until(pilot, lambda: rows_with(app, "BACKUPS"))
        assert rows_with(app, "ANTHROPIC_BASE_URL")
        await pilot.press("enter")
        await until(pilot, lambda: rows_with(app, "RESTORE "))
        await pilot.press("enter")
        await until(pilot, lambda: file.read_text() == PITFALLS)
        await until(pilot, lambda: app.screen.AREA == "settings" and app.screen.draft.file.text == PITFALLS)
        await pilot.press("u")
        await until(pilot, lambda: rows_with(app, "UNDO THE SAVE"))
        await pilot.press("enter")
        await until(pilot, lambda: file.read_text() == FIXED)


@in_loop
async def test_without_a_copy_it_says_when_there_will_be_one(on_file):  # noqa: F811
    app, _ = on_file(PITFALLS)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await opened(pilot)
        await pilot.press("b")
        await until(pilot, lambda: rows_with(app, "No copies yet"))


@in_loop
async def test_while_a_value_is_edited_the_bottom_names_the_keys_that_act(on_file):  # noqa: F811
    app, _ = on_file(PITFALLS)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: rows_with(app, "enter keep  esc drop"))
        bottom = screen(app).splitlines()[-1]
        assert "s save" not in bottom
        assert "quit" not in bottom
        assert not rows_with(app, "f  set it to")
        assert rows_with(app, "enter, then f: ")
        await pilot.press("escape")
        await until(pilot, lambda: "s save" in screen(app).splitlines()[-1])


@in_loop
async def test_switches_say_what_is_on_and_wide_rows_name_the_variable(on_file):  # noqa: F811
    app, _ = on_file('{"env": {"DISABLE_PROMPT_CACHING": "1"}}')
    async with app.run_test(size=(140, 90)) as pilot:
        await opened(pilot)
        await until(pilot, lambda: rows_with(app, "Cache marks           off  1"))
        assert rows_with(app, "Cache marks           off  1")[0].rstrip(" ▁▂▃▄▅▆▇█").endswith("DISABLE_PROMPT_CACHING")
        assert rows_with(app, "Thinking              on  not set")
        assert not rows_with(app, "Disable ")


@in_loop
async def test_j_and_k_move_in_the_form_and_in_the_checks(on_file):  # noqa: F811
    app, _ = on_file(PITFALLS)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        first = app.focused.field.path
        await pilot.press("j")
        await until(pilot, lambda: app.focused.field.path != first)
        await pilot.press("k")
        await until(pilot, lambda: app.focused.field.path == first)
        await pilot.press("v")
        await until(pilot, lambda: rows_with(app, "as it would be saved"))
        await pilot.press("j", "k", "v")
        await until(pilot, lambda: not rows_with(app, "as it would be saved"))
