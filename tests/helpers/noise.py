"""Simulated traffic: without any retry, so that what looks like one is chance, or with those of known clients."""

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
    """``random`` arrivals; a ``loop`` in which each user sends at a beat; a ``batch`` job in which each user's next
    request follows the answer at once."""
    statuses: tuple[int, ...] = (500,)
    sdk: str = ""
    """Whose retries follow a failure: a name in ``SDKS``; nobody's if empty."""

    def __str__(self):
        parts = [f"{self.rate:g}/s", f"{self.failing:.0%} failing", f"{self.users} users", self.connections]
        return ", ".join(
            parts
            + (["outage"] if self.outage else [])
            + ([self.sdk] if self.sdk else [])
            + ([self.pace] if self.pace != "random" else [])
        )


def _of_openai(chance, retry):
    """openai-python and anthropic-sdk-python (read, 3.57 and 2.14: _base_client.py): 0.5 s doubled, 8 s at most."""
    return min(0.5 * 2.0**retry, 8.0) * (1 - 0.25 * chance.random())


def _of_litellm(chance, retry):
    """LiteLLM (read, 1.110.2: utils.py, _calculate_retry_after): the same with up to 0.75 s more."""
    return min(0.5 * 2.0**retry + 0.75 * chance.random(), 8.0)


def _of_claude(chance, retry):
    """Claude Code (measured): 0.5 s doubled, each times 1 to 1.25."""
    return 0.5 * 2.0**retry * (1 + 0.25 * chance.random())


SDKS = {"claude": (10, _of_claude), "openai": (2, _of_openai), "litellm": (2, _of_litellm)}
"""By name: how often a request is sent again, and the wait before it."""


def requests_of(noise, seed):
    """Return the requests of a log with this traffic, in order."""
    return [request for request, _ in labelled(noise, seed)]


def labelled(noise, seed):
    """Return the requests of a log with this traffic in order, each with the number of what was asked."""
    chance = random.Random(f"{seed} {noise}")  # noqa: S311 a simulation
    starts = 1_900_000_000.0
    ports = iter(range(10_000, 10_000_000))
    kept: dict[int, tuple[int, float]] = {}
    pool = [next(ports) for _ in range(8)]
    found = []
    retries, wait = SDKS.get(noise.sdk, (0, None))
    for asked, (arrived, user) in enumerate(_arrivals(noise, chance)):
        at = arrived
        for retry in range(retries + 1):
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
            found.append((Request("vllm.log", status, "10.0.0.7", port, round(starts + at + took, 3)), asked))
            if not failed or retry == retries:
                break
            at += took + wait(chance, retry)
    return sorted(found, key=lambda one: one[0].t)


def _arrivals(noise, chance):
    if noise.pace == "batch":
        # Each worker's answers take 0.15 s on average, and nothing waits between two.
        times = []
        for user in range(noise.users):
            at = chance.uniform(0, 1)
            while at < noise.length_s:
                times.append((at, user))
                at += 0.02 + chance.lognormvariate(-2.0, 0.6)
        return sorted(times)
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
