"""What really happened: the ledgers of both servers, and the attempts that the client wrote down itself."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from asked import AUXILIARY, MAIN, Asked

STORM = 3
"""Attempts of one turn that make a storm (design: words)."""


@dataclass(frozen=True)
class Turn:
    """One turn with its attempts, as the servers saw them."""

    attempts: tuple[Asked, ...]

    @property
    def started(self) -> float:
        """Return when its first attempt came."""
        return self.attempts[0].t

    @property
    def is_storm(self) -> bool:
        """Return whether it took three attempts or more."""
        return len(self.attempts) >= STORM

    @property
    def recovered(self) -> bool:
        """Return whether its last attempt was answered whole."""
        return self.attempts[-1].whole and self.attempts[-1].status == 200


@dataclass(frozen=True)
class Account:
    """Counts of a span of time at the hop that the client speaks to."""

    requests: int
    turns: int
    retries: int
    storms: tuple[Turn, ...]


def read_ledger(path: Path) -> list[Asked]:
    """Return the POSTs of a ledger in the order in which they came; none where there is no file yet."""
    found: dict[int, Asked] = {}
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    base = 0
    for line in map(json.loads, lines):
        if "t" in line:
            if line["id"] == 0 and found:
                base = max(found) + 1  # The server was started again.
            found[base + line["id"]] = Asked(
                line["t"], "POST", line["path"], line["port"], line["headers"], line["body"].encode()
            )
        elif one := found.get(base + line["id"]):
            one.status, one.whole = line["status"], line["whole"]
    return list(found.values())


def client_hop(proxy: Iterable[Asked], vllm: Iterable[Asked]) -> list[Asked]:
    """Return what the client itself sent: all at the proxy, and at vLLM what the proxy did not pass on."""
    direct = (one for one in vllm if "x-day-proxy" not in one.headers)
    messages = (one for one in (*proxy, *direct) if one.kind in {MAIN, AUXILIARY})
    return sorted(messages, key=lambda one: one.t)


def turns_of(requests: Iterable[Asked]) -> list[Turn]:
    """Return the main requests by turn: a session asks the same thing again only where it got no whole answer."""
    turns: dict[tuple[str, str], list[Asked]] = {}
    for one in requests:
        if one.kind == MAIN:
            turns.setdefault(one.key, []).append(one)
    return [Turn(tuple(attempts)) for attempts in turns.values()]


def account(requests: Sequence[Asked], since: float = 0.0, until: float = float("inf")) -> Account:
    """Return the counts of the requests that came in a span; a turn counts where its first attempt came."""
    turns = turns_of(requests)
    within = [one for turn in turns for one in turn.attempts if since <= one.t < until]
    firsts = [turn for turn in turns if since <= turn.started < until]
    return Account(len(within), len(firsts), len(within) - len(firsts), tuple(turn for turn in firsts if turn.is_storm))


def attempts_written(transcripts: Path) -> dict[str, list[float]]:
    """Return the times of each request's attempts by its digest: those that reached no server too (2.1.332)."""
    found: dict[str, list[float]] = defaultdict(list)
    for path in transcripts.rglob("*.jsonl"):
        for line in path.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            if entry.get("type") == "api-request":
                when = datetime.fromisoformat(entry["timestamp"]).timestamp()
                found[f"{path}:{entry['requestDigest']}"].append(when)
    return found
