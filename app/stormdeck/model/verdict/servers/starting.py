"""State that a server is starting, with the last line of its log."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from stormdeck.model.deck import Deck
from stormdeck.model.finding import HopKind
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.snapshots.discovery import ServerProcess
from stormdeck.model.snapshots.failure import CUT_WORDS
from stormdeck.model.snapshots.server import (
    ProxySnapshot,
    VllmSnapshot,
    refuses_connections,
)
from stormdeck.model.symbols import Health
from stormdeck.model.text import clean
from stormdeck.model.units import duration
from stormdeck.model.verdict.statement import Statement, brief

_LONGEST_LINE = 120


def loading(deck: Deck, process: ServerProcess, now: float) -> Statement:
    """Return that a server's process runs and does not listen yet."""
    last = _last_line(deck, process)
    since = duration(max(0.0, now - process.started))
    return Statement(
        Health.WARNING,
        f"{process.kind.value if process.kind else 'vLLM'} is starting (process {process.pid}) and does not listen yet",
        f"It refuses connections while it loads, {since} so far."
        + (f" Its log: {last}" if last else " You can only wait."),
        HopKind.PROXY if process.kind is not None and process.kind.is_proxy else HopKind.SERVER,
        brief=brief(f"vLLM is starting (process {process.pid})", last or "it does not listen yet"),
        cause="it is still loading",
        evidence=f"process {process.pid} runs, its port refuses connections" + (f"; its log: {last}" if last else ""),
        step="wait",
        age=now - process.started,
    )


def starting(deck: Deck, base: Statement, server: VllmSnapshot | ProxySnapshot, now: float) -> Statement:
    """Return that a server on the path is starting; ``base`` names it."""
    processes = [found.process for found in deck.discovery.found] + list(deck.discovery.loading)
    process = next((one for one in processes if one is not None and one.pid == server.pid), None)
    last = _last_line(deck, process) if process is not None else ""
    until = "refuses connections" if refuses_connections(server) else "answers 503"
    until = "closes connections" if CUT_WORDS in server.detail else until
    return replace(
        base,
        health=Health.WARNING,
        headline=f"{base.headline} is starting and {until} until it has loaded",
        detail=f"{base.detail}. Its log: {last}" if last else base.detail,
        brief=brief(f"{base.headline} is starting", last or f"it {until} until it has loaded"),
        cause="it is still loading",
        evidence=f"{base.evidence}; its log: {last}" if last else base.evidence,
        step="wait",
        age=now - server.started if server.started else None,
    )


def _last_line(deck: Deck, process: ServerProcess) -> str:
    """Return the last line of a server's log, cleaned, masked and shortened; empty if there is none."""
    from stormdeck.model.logs.records import classify

    for path in (process.log, process.error_log):
        line = deck.tails.last_lines.get(str(path)) if isinstance(path, Path) else None
        if line is None:
            continue
        record = classify(line)
        words = " ".join(mask_text(clean(record.message if record is not None else line)).split())
        if words:
            return words if len(words) <= _LONGEST_LINE else words[: _LONGEST_LINE - 1].rstrip() + "…"
    return ""
