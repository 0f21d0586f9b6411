"""Go back to an earlier text of a settings file: the last save undone, or a kept copy restored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from textual.content import Content
from textual.geometry import Region

from stormdeck.model.editing.diff import diff
from stormdeck.model.editing.draft import Draft, pickup_of
from stormdeck.model.editing.new_findings import new_findings
from stormdeck.model.masking.findings import known_secrets
from stormdeck.model.settings.backup import Backup, changed_paths, difference
from stormdeck.model.settings.merge import loaded, previewed
from stormdeck.model.settings.scope import SettingsFile
from stormdeck.ui.bindings import bindings
from stormdeck.ui.clock import Clock
from stormdeck.ui.rendering import clickable, fit, line, lines, marked
from stormdeck.ui.screens.base import Area
from stormdeck.ui.screens.dialog import Dialog, Room
from stormdeck.ui.screens.profiles import SwitchScreen

WHEN = 16
SIZE = 9
LEAST_DIFFERENCE = 24
"""Columns below which what differs has a line of its own."""
REMEMBERED = 20
"""Saves that can be undone one after the other."""


class BackupsScreen(Dialog[int | None]):
    """The kept copies, newest first; returns which one was chosen."""

    BINDINGS = bindings("backups")
    AUTO_FOCUS = ""

    def __init__(self, file: SettingsFile, backups: Sequence[Backup], clock: Clock) -> None:
        super().__init__()
        self._file = file
        self._backups = backups
        self._clock = clock
        self._differences = [difference(file, one.text) for one in backups]
        self._at = 0

    def words(self, width: int) -> Content:
        """Return the file, and each copy with its time, its size and what differs."""
        rows = [*line(("BACKUPS  ", "$quiet bold"), (str(self._file.path), "bold")).wrap(width), line()]
        for at in range(len(self._backups)):
            rows += self._row(at, width)
        where = f"Each is the file as it was before stormdeck wrote it, kept in {self._backups[0].folder}."
        return lines([*rows, line(), *line((where, "$quiet")).wrap(width)])

    def hints(self) -> tuple[Content, ...]:
        """Return the two keys."""
        return self.hint("backups.choose", "show the difference"), self.hint("backups.close", "back to the form")

    def action_move(self, step: int) -> None:
        """Select the copy above or below, round the end."""
        self._at = (self._at + step) % len(self._backups)
        self.draw()
        room = self.query_one(Room)
        each = 1 if self._is_wide(room.scrollable_content_region.width) else 2
        room.scroll_to_region(Region(0, 2 + self._at * each if self._at else 0, 1, each), animate=False)

    def action_choose(self, at: int = -1) -> None:
        """Return the selected copy, or the one that was clicked."""
        at = at if at >= 0 else self._at
        text = self._backups[at].text
        if text is None:
            self.notify("This copy is not UTF-8 text: restore it with an editor.", severity="warning")
        elif text == self._file.text:
            self.notify("The file is the same as this copy.")
        else:
            self.dismiss(at)

    @staticmethod
    def _is_wide(width: int) -> bool:
        return width >= 2 + WHEN + SIZE + LEAST_DIFFERENCE + 4

    def _row(self, at: int, width: int) -> list[Content]:
        one = self._backups[at]
        size = f"{one.size / 1024:.1f} KiB" if one.size >= 1024 else f"{one.size} B"
        head = line("  ", (f"{self._clock.local(one.taken):%Y-%m-%d %H:%M}", "bold"), (f"  {size:>{SIZE}}", "$quiet"))
        if self._is_wide(width):
            rows = [line(head, "  ", fit(self._differences[at], width - head.cell_length - 2))]
        else:
            rows = [head, line(("    " + fit(self._differences[at], width - 4), "$quiet"))]
        if at == self._at:
            rows[0] = marked(rows[0], width, focused=True)
        return [clickable(row, f"screen.choose({at})") for row in rows]


@dataclass(frozen=True, slots=True)
class _Saved:
    """A text that was written."""

    path: Path
    before: str
    after: str
    made_the_file: bool


class Reversing:
    """Propose the texts that the file of a form's draft had before, each as a diff."""

    def __init__(self, area: Area, draft: Callable[[], Draft]) -> None:
        self._area = area
        self._draft = draft
        self._saved: list[_Saved] = []

    def note(self, file: SettingsFile, text: str) -> None:
        """Remember that a text was written in place of a file's."""
        self._saved = [*self._saved[1 - REMEMBERED :], _Saved(file.path, file.text, text, not file.exists)]

    async def undo(self) -> bool:
        """Show what undoes the last save; return whether there is one, and the file is as it left it."""
        file = self._draft().file
        last = next((one for one in reversed(self._saved) if file is not None and one.path == file.path), None)
        if last is None or file is None or file.text != last.after:
            return False
        if last.made_the_file:
            self._area.notify(f"The last save created {file.path}: remove it to undo.", markup=False)
        else:
            await self._propose("UNDO THE SAVE", file, last.before, lambda: self._saved.remove(last))
        return True

    async def ask(self) -> None:
        """Show the kept copies, then what restoring the chosen one changes."""
        area, file = self._area, self._draft().file
        feed = area.panel.feed.settings if area.panel.feed is not None else None
        if feed is None or file is None:
            area.notify(area.panel.NO_SETTINGS)
            return
        if self._draft().changed:
            area.notify("This file has unsaved changes: save or undo them first.", severity="warning")
            return
        backups = await feed.backups(file)
        if not backups:
            why = "No copies yet: stormdeck keeps one before each save."
            area.notify(why if backups is not None else "The copies cannot be read: their drive does not answer.")
            return

        async def show(at: int | None) -> None:
            if at is not None and (text := backups[at].text) is not None:
                name = f"RESTORE {area.panel.clock.local(backups[at].taken):%Y-%m-%d %H:%M}"
                await self._propose(name, file, text, lambda: self.note(file, text))

        await area.app.push_screen(BackupsScreen(file, backups, area.panel.clock), show)

    async def _propose(self, headline: str, file: SettingsFile, text: str, then: Callable[[], None]) -> None:
        """Show what another text of the file changes, and write it when that is accepted."""
        area, draft = self._area, self._draft()
        settings = previewed(draft.deck.settings, loaded(file, text))
        paths = changed_paths(file, text)

        async def write(accepted: bool | None) -> None:
            if not accepted:
                return
            message = pickup_of(draft.deck, settings, paths)
            refused = await area.panel.save(file, text)
            if refused:
                area.notify(refused, title="Not saved", severity="error", timeout=12, markup=False)
                return
            then()
            area.notify(message, title=f"Saved {file.path.name}", timeout=10, markup=False)

        changed = diff(file.text, text, known_secrets(settings, before=draft.deck.settings))
        found = new_findings(draft.deck, settings, paths, draft.scope)
        await area.app.push_screen(SwitchScreen(headline, file.path, changed, file.caveats, found), write)
