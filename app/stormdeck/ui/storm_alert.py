"""Announce a new storm once: by the bell, a desktop notification and a toast."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import App

from stormdeck.model.snapshots.traffic import TrafficSnapshot
from stormdeck.model.verdict.statement import Statement
from stormdeck.ui.screens.overview import OverviewScreen

TOAST_HEIGHT = 24
"""Rows below which no toast is shown: it would hide too much. The overview needs none."""


class StormAlert:
    """Compares each traffic snapshot with the one before."""

    def __init__(self, app: App[None], *, bell: bool) -> None:
        self._app = app
        self._bell = bell
        self._announced: float | None = None
        """When the storm began that was announced last; it may pause and go on."""
        self.notification: Callable[[str], str] | None = None
        """Returns the escape sequence of a desktop notification with a text."""

    def update(self, before: TrafficSnapshot | None, now: TrafficSnapshot, verdict: Statement) -> None:
        """Announce a storm that is live now and was not before."""
        app, storm, old = self._app, now.live_storm, before.live_storm if before else None
        if storm is None or storm.started == self._announced or (old is not None and old.started == storm.started):
            return
        self._announced = storm.started
        if self._bell:
            app.bell()
        words = f"attempt {storm.attempts} of {storm.limit}: {verdict.cause or storm.cause}"
        if self.notification is not None:
            from stormdeck.ui.textual_patches.driver import write_sequence

            write_sequence(app, self.notification(f"retry storm, {words}"))
        if app.size.height >= TOAST_HEIGHT and not isinstance(app.screen, OverviewScreen):
            # Only the newest: in a fast replay, storms come faster than toasts expire.
            app.clear_notifications()
            app.notify(words, title="Retry storm", severity="error", timeout=6, markup=False)
