"""What a soak is judged by: is what the panel holds flat, and does it count what the client sent?"""

import json
from dataclasses import dataclass
from statistics import median

WARM_UP = 0.2
"""Share of the run in which caches fill."""
GROWTH_MIB = 6.0
"""Memory may differ by so much between the first and the last third: the allocator's own play."""
CPU_RATIO = 1.5
SPARE = 3
"""Tasks, threads and descriptors that a poll may have open just when they are counted."""


@dataclass(frozen=True)
class Row:
    """One promise, what was seen of it, and whether it holds."""

    what: str
    seen: str
    holds: bool


@dataclass(frozen=True)
class Sample:
    """The panel at one moment."""

    cpu_percent: float
    memory_mib: float
    tasks: int
    threads: int
    descriptors: int


def flat(samples):
    """Judge whether the panel holds and costs as much at the end as after its warm-up."""
    warm = samples[int(len(samples) * WARM_UP) :]
    third = max(1, len(warm) // 3)
    first, last = warm[:third], warm[-third:]

    def both(name):
        return median(getattr(one, name) for one in first), median(getattr(one, name) for one in last)

    (memory, memory_end), (cpu, cpu_end) = both("memory_mib"), both("cpu_percent")
    rows = [
        Row("memory", f"{memory:.1f} MiB, then {memory_end:.1f} MiB", memory_end - memory <= GROWTH_MIB),
        Row("CPU", f"{cpu:.1f} %, then {cpu_end:.1f} %", cpu_end <= max(1.0, cpu) * CPU_RATIO),
    ]
    for name in ("tasks", "threads", "descriptors"):
        before, after = both(name)
        rows.append(Row(name, f"{before:.0f}, then {after:.0f}", after <= before + SPARE))
    return rows


def sent(ledger):
    """Return what the client wrote down: ``requests``, ``turns`` and ``retries``, as the panel counts them."""
    lines = [json.loads(line) for line in ledger.splitlines()]
    main = [line for line in lines if line["kind"] in {"main", "title"}]
    retries = sum(line["attempt"] > 1 for line in main)
    return {"requests": len(main), "turns": len(main) - retries, "retries": retries}


def exact(shown, ledger):
    """Judge whether the panel counted what was sent."""
    return [
        Row(name, f"{shown.get(name)} shown, {number} sent", shown.get(name) == number)
        for name, number in sent(ledger).items()
    ]


def table(rows):
    """Return the rows as Markdown."""
    lines = [f"| {row.what} | {row.seen} | {'holds' if row.holds else '**fails**'} |" for row in rows]
    return "\n".join(["| promise | seen | |", "| --- | --- | --- |", *lines])
