"""The tables as Markdown for a reader and as JSON for a program."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from bench.figures import Budget, Measure, Row, Table


def markdown(tables: Sequence[Table], machine: Mapping[str, str]) -> str:
    """Return the report."""
    about = ", ".join(f"{name} {value}" for name, value in machine.items())
    head = ["# stormdeck beside its peers", "", f"Median (least–most) of the runs. {about}.", ""]
    return "\n".join([*head, *(line for table in tables for line in (*section(table), ""))])


def as_json(tables: Sequence[Table], machine: Mapping[str, str]) -> str:
    """Return the report with every sample."""
    return json.dumps({"machine": dict(machine), "tables": [_plain(table) for table in tables]}, indent=1) + "\n"


def section(table: Table) -> list[str]:
    """Return one table with its heading."""
    lines = [f"## {table.title}", "", table.how, ""]
    lines.append(_line(["", *(f"{measure.words}, {measure.unit}" for measure in table.measures)]))
    lines.append(_line(["---", *("---:" for _ in table.measures)]))
    lines += [_line([_name(row), *(cell(row, measure) for measure in table.measures)]) for row in table.rows]
    lines += [_line(foot) for foot in _feet(table)]
    skipped = [f"- {row.program} is left out: {row.skipped}" for row in table.rows if row.skipped]
    return [*lines, *(["", *skipped] if skipped else [])]


def cell(row: Row, measure: Measure) -> str:
    """Return a median and its spread."""
    samples, middle = row.samples.get(measure.key), row.middle(measure.key)
    if not samples or middle is None:
        return "skipped" if row.skipped else ""
    shown = number(middle, measure)
    least, most = number(min(samples), measure), number(max(samples), measure)
    return shown if least == most else f"{shown} ({least}–{most})"


def number(value: float, measure: Measure) -> str:
    """Return a value in the digits of its measure; one that was given up on says so."""
    if measure.ceiling is not None and value >= measure.ceiling:
        return f"> {measure.ceiling:,.0f}"
    return f"{value:,.{measure.digits}f}"


def judged(budget: Budget, value: float | None, measure: Measure) -> str:
    """Return what was allowed and whether it is met."""
    allowed = (
        f"≤ {budget.limit:,.{measure.digits}f} ({budget.words})"
        if budget.words
        else f"≤ {number(budget.limit, measure)}"
    )
    if value is None:
        return f"{allowed}: not measured"
    # Held against each other as printed, so that the verdict is the reader's.
    if round(value, measure.digits) <= round(budget.limit, measure.digits):
        return f"{allowed}: met"
    return f"{allowed}: missed, {value / budget.limit:.1f} times"


def _feet(table: Table) -> Iterable[list[str]]:
    """Yield the last rows: ours as a multiple, and the budgets."""
    base = table.row(table.base)
    if base and not base.skipped:
        yield [f"**stormdeck ÷ {table.base}**", *(_times(table.ratio(one, base)) for one in table.measures)]
    peers = [table.best_peer(one.key) for one in table.measures]
    if any(peers):
        shown = [
            f"{_times(ratio)} ({peer.program})" if peer and (ratio := table.ratio(one, peer)) else ""
            for one, peer in zip(table.measures, peers, strict=True)
        ]
        yield ["**stormdeck ÷ the best other**", *shown]
    if table.budgets:
        yield ["**budget**", *("; ".join(_verdicts(table, one)) for one in table.measures)]


def _verdicts(table: Table, measure: Measure) -> list[str]:
    found = [budget for budget in table.budgets if budget.measure == measure.key]
    return [judged(budget, table.worst(measure.key), measure) for budget in found]


def _times(ratio: float | None) -> str:
    if ratio is None:
        return ""
    return f"{ratio:.2f}" if ratio < 10 else f"{ratio:,.0f}"


def _name(row: Row) -> str:
    return f"{row.program} {row.version}".rstrip()


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _plain(table: Table) -> dict[str, Any]:
    """Return a table with what follows from it."""
    medians = {row.program: {one.key: row.middle(one.key) for one in table.measures} for row in table.rows}
    met = [
        {"measure": budget.measure, "limit": budget.limit, "ours": table.worst(budget.measure), "words": budget.words}
        for budget in table.budgets
    ]
    return {**asdict(table), "medians": medians, "budgets": met}
