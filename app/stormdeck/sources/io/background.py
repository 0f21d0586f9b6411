"""Run blocking calls in threads, so that a call that hangs blocks neither the event loop nor the exit."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def run_in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what ``work`` returns, run in a daemon thread of its own.

    Unlike ``asyncio.to_thread``, whose pool is joined at exit, a call that hangs does not keep the program from
    ending. When the caller is cancelled, the thread runs on.
    """
    outcome: Future[T] = Future()

    def run() -> None:
        if not outcome.set_running_or_notify_cancel():
            return
        try:
            outcome.set_result(work(*args, **kwargs))
        except BaseException as error:
            outcome.set_exception(error)

    threading.Thread(target=run, name="background", daemon=True).start()
    return await asyncio.wrap_future(outcome)


def call_in_loop(loop: asyncio.AbstractEventLoop, call: Callable[[], object]) -> bool:
    """Have a loop call something soon, from any thread; return ``False`` if the loop is closed.

    A thread may still be at work when the panel has exited, so a closed loop is no error.
    """
    try:
        loop.call_soon_threadsafe(call)
    except RuntimeError:
        return False
    return True


async def with_timeout(seconds: float, otherwise: T, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what ``work`` returns, or ``otherwise`` after a timeout; the thread runs on then.

    >>> text = await with_timeout(3.0, "", path.read_text)
    """
    try:
        async with asyncio.timeout(seconds):
            return await run_in_thread(work, *args, **kwargs)
    except TimeoutError:
        return otherwise


class SingleFlight(Generic[T]):
    """Repeated blocking work: while one call is late, no second one is started."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._late: asyncio.Future[T] | None = None

    async def take(self, seconds: float) -> T | None:
        """Return what the work returns, ``None`` after a timeout; the next call waits for the same result."""
        call = self._late or asyncio.ensure_future(run_in_thread(self._work))
        self._late = call
        await asyncio.wait({call}, timeout=seconds)
        if not call.done():
            return None
        self._late = None
        return call.result()
