"""The panel for a recording: the same areas, the recording's clock, and two more keys."""

from __future__ import annotations

from collections.abc import Callable

from stormdeck.feed.replay import ReplayFeed
from stormdeck.model.logs.book import LogBook
from stormdeck.model.snapshots.replay import Pace
from stormdeck.options import Options
from stormdeck.paths import UserPaths
from stormdeck.sources.recordings.tape import Tape
from stormdeck.ui.app import StormdeckApp
from stormdeck.ui.appearance import Appearance
from stormdeck.ui.bindings import bindings
from stormdeck.ui.clock import Clock


class ReplayClock(Clock):
    """The time in the recording."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now

    def now(self) -> float:
        """Return the Unix time that is being played."""
        return self._now()


class ReplayApp(StormdeckApp):
    """Asks no server and writes nothing."""

    IS_REPLAY = True
    NO_SETTINGS = "This is a replay: settings are neither read nor written."

    BINDINGS = bindings("replay")

    def __init__(self, options: Options, paths: UserPaths, look: Appearance, tape: Tape, speed: float) -> None:
        book = LogBook(options.lines)
        self.played = ReplayFeed(tape, speed, book, self.deliver, self.notify_lines, window_s=options.window * 60)
        super().__init__(
            paths.home,
            book=book,
            clock=ReplayClock(self.played.now),
            look=look,
            bell=options.bell,
            keys=options.keys,
        )
        self.feed = self.played

    def action_hold(self) -> None:
        """Pause or resume the recording."""
        if self.played.pace is Pace.ENDED:
            self.notify("The recording has ended.", timeout=3)
        else:
            self.played.toggle_pause()
            self.judge()

    def action_skip(self) -> None:
        """Skip to the next request."""
        if not self.played.skip():
            self.notify("No more requests in the recording.", timeout=3)

    def action_search(self) -> None:
        """Notify the user that a replay searches for nothing."""
        self.notify("This is a replay: no server is asked.", timeout=3)

    def action_interval(self, step: int) -> None:
        """Notify the user that a replay polls nothing."""
        self.notify("This is a replay: no server is asked.", timeout=3)
