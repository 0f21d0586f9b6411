"""A broken settings file: the diff to a text that the client reads, and writing it."""

from __future__ import annotations

from stormdeck.model.settings.diff import diff
from stormdeck.model.settings.repair import repair
from stormdeck.model.settings.scope import SettingsFile
from stormdeck.ui.screens.base import Area
from stormdeck.ui.screens.save import SaveScreen


async def propose_repair(area: Area, file: SettingsFile | None) -> bool:
    """Show a repaired text of a file that the client drops; say whether there is one."""
    proposed = repair(file.text) if file is not None and file.error is not None and file.writable else None
    if file is None or proposed is None:
        return False

    async def write(accepted: bool | None) -> None:
        refused = await area.panel.save(file, proposed.text) if accepted else ""
        if refused:
            area.notify(refused, title="Not saved", severity="error", timeout=12, markup=False)

    await area.app.push_screen(
        SaveScreen(file.path, diff(file.text, proposed.text), notes=(*proposed.notes, *file.caveats)), write
    )
    return True
