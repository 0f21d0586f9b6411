"""Read the profiles for the panel, and remember how a file looked with each, even on a drive that does not answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from stormdeck.model.profiles.plan import Layouts
from stormdeck.model.profiles.profile import Profile
from stormdeck.paths import UserPaths
from stormdeck.sources.io.background import with_timeout
from stormdeck.sources.state.layouts import read_layouts, remember, set_last
from stormdeck.sources.state.profiles import read_profiles

PATIENCE_S = 3.0
_SILENT = "its drive does not answer"


class ProfilesFeed:
    """Reads the profiles whenever they are asked for: nothing watches them."""

    def __init__(self, paths: UserPaths) -> None:
        self._paths = paths

    async def read(self, settings: Path) -> tuple[tuple[Profile, ...], Layouts]:
        """Return all profiles, and what is remembered of a settings file; no profiles if the drive does not answer."""
        profiles = await with_timeout(PATIENCE_S, (), read_profiles, self._paths.profiles)
        return profiles, await with_timeout(PATIENCE_S, Layouts(), read_layouts, self._paths.layouts, settings)

    async def remember(self, settings: Path, name: str, text: str, known: Iterable[str]) -> str:
        """Store how a file looks with a profile; return why that failed, or an empty text."""
        return await self._store(lambda: remember(self._paths.layouts, settings, name, text, known))

    async def set_last(self, settings: Path, name: str | None) -> str:
        """Store which profile a file has now; return why that failed, or an empty text."""
        return await self._store(lambda: set_last(self._paths.layouts, settings, name))

    async def _store(self, store: Callable[[], None]) -> str:
        why = await with_timeout(PATIENCE_S, _SILENT, _why_not, store)
        return why and f"{self._paths.layouts}: {why}"


def _why_not(store: Callable[[], None]) -> str:
    try:
        store()
    except OSError as error:
        return (error.strerror or str(error)).lower()
    return ""
