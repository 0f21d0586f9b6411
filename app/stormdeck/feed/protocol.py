"""Define what the panel needs from a feed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stormdeck.feed.actions.canary import CanaryFeed
    from stormdeck.feed.actions.profiles import ProfilesFeed
    from stormdeck.feed.actions.restart import RestartFeed
    from stormdeck.feed.remote.exporter import DeckExporter
    from stormdeck.feed.settings import SettingsFeed
    from stormdeck.feed.timeline import TimelineFeed
    from stormdeck.model.logs.spec import LogSpec


class PanelFeed(ABC):
    """A feed as the panel uses it: ``Feed`` for live servers, ``ReplayFeed`` for a recording.

    A subclass implements ``start`` and ``stop``; the rest defaults to a feed without servers and settings.
    """

    settings: SettingsFeed | None = None
    """Saves settings files; ``None`` where nothing can be saved."""
    profiles: ProfilesFeed | None = None
    """Reads the profiles; ``None`` where no settings can be saved."""
    canary: CanaryFeed | None = None
    """Plans and runs canaries; ``None`` where no server is asked."""

    timeline: TimelineFeed | None = None
    """Follows what happens; ``None`` where nothing but a recording's storms can."""
    restart: RestartFeed | None = None
    """Runs the command that restarts a server; ``None`` where nothing is restarted."""

    exporter: DeckExporter | None = None
    """Serves metrics of the panel's decks; ``None`` unless the user wants them."""

    @abstractmethod
    def start(self) -> None:
        """Start the sources and return at once."""

    @abstractmethod
    async def stop(self) -> None:
        """Stop all tasks and threads."""

    def search(self) -> None:
        """Search for servers and logs again, now."""
        return

    def follow_log(self, log: LogSpec) -> str:
        """Follow a log that was proposed; return why the choice is not kept, if it is not."""
        return ""

    def request_sessions(self) -> dict[tuple[str, int], list[tuple[float, str]]]:
        """Return the times and sessions of the newest requests of each connection (address, port)."""
        return {}

    def set_focused(self, focused: bool) -> None:
        """Poll less often while the terminal has no focus."""
        return
