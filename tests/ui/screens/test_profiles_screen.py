"""Screen 3 switches profiles: list, preview with findings, write, undo."""

import json

import pytest

from feeds import FileFeed
from panel import deliver, in_loop, make_app, rows_with, screen, settled, show, until
from samples import WELL
from stormdeck.__main__ import main
from stormdeck.ui.screens.profiles import ProfilesScreen, SwitchScreen
from stormdeck.ui.widgets.settings.field_row import FieldRow

TOKEN = "sk-hunter2-hunter2"
OWN = {
    "env": {"ANTHROPIC_BASE_URL": "http://127.0.0.1:8000", "FOO": "1", "ANTHROPIC_AUTH_TOKEN": TOKEN},
    "model": "sonnet",
    "hooks": {},
}
TEXT = json.dumps(OWN, indent=3)
WRONG = TEXT.replace(":8000", ":8000/v1")


@pytest.fixture
def on_profiles(tmp_path):
    """Return a panel on a real home with the profiles ``own`` and ``wrong``, and its settings file with ``own``."""
    home = tmp_path / "home"
    file = home / ".claude" / "settings.json"
    file.parent.mkdir(parents=True)
    for name, text in (("wrong", WRONG), ("own", TEXT)):
        file.write_text(text)
        assert main(["use", "--save", name, "--home", str(home), "--project", str(tmp_path)]) == 0
    app = make_app(home=home)
    app.feed = FileFeed(app, home)
    return app, file


async def opened(pilot):
    await show(pilot, "settings")
    await until(pilot, lambda: pilot.app.deck.settings.files)
    await until(pilot, lambda: isinstance(pilot.app.focused, FieldRow), "no row is the current one")


async def listed(pilot):
    """Open the list of profiles; it appears when they have been read."""
    await pilot.press("P")
    await until(pilot, lambda: isinstance(pilot.app.screen, ProfilesScreen), "no list")
    await settled(pilot)


async def previewed(pilot):
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, SwitchScreen), "no preview")
    await settled(pilot)


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (40, 12)], ids=["120x40", "80x24", "40x12"])
@in_loop
async def test_the_list_marks_the_one_in_force_and_shows_no_secret(on_profiles, size):
    app, _ = on_profiles
    async with app.run_test(size=size) as pilot:
        await opened(pilot)
        await listed(pilot)
        (row,) = rows_with(app, "in force")
        assert "own" in row
        assert rows_with(app, "the hosted API")
        assert rows_with(app, "http://127.0.0.1:8000")
        assert rows_with(app, "esc back to the form")
        assert TOKEN not in screen(app)


@in_loop
async def test_enter_writes_after_a_preview_and_undo_restores_every_byte(on_profiles):
    app, file = on_profiles
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await listed(pilot)
        await pilot.press("k")
        await previewed(pilot)
        assert rows_with(app, "USE hosted")
        assert rows_with(app, "ANTHROPIC_BASE_URL")
        assert TOKEN not in screen(app)
        assert file.read_text() == TEXT
        await pilot.press("enter")
        await until(pilot, lambda: json.loads(file.read_text()) == {"env": {"FOO": "1"}, "hooks": {}})
        await until(pilot, lambda: app.deck.settings.text("model") is None and isinstance(app.focused, FieldRow))
        await until(pilot, lambda: any("Saved" in one.title for one in app._notifications))
        await pilot.press("u")
        await until(pilot, lambda: isinstance(app.screen, SwitchScreen), "no preview of the undo")
        await settled(pilot)
        assert rows_with(app, "UNDO")
        await pilot.press("enter")
        await until(pilot, lambda: file.read_text() == TEXT)
        await until(pilot, lambda: app.deck.settings.text("model") == "sonnet")
        await listed(pilot)
        (row,) = rows_with(app, "in force")
        assert "own" in row


@in_loop
async def test_the_preview_shows_what_the_rules_find(on_profiles):
    app, file = on_profiles
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await listed(pilot)
        await pilot.press("down")
        await previewed(pilot)
        assert rows_with(app, "USE wrong")
        assert rows_with(app, "URL101")
        await pilot.press("escape")
        assert file.read_text() == TEXT


@in_loop
async def test_a_click_chooses(on_profiles):
    app, _ = on_profiles
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await listed(pilot)
        y = next(at for at, row in enumerate(screen(app).splitlines()) if "the hosted API" in row)
        x = screen(app).splitlines()[y].index("hosted")
        await pilot.click(offset=(x, y))
        await until(pilot, lambda: isinstance(app.screen, SwitchScreen))
        assert rows_with(app, "USE hosted")


@in_loop
async def test_unsaved_changes_are_not_mixed_with_a_switch(on_profiles):
    app, _ = on_profiles
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        app.screen.change(app.screen.draft.edit("model", "opus"))
        await pilot.press("P")
        await until(pilot, lambda: any("unsaved" in one.message for one in app._notifications))
        assert not isinstance(app.screen, ProfilesScreen)


@in_loop
async def test_after_a_change_by_another_program_there_is_nothing_to_undo(on_profiles):
    app, file = on_profiles
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await listed(pilot)
        await pilot.press("k")
        await previewed(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: any("Saved" in one.title for one in app._notifications))
        file.write_text('{"theme": "dark"}')
        app.feed.start()
        await until(pilot, lambda: app.deck.settings.file(app.screen.draft.scope).text == '{"theme": "dark"}')
        await pilot.press("u")
        await until(pilot, lambda: any("Nothing to undo" in one.message for one in app._notifications))


@in_loop
async def test_what_was_changed_meanwhile_is_not_overwritten(on_profiles):
    app, file = on_profiles
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await listed(pilot)
        await pilot.press("k")
        await previewed(pilot)
        file.write_text('{"theme": "dark"}')
        await pilot.press("enter")
        await until(pilot, lambda: any("changed by another program" in one.message for one in app._notifications))
        assert file.read_text() == '{"theme": "dark"}'


@in_loop
async def test_a_profile_that_cannot_be_used_says_why(on_profiles):
    app, file = on_profiles
    secrets = file.parents[1] / ".config" / "stormdeck" / "profiles" / "wrong.secrets.json"
    secrets.chmod(0o644)
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await listed(pilot)
        assert rows_with(app, "cannot be used")
        await pilot.press("down", "enter")
        await until(pilot, lambda: any("chmod 600" in one.message for one in app._notifications))


@in_loop
async def test_a_read_only_panel_does_not_switch(on_profiles):
    app, _ = on_profiles
    app.read_only = "read only"
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await pilot.press("P")
        await until(pilot, lambda: any(one.message == "read only" for one in app._notifications))


@in_loop
async def test_without_sources_there_is_nothing_to_switch():
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await deliver(pilot, WELL)
        await show(pilot, "settings")
        await pilot.press("P")
        await until(pilot, lambda: any("being loaded" in one.message for one in app._notifications))
