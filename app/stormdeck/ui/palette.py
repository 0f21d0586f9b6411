"""The command palette: find every action, rule, setting and theme by name. Imported when it is first opened."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.markup import escape

from stormdeck.model.keys.action import Action
from stormdeck.model.keys.actions import AREAS
from stormdeck.model.logs.spec import STDIN, JournalLog, parse_log
from stormdeck.model.rules.registry import RULES
from stormdeck.model.settings.fields import FIELDS
from stormdeck.ui.messages import GoTo, Place, RulePage, SettingRow
from stormdeck.ui.panel_app import PanelApp
from stormdeck.ui.themes import OWN

_FIRST, _LAST = 1000.0, 0.001
"""The scores of a row above and below all others."""


class Entry(NamedTuple):
    """One row of the palette."""

    name: str
    """The text that is searched."""
    help: str
    do: Callable[[], Coroutine[None, None, object] | None]


def entries(app: PanelApp, area: str) -> Iterator[Entry]:
    """Yield all rows of the palette, the actions of the shown area first."""
    yield from actions(app, area)
    yield from logs(app)
    for field in FIELDS:
        name = field.path.removeprefix("env.")
        yield Entry(f"Setting: {field.label}  {name}", field.help, partial(_go_to, app, SettingRow(field.path)))
    for rule in RULES:
        go_to = partial(_go_to, app, RulePage(rule.code))
        yield Entry(f"{rule.code}  {rule.page.title}", f"Rule: {rule.page.what}", go_to)
    for theme in sorted(app.available_themes, key=_own_first):
        use = partial(setattr, app, "theme", theme)
        about = "One of the panel's own" if theme.startswith(OWN) else "One of Textual's"
        yield Entry(f"Theme: {theme.removeprefix(OWN)}", f"{about}. The panel starts with it next time.", use)


def _own_first(theme: str) -> tuple[bool, str]:
    return not theme.startswith(OWN), theme


def logs(app: PanelApp) -> Iterator[Entry]:
    """Yield the logs that are proposed, and those that are followed.

    A program has to be run to follow a proposed one, which choosing it agrees to.
    """
    for place in app.deck.discovery.places:
        if place.is_proposed:
            program = "journalctl" if isinstance(place.log, JournalLog) else "kubectl"
            about = f"{place.kind.value}'s log. {program} runs until you quit. The choice is kept."
            yield Entry(f"Follow log: {place.log}", about, partial(app.follow_log, place.log))
    for log in app.deck.discovery.logs:
        yield Entry(f"Log: {log}", "It is followed. Shows its lines.", partial(app.run_action, "app.show('logs')"))


def typed_log(app: PanelApp, text: str) -> Entry | None:
    """Return the row for a typed name of a log: ``docker:vllm``, ``journal:vllm``, or a path such as ``~/vllm.log``."""
    text = text.strip()
    is_path = text.startswith(("/", "~/", "./", "../"))
    if not is_path and ":" not in text and text != "-":
        return None
    try:
        log = parse_log(text, lambda file: Path(file).expanduser())
    except (ValueError, RuntimeError) as error:
        return Entry(f"Log: {text}", f"{error}.", partial(app.notify, str(error), markup=False))
    if log == STDIN:
        why = "Standard input is the keyboard here. Start the panel with a pipe: PROGRAM | stormdeck --log -"
        return Entry("Log: -", why, partial(app.notify, why, markup=False))
    if isinstance(log, Path) and not is_path:
        return None
    about = "Followed beside the other logs until you quit."
    return Entry(f"Follow log: {log}", about, partial(app.add_log, log))


def actions(app: PanelApp, area: str) -> Iterator[Entry]:
    """Yield the actions of the shown area, those that work everywhere, and those of the other areas."""
    titles = dict(AREAS)
    for place in (area, "app", *(name for name in titles if name != area)):
        title = "" if place in {area, "app"} else f"{titles[place]}: "
        for action in app.actions:
            if action.place == place and not action.inner and action.id != "app.palette":
                yield Entry(f"{title}{action.words}  {action.shown}", action.help, partial(_run, app, action))


def _go_to(app: PanelApp, place: Place) -> None:
    app.post_message(GoTo(place))


async def _run(app: PanelApp, action: Action) -> None:
    """Run an action in its own area."""
    if action.place != "app":
        await app.run_action(f"app.show('{action.place}')")
    app.call_after_refresh(app.run_action, action.target)


class PanelCommands(Provider):
    """Offers the actions that work here before anything is typed, and everything in a search."""

    async def startup(self) -> None:
        """Collect the entries each time that the palette opens."""
        assert isinstance(self.app, PanelApp)  # noqa: S101 - for mypy
        area = self.app.current_mode
        here = [one for one in self.app.actions if one.place in {area, "app"}]
        self._entries = [*entries(self.app, area)]
        self._first = self._entries[: sum(not one.inner and one.id != "app.palette" for one in here)]

    async def discover(self) -> Hits:
        """Yield the actions that work here."""
        for entry in self._first:
            yield DiscoveryHit(escape(entry.name), entry.do, text=entry.name, help=escape(entry.help))

    async def search(self, query: str) -> Hits:
        """Yield the entries that match a query."""
        assert isinstance(self.app, PanelApp)  # noqa: S101 - for mypy
        typed = typed_log(self.app, query)
        if typed is not None and typed.name not in {entry.name for entry in self._entries}:
            is_begun = any(typed.name in entry.name for entry in self._entries)
            shown = escape(typed.name)
            yield Hit(_LAST if is_begun else _FIRST, shown, typed.do, text=typed.name, help=escape(typed.help))
        matcher = self.matcher(query.replace("_", " "))
        for entry in self._entries:
            score = matcher.match(entry.name.replace("_", " "))
            if score > 0:
                yield Hit(score, matcher.highlight(entry.name), entry.do, text=entry.name, help=escape(entry.help))
