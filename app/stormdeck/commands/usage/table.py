"""Write usage as a table of a line a day, and say what its figures leave out."""

from __future__ import annotations

from datetime import date

from stormdeck.commands.text_layout import wrap
from stormdeck.model.units import NONE, duration, grouped, percent, plural, token_count
from stormdeck.model.usage.prices import Cost
from stormdeck.model.usage.report import Report, Row
from stormdeck.model.usage.undelivered import Spent

_HEADS = ("day", "turns", "in", "cached", "out", "waited", "GPU energy", "watched")
_COST = "cost"
_COLUMNS = 80


def lines(found: Report, today: date, *, has_prices: bool) -> list[str]:
    """Return the table, then its notes."""
    heads = (*_HEADS, _COST) if has_prices else _HEADS
    rows: list[tuple[str, ...]] = [heads]
    rows += [_cells("today" if day == today else day.isoformat(), row) for day, row in found.days.items()]
    if len(found.days) > 1:
        rows.append(_cells("total", found.whole))
    widths = [max(len(row[place]) for row in rows) for place in range(len(heads))]
    table = [
        "  ".join(
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=False))
        ).rstrip()
        for row in rows
    ]
    every = [*_notes(found.whole, has_prices=has_prices), *_other_sources(found)]
    notes = [line for note in every for line in wrap(note, _COLUMNS)]
    return [*table, *([""] if notes else []), *notes]


def _cells(name: str, row: Row) -> tuple[str, ...]:
    one, energy = row.totals, row.energy
    share, waited = one.cached_share, one.known_wait_s
    return (
        name,
        grouped(one.turns),
        token_count(one.known_in),
        percent(None if share is None else 100 * share),
        token_count(one.known_out),
        NONE if waited is None else duration(waited),
        NONE if energy is None else f"{energy.kwh:.2f} kWh",
        NONE if energy is None else duration(energy.watched_s),
        _cost(row.cost),
    )


def _cost(cost: Cost | None) -> str:
    if cost is None:
        return NONE
    if cost.most is None:
        return f"from {cost.least:.2f}"
    least, most = f"{cost.least:.2f}", f"{cost.most:.2f}"
    return least if least == most else f"{least} to {most}"


def _other_sources(found: Report) -> list[str]:
    """Return what other sources than the transcripts counted: beside the table, never in it."""
    notes, servers, wire = [], found.whole.servers, found.undelivered
    if servers is not None:
        notes.append(
            f"vLLM itself counted {token_count(round(servers.tokens_in))} in and "
            f"{token_count(round(servers.tokens_out))} out in the {duration(servers.watched_s)} that a panel watched: "
            "of every client, with retries and abandoned work."
        )
    if wire.seen:
        parts = [
            f"{plural(spent.requests, what)} had cost at least {token_count(spent.tokens_in)} in and "
            f"{token_count(spent.tokens_out)} out{_unreported(spent)}"
            for spent, what in ((wire.failed, "failed attempt"), (wire.abandoned, "abandoned request"))
            if spent.requests
        ]
        words = "; ".join(parts) or "each was answered"
        notes.append(f"Recorders that run now saw {plural(wire.seen, 'request')}: {words}.")
    return notes


def _unreported(spent: Spent) -> str:
    return f" ({spent.unreported} without any report)" if spent.unreported else ""


def _notes(whole: Row, *, has_prices: bool) -> list[str]:
    """Return what a reader must know of the figures; nothing that holds for every report."""
    one, notes = whole.totals, []
    if one.failed:
        notes.append(f"{plural(one.failed, 'turn')} ended with an error.")
    if one.unrecorded_in or one.unrecorded_out:
        notes.append(
            f"Tokens are not recorded for every turn: the prompt's are missing for {one.unrecorded_in}, the answer's "
            f"for {one.unrecorded_out}. Claude Code up to 2.1.42 writes no final count."
        )
    if one.tokens_in and one.cached_share is None:
        notes.append("cached: no server says what it had in its cache; vLLM does with --enable-prompt-tokens-details.")
    if one.retry_tokens is None and one.turns:
        seen = f"{plural(one.retries, 'retry', 'retries')} recorded, {plural(one.unfinished, 'request')} without an end"
        notes.append(f"Tokens of retries and abandoned work are unknown: no server reports them. {seen}.")
    elif one.abandoned_tokens is None and one.turns:
        notes.append(
            f"No retry. Tokens of abandoned work are unknown: {plural(one.unfinished, 'request')} without an end."
        )
    if whole.energy is None:
        notes.append("GPU energy: no panel watched a GPU in this time; a day back is kept.")
    elif one.turns:
        notes.append("GPU energy is that of the watched minutes alone; a day back is kept.")
    if has_prices and one.known_in is not None:
        notes.append("cost: what the recorded tokens would have cost at your prices.")
    return notes
