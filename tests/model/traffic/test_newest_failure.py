"""The newest failed request: after it the panel does not say "all well"."""

from log_lines import access
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.snapshots.traffic import Failure
from stormdeck.model.traffic.meter import TrafficMeter

NOW = 1_795_269_600.0
ERROR = "(APIServer pid=1) ERROR 11-21 14:01:28 [serving.py:274] ErrorInfo(message='The model `Q` does not exist.')"


def meter(*batches):
    counted = TrafficMeter()
    for ago, *lines in batches:
        counted.take(LogBatch("vllm.log", tuple(lines), NOW - ago, history=False))
    return counted.snapshot(NOW)


def test_it_is_reported_with_its_reason():
    assert meter((5, ERROR, access(404, 1))).failure == Failure(
        404, NOW - 5, "model `Q` does not exist", "vllm.log", passed=False, recent=True
    )


def test_one_that_was_answered_later_is_reported_so():
    seen = meter((9, access(404, 1)), (5, access(200, 2))).failure
    assert (seen.status, seen.at, seen.passed) == (404, NOW - 9, True)
    assert not meter((9, access(404, 1)), (5, access(200, 2)), (3, access(500, 3))).failure.passed


def test_without_one_there_is_none():
    assert meter((5, access(200, 1))).failure is None


def test_history_without_times_gives_no_failure():
    counted = TrafficMeter()
    counted.take(LogBatch("vllm.log", (access(500, 1),), NOW, history=True))
    assert counted.snapshot(NOW).failure is None
