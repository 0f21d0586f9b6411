"""Says once that a storm has begun: by the bell, on the desktop, and over the screen."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import App

from stormdeck.model.snapshots.traffic import TrafficSnapshot
from stormdeck.model.verdict.statement import Statement
from stormdeck.ui.screens.overview import OverviewScreen

TOAST_HEIGHT = 24
"""Rows below which a toast would hide more than it tells; over the overview it always does."""


class Announcer:
    """Compares the traffic with what it was before."""

    def __init__(self, app: App[None], *, bell: bool) -> None:
        self._app = app
        self._bell = bell
        self._announced: float | None = None
        """When the storm began that was announced last: it may rest, and fail on."""
        self.notice: Callable[[str], str] | None = None
        """Turns words into what makes the terminal show them on the desktop."""

    def announce(self, before: TrafficSnapshot | None, now: TrafficSnapshot, verdict: Statement) -> None:
        """Say that a storm has begun, where there was none or another one."""
        app, storm, old = self._app, now.live_storm, before.live_storm if before else None
        if storm is None or storm.started == self._announced or (old is not None and old.started == storm.started):
            return
        self._announced = storm.started
        if self._bell:
            app.bell()
        words = f"attempt {storm.attempts} of {storm.limit}: {verdict.cause or storm.cause}"
        if self.notice is not None:
            from stormdeck.ui.textual_patches.driver import write_sequence

            write_sequence(app, self.notice(f"retry storm, {words}"))
        if app.size.height >= TOAST_HEIGHT and not isinstance(app.screen, OverviewScreen):
            # The newest only: played at high speed, storms come faster than toasts go.
            app.clear_notifications()
            app.notify(words, title="Retry storm", severity="error", timeout=6, markup=False)
