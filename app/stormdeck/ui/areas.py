"""The areas and the palette. Only the overview is imported at the start, the others when they are first shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.screen import Screen

from stormdeck.ui.screens.overview import OverviewScreen

if TYPE_CHECKING:
    from textual.command import Provider


def _logs() -> Screen[None]:
    from stormdeck.ui.screens.logs import LogsScreen

    return LogsScreen()


def _settings() -> Screen[None]:
    from stormdeck.ui.screens.settings import SettingsScreen

    return SettingsScreen()


def _checks() -> Screen[None]:
    from stormdeck.ui.screens.checks import ChecksScreen

    return ChecksScreen()


def _timeline() -> Screen[None]:
    from stormdeck.ui.screens.timeline import TimelineScreen

    return TimelineScreen()


def _fleet() -> Screen[None]:
    from stormdeck.ui.screens.fleet import FleetScreen

    return FleetScreen()


def palette() -> type[Provider]:
    """Return the provider of the command palette's entries."""
    from stormdeck.ui.palette import PanelCommands
    from stormdeck.ui.textual_patches.dismissing import close_palette_by_clicks_on_the_screen, dismiss_palette_once
    from stormdeck.ui.textual_patches.paging import page_only_what_is_shown

    close_palette_by_clicks_on_the_screen()
    dismiss_palette_once()
    page_only_what_is_shown()
    return PanelCommands


def import_areas() -> None:
    """Import what the first showing of each area needs: a third of the time that the form takes (measured)."""
    from stormdeck.ui.screens import checks, logs, settings, timeline  # noqa: F401


AREAS: dict[str, str | Callable[[], Screen[None]]] = {
    "overview": OverviewScreen,
    "logs": _logs,
    "settings": _settings,
    "checks": _checks,
    "timeline": _timeline,
    "fleet": _fleet,
}
"""How each area is made, by name, in the order of the number keys."""
