"""The lines above the key bar that say what happened while the user was away. They take rows and cover nothing."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.geometry import Size
from textual.visual import VisualType
from textual.widget import Widget

from stormdeck.model.timeline.away import News
from stormdeck.ui.rendering import MORE, fit_words, health_sign, line, lines, sides

CLOSE = ("any key closes", "")


class AwayNote(Widget):
    """Closed by any key; a click goes to the timeline."""

    def __init__(self, title: str, news: Sequence[News]) -> None:
        super().__init__()
        self._title = title
        self._news = news

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the number of lines."""
        return 1 + len(self._news)

    def render(self) -> VisualType:
        """Draw the heading and the news."""
        width = self.content_size.width
        title = line((self._title, "$quiet bold"))
        close = next((words for words in CLOSE if title.cell_length + len(words) + 2 <= width), "")
        return lines([sides(title, line((close, "$quiet")), width), *(self._row(one, width) for one in self._news)])

    def _row(self, one: News, width: int) -> Content:
        sign = health_sign(one.health) if one.health is not None else ("·", "$quiet")
        return line(sign, " ", fit_words(one.text, max(1, width - 2), more=MORE))

    async def on_click(self) -> None:
        """Close it and show the timeline."""
        self.remove()
        await self.run_action("app.show('timeline')")
