"""Leave a screen alone that the app no longer mounts because it exits."""

from __future__ import annotations

from textual import events
from textual.dom import DOMNode
from textual.message_pump import MessagePump
from typing_extensions import override


class EmptyOnExit(MessagePump):
    """Mixin for a screen: without widgets, it handles none of the events that need them.

    While the app exits, Textual mounts no composed widget, but still sends ``Mount`` to the screen: a handler that
    looks for a widget raises, and the exit code is 1 in place of the signal's (measured, Textual 8.2.8).

    Upstream: in ``MessagePump._pre_process`` send no ``Mount`` when ``Widget._compose`` mounted nothing on exit.
    """

    @override
    async def on_event(self, event: events.Event) -> None:
        needs_widgets = isinstance(event, events.Mount | events.ScreenResume | events.Resize)
        if needs_widgets and isinstance(self, DOMNode) and not self.children:
            return
        await super().on_event(event)
