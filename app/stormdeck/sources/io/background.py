"""Blocking work beside the event loop, such that work that hangs holds up nothing."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def run_in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what ``work`` returns, from a daemon thread of its own.

    The pool behind ``asyncio.to_thread`` is waited for at exit: a look at a drive that does not answer would keep the
    program from ending. A caller that is cancelled leaves the thread behind.
    """
    outcome: Future[T] = Future()

    def run() -> None:
        if not outcome.set_running_or_notify_cancel():
            return  # cancelled before the thread began: nobody takes the value
        try:
            outcome.set_result(work(*args, **kwargs))
        except BaseException as error:
            outcome.set_exception(error)

    threading.Thread(target=run, name="aside", daemon=True).start()
    return await asyncio.wrap_future(outcome)


async def with_timeout(seconds: float, otherwise: T, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what ``work`` returns, or something else where it takes longer; its thread is left behind then."""
    try:
        async with asyncio.timeout(seconds):
            return await run_in_thread(work, *args, **kwargs)
    except TimeoutError:
        return otherwise


class SingleFlight(Generic[T]):
    """Blocking work that is asked for again and again: while one look is late, no second one is begun."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._late: asyncio.Future[T] | None = None

    async def take(self, seconds: float) -> T | None:
        """Return what the work returns, ``None`` where it takes longer."""
        look = self._late or asyncio.ensure_future(run_in_thread(self._work))
        self._late = look
        await asyncio.wait({look}, timeout=seconds)
        if not look.done():
            return None
        self._late = None
        return look.result()
