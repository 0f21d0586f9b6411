"""The list of the checks area: the findings by hop, then what was found on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.widget import Widget

from stormdeck.model.canary.check import Check, Route, Verdict
from stormdeck.model.deck import Deck
from stormdeck.model.finding import Finding, HopKind, Severity
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.settings.fields import field_of
from stormdeck.model.snapshots.discovery import Found, Missed
from stormdeck.model.symbols import Health
from stormdeck.ui.bindings import bindings
from stormdeck.ui.rendering import HEALTH_STYLES, MORE, fit_words, health_sign, line, marked
from stormdeck.ui.widgets.panel import Panel

Item = Finding | Check | Found | Missed | str
"""What a row shows; a text is a heading, or says that there is nothing."""

SEVERITY_FROM = 60
"""Columns from which on the severity is shown as a word too."""
HOPS = {HopKind.CLIENT: "CLIENT", HopKind.PROXY: "PROXY", HopKind.SERVER: "VLLM", HopKind.GPU: "GPU"}


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the list."""

    item: Item
    heading: bool = False

    @property
    def is_selectable(self) -> bool:
        """Return whether the row can be selected."""
        return not isinstance(self.item, str)


def rows_of(deck: Deck, *, problems_only: bool) -> Iterator[Row]:
    """Yield the rows: findings by hop in path order, the worst first; then servers, logs, and what was not found."""
    shown = [one for one in deck.findings if not problems_only or one.severity is not Severity.INFO]
    for hop, title in HOPS.items():
        own = [finding for finding in shown if finding.hop is hop]
        checks = [check for check in deck.canary.checks if check.hop is hop] if deck.canary is not None else []
        checks = [check for check in checks if not problems_only or is_problem(check)]
        if own or checks or hop is HopKind.CLIENT:
            yield Row(title, heading=True)
            yield from map(Row, own)
            yield from map(Row, checks)
            if not own:
                yield Row(_nothing(deck))
    if deck.replay is not None:
        return
    yield Row("")
    yield Row("FOUND ON THIS MACHINE", heading=True)
    if not deck.discovery.done:
        yield Row("Searching for servers and logs")
    yield from map(Row, (*deck.discovery.found, *deck.discovery.beside))
    unread = " ".join(deck.own_faults.unread)
    yield from (Row(f"log  {path}") for path in deck.discovery.logs if str(path) not in unread)
    yield from (Row(note) for note in (*deck.discovery.log_notes, *deck.own_faults.unread, *deck.own_faults.remarks))
    if not problems_only:
        yield from map(Row, deck.discovery.missed)


def _nothing(deck: Deck) -> str:
    if deck.replay is not None:
        return "This is a replay: nothing is checked."
    if any(file.exists for file in deck.settings.files):
        return "No problems with the settings."
    return "No settings file yet. Press 3: the form fills in what a live server needs."


