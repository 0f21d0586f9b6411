"""Notice when the user comes back, and show what happened meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stormdeck.ui.panel_app import PanelApp

if TYPE_CHECKING:
    from stormdeck.model.timeline.away import News

LEAST_S = 60.0
"""Time without the terminal's focus after which news are shown: a glance at another pane is no absence."""
SILENT_S = 600.0
"""Time without a key or a click after which the user was away, if the terminal reports no focus."""


class Away:
    """Shows the news once, when the user is back and types nothing."""

    def __init__(self, app: PanelApp) -> None:
        self._app = app
        self._last_input = app.clock.now()
        self._left: float | None = None
        """When the terminal lost the focus; ``None`` while it has it."""
        self._since: float | None = None
        """Since when news are to be shown; ``None``: none are."""

    def note_blur(self) -> None:
        """Note that the terminal has lost the focus."""
        self._left = self._app.clock.now()

    def note_focus(self) -> None:
        """Note that the terminal has the focus again."""
        now = self._app.clock.now()
        if self._left is not None and now - self._left >= LEAST_S:
            self._since = self._left
        self._left, self._last_input = None, now
        # Textual gives the focus back to the field that is typed in after this.
        self._app.call_later(self.show)

    def note_input(self) -> None:
        """Note a key or a click, after it has done what it does."""
        now = self._app.clock.now()
        if now - self._last_input >= SILENT_S:
            self._since = self._last_input if self._since is None else self._since
        self._last_input = now
        self.show()

    def close(self) -> None:
        """Close the news."""
        from stormdeck.ui.screens.base import Area

        for screen in self._app.screen_stack:
            if isinstance(screen, Area):
                screen.close_news()

    def show(self) -> None:
        """Show the news if there are any, unless the user types or a dialog is open: then they wait."""
        if self._since is None:
            return
        from textual.widgets import Input

        from stormdeck.ui.screens.base import Area

        screen = self._app.screen
        if not isinstance(screen, Area) or isinstance(self._app.focused, Input):
            return
        since, self._since = self._since, None
        news = self._news(since)
        if news:
            screen.show_news(since, news)

    def _news(self, since: float) -> tuple[News, ...]:
        from stormdeck.model.timeline.away import while_away
        from stormdeck.model.timeline.timeline import listed

        return while_away(listed(self._app.deck), since, self._app.clock.now())
