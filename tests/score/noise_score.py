"""How many storms are found in simulated traffic in which there are none, or those of known clients."""

from dataclasses import dataclass
from itertools import product

from noise import Noise, labelled
from stormdeck.model.retries.analyzer import RetryAnalyzer
from stormdeck.model.retries.odds.confidence import Confidence

SEED = 22
"""The limits were chosen with this one."""
UNTOUCHED = 20_261_130
"""For ``make score``: no limit was ever looked at with it."""
CONNECTIONS = ("kept", "new", "pool")
PACES = ("random", "loop")
OUTAGES = [
    Noise(rate, 0.02, users, connections, length_s=300, outage=(60, 240))
    for rate, users, connections in product((0.3, 1, 4), (3, 30), CONNECTIONS)
]
SMALL = [
    *(
        Noise(rate, failing, users, "kept", length_s=300)
        for rate, failing, users in product((0.3, 0.8, 3), (0.05, 0.3, 1), (1, 10, 50))
    ),
    *(Noise(0.8, failing, 10, connections) for failing, connections in product((0.05, 1), ("new", "pool"))),
    Noise(8, 0.3, 50, "kept", length_s=120, pace="loop"),
    *OUTAGES[::4],
]
"""For each run of the tests."""
LARGE = [
    *(
        Noise(rate, failing, users, connections, length_s=900 if rate < 5 else 240, pace=pace)
        for rate, failing, users, connections, pace in product(
            (0.1, 0.3, 0.8, 2, 5, 20), (0.05, 0.2, 0.5, 1), (1, 10, 200), CONNECTIONS, PACES
        )
    ),
    *OUTAGES,
    *(
        Noise(0, failing, users, connections, length_s=120, pace="batch")
        for failing, users, connections in product((0.05, 0.3, 1), (1, 4), CONNECTIONS)
    ),
]
"""For ``make score``: no retries at all."""
OPENED = [
    Noise(rate, failing, users, connections, length_s=20)
    for rate, failing, users, connections in product((0.3, 0.8, 2, 5), (0.05, 0.3, 1), (1, 10), CONNECTIONS)
]
"""The first 20 seconds of a panel that was just opened."""
OTHERS = [
    Noise(rate, failing, users, connections, length_s=600, sdk=sdk)
    for rate, failing, users, connections, sdk in product(
        (0.1, 0.5, 2), (0.05, 0.3), (1, 10), ("kept", "new"), ("openai", "litellm")
    )
]
"""Retries of other clients: three attempts of one request are a storm, and nothing else is."""


@dataclass(frozen=True)
class Found:
    """What was found in one kind of noise."""

    noise: Noise
    requests: int
    chains: int
    """Turns that seem to have three attempts or more."""
    false: int
    """Those of them that are called sure or likely."""
    retries: int
    """Retries that are called sure or likely."""


def found_in(noise, seed=SEED):
    """Return what is found in this traffic."""
    asked = labelled(noise, seed)
    requests = [request for request, _ in asked]
    analyzer = RetryAnalyzer()
    analyzer.take_events(enumerate(requests))
    report = analyzer.report()
    called = [storm for storm in report.storms if storm.confidence is not Confidence.UNSURE]
    true = storms_of(asked)
    false = sum(not any(first <= one.last and one.started <= last for first, last in true) for one in called)
    return Found(noise, len(requests), len(report.storms), false, report.retries)


def storms_of(asked):
    """Return when each request that was sent three times began and ended."""
    times: dict[int, list[float]] = {}
    for request, number in asked:
        times.setdefault(number, []).append(request.t)
    return [(min(seen), max(seen)) for seen in times.values() if len(seen) >= 3]


def noise_table(kinds, seed=SEED, title="no retries at all"):
    """Return the table: for each share of failures and kind of connection, the requests and what was found in them."""
    everything = [found_in(noise, seed) for noise in kinds]
    lines = [f"{title:34}{'requests':>9}{'look like storms':>18}{'false storms':>15}{'called retries':>16}"]
    groups = {}
    for one in everything:
        noise = one.noise
        name = "outage" if noise.outage else f"{noise.failing:.0%} failing"
        name = f"{noise.sdk or noise.pace}, {name}" if noise.sdk or noise.pace == "batch" else name
        groups.setdefault((f"{name}, connections {noise.connections}"), []).append(one)
    for name, found in [*groups.items(), ("all", everything)]:
        sums = [sum(getattr(one, key) for one in found) for key in ("requests", "chains", "false", "retries")]
        lines.append(f"{name:34}{sums[0]:>9}{sums[1]:>18}{sums[2]:>15}{sums[3]:>16}")
    return lines
