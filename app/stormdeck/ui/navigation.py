"""Ways from one place of the panel to another: to a hop, a cause, a storm's lines, a setting, a rule, the canary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stormdeck.model.finding import Finding, HopKind
from stormdeck.model.retries.storms.storm import Storm
from stormdeck.model.rules.impact import is_background, where_to_fix
from stormdeck.model.verdict.statement import Statement

if TYPE_CHECKING:
    from stormdeck.ui.app import StormdeckApp
    from stormdeck.ui.screens.settings import SettingsScreen

PANELS = {HopKind.PROXY: "proxy", HopKind.SERVER: "engine", HopKind.GPU: "gpus"}
"""The panel of the overview that is about a hop; the client is what the form is about."""


async def show_hop(app: StormdeckApp, hop: HopKind) -> None:
    """Let a hop's panel fill the overview, or make it small again; of the client show the form."""
    from stormdeck.ui.screens.overview import OverviewScreen

    if hop is HopKind.CLIENT:
        await app.go_to_area("settings")
        return
    await app.go_to_area("overview")
    if isinstance(app.screen, OverviewScreen):
        app.screen.zoom_or_not(PANELS[hop])


async def show_cause(app: StormdeckApp, said: Statement) -> None:
    """Go to what a verdict speaks of: a finding, the lines of a storm, a rule; else to all that was checked."""
    found = next((finding for finding in app.deck.findings if finding.code == said.code), None)
    storms = app.deck.storms
    if found is not None:
        await _checks_at(app, found)
    elif said.cause and storms:
        await show_storm(app, storms[0])
    elif said.code is not None:
        await show_rule(app, said.code)
    else:
        await app.go_to_area("checks")


async def show_form(app: StormdeckApp, said: Statement) -> None:
    """Show the form; on the row with the fix, where the verdict has sent the user there for it."""
    fixable = [one for one in app.deck.findings if one.code == said.code and one.fix is not None]
    found = min(fixable, key=lambda one: is_background(one, app.deck), default=None)
    if found is None or where_to_fix(found) not in said.detail or app.fix_shown == found.code:
        await app.go_to_area("settings")
        return
    app.fix_shown = found.code
    await show_setting(app, found.path)


async def _checks_at(app: StormdeckApp, finding: Finding) -> None:
    from stormdeck.ui.screens.checks import ChecksScreen

    await app.go_to_area("checks")
    if isinstance(app.screen, ChecksScreen):
        app.call_after_refresh(app.screen.go_to, finding)


async def show_next_storm(app: StormdeckApp) -> None:
    """Go to the log lines of the newest storm, and from there to the older ones."""
    storms = app.deck.storms
    if not storms:
        app.notify("No storm seen yet.")
        return
    starts = [storm.started for storm in storms]
    at = starts.index(app.storm_shown) + 1 if app.storm_shown in starts and app.current_mode == "logs" else 0
    await show_storm(app, storms[at % len(storms)])


async def show_storm(app: StormdeckApp, storm: Storm) -> None:
    """Go to the log line of a storm's first attempt."""
    from stormdeck.ui.screens.logs import LogsScreen
    from stormdeck.ui.widgets.logs.search import first_attempt

    app.storm_shown = storm.started
    number = first_attempt(app.book, storm)
    if number is None:
        app.notify(f"The lines of the storm of {app.clock.minute(storm.started)} are no longer kept.")
        return
    await app.go_to_area("logs")
    if isinstance(app.screen, LogsScreen):
        app.call_after_refresh(app.screen.go_to, number)


async def take_to_form(app: StormdeckApp, finding: Finding) -> None:
    """Show the form with the fix of a finding taken, on the row that it is about."""
    screen = await _form(app)
    if screen is not None:
        app.call_after_refresh(screen.take_fix, finding)


async def show_setting(app: StormdeckApp, path: str) -> None:
    """Show the form on the row of a setting."""
    screen = await _form(app)
    if screen is not None:
        app.call_after_refresh(screen.go_to, path)


async def _form(app: StormdeckApp) -> SettingsScreen | None:
    from stormdeck.ui.screens.settings import SettingsScreen

    await app.go_to_area("settings")
    return app.screen if isinstance(app.screen, SettingsScreen) else None


async def show_rule(app: StormdeckApp, code: str) -> None:
    """Show the page of a rule."""
    from stormdeck.ui.screens.pages import PageScreen

    await app.push_screen(PageScreen(code))


async def ask_for_trust(app: StormdeckApp) -> None:
    """Ask whether the server that the folder's own settings name may have the user's token."""
    from stormdeck.model.settings.trust import withheld
    from stormdeck.ui.screens.trust import TrustScreen

    kept = withheld(app.deck.settings)
    if kept is None:
        app.notify("Nothing is held back: no folder of its own leads your token elsewhere.")
        return
    if app.read_only:
        app.notify(app.read_only, markup=False)
        return

    async def keep(agreed: bool | None) -> None:
        settings = app.feed.settings if app.feed is not None else None
        if not agreed:
            return
        refused = await settings.trust(kept.folder, kept.origin) if settings is not None else app.NO_SETTINGS
        if refused:
            app.notify(refused, title="Not kept", severity="error", timeout=12, markup=False)

    await app.push_screen(TrustScreen(kept), keep)


async def show_canary(app: StormdeckApp) -> None:
    """Show what a canary would send; it is sent on another key."""
    from stormdeck.ui.screens.canary import CanaryScreen

    if app.deck.replay is not None:
        app.notify("This is a replay: no server is asked.")
        return
    canary = app.feed.canary if app.feed is not None else None
    if canary is None:
        app.notify("The sources are still being loaded.")
    else:
        await app.push_screen(CanaryScreen(canary.plan(app.deck), canary))
