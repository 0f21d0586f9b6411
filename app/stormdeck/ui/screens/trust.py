"""Ask before the user's token is sent to a server that only a folder's own settings name."""

from __future__ import annotations

from textual.content import Content

from stormdeck.model.settings.trust import Withheld
from stormdeck.model.text import clean
from stormdeck.ui.bindings import bindings
from stormdeck.ui.rendering import line, lines
from stormdeck.ui.screens.dialog import Dialog


class TrustScreen(Dialog[bool]):
    """Only one key agrees; every other key that closes the dialog sends nothing."""

    BINDINGS = bindings("trust")

    def __init__(self, kept: Withheld) -> None:
        super().__init__()
        self._kept = kept

    def words(self, width: int) -> Content:
        """Return what would be sent, where, and whose settings ask for it."""
        kept = self._kept
        texts = [
            ("bold", f"Send {kept.noun} to {kept.origin}?"),
            ("$quiet", f"Only the settings of {kept.folder} name this server. Whoever wrote them would get it."),
            (
                "$quiet",
                "This applies to this folder and server until you remove its entry in stormdeck's trusted.json.",
            ),
        ]
        return lines([row for style, text in texts for row in line((clean(text), style)).wrap(width)])

    def hints(self) -> tuple[Content, ...]:
        """Return the two keys."""
        return self.hint("trust.agree", "send it"), self.hint("trust.refuse", "do not")
