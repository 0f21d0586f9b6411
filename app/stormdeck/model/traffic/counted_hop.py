"""Name the hop whose log counts."""

from __future__ import annotations

from stormdeck.model.deck import Deck


def counting_hop(deck: Deck) -> str:
    """Return the server whose log counts now, by its kind or else the name of its log; empty if there is none."""
    log = deck.traffic.counted if deck.traffic is not None else ""
    if not log:
        return ""
    for server in deck.discovery.found:
        logs = (server.process.log, server.process.error_log) if server.process is not None else ()
        if any(path is not None and log in {path.name, str(path)} for path in logs):
            return server.kind.value
    return log.rsplit("/", 1)[-1]
