"""Simulated traffic in which nobody sends a request twice: what looks like a retry is chance."""

import random
from dataclasses import dataclass

from stormdeck.model.retries.chain import Request


@dataclass(frozen=True)
class Noise:
    """One kind of traffic without retries."""

    rate: float
    """Requests a second, of all users together."""
    failing: float
    """The share that fails, independent of each other."""
    users: int
    connections: str = "kept"
    """``kept``: each user's own, closed after 5 s of silence; ``new`` for each request; ``pool``: eight for all."""
    length_s: float = 900.0
    outage: tuple[float, float] | None = None
    """All requests of this span fail, in seconds from the start."""
    pace: str = "random"
    """``random`` arrivals, or a ``loop`` in which each user sends as soon as the answer is there."""
    statuses: tuple[int, ...] = (500,)

    def __str__(self):
        parts = [f"{self.rate:g}/s", f"{self.failing:.0%} failing", f"{self.users} users", self.connections]
        return ", ".join(parts + (["outage"] if self.outage else []) + ([self.pace] if self.pace != "random" else []))


def requests_of(noise, seed):
    """Return the requests of a log with this traffic, in order."""
    chance = random.Random(f"{seed} {noise}")  # noqa: S311 a simulation
    starts = 1_900_000_000.0
    ports = iter(range(10_000, 10_000_000))
    kept: dict[int, tuple[int, float]] = {}
    pool = [next(ports) for _ in range(8)]
    found = []
    for at, user in _arrivals(noise, chance):
        took = chance.lognormvariate(-2.0, 0.6)
        failed = chance.random() < noise.failing or bool(noise.outage and noise.outage[0] <= at <= noise.outage[1])
        if noise.connections == "pool":
            port = chance.choice(pool)
        else:
            port, seen = kept.get(user, (0, -100.0))
            if noise.connections == "new" or at - seen > 5.0:
                port = next(ports)
            kept[user] = (port, at + took)
        status = chance.choice(noise.statuses) if failed else 200
        found.append(Request("vllm.log", status, "10.0.0.7", port, round(starts + at + took, 3)))
    return sorted(found, key=lambda request: request.t)


def _arrivals(noise, chance):
    if noise.pace == "loop":
        each = noise.users / noise.rate
        times = []
        for user in range(noise.users):
            at = chance.uniform(0, each)
            while at < noise.length_s:
                times.append((at, user))
                at += chance.uniform(0.9, 1.1) * each
        return sorted(times)
    at, times = 0.0, []
    while (at := at + chance.expovariate(noise.rate)) < noise.length_s:
        times.append((at, chance.randrange(noise.users)))
    return times
