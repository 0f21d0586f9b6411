"""Fail where a test has left a thread running: it would raise, or hold its files, in a test that is not at fault."""

import threading
import time

import pytest

from waiting import DEADLINE_S

_ELSEWHERE = "tests/real/"
"""A real program that hangs on purpose holds the thread that answers it."""


class LeftThreads:
    """A pytest plugin. A thread may outlive its test only if a fixture of a wider scope started it.

    A thread that was stopped ends soon. No test waits for that: one that has not ended a minute later fails the test
    that runs then, which names the one that left it.
    """

    def __init__(self):
        self._allowed = set(threading.enumerate())
        self._left: dict[threading.Thread, tuple[str, float]] = {}
        """By which test a thread was left, and until when it may run."""

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef):
        """Allow the threads of fixtures that several tests share."""
        if fixturedef.scope == "function":
            return (yield)
        before = set(threading.enumerate())
        try:
            return (yield)
        finally:
            self._allowed |= set(threading.enumerate()) - before

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item):
        """Note the threads of the test, and fail for those of earlier tests that still run."""
        result = yield
        now, running = time.monotonic(), threading.enumerate()
        if item.nodeid.startswith(_ELSEWHERE):
            self._allowed |= set(running)
        self._allowed.intersection_update(running)
        self._left = {
            one: self._left.get(one, (item.nodeid, now + DEADLINE_S)) for one in running if one not in self._allowed
        }
        late = {one: test for one, (test, end) in self._left.items() if now > end}
        self._allowed |= set(late)
        assert not late, "; ".join(sorted(f"{test} left {one.name} running" for one, test in late.items()))
        return result
