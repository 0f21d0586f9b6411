"""Before a save the panel names what it changes besides the text."""

import os

import pytest

from feeds import FileFeed
from panel import in_loop, rows_with, screen, show, until
from samples import WELL_SET


@pytest.mark.parametrize("size", [(120, 40), (60, 20)])
@in_loop
async def test_a_hard_link_is_reported_in_the_dialog(panel, tmp_path, size):
    home = tmp_path / "home"
    file = home / ".claude" / "settings.json"
    file.parent.mkdir(parents=True)
    file.write_text(WELL_SET.replace("/v1", ""))
    os.link(file, tmp_path / "dotfiles.json")
    app = panel(home=home)
    app.feed = FileFeed(app, home)
    async with app.run_test(size=size) as pilot:
        app.feed.start()
        await show(pilot, "settings")
        await pilot.press("x", "s")
        await until(pilot, lambda: rows_with(app, "SAVE"), "no dialog")
        said = " ".join(screen(app).split())
        assert "It is a hard link, a file with 2 names: the other one keeps the old text." in said.replace("│ ", "")
        await pilot.press("enter")
        await until(pilot, lambda: file.stat().st_nlink == 1, "not saved")
        assert (tmp_path / "dotfiles.json").read_text() == WELL_SET.replace("/v1", "")
