"""The verdict on a soak: is memory flat, and are the counts those of the client?"""

import json
from dataclasses import dataclass
from operator import itemgetter
from statistics import mean, median

WARM_UP = 0.2
"""Share of the run in which caches fill."""
GROWTH_MIB = 6.0
"""Memory may differ by so much between the first and the last third: the allocator's own play."""
CPU_RATIO = 1.5
"""By both measures, a second and a request: other traffic moves one of them up and the other down.

The same panel took 13 to 16 % and 26 to 45 ms a request on 2 cores, quiet and with a load of 4 (measured).
"""
SPARE = 3
"""Tasks, threads and descriptors that a poll may have open just when they are counted."""


@dataclass(frozen=True)
class Row:
    """One promise, what was seen of it, and whether it holds."""

    what: str
    seen: str
    holds: bool
    judged: bool = True
    """Without it the run says nothing of the promise, and why stands in ``seen``."""

    @property
    def verdict(self):
        return "not judged" if not self.judged else "holds" if self.holds else "**fails**"


@dataclass(frozen=True)
class Sample:
    """The panel at one moment."""

    cpu_percent: float
    requests_s: float
    """Requests in a second, of the time since the sample before."""
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
    each, each_end = _of_a_request(first, cpu), _of_a_request(last, cpu_end)
    dearer = cpu_end > max(1.0, cpu) * CPU_RATIO and each_end > each * CPU_RATIO
    rows = [
        Row("memory", f"{memory:.1f} MiB, then {memory_end:.1f} MiB", memory_end - memory <= GROWTH_MIB),
        Row("CPU", f"{cpu:.1f} %, {each:.0f} ms a request; then {cpu_end:.1f} %, {each_end:.0f} ms", not dearer),
    ]
    for name in ("tasks", "threads", "descriptors"):
        before, after = both(name)
        rows.append(Row(name, f"{before:.0f}, then {after:.0f}", after <= before + SPARE))
    return rows


def _of_a_request(samples, cpu_percent):
    """Return the milliseconds of CPU that fall to one request, all else that the panel does in that time included."""
    return 10 * cpu_percent / max(0.01, mean(one.requests_s for one in samples))


@dataclass(frozen=True)
class Sent:
    """What the client wrote down, as a log can tell it."""

    requests: int
    retries: int
    unanswered: int
    """Attempts that got no answer: their connection was closed meanwhile. No log has a line of one, and the next
    attempt looks like the first."""

    @property
    def counts(self):
        """Return what the panel must count."""
        seen, retries = self.requests - self.unanswered, self.retries - self.unanswered
        return {"requests": seen, "turns": seen - retries, "retries": retries}


def sent(ledger):
    """Return what the client wrote down."""
    lines = [json.loads(line) for line in ledger.splitlines()]
    main = [line for line in lines if line["kind"] in {"main", "title"}]
    return Sent(len(main), sum(line["attempt"] > 1 for line in main), sum(line["status"] == 0 for line in main))


APART_S = 10.0
"""A line is written when an answer starts, the client's note when it ends: so long may lie between the two."""
AROUND_S = 60.0
"""What failed that long before a request may tell why it was judged so."""


def told_apart(judgements, ledger):
    """Return a line for each retry that only one of the two knows of, with what may tell why.

    That is what failed or was retried before it, and whatever came over the same connection or was taken for the same
    turn. ``judgements`` are the panel's own, a JSON line for each main request.
    """
    seen = [one for one in map(json.loads, judgements.splitlines()) if one["t"] is not None]
    noted = [one for one in map(json.loads, ledger.splitlines()) if one["kind"] == "main"]
    unmatched = [one for one in noted if one["attempt"] > 1]
    known = sorted([*seen, *(one for one in noted if not one["status"])], key=itemgetter("t"))
    revoked = {one.get("instead_of") for one in seen}
    found = []
    for one in seen:
        if one["attempt"] == 1 or one["t"] in revoked:
            continue
        same = next((true for true in unmatched if _alike(one, true)), None)
        if same is None:
            found.append((one["t"], "no retry, and taken for one", one))
        else:
            unmatched.remove(same)
    found += [(one["t"], "a retry, and not taken for one", one) for one in unmatched]
    return [f"{what}: {_words(one, t)}; {_around(t, one, known)}" for t, what, one in sorted(found, key=itemgetter(0))]


def _alike(one, true):
    return true["status"] == one["status"] and -1.0 <= true["t"] - one["t"] <= APART_S


def _around(t, one, seen):
    def concerns(other):
        late = t - other["t"]
        if other is one or late < -1.0:
            return False
        kin = any(name in one and other.get(name) == one[name] for name in ("port", "turn"))
        return kin or (late <= AROUND_S and (other["status"] != 200 or other["attempt"] > 1))

    return ", ".join(_words(other, t) for other in filter(concerns, seen)) or "nothing before it"


def _words(one, t):
    port = f" over {one['port']}" if "port" in one else ""
    turn = f" of turn {one['turn']}" if "turn" in one else ""
    return f"{one['t'] - t:+.3f} s: {one['status']}{port}, attempt {one['attempt']}{turn}"


def exact(shown, ledger, late):
    """Judge whether the panel counted what was sent.

    Which request is a retry is judged by waits: a machine that woke up too late may have blurred a turn each time, and
    no more. How many requests there were is reported by lines, on any machine.
    """
    rows = []
    account = sent(ledger)
    unseen = f", {account.unanswered} more got no answer and left no line" if account.unanswered else ""
    for name, number in account.counts.items():
        off = abs(shown.get(name, 0) - number)
        blurred = name != "requests" and 0 < off <= late.moments
        seen = f"{shown.get(name)} shown, {number} sent{unseen if name == 'requests' else ''}"
        rows.append(Row(name, f"{seen}: {late.words}" if blurred else seen, not off, judged=not blurred))
    return rows


def table(rows):
    """Return the rows as Markdown."""
    lines = [f"| {row.what} | {row.seen} | {row.verdict} |" for row in rows]
    return "\n".join(["| promise | seen | |", "| --- | --- | --- |", *lines])
