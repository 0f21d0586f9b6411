"""Show dots for the characters of a secret in an input."""

from __future__ import annotations

from rich.highlighter import Highlighter
from rich.text import Text

from stormdeck.model.masking.places import place_of
from stormdeck.model.masking.values import value_spans


class HiddenText(Highlighter):
    """Hide the secrets in the value of a setting while it is edited; the value itself is not changed."""

    def __init__(self, path: str) -> None:
        self._place = place_of(path)

    def __call__(self, text: str | Text) -> Text:
        """Return the text with a dot for each character of a secret, so that the cursor keeps its place."""
        shown = text.plain if isinstance(text, Text) else text
        for start, end in value_spans(self._place, shown):
            shown = shown[:start] + "•" * (end - start) + shown[end:]
        return Text(shown, no_wrap=True, overflow="ignore", end="")

    def highlight(self, text: Text) -> None:
        """Style nothing: characters are replaced, not coloured."""
