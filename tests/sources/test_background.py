"""Blocking work in threads: what becomes of a call that is cancelled before its thread runs."""

import asyncio
import threading

from stormdeck.sources.io import background
from stormdeck.sources.io.background import run_in_thread


def test_a_call_cancelled_before_its_thread_runs_is_not_made_and_says_nothing(monkeypatch, capfd):
    threads, calls, thread_type = [], [], threading.Thread

    class LateThread(thread_type):
        """Starts when the test says so."""

        def start(self):
            threads.append(self)

    monkeypatch.setattr(background.threading, "Thread", LateThread)

    async def scene():
        call = asyncio.ensure_future(run_in_thread(calls.append, 1))
        await asyncio.sleep(0)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)

    asyncio.run(scene())
    for thread in threads:
        thread_type.start(thread)
        thread.join(5)
    assert len(threads) == 1
    assert calls == []
    assert capfd.readouterr() == ("", "")
