"""A working day in recordings: the real client's sessions end to end, while the path changes under the panel.

Each session is played at its hop, in time, as the log's reader and the transcripts' reader deliver it; what the panel
says at the end is compared with the labels.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, replace
from math import floor

import pytest

from recorded import RECORDINGS, moved, truth
from stormdeck.feed.storms import StormFeed
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.traffic.meter import TrafficMeter
from stormdeck.sources.state.storm_store import StormStore

MORNING = 1_900_000_000.0
READ_S = 0.25
LAG_S = 0.4
"""A transcript is written that long after the event at most (measured)."""
NOTICED_S = 3.0
"""The settings are read within a second, and the servers behind a new address are looked for within two."""
LITELLM, VLLM, LATER = "litellm.log", "vllm.log", "litellm2.log"


@dataclass(frozen=True)
class Step:
    """One recording at one hop."""

    name: str
    log: str = LITELLM
    is_stopped: bool = False
    """The panel is stopped meanwhile."""
    is_complete: bool = True
    """The settings say that the path changes; else another log is found where the last one was."""


DAY = (
    Step("healthy_tools_int_2.1.332"),
    Step("subagents_healthy_2.1.332"),
    Step("500x5_mid_2.1.329"),
    Step("429_ra2_x4_2.1.332", VLLM),
    Step("cut_r4_2.1.329", VLLM),
    Step("two_sessions_2.1.332"),
    Step("subagents_503x3_both_2.1.332", is_stopped=True),
    Step("always500_r5_2.1.329", LATER, is_complete=False),
    Step("subagent_500x4_2.1.332", VLLM),
    Step("reset_r5_2.1.329", LATER),
    Step("trap_resend400_int_2.1.332", LATER, is_stopped=True),
    Step("hang2_ok_int_2.1.332", LATER),
)


class Day:
    """The day as a list of what comes to the panel, in time."""

    def __init__(self, steps):
        self.events: list[tuple[float, str, tuple]] = []
        self.entries = []
        self.truth = Counter()
        self.storms = []
        self.stops = []
        at, log = MORNING, None
        for number, step in enumerate(steps):
            folder = RECORDINGS / step.name
            labels = truth(folder)
            start, end = labels["recording"]["start_t"], labels["recording"]["end_t"]
            lines, entries = moved(folder, at - start, 4000 * number)
            if step.log != log:
                self._change(step, at - 1.0)
                log = step.log
            until = at + (end - start)
            reads = (at, until) if step.is_stopped else None
            self._read(lines, step.log, reads)
            if step.log != VLLM:
                self._read([behind(t, line) for t, line in lines], VLLM, reads)
            self.events += [(reads[1] if reads else entry.t + LAG_S, "take_entry", (entry,)) for entry in entries]
            self.stops += [reads] if reads else []
            self.entries += entries
            self._label(labels, at - start)
            at = until + 5.0
        self.end = at
        self.events.sort(key=lambda event: event[0])

    def _change(self, step, t):
        noticed = t + NOTICED_S
        self.events.append((noticed, "set_primary", (step.log, t if step.is_complete else None, noticed)))

    def _read(self, lines, log, reads):
        """Let lines come as they are read: four times a second, or all at once after a stop."""
        batches = {}
        for t, line in lines:
            batches.setdefault(0 if reads else floor(t / READ_S), []).append((t, line))
        for number, some in batches.items():
            since, read = reads or (number * READ_S, (number + 1) * READ_S)
            batch = LogBatch(log, tuple(line for _, line in some), some[-1][0], history=False, since=since)
            self.events.append((read, "take", (batch,)))

    def _label(self, labels, seconds):
        totals = labels["totals"]
        self.truth += Counter(
            requests=totals["main_requests"], turns=totals["logical_requests"], retries=totals["retries"]
        )
        for storm in labels["storms"]:
            what = storm["attempts"], storm["status_or_cause"], storm["recovered"]
            self.storms.append((round(storm["start_t"] + seconds), *what))


def behind(t, line):
    """Return a line of the proxy as the server behind it writes it."""
    return t - 0.01, line.replace("127.0.0.1:", "127.0.0.1:1", 1) if "POST" in line else line


def play(day, panel, *, until=None):
    """Let the day come to a panel, which looks once a second, and not while it is stopped."""
    looked = MORNING
    for t, name, values in day.events:
        while looked + 1 < t and not any(begun < looked + 1 < ended for begun, ended in day.stops):
            looked += 1
            panel.snapshot(looked)
        looked = max(looked, floor(t) - 1.0)
        if until is not None and t > until:
            break
        getattr(panel, name)(*values)
    return panel


def panel():
    return TrafficMeter(window_s=3600)


def shown(storms):
    rows = [(round(one.started), one.attempts, one.cause, one.outcome.value == "recovered") for one in storms]
    return sorted(rows)


def near(found, true):
    """Return whether storms are the true ones; their starts may differ by a second."""
    return len(found) == len(true) and all(
        abs(one[0] - other[0]) <= 1 and one[1:] == other[1:] for one, other in zip(found, sorted(true), strict=True)
    )


def remembered(file, *traffic):
    """Return what a panel with this memory shows, and keep what is over."""

    async def scene():
        feed = StormFeed(StormStore(file))
        running = asyncio.ensure_future(feed.run())
        for one in traffic:
            await asyncio.sleep(0)
            storms = feed.take(one).storms
            await feed.wait_saved()
        running.cancel()
        return storms

    return asyncio.run(scene())


@pytest.fixture(scope="module")
def day():
    return Day(DAY)


def test_at_its_end_every_total_is_the_true_one(day):
    seen = play(day, panel()).snapshot(day.end)
    assert {"requests": seen.requests, "turns": seen.turns, "retries": seen.retries} == day.truth
    assert near(shown(seen.storms), day.storms), (shown(seen.storms), sorted(day.storms))
    assert [change.log for change in seen.changes] == [VLLM, LITELLM, LATER, VLLM, LATER]
    assert len(seen.gaps) == sum(step.is_stopped for step in DAY)
    assert sum(sum(bucket) for bucket in seen.buckets) == day.truth["requests"]


def test_every_storm_names_its_session_and_folder(day):
    seen = play(day, panel()).snapshot(day.end)
    assert all(storm.session and storm.folder for storm in seen.storms)


def test_a_panel_that_is_started_at_the_end_shows_the_same_storms(day, tmp_path):
    """Its logs tell no times, so that it has the transcripts and what the first panel remembered."""
    file = tmp_path / "storms.sqlite3"
    first = remembered(file, play(day, panel()).snapshot(day.end))
    fresh = panel()
    for entry in day.entries:
        fresh.take_entry(entry)
    seen = fresh.snapshot(day.end)
    assert (seen.requests, seen.turns, seen.retries) == tuple(
        day.truth[key] for key in ("requests", "turns", "retries")
    )
    alone = shown(seen.storms)
    assert [storm[:2] + storm[3:] for storm in alone] == [storm[:2] + storm[3:] for storm in shown(first)]
    assert "reset" not in {cause for _, _, cause, _ in alone} - {cause for _, _, cause, _ in day.storms}
    again = remembered(file, seen, replace(seen, client_version="again"))
    assert near(shown(again), day.storms)
    assert near(shown(StormStore(file).load()), day.storms)


@pytest.mark.parametrize("minute", range(1, 6))
def test_a_panel_that_was_stopped_and_started_anew_on_the_way_remembers_the_same(day, tmp_path, minute):
    """What it saw of a storm that went on is a part of it, and gives way to the whole."""
    file = tmp_path / "storms.sqlite3"
    middle = MORNING + 60.0 * minute + 7
    remembered(file, play(day, panel(), until=middle).snapshot(middle))
    remembered(file, play(day, panel()).snapshot(day.end))
    assert near(shown(StormStore(file).load()), day.storms)
