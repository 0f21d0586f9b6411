"""Blocking work in a thread beside the event loop: its value, its error, and a caller that gives up."""

import asyncio
import threading

import pytest

from stormdeck.sources.io import background
from stormdeck.sources.io.background import SingleFlight, run_in_thread, with_timeout


def test_the_value_comes_back():
    assert asyncio.run(run_in_thread(divmod, 7, 3)) == (2, 1)


def test_the_error_comes_back():
    with pytest.raises(ZeroDivisionError):
        asyncio.run(run_in_thread(divmod, 7, 0))


def test_work_that_hangs_is_left_behind():
    release = threading.Event()
    assert asyncio.run(with_timeout(0.01, "late", release.wait)) == "late"
    release.set()


def test_a_caller_that_is_cancelled_before_the_thread_begins_leaves_no_error(monkeypatch):
    errors, began, done = [], threading.Event(), []

    class LateThread(threading.Thread):
        """Begins its work when the test says so, as on a busy machine."""

        def run(self):
            began.wait(20)
            super().run()

    async def cancel_at_once():
        task = asyncio.create_task(run_in_thread(done.append, "ran"))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    monkeypatch.setattr(background.threading, "Thread", LateThread)
    monkeypatch.setattr(threading, "excepthook", errors.append)
    before = set(threading.enumerate())
    asyncio.run(cancel_at_once())
    (late,) = set(threading.enumerate()) - before
    began.set()
    late.join(20)
    assert (errors, done) == ([], [])


def test_one_look_at_a_time_and_the_next_takes_up_the_late_one():
    release, calls = threading.Event(), []

    def work():
        calls.append(1)
        release.wait(20)
        return len(calls)

    async def take_three_times():
        flight = SingleFlight(work)
        late = [await flight.take(0.01), await flight.take(0.01)]
        release.set()
        return [*late, await flight.take(20)]

    assert asyncio.run(take_three_times()) == [None, None, 1]
