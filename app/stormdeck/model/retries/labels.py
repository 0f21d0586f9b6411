"""Which line holds which attempt, also where a later line shows that it was another."""

from __future__ import annotations

from stormdeck.model.retries.request import Attempt, Request

REMEMBERED = 256
"""Lines that may still be told again: the tracker follows 32 turns, and revises the newest attempt of each."""


class Labels:
    """Remembers the newest lines that were told to be retries."""

    def __init__(self) -> None:
        self._lines: dict[int, tuple[Request, int]] = {}
        """By identity: equal requests of two lines are two. The request is kept so that its identity stays its own."""

    def tell(self, numbers: dict[int, int], request: Request, attempt: Attempt, line: int) -> None:
        """Add what follows from a line: its own attempt number, and that of one that is no retry after all."""
        numbers[line] = attempt.number
        if attempt.instead_of is not None:
            earlier = self._lines.pop(id(attempt.instead_of), None)
            if earlier is not None:
                numbers[earlier[1]] = 1
        if attempt.number > 1:
            self._lines[id(request)] = (request, line)
            if len(self._lines) > REMEMBERED:
                del self._lines[next(iter(self._lines))]
