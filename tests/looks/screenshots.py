"""Draw screenshots/*.svg from the samples and the film's recording: the same bytes on every machine."""

import asyncio
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))
sys.path.insert(0, str(Path(__file__).parents[1] / "helpers" / "network"))
from film.draw import main as draw_film
from shots import CALM, PITFALLS, STORM, Shot

import conftest  # noqa: F401 - cleans the environment
from places import TESTS
from stormdeck.ui.appearance import Appearance

FOLDER = TESTS.parent / "screenshots"
SCREENSHOTS = {
    "overview-storm": Shot("overview", STORM, (120, 40)),
    "overview-calm": Shot("overview", CALM, (120, 40)),
    "overview-80x24": Shot("overview", STORM, (80, 24)),
    "overview-40x12": Shot("overview", STORM, (40, 12)),
    "theme-light": Shot("overview", STORM, (80, 24), look=Appearance("light")),
    "theme-high-contrast": Shot("overview", STORM, (80, 24), look=Appearance("high-contrast")),
    "theme-ansi": Shot("overview", STORM, (80, 24), look=Appearance("ansi")),
    "ascii": Shot("overview", STORM, (80, 24), look=Appearance(ascii=True)),
    "logs": Shot("logs", STORM, (120, 40)),
    "settings": Shot("settings", PITFALLS, (120, 40)),
    "checks": Shot("checks", PITFALLS, (120, 40)),
}
_RANDOM_ID = re.compile(r"terminal-\d+")


async def drawn(shot):
    """Return the SVG of a shot, without the random number that Textual puts into its names."""
    async with shot.app().run_test(size=shot.size) as pilot:
        await shot.set_up(pilot)
        return _RANDOM_ID.sub("terminal", pilot.app.export_screenshot(title="stormdeck", simplify=True))


def main():
    """Write every screenshot anew."""
    FOLDER.mkdir(exist_ok=True)
    for name, shot in SCREENSHOTS.items():
        (FOLDER / f"{name}.svg").write_text(asyncio.run(drawn(shot)), encoding="utf-8")
    draw_film()


if __name__ == "__main__":
    main()
