"""The way from a draft to its file: the diff, the write, and what somebody else changed meanwhile."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from stormdeck.model.settings.draft import taken_up
from stormdeck.ui.screens.save import SaveScreen

if TYPE_CHECKING:
    from stormdeck.ui.screens.settings import SettingsScreen


class Saving:
    """Writes the draft that the form shows, once its diff is accepted."""

    def __init__(self, form: SettingsScreen) -> None:
        self._form = form
        self._refused_on = ""
        """The digest of the file on which a save was refused, until it is known as it is now."""

    async def ask(self) -> None:
        """Show what a save would change, and write it when that is accepted."""
        await self._show_diff(self._write)

    def look_again(self) -> None:
        """Ask anew where a save was refused and the file is known as it is now."""
        file = self._form.draft.file
        if self._refused_on and file is not None and file.digest != self._refused_on:
            self._refused_on = ""
            if self._form.draft.editable and self._form.draft.changed:
                self._form.call_later(self._show_diff, self._settle, changed_outside=True)

    async def _show_diff(
        self, then: Callable[[bool | None], Awaitable[None]], *, changed_outside: bool = False
    ) -> None:
        draft = self._form.draft
        if draft.file is not None:
            file = draft.file
            dialog = SaveScreen(file.path, draft.diff(), notes=file.caveats, changed_outside=changed_outside)
            await self._form.app.push_screen(dialog, then)

    async def _write(self, accepted: bool | None) -> None:
        form, file = self._form, self._form.draft.file
        if not accepted or file is None:
            return
        refused = await form.panel.save(file, form.draft.text())
        if not refused:
            form.notify(taken_up(form.draft), title=f"Saved {file.path.name}", timeout=10, markup=False)
            form.draft = replace(form.draft, edits=(), undone=())
            return
        form.notify(refused, title="Not saved", severity="error", timeout=12, markup=False)
        self._refused_on = file.digest

    async def _settle(self, accepted: bool | None) -> None:
        """Settle what was changed on both sides: mine on top of theirs, or theirs alone."""
        if accepted is None:
            self._form.change(replace(self._form.draft, edits=(), undone=()))
        else:
            await self._write(accepted)