class CheckList(Panel, can_focus=True):
    """All rows, one of them selected. It is as high as its rows."""

    BINDINGS = bindings("checks", inner=True)

    class Chosen(Message):
        """Another row is selected."""

        def __init__(self, item: Item | None) -> None:
            self.item = item
            super().__init__()

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self.problems_only = False
        self.current: Item | None = None
        self._rows: list[Row] = []

    def part(self, deck: Deck) -> object:
        """Return what the rows depend on."""
        states = [one.state for one in (deck.proxy, deck.vllm) if one is not None]
        files, replayed = deck.settings.files, deck.replay is not None
        return deck.findings, files, deck.discovery, deck.canary, replayed, deck.own_faults, states

    def watch_deck(self, old: Deck, new: Deck) -> None:
        """Update the rows if their part of the deck has changed."""
        if not self._rows or self.part(old) != self.part(new):
            self.fill()

    def fill(self) -> None:
        """Update the rows; the same item stays selected, or else the worst finding is."""
        self._rows = list(rows_of(self.deck, problems_only=self.problems_only))
        items = self._items()
        same = next((item for item in items if _same(item, self.current)), None)
        self._select(same if same is not None else _worst(items))
        self.refresh(layout=True)
        if same is None and self.current is not None:
            self.call_after_refresh(self._show_current)

    def action_move(self, step: int) -> None:
        """Select the next or the previous row."""
        items = self._items()
        if items:
            self.go_to(items[max(0, min(len(items) - 1, self._place(items) + step))])

    def go_to_edge(self, index: int) -> None:
        """Select the first row (0) or the last (-1)."""
        items = self._items()
        if items:
            self.go_to(items[index])

    def go_to_next(self, wanted: Callable[[Item], bool], step: int) -> bool:
        """Select the next or the previous wanted row, round the end; return whether there is one."""
        items = self._items()
        at = self._place(items)
        order = [items[(at + step * count) % len(items)] for count in range(1, len(items) + 1)]
        found = next((item for item in order if wanted(item)), None)
        if found is not None:
            self.go_to(found)
        return found is not None

    def on_click(self, event: events.Click) -> None:
        """Select the clicked row."""
        place = event.get_content_offset(self)
        if place is not None and 0 <= place.y < len(self._rows) and self._rows[place.y].is_selectable:
            self.go_to(self._rows[place.y].item)

    def _items(self) -> list[Item]:
        return [row.item for row in self._rows if row.is_selectable]

    def _place(self, items: list[Item]) -> int:
        return next((index for index, item in enumerate(items) if item is self.current), 0)

    def go_to(self, item: Item) -> None:
        """Select a row and scroll to it."""
        self._select(item)
        self.refresh()
        self._show_current()

    def _show_current(self) -> None:
        """Scroll to the selected row."""
        place = next((index for index, row in enumerate(self._rows) if row.item is self.current), 0)
        # With the row above it, which may be the heading of its group.
        region = Region(0, max(0, place - 1), self.size.width, 3)
        if isinstance(self.parent, Widget):
            self.parent.scroll_to_region(region, animate=False)

    def _select(self, item: Item | None) -> None:
        self.current = item
        self.post_message(self.Chosen(item))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the number of rows."""
        return max(1, len(self._rows))

    def rows(self, width: int, height: int) -> list[Content]:
        """Return the rows."""
        return [self._draw(row, width) for row in self._rows]

    def _draw(self, row: Row, width: int) -> Content:
        if row.heading:
            return line((str(row.item), "$quiet bold"))
        item = row.item
        shown = _found(item, self.deck) if isinstance(item, Found) else _text(item, width - 1)
        text = Content.assemble(" ", shown).truncate(width, ellipsis=True)
        return marked(text, width, focused=self.has_focus) if row.item is self.current else text


def _worst(items: list[Item]) -> Item | None:
    """Return the first of the worst findings, else the first item."""
    found = [item for item in items if isinstance(item, Finding)]
    order = list(Severity)
    return min(found, key=lambda one: order.index(one.severity)) if found else items[0] if items else None


def is_problem(item: Item) -> bool:
    """Return whether a row is a problem."""
    match item:
        case Finding():
            return item.severity is not Severity.INFO
        case Check():
            return item.verdict in {Verdict.FAIL, Verdict.WARN}
        case _:
            return False


def search_text(item: Item) -> str:
    """Return the text in which a row is searched, in lower case."""
    return f"{_text(item).plain} {item.message if isinstance(item, Finding) else ''}".casefold()


def _same(item: Item, other: Item | None) -> bool:
    if isinstance(item, Finding) and isinstance(other, Finding):
        return (item.code, item.path, item.line) == (other.code, other.path, other.line)
    if isinstance(item, Found) and isinstance(other, Found):
        return item.url == other.url
    return item == other


def _found(found: Found, deck: Deck) -> Content:
    """Return the row of a server with its health as in the path bar, or as the search found it."""
    server = next((one for one in (deck.proxy, deck.vllm) if one is not None and one.url == found.url), None)
    met = server.state if server is not None else found.met
    why = next((one.why for one in deck.discovery.missed if one.is_at(found.url)), "") if server is None else ""
    state = why or ("" if met.health is Health.OK else met.value)
    sign = met.health
    if why and sign is Health.OK:
        sign = Health.ERROR if "connection refused" in why else Health.WARNING
    row = line(health_sign(sign), " ", (found.kind.value, "bold"), f"  {mask_text(found.url)}")
    return line(row, (f"  {mask_text(state)}", "$quiet")) if state else row


def _text(item: Item, width: int = 200) -> Content:
    """Return the text of a row: its sign, and as many whole words as fit."""
    match item:
        case Finding():
            name = item.path.removeprefix("env.") or (item.file or "").rsplit("/", 1)[-1]
            word = (f"{item.severity.value:<8}", HEALTH_STYLES[item.severity.health]) if width >= SEVERITY_FROM else ""
            head = line(health_sign(item.severity.health), " ", word, (f"{item.code:<11}", "$accent"))
            room = width - head.cell_length
            known = field_of(item.path)
            for short in (name, known.label if known is not None else ""):
                if short and cell_len(f"{short}  {item.title}") <= room:
                    return line(head, (short, "bold"), f"  {item.title}")
            return line(head, fit_words(item.title, max(0, room), more=MORE))
        case Check():
            route = "  vLLM itself" if item.route is Route.DIRECT else ""
            text = line((f"{'canary':<11}", "$quiet"), (item.name, "bold"), f"  {item.verdict.value}{route}")
            return line(health_sign(item.verdict.health), " ", text)
        case Found():
            return line(health_sign(item.met.health), " ", (item.kind.value, "bold"), f"  {mask_text(item.url)}")
        case Missed():
            sign = line(health_sign(Health.UNKNOWN), " ", (mask_text(item.what), "$quiet"))
            why = fit_words(mask_text(item.why), max(0, width - sign.cell_length - 2), more=MORE)
            return line(sign, (f"  {why}", "$quiet"))
        case _:
            return line(("  " + item, "$quiet"))
