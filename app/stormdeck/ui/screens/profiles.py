"""The list of profiles, and the steps of a switch: choose, see what changes, write, undo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from textual.content import Content
from textual.geometry import Region

from stormdeck.feed.actions.profiles import ProfilesFeed
from stormdeck.model.editing.diff import DiffLine, diff
from stormdeck.model.editing.draft import Draft, pickup_of
from stormdeck.model.editing.new_findings import new_findings
from stormdeck.model.finding import Finding
from stormdeck.model.json_edit.document import Document
from stormdeck.model.masking.findings import known_secrets
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.profiles.keys import path_values
from stormdeck.model.profiles.plan import Layouts, Plan, plan
from stormdeck.model.profiles.profile import Profile, Standing, standing_of
from stormdeck.model.profiles.switch import NotPossibleError
from stormdeck.model.settings.merge import loaded, previewed
from stormdeck.model.settings.scope import SettingsFile, SettingsSnapshot
from stormdeck.model.text import clean
from stormdeck.ui.bindings import bindings
from stormdeck.ui.rendering import Part, clickable, fit, line, lines, marked
from stormdeck.ui.screens.base import Area
from stormdeck.ui.screens.dialog import Dialog, Room
from stormdeck.ui.screens.save import SaveScreen

_WIDE = 70
"""Columns from which a profile takes one line; below that, its server and model have a second one."""
_HOW_TO_SAVE = "`stormdeck use --save NAME` saves the values of the file as a profile."


class ProfilesScreen(Dialog[str | None]):
    """The profiles, the one in force marked; returns the name of the chosen one."""

    BINDINGS = bindings("profiles")
    AUTO_FOCUS = ""

    def __init__(self, file: Path, profiles: tuple[Profile, ...], standing: Standing) -> None:
        super().__init__()
        self._file = file
        self._profiles = profiles
        self._standing = standing
        names = [one.name for one in profiles]
        self._at = names.index(standing.name) if standing.name in names else 0

    def words(self, width: int) -> Content:
        """Return the file, and each profile with its server and model."""
        rows = [*line(("PROFILES  ", "$quiet bold"), (str(self._file), "bold")).wrap(width), line()]
        for at in range(len(self._profiles)):
            rows += self._row(at, width)
        return lines([*rows, line(), *line((_HOW_TO_SAVE, "$quiet")).wrap(width)])

    def hints(self) -> tuple[Content, ...]:
        """Return the two keys."""
        return self.hint("profiles.choose"), self.hint("profiles.close", "back to the form")

    def action_move(self, step: int) -> None:
        """Select the profile above or below, round the end."""
        self._at = (self._at + step) % len(self._profiles)
        self.draw()
        room = self.query_one(Room)
        each = 1 if room.scrollable_content_region.width >= _WIDE else 2
        # The lines above the first profile are shown with it.
        top = 2 + self._at * each if self._at else 0
        room.scroll_to_region(Region(0, top, 1, each), animate=False)

    def action_choose(self, name: str = "") -> None:
        """Return the selected profile, or the one that was clicked."""
        chosen = next((one for one in self._profiles if one.name == name), self._profiles[self._at])
        if chosen.error:
            self.notify(mask_text(clean(f"{chosen.error}.")), title=f"{chosen.name} cannot be used", markup=False)
        else:
            self.dismiss(chosen.name)

    def _row(self, at: int, width: int) -> list[Content]:
        one = self._profiles[at]
        name, server, model, state = self._cells(one)
        style = "$quiet" if one.error else ""
        if width >= _WIDE:
            widths = self._widths(width)
            cells = [(name, style or "bold"), (server, style), (model, "$quiet"), (state, "$accent")]
            parts: list[Part] = []
            for (text, colour), column in zip(cells, widths, strict=True):
                parts += ["  ", (fit(text, column), colour)]
            rows = [line(*parts)]
        else:
            first = line("  ", (name, style or "bold"), "  ", (state, "$accent"))
            second = "    " + fit(f"{server}  {model}", width - 4)
            rows = [first.truncate(width, ellipsis=True), line((second, "$quiet"))]
        if at == self._at:
            rows[0] = marked(rows[0], width, focused=True)
        return [clickable(row, f"screen.choose('{one.name}')") for row in rows]

    def _cells(self, one: Profile) -> tuple[str, str, str, str]:
        """Return a profile's name, server and model, and whether it is in force."""
        state = ""
        if one.name == self._standing.name:
            state = "in force, changed since" if self._standing.changed else "in force"
        if one.error:
            return one.name, "cannot be used", "", state
        return one.name, one.base_url or "the hosted API", one.model or "default model", state

    def _widths(self, width: int) -> tuple[int, int, int, int]:
        """Return the columns of the four cells; the server and the model share what the others leave."""
        name, server, model, state = (
            max(map(len, texts)) for texts in zip(*map(self._cells, self._profiles), strict=True)
        )
        name = min(name, 24)
        room = width - name - state - 8
        server = min(server, max(room - model, room // 2))
        return name, server, min(model, room - server), state


class SwitchScreen(SaveScreen):
    """Show what a switch changes; enter writes it, escape cancels."""

    def __init__(
        self, headline: str, path: Path, lines: Sequence[DiffLine], notes: Sequence[str], findings: Sequence[Finding]
    ) -> None:
        super().__init__(path, lines, notes=notes, findings=findings)
        self.HEADLINE = f"{headline}  "


@dataclass(frozen=True, slots=True)
class _Done:
    """A switch that was written."""

    path: Path
    before: str
    """The text that the file had."""
    after: str
    last: str | None
    """The profile that the file had."""
    paths: tuple[str, ...]
    """The settings whose values it changed."""


class Switching:
    """Switch the file of a form's draft to another profile once its diff is accepted."""

    def __init__(self, area: Area, draft: Callable[[], Draft]) -> None:
        self._area = area
        self._draft = draft
        self._done: _Done | None = None

    async def ask(self) -> None:
        """Show the profiles, then what the chosen one changes."""
        feed, file = self._feed(), self._draft().file
        if feed is None or file is None:
            self._area.notify(self._area.panel.NO_SETTINGS)
            return
        if self._draft().changed:
            self._area.notify("This file has unsaved changes: save or undo them first.", severity="warning")
            return
        profiles, layouts = await feed.read(file.path)
        document = file.document
        if not profiles or not isinstance(document, Document):
            self._refuse("The profiles cannot be read: their drive does not answer.")
            return

        async def show(name: str | None) -> None:
            if name is not None:
                await self._show(next(one for one in profiles if one.name == name), profiles, layouts)

        standing = standing_of(path_values(document), profiles, layouts.last)
        await self._area.app.push_screen(ProfilesScreen(file.path, profiles, standing), show)

    async def undo(self) -> bool:
        """Show what undoes the last switch; return whether there is one, and the file is as it left it."""
        done, file = self._done, self._draft().file
        if done is None or file is None or (file.path, file.text) != (done.path, done.after):
            return False

        draft = self._draft()
        settings = previewed(draft.deck.settings, loaded(file, done.before))
        findings = new_findings(draft.deck, settings, done.paths, draft.scope)

        async def write(accepted: bool | None) -> None:
            if accepted and await self._write(file, done.before, done.last, settings, done.paths):
                self._done = None

        changed = diff(file.text, done.before, known_secrets(settings, before=draft.deck.settings))
        await self._area.app.push_screen(SwitchScreen("UNDO", file.path, changed, file.caveats, findings), write)
        return True

    async def _show(self, profile: Profile, profiles: tuple[Profile, ...], layouts: Layouts) -> None:
        draft = self._draft()
        file = draft.file
        document = file.document if file is not None else None
        if file is None or not isinstance(document, Document):
            return
        try:
            planned = plan(document, profile, profiles, layouts)
        except NotPossibleError as error:
            self._refuse(f"{file.path}: {error}; correct it with an editor first.")
            return
        after = loaded(file, planned.document.text)
        if after.error is not None:
            self._refuse(f"{after.error.message}: Claude Code would ignore the whole file.")
            return
        if after.text == file.text:
            self._area.notify(f"The file has the profile {profile.name} already.")
            return
        settings = previewed(draft.deck.settings, after)
        notes = (*planned.notes(settings, draft.scope), *file.caveats)

        async def write(accepted: bool | None) -> None:
            if accepted:
                await self._switch(file, planned, settings, profiles, layouts)

        dialog = SwitchScreen(
            f"USE {profile.name}",
            file.path,
            diff(file.text, after.text, known_secrets(settings, before=draft.deck.settings)),
            notes,
            new_findings(draft.deck, settings, planned.paths, draft.scope),
        )
        await self._area.app.push_screen(dialog, write)

    async def _switch(
        self,
        file: SettingsFile,
        planned: Plan,
        settings: SettingsSnapshot,
        profiles: tuple[Profile, ...],
        layouts: Layouts,
    ) -> None:
        feed, text = self._feed(), planned.document.text
        if feed is not None and planned.before.name is not None and file.exists:
            self._warn(await feed.remember(file.path, planned.before.name, file.text, [one.name for one in profiles]))
        if await self._write(file, text, planned.profile.name, settings, planned.paths):
            last = planned.before.name or layouts.last
            self._done = _Done(file.path, file.text, text, last, planned.paths)

    async def _write(
        self, file: SettingsFile, text: str, name: str | None, settings: SettingsSnapshot, paths: tuple[str, ...]
    ) -> bool:
        """Write the file and remember its profile; return whether it was written."""
        message = pickup_of(self._draft().deck, settings, paths)
        refused = await self._area.panel.save(file, text)
        if refused:
            self._refuse(refused)
            return False
        feed = self._feed()
        if feed is not None:
            self._warn(await feed.set_last(file.path, name))
        self._area.notify(message, title=f"Saved {file.path.name}", timeout=10, markup=False)
        return True

    def _feed(self) -> ProfilesFeed | None:
        feed = self._area.panel.feed
        return feed.profiles if feed is not None else None

    def _refuse(self, words: str) -> None:
        self._area.notify(words, title="Not saved", severity="error", timeout=12, markup=False)

    def _warn(self, why: str) -> None:
        if why:
            self._area.notify(f"The layout of the keys is not kept: {why}.", severity="warning", markup=False)
