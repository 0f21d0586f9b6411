"""The selected instance or proxy in full: what is said of it, and the figures that the list has no room for."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.visual import VisualType
from textual.widget import Widget

from stormdeck.model.fleet.snapshot import FleetStatement, Replica
from stormdeck.model.fleet.view.listing import ReplicaLine, RowLine
from stormdeck.model.symbols import Health
from stormdeck.model.units import NONE
from stormdeck.ui.rendering import HEALTH_STYLES, Part, health_sign, line, lines
from stormdeck.ui.widgets.fleet.columns import COLUMNS, proxy_parts

PART = " · "
_UNITS = {"run": "running", "wait": "waiting", "KV": "KV cache", "hits": "cache hits", "TTFT p95": "first token p95"}


class FleetDetail(Widget):
    """The text below the list."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self._row: RowLine | None = None
        self._said: Sequence[FleetStatement] = ()

    def show(self, row: RowLine | None, said: Sequence[FleetStatement]) -> None:
        """Show a row with the statements about it, or nothing."""
        if (row, said) != (self._row, self._said):
            self._row, self._said = row, said
            self.refresh()

    def render(self) -> VisualType:
        """Draw the text."""
        width, height = self.content_size
        if not width or not height or self._row is None:
            return ""
        # What is wrong must not fall off the end.
        said = [text for one in self._said for text in _statement(one, width)]
        rows = _described(self._row, width, max(1, height - len(said)))
        return lines([*rows, *said][:height])


def _described(row: RowLine, width: int, room: int) -> list[Content]:
    """Return a row in words, as many whole figures of it as fit."""
    head: list[Part] = [health_sign(row.health), " ", (row.row.name, "bold")]
    known = _known(row)
    for count in range(len(known), 0, -1):
        kept = known if count == len(known) else [*known[:count], "…"]
        rows = [*line(*head, (f"{PART}{PART.join(kept)}", "$quiet")).wrap(width)]
        if len(rows) <= room:
            return rows
    return [*line(*head).wrap(width)][:room]


def words_of(row: RowLine) -> str:
    """Return a row with all that is known of it, as text."""
    return PART.join([row.row.name, *_known(row)])


def _known(row: RowLine) -> list[str]:
    """Return what is known of a row, in words."""
    if isinstance(row, ReplicaLine):
        return [row.word, *_replica(row.row)]
    version = [f"LiteLLM {row.row.version}"] if row.row.version else []
    return [row.word, *(text.strip() for text, _ in proxy_parts(row.row)), *version]


def _replica(row: Replica) -> list[str]:
    """Return what an instance is and does, in words."""
    known = [text for text in (row.model, row.host if row.host not in row.name else "") if text]
    for column in COLUMNS:
        text = column.text(row)
        if text != NONE:
            known.append(f"{_UNITS.get(column.title, column.title)} {text}")
    return known


def _statement(said: FleetStatement, width: int) -> list[Content]:
    health = Health.ERROR if said.error else Health.WARNING
    parts: list[Part] = [health_sign(health), " ", (said.text, HEALTH_STYLES[health])]
    return [*line(*parts).wrap(width)]
