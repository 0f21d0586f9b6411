"""The board of the overview: place the panels as ``arrange`` says."""

from __future__ import annotations

from dataclasses import replace

from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.widget import Widget

from stormdeck.model.overview_layout import IN_FLIGHT, Box, LayoutPreferences, arrange

ZOOMED = "-zoomed"
"""The class of a zoomed panel."""


FRAME = 2
"""Rows of the screen for the path bar and the key bar."""
LEAST = 3
"""The fewest rows that a panel may lose others down to."""


class Arranged(Layout):
    """A layout that calls ``arrange``; a panel without a place is hidden."""

    name = "arranged"

    def arrange(self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True) -> ArrangeResult:
        """Return the placements of the panels at a size."""
        assert isinstance(parent, Board)  # noqa: S101 - for mypy
        boxes = parent.boxes(size)
        return [
            WidgetPlacement(Region(*boxes[child.id]), NULL_OFFSET, NULL_SPACING, child)
            for child in children
            if child.id in boxes
        ]


class Board(Widget):
    """The panels of the overview, one of which may be zoomed."""

    def __init__(self, *panels: Widget, preferences: LayoutPreferences, id: str) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(*panels, id=id)
        self._arranged = Arranged()
        self._preferences = preferences
        self._gpus = 0
        self._flights: int | None = None
        self._history = False

    @property
    def layout(self) -> Layout:
        """Return the board's own layout."""
        return self._arranged

    @property
    def zoomed(self) -> str:
        """Return the zoomed panel; an empty text: none."""
        return self._preferences.zoomed

    def zoom(self, panel: str) -> None:
        """Zoom a panel; an empty text: none."""
        if panel != self.zoomed:
            self._preferences = replace(self._preferences, zoomed=panel)
            for child in self.children:
                if child.has_class(ZOOMED) != (child.id == panel):
                    child.toggle_class(ZOOMED)
                    for drawn in child.walk_children(with_self=True):
                        drawn.refresh()
            self._arrange_again()

    def use(self, preferences: LayoutPreferences) -> None:
        """Show other panels; one that is zoomed and not among them is restored."""
        if self.zoomed in LayoutPreferences().boxes and self.zoomed not in preferences.boxes:
            self.zoom("")
        self._preferences = replace(preferences, zoomed=self.zoomed)
        self._arrange_again()

    def count_gpus(self, gpus: int) -> None:
        """Arrange the panels for another number of GPUs."""
        if gpus != self._gpus:
            self._gpus = gpus
            self._arrange_again()

    def count_flights(self, flights: int | None) -> None:
        """Arrange the panels for another number of requests in flight; ``None``: no recorder runs."""
        if flights != self._flights:
            self._flights = flights
            self._arrange_again()

    def show_history(self, known: bool) -> None:
        """Give the history a place once a figure is known."""
        if known != self._history:
            self._history = known
            self._arrange_again()

    def _arrange_again(self) -> None:
        """Arrange the panels again. Textual keeps the placements until a child, not the board, asks for a layout."""
        for panel in self.children[:1]:
            panel.refresh(layout=True)

    def boxes(self, size: Size) -> dict[str, Box]:
        """Return the boxes of the panels in a board of that size.

        While a notification or the news have taken rows, the lowest panel has them less and the others stay where they
        are.
        """
        whole = size.height if self.zoomed else self.screen.size.height - FRAME - self.gutter.height
        boxes = self._boxes(Size(size.width, max(size.height, whole)))
        fitting = {name: box._replace(height=min(box.height, size.height - box.y)) for name, box in boxes.items()}
        if all(box.height >= min(LEAST, boxes[name].height) for name, box in fitting.items()):
            return fitting
        return self._boxes(size)

    def _boxes(self, size: Size) -> dict[str, Box]:
        return arrange(size.width, size.height, self._preferences, self._gpus, self._flights, history=self._history)

    def steps(self) -> list[str]:
        """Return the panels that ``tab`` steps through: all of them while one is zoomed, else the shown ones."""
        shown = self._preferences.boxes if self.zoomed else tuple(self.boxes(self.size))
        left_out = {"verdict", IN_FLIGHT} if self._flights is None else {"verdict"}
        return [panel for panel in self._preferences.boxes if panel in shown and panel not in left_out]
