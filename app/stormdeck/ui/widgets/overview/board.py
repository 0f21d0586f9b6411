"""The board: holds the panels of the overview, each where ``arrange`` puts it."""

from __future__ import annotations

from dataclasses import replace

from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.widget import Widget

from stormdeck.model.overview_layout import Box, LayoutPreferences, arrange

ZOOMED = "-zoomed"
"""The class of the panel that fills the pane."""


class Arranged(Layout):
    """Asks ``arrange``; a panel without a place is not shown."""

    name = "arranged"

    def arrange(self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True) -> ArrangeResult:
        """Return the places of the panels for a size."""
        assert isinstance(parent, Board)  # noqa: S101 - tells mypy what holds
        boxes = parent.boxes(size)
        return [
            WidgetPlacement(Region(*boxes[child.id]), NULL_OFFSET, NULL_SPACING, child)
            for child in children
            if child.id in boxes
        ]


class Board(Widget):
    """Knows what is shown, and which panel fills the pane."""

    def __init__(self, *panels: Widget, wish: LayoutPreferences, id: str) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(*panels, id=id)
        self._arranged = Arranged()
        self._wish = wish
        self._gpus = 0

    @property
    def layout(self) -> Layout:
        """Return the layout of its own."""
        return self._arranged

    @property
    def zoomed(self) -> str:
        """Return the panel that fills the pane; empty: none does."""
        return self._wish.zoomed

    def zoom(self, panel: str) -> None:
        """Let a panel fill the pane; empty: none."""
        if panel != self.zoomed:
            self._wish = replace(self._wish, zoomed=panel)
            for child in self.children:
                if child.has_class(ZOOMED) != (child.id == panel):
                    child.toggle_class(ZOOMED)
                    for drawn in child.walk_children(with_self=True):
                        drawn.refresh()
            self._arrange_anew()

    def count_gpus(self, gpus: int) -> None:
        """Make room for as many GPUs."""
        if gpus != self._gpus:
            self._gpus = gpus
            self._arrange_anew()

    def _arrange_anew(self) -> None:
        """Ask for the places again. Textual keeps them until a child, and not the board itself, asks for it."""
        for panel in self.children[:1]:
            panel.refresh(layout=True)

    def boxes(self, size: Size) -> dict[str, Box]:
        """Return the places in a board of that size."""
        return arrange(size.width, size.height, self._wish, self._gpus)

    def steps(self) -> list[str]:
        """Return the panels that ``tab`` goes through: all while one is zoomed, else those that are shown."""
        shown = self._wish.boxes if self.zoomed else tuple(self.boxes(self.size))
        return [panel for panel in self._wish.boxes if panel in shown and panel != "verdict"]
