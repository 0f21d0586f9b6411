"""Text that can be clicked: it carries an action, and looks as it would without."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.style import Style


def clickable(content: Content, call: str) -> Content:
    """Return a text that carries an action string with its owner, such as ``app.help``."""
    return content.stylize(Style.from_meta({"call": call}))


def called(event: events.Click) -> str | None:
    """Return the action that the text under the mouse carries."""
    call = event.style.meta.get("call")
    return call if isinstance(call, str) else None
