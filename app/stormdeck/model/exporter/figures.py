"""Read the figures of one moment from a deck: hops, findings, requests in flight, abandoned work."""

from __future__ import annotations

from collections.abc import Iterator

from stormdeck.model import request_path
from stormdeck.model.deck import Deck
from stormdeck.model.exporter import metrics
from stormdeck.model.exporter.labels import code_label
from stormdeck.model.exporter.metrics import Sample
from stormdeck.model.finding import HopKind
from stormdeck.model.symbols import Health
from stormdeck.model.traffic.abandoned_work import abandoned_work
from stormdeck.model.traffic.amplification import amplification

HOPS = {HopKind.CLIENT: "client", HopKind.PROXY: "proxy", HopKind.SERVER: "server", HopKind.GPU: "gpu"}
_UP = {Health.OK: 1, Health.WARNING: 1, Health.ERROR: 0}


def figures(deck: Deck, now: float) -> Iterator[Sample]:
    """Yield the figures that are known."""
    for hop in request_path.path(deck):
        if hop.health in _UP:
            yield Sample(metrics.HOP_UP, (HOPS[hop.kind],), _UP[hop.health])
    for code, severity in sorted({(code_label(one.code), one.severity.value) for one in deck.findings}):
        yield Sample(metrics.FINDING, (code, severity), 1)
    yield from _in_flight(deck, now)
    yield from _abandoned(deck)
    yield from _amplification(deck)


def _in_flight(deck: Deck, now: float) -> Iterator[Sample]:
    seen: dict[str, tuple[int, list[float]]] = {}
    traffic = deck.traffic
    if traffic is not None and traffic.waiting is not None:
        seen["transcripts"] = traffic.waiting, [one.since for one in traffic.in_flight]
    if deck.wire.recorders:
        seen["wire"] = len(deck.wire.in_flight), [one.started for one in deck.wire.in_flight]
    for source, (number, begun) in seen.items():
        yield Sample(metrics.IN_FLIGHT, (source,), number)
        yield Sample(metrics.OLDEST, (source,), max(0.0, now - min(begun, default=now)))


def _abandoned(deck: Deck) -> Iterator[Sample]:
    found = abandoned_work(deck)
    if found is None:
        return
    if found.number:
        # The first word of the sentence: likely, possible.
        confidence = found.confidence.split(",")[0].split(":")[0]
        yield Sample(metrics.ABANDONED, (confidence,), found.number)
    if found.tokens is not None:
        yield Sample(metrics.ABANDONED_TOKENS, (), found.tokens)


def _amplification(deck: Deck) -> Iterator[Sample]:
    if deck.traffic is None:
        return
    window = amplification(deck.traffic)
    if window.moved:
        return
    if window.turns:
        yield Sample(metrics.AMPLIFICATION, ("client", "exact"), window.requests / window.turns)
    asked = window.requests if window.asked is None else window.asked
    if window.upstream is not None and asked:
        bound = "at_least" if window.at_least else "exact"
        yield Sample(metrics.AMPLIFICATION, ("proxy", bound), window.upstream / asked)
