"""``--readonly``: no key makes the panel write a file, and it says so."""

import asyncio
import time

import pytest

from alone import discover_named
from fake_vllm import well_set
from log_lines import access
from panel import deliver, in_loop, make_app, rows_with, show, until
from samples import WRONG
from stormdeck.options import load
from stormdeck.ui.app import StormdeckApp
from stormdeck.ui.run import run_panel

SIZE = (120, 40)
SAID = "The panel is read only (--readonly): nothing is written."
STATE = ".local/state/stormdeck/"


@pytest.fixture
def home(tmp_path):
    """Return a home with a wrong setting, and a log in which a storm is over."""
    (tmp_path / ".claude").mkdir()
    (tmp_path / "project").mkdir()
    (tmp_path / ".claude" / "settings.json").write_text(well_set("http://127.0.0.1:1/v1"))
    failed = [access(500, at=time.time() - ago) + "\n" for ago in (9.0, 8.45, 7.4, 5.3)]
    (tmp_path / "vllm.log").write_text("".join([*failed, access(at=time.time() - 1.1) + "\n"]))
    return tmp_path


@pytest.fixture
def panel(home, monkeypatch):
    """Return a function that runs the panel as the command does, and a scene in it."""
    monkeypatch.setattr("stormdeck.feed.servers.discover", discover_named)

    def run(scene, *, readonly):
        async def drive(app):
            async with app.run_test(size=SIZE, notifications=True) as pilot:
                await scene(pilot)
                await pilot.press("q")

        monkeypatch.setattr(StormdeckApp, "run", lambda app, *, mouse: asyncio.run(drive(app)))
        flags = {"home": home, "project": home / "project", "vllm": "http://127.0.0.1:1", "log": home / "vllm.log"}
        switches = {"gpu": "off", "readonly": "on" if readonly else "off"}
        given = {name: [str(value)] for name, value in {**flags, **switches}.items()}
        assert run_panel(load(given, {}).options) == 0

    return run


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


async def fix_and_save(pilot):
    """See the storm, choose a theme, and fix and save the setting."""
    await until(pilot, lambda: rows_with(pilot.app, "recovered"), "no storm is told")
    pilot.app.theme = "nord"
    await show(pilot, "settings")
    await until(pilot, lambda: rows_with(pilot.app, "URL101"), "the setting is not shown")
    await pilot.press("f", "s")
    await pilot.pause()
    await pilot.press("enter")
    await until(pilot, lambda: rows_with(pilot.app, "nothing is written") or not rows_with(pilot.app, "URL101"))


def test_a_panel_that_is_read_only_leaves_the_disk_as_it_was(panel, home):
    before = files(home)
    panel(fix_and_save, readonly=True)
    assert files(home) == before
    assert not (home / ".local").exists()


def test_without_it_the_same_keys_write(panel, home):
    async def fix_save_and_publish(pilot):
        await fix_and_save(pilot)
        await until(pilot, (home / STATE / "panels").is_dir, "nothing is published")

    before = files(home)
    panel(fix_save_and_publish, readonly=False)
    after = files(home)
    assert {STATE + "theme", STATE + "storms.sqlite3"} <= after.keys() - before.keys()
    assert b"/v1" not in after[".claude/settings.json"]


def watched(app):
    """Make a panel read only; return what it says from now on."""
    said = []
    app.read_only = SAID
    app.notify = lambda words, **_: said.append(words)
    return said


@in_loop
async def test_every_key_of_the_form_that_would_write_says_so_and_does_nothing():
    app = make_app()
    said = watched(app)
    async with app.run_test(size=SIZE) as pilot:
        await show(pilot, "settings")
        await deliver(pilot, WRONG)
        assert rows_with(app, f"{SAID} Values are shown and checked.")
        for key in ("enter", "s", "f", "u", "U", "F", "x", "ctrl+s", "delete"):
            await pilot.press(key)
            assert (key, said) == (key, [SAID])
            assert app.screen.draft.edits == ()
            said.clear()
        await pilot.click(app.focused, times=2)
        assert said == [SAID]
        assert not app.screen.query("FieldRow Input")
        assert await app.save(WRONG.files[0], "{}") == SAID


@in_loop
async def test_a_fix_of_the_checks_stays_there_and_keys_that_only_look_work_as_ever():
    app = make_app()
    said = watched(app)
    async with app.run_test(size=SIZE) as pilot:
        await deliver(pilot, WRONG)
        await show(pilot, "checks")
        await pilot.press("f")
        assert said == [SAID]
        assert app.current_mode == "checks"
        await show(pilot, "logs")
        await pilot.press("f", "e")
        assert said == [SAID]
