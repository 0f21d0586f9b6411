"""Fail a test that leaves a thread running: it would raise, or hold its files, in a later test that is not at fault."""

import threading
import time

import pytest

from waiting import DEADLINE_S


class LeftThreads:
    """A pytest plugin. A thread may outlive its test only if a fixture of a wider scope started it."""

    def __init__(self):
        self._allowed = set(threading.enumerate())

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
        """Wait for the threads of the test, which end soon after they are stopped."""
        result = yield
        left = [one for one in threading.enumerate() if one not in self._allowed]
        end = time.monotonic() + DEADLINE_S
        for thread in left:
            thread.join(max(0.0, end - time.monotonic()))
        left = [one for one in left if one.is_alive()]
        self._allowed = {one for one in self._allowed if one.is_alive()} | set(left)
        assert not left, f"{item.nodeid} leaves threads running: {', '.join(sorted(one.name for one in left))}"
        return result
