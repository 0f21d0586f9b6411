"""The command palette: every action, rule, setting and theme by its name. Loaded when it is opened first."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from typing import NamedTuple

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.markup import escape

from stormdeck.model.keys.action import Action
from stormdeck.model.keys.actions import AREAS
from stormdeck.model.rules.registry import RULES
from stormdeck.model.settings.fields import FIELDS
from stormdeck.ui.app import StormdeckApp
from stormdeck.ui.navigation import show_rule, show_setting


class Entry(NamedTuple):
    """One line of the palette."""

    name: str
    """What is searched."""
    help: str
    do: Callable[[], Coroutine[None, None, object] | None]


def entries(app: StormdeckApp, area: str) -> Iterator[Entry]:
    """Yield everything that the palette finds, what belongs to the shown area first."""
    yield from actions(app, area)
    for field in FIELDS:
        name = field.path.removeprefix("env.")
        yield Entry(f"Setting: {field.label}  {name}", field.help, partial(show_setting, app, field.path))
    for rule in RULES:
        yield Entry(f"{rule.code}  {rule.page.title}", f"Rule: {rule.page.what}", partial(show_rule, app, rule.code))
    for theme in sorted(app.available_themes):
        yield Entry(f"Theme: {theme}", "Change the colours; the choice is kept.", partial(setattr, app, "theme", theme))


def actions(app: StormdeckApp, area: str) -> Iterator[Entry]:
    """Yield the actions of the shown area, those that work everywhere, and those of the other areas."""
    titles = dict(AREAS)
    for place in (area, "app", *(name for name in titles if name != area)):
        title = "" if place in {area, "app"} else f"{titles[place]}: "
        for action in app.actions:
            if action.place == place and not action.inner and action.id != "app.palette":
                yield Entry(f"{title}{action.words}  {action.shown}", action.help, partial(_do, app, action))


async def _do(app: StormdeckApp, action: Action) -> None:
    """Do an action in its own area."""
    if action.place != "app":
        await app.action_show(action.place)
    app.call_after_refresh(app.run_action, action.target)


class PanelCommands(Provider):
    """Shows the actions that work here before anything is typed, and finds all there is."""

    async def startup(self) -> None:
        """Collect the entries once for this opening."""
        assert isinstance(self.app, StormdeckApp)  # noqa: S101 - tells mypy what holds
        area = self.app.current_mode
        here = [one for one in self.app.actions if one.place in {area, "app"}]
        self._entries = [*entries(self.app, area)]
        self._first = self._entries[: sum(not one.inner and one.id != "app.palette" for one in here)]

    async def discover(self) -> Hits:
        """Yield what works here."""
        for entry in self._first:
            yield DiscoveryHit(escape(entry.name), entry.do, text=entry.name, help=escape(entry.help))

    async def search(self, query: str) -> Hits:
        """Yield what a few letters of a name find."""
        matcher = self.matcher(query.replace("_", " "))
        for entry in self._entries:
            score = matcher.match(entry.name.replace("_", " "))
            if score > 0:
                yield Hit(score, matcher.highlight(entry.name), entry.do, text=entry.name, help=escape(entry.help))
