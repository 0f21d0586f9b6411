"""Wrap lines in a log view: which lines are visible, and how far it can scroll."""

from __future__ import annotations

from collections.abc import Callable


class Wrapped:
    """The visible rows of a view whose rows have different heights; it scrolls by rows, not by lines of the screen.

    ``height_of`` returns the height of a row, ``screen`` is the height of the view.
    """

    def __init__(self, height_of: Callable[[int], int], rows: int, screen: int) -> None:
        self._height_of = height_of
        self._rows = rows
        self._screen = max(1, screen)

    def top_for(self, row: int, room: int | None = None) -> int:
        """Return the first row to show so that a row is the last one that fits."""
        room = self._screen if room is None else room
        top, used = row, min(self._height_of(row), room) if row >= 0 else 0
        while top > 0 and used + self._height_of(top - 1) <= room:
            top -= 1
            used += self._height_of(top)
        return max(0, top)

    def visible(self, top: int) -> list[tuple[int, int]]:
        """Return for each line of the screen its row, and the line within it."""
        shown: list[tuple[int, int]] = []
        for row in range(max(0, top), self._rows):
            shown += [(row, part) for part in range(min(self._height_of(row), self._screen - len(shown)))]
            if len(shown) >= self._screen:
                break
        return shown

    def bottom(self, top: int) -> int:
        """Return the last row that is shown whole; at least the first one."""
        shown = self.visible(top)
        whole = [row for row, part in shown if part == self._height_of(row) - 1]
        return max([top, *whole])
