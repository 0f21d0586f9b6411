"""Show the place that a key, a click, the palette or a ``GoTo`` message asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stormdeck.model.finding import Finding, HopKind
from stormdeck.model.retries.storms.storm import Storm
from stormdeck.model.rules.impact import is_background, where_to_fix
from stormdeck.model.verdict.statement import Statement
from stormdeck.ui.messages import (
    CanaryPlan,
    FixInForm,
    HistoryMoment,
    LogMoment,
    Place,
    RulePage,
    SettingRow,
    StormLines,
)
from stormdeck.ui.panel_app import PanelApp

if TYPE_CHECKING:
    from stormdeck.ui.screens.settings import SettingsScreen

PANELS = {HopKind.PROXY: "proxy", HopKind.SERVER: "engine", HopKind.GPU: "gpus"}
"""The overview's panel for each hop; the client's is the settings form."""


class Navigation:
    """Opens screens, and remembers which storm and which fix were shown last."""

    def __init__(self, app: PanelApp) -> None:
        self._app = app
        self.storm_shown = 0.0
        """When the storm began whose lines were shown last."""
        self._fix_shown = ""
        """The rule for whose fix the form was opened last."""

    async def go_to(self, place: Place) -> None:
        """Show a place that a message asks for."""
        match place:
            case StormLines(storm):
                await self.show_storm(storm)
            case LogMoment(at):
                await self.show_moment(at)
            case HistoryMoment(at):
                await self.show_history(at)
            case FixInForm(finding):
                await self._apply_fix(finding)
            case SettingRow(path):
                await self._show_setting(path)
            case RulePage(code):
                await self._show_rule(code)
            case CanaryPlan():
                await self._show_canary()

    async def show_area(self, area: str) -> None:
        """Show an area as it was left."""
        if self._app.current_mode != area:
            await self._app.switch_mode(area)

    async def show_hop(self, hop: HopKind) -> None:
        """Zoom a hop's panel in the overview, or unzoom it; for the client, show the form."""
        from stormdeck.ui.screens.overview import OverviewScreen

        if hop is HopKind.CLIENT:
            await self.show_area("settings")
            return
        await self.show_area("overview")
        if isinstance(self._app.screen, OverviewScreen):
            self._app.screen.toggle_zoom(PANELS[hop])

    async def show_history(self, at: float) -> None:
        """Show the figures of a moment."""
        from stormdeck.ui.screens.overview import OverviewScreen

        await self.show_area("overview")
        if isinstance(self._app.screen, OverviewScreen):
            self._app.screen.show_history(at)

    async def show_cause(self, verdict: Statement) -> None:
        """Show the finding, the storm or the rule that a verdict is about, or else all checks."""
        found = next((finding for finding in self._app.deck.findings if finding.code == verdict.code), None)
        storms = self._app.deck.storms
        if found is not None:
            await self._show_finding(found)
        elif verdict.cause and storms:
            await self.show_storm(storms[0])
        elif verdict.code is not None:
            await self._show_rule(verdict.code)
        else:
            await self.show_area("checks")

    async def show_form(self, verdict: Statement) -> None:
        """Show the form. If the verdict sends the user there for a fix, select its row.

        While changes in the form are not saved, only once for each rule: the user has a row of their own then.
        """
        app, found = self._app, self._to_fix(verdict)
        if app.current_mode == "settings":
            return
        if found is None or (app.unsaved and self._fix_shown == found.code):
            await self.show_area("settings")
            return
        self._fix_shown = found.code
        await self._show_setting(found.path)

    async def show_fix(self, verdict: Statement) -> None:
        """Show the row with the fix that the verdict names, or else what the verdict is about."""
        found = self._to_fix(verdict)
        if found is not None:
            await self._show_setting(found.path)
        else:
            await self.show_cause(verdict)

    def _to_fix(self, verdict: Statement) -> Finding | None:
        """Return the finding whose fix the verdict sends the user to the form for."""
        deck = self._app.deck
        fixable = [one for one in deck.findings if one.code == verdict.code and one.fix is not None]
        found = min(fixable, key=lambda one: is_background(one, deck), default=None)
        leads_to_form = found is not None and found.hop is HopKind.CLIENT and where_to_fix(found) in verdict.detail
        return found if leads_to_form else None

    async def show_next_storm(self) -> None:
        """Show the log lines of the newest storm; if a storm's lines are shown already, of the next older one."""
        app, storms = self._app, self._app.deck.storms
        if not storms:
            app.notify("No storm seen yet.")
            return
        starts = [storm.started for storm in storms]
        at = starts.index(self.storm_shown) + 1 if self.storm_shown in starts and app.current_mode == "logs" else 0
        await self.show_storm(storms[at % len(storms)])

    async def show_storm(self, storm: Storm) -> None:
        """Show the log line of a storm's first attempt."""
        from stormdeck.ui.screens.logs import LogsScreen
        from stormdeck.ui.widgets.logs.search import first_attempt

        app = self._app
        self.storm_shown = storm.started
        number = first_attempt(app.book, storm)
        if number is None:
            app.notify(f"The lines of the storm of {app.clock.minute(storm.started)} are no longer kept.")
            return
        await self.show_area("logs")
        if isinstance(app.screen, LogsScreen):
            app.call_after_refresh(app.screen.go_to, number)

    async def show_moment(self, at: float) -> None:
        """Show the first log line from a moment on, or the last one before it."""
        from stormdeck.ui.screens.logs import LogsScreen

        app = self._app
        number = app.book.number_at(at)
        if number is None:
            app.notify(f"The lines of {app.clock.minute(at)} are not kept.")
            return
        await self.show_area("logs")
        if isinstance(app.screen, LogsScreen):
            app.call_after_refresh(app.screen.go_near, number)

    async def ask_for_trust(self) -> None:
        """Ask whether the server that the folder's own settings name may have the user's token."""
        from stormdeck.model.settings.trust import withheld
        from stormdeck.ui.screens.trust import TrustScreen

        app = self._app
        kept = withheld(app.deck.settings)
        if kept is None:
            app.notify("Nothing to trust: no folder's settings send your token to another server.")
            return
        if app.read_only:
            app.notify(app.read_only, markup=False)
            return

        async def save_trust(agreed: bool | None) -> None:
            settings = app.feed.settings if app.feed is not None else None
            if not agreed:
                return
            refused = await settings.trust(kept.folder, kept.origin) if settings is not None else app.NO_SETTINGS
            if refused:
                app.notify(refused, title="Not saved", severity="error", timeout=12, markup=False)

        await app.push_screen(TrustScreen(kept), save_trust)

    async def _show_finding(self, finding: Finding) -> None:
        from stormdeck.ui.screens.checks import ChecksScreen

        await self.show_area("checks")
        if isinstance(self._app.screen, ChecksScreen):
            self._app.call_after_refresh(self._app.screen.go_to, finding)

    async def _apply_fix(self, finding: Finding) -> None:
        screen = await self._open_form()
        if screen is not None:
            self._app.call_after_refresh(screen.take_fix, finding)

    async def _show_setting(self, path: str) -> None:
        screen = await self._open_form()
        if screen is not None:
            self._app.call_after_refresh(screen.go_to, path)

    async def _open_form(self) -> SettingsScreen | None:
        from stormdeck.ui.screens.settings import SettingsScreen

        await self.show_area("settings")
        return self._app.screen if isinstance(self._app.screen, SettingsScreen) else None

    async def _show_rule(self, code: str) -> None:
        from stormdeck.ui.screens.pages import PageScreen

        await self._app.push_screen(PageScreen(code))

    async def _show_canary(self) -> None:
        from stormdeck.ui.screens.canary import CanaryScreen

        app = self._app
        if app.deck.replay is not None:
            app.notify("This is a replay: no server is asked.")
            return
        canary = app.feed.canary if app.feed is not None else None
        if canary is None:
            app.notify("The sources are still being loaded.")
        else:
            await app.push_screen(CanaryScreen(canary.plan(app.deck), canary))
