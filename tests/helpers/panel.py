"""The panel under test: samples in place of sources, a clock that does not move, and the screen as text."""

import asyncio
import functools
import time
from datetime import UTC, datetime
from pathlib import Path

import samples
from stormdeck.model.logs.book import LogBook
from stormdeck.ui.app import StormdeckApp
from stormdeck.ui.appearance import Appearance
from stormdeck.ui.clock import Clock
from waiting import DEADLINE_S

HOME = Path("/home/me")
AREAS = {"overview": "1", "logs": "2", "settings": "3", "checks": "4", "timeline": "5"}
"""The areas that there always are, with their keys."""
KEYS = {**AREAS, "fleet": "6"}


class Still(Clock):
    """Stands at the time of the samples, in UTC, until a test moves it."""

    def __init__(self, now=samples.NOW):
        self.at = now

    def now(self):
        return self.at

    def local(self, at):
        return datetime.fromtimestamp(at, UTC)


def make_app(*, lines=None, home=HOME, look=None, demo=False, client_version=None, limit=200_000):
    """Return a panel without a feed, its log book filled with ``lines`` (the samples' unless given)."""
    book = LogBook(limit)
    for batch in samples.log_lines() if lines is None else lines:
        book.add(*batch)
    return StormdeckApp(
        home, book=book, clock=Still(), look=look or Appearance(), demo=demo, client_version=client_version
    )


def in_loop(test):
    """Run an async test in an event loop of its own."""

    @functools.wraps(test)
    def run(*args, **kwargs):
        asyncio.run(test(*args, **kwargs))

    return run


async def until(pilot, happened, what="it did not happen"):
    """Return the first true value, or fail at the deadline and show the screen."""
    end = time.monotonic() + DEADLINE_S
    while not (value := happened()):
        assert time.monotonic() < end, f"{what}; the screen:\n{screen(pilot.app)}"
        await pilot.pause(0.01)
    return value


async def deliver(pilot, *snapshots):
    """Deliver snapshots to the panel as a feed does, and wait until they are drawn."""
    for snapshot in snapshots:
        pilot.app.deliver(snapshot)
    await pilot.pause()


async def show(pilot, area):
    """Go to an area by its key."""
    await pilot.press(KEYS[area])
    await until(pilot, lambda: area == pilot.app.screen.AREA and pilot.app.screen.is_active, f"{area} is not shown")


async def settled(pilot):
    """Wait until the screen stays the same for three looks: a layout may need several turns of the loop."""
    before, same = None, 0
    while same < 3:
        now = screen(pilot.app)
        same = same + 1 if now == before else 0
        before = now
        await pilot.pause(0.02)


def screen(app):
    """Return the text of the screen, row by row; cheaper than a screenshot."""
    return "\n".join("".join(piece.text for piece in row).rstrip() for row in _drawn(app))


def cells(app):
    """Return every sign of the screen with its style, row by row."""
    return [[(sign, piece.style) for strip in row for piece in strip for sign in piece.text] for row in _drawn(app)]


def _drawn(app):
    return app.screen._compositor.render_update(full=True, screen_stack=app._background_screens).strips


def rows_with(app, text):
    """Return the rows of the screen that contain a text."""
    return [row for row in screen(app).splitlines() if text in row]
