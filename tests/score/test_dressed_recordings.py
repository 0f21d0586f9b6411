"""Every recording reads the same in every dress: requests, turns, retries, storms, times where the dress has them."""

from __future__ import annotations

import pytest

from dresses import DRESSES, NONE
from log_lines import utc
from recorded import RECORDINGS, lines_of
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.traffic.log_analyzer import LogAnalyzer

FOLDERS = sorted(folder.name for folder in RECORDINGS.iterdir() if (folder / "access.lines.jsonl").exists())
TELLING = ("HTTP/", "ERROR", "Error", "reqId")
"""Words of the lines that are read; the others are read behind prefixes elsewhere."""


def _telling(name):
    lines = [(round(t, 3), line) for t, line in lines_of(RECORDINGS / name) if any(word in line for word in TELLING)]
    return sorted(lines, key=lambda one: one[0])


def _live(lines):
    analyzer = LogAnalyzer(local_time=utc)
    for t, line in lines:
        analyzer.take(LogBatch("vllm.log", (line,), t, history=False))
    return analyzer.report()


def _after(lines):
    analyzer = LogAnalyzer(local_time=utc)
    analyzer.take(LogBatch("vllm.log", tuple(line for _, line in lines), lines[-1][0] + 1, history=True))
    return analyzer.report()


def _counts(report):
    kinds = (report.http_requests, report.probes, report.main_requests, report.count_tokens, report.by_status)
    return *kinds, report.turns, report.retries, [(one.attempts, one.cause, one.outcome) for one in report.storms]


def _times(report):
    return [time for storm in report.storms for time in (storm.started, storm.last)]


@pytest.mark.parametrize("name", FOLDERS)
def test_a_recording_reads_as_plain_in_every_dress(name):
    lines = _telling(name)
    plain, untimed = _live(lines), _after(lines)
    for dress, (write, clock) in DRESSES.items():
        dressed = [(t, write(t, line)) for t, line in lines]
        found = _live(dressed)
        assert _counts(found) == _counts(plain), dress
        assert _times(found) == pytest.approx(_times(plain), abs=clock or 0.001), dress
        if clock is NONE:
            assert _counts(_after(dressed)) == _counts(untimed), dress
        elif clock < 1:
            after = _after(dressed)
            assert _counts(after) == _counts(plain), dress
            assert _times(after) == pytest.approx(_times(plain), abs=clock), dress
