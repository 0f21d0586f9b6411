"""Keys as a terminal hands them to the panel, and a thread that sleeps while there are none."""

import asyncio
import contextlib
import os
import selectors
import threading
import tty

import pytest
from textual import constants, events

from panel import DEADLINE_S, in_loop
from stormdeck.ui.textual_patches.driver import PanelDriver, escape_delay
from waiting import eventually


class Keyboard:
    """A terminal without a screen, the driver's thread that reads it, and what that delivers."""

    def __init__(self, panel):
        self.terminal, self.typed_into = os.openpty()
        tty.setraw(self.typed_into)
        self._handed = []
        self.driver = PanelDriver(panel())
        self.driver.fileno = self.typed_into
        vars(self.driver)["process_message"] = self._handed.append
        self.thread = threading.Thread(target=self.driver.run_input_thread, daemon=True)
        self.thread.start()

    @property
    def keys(self):
        return [event.key for event in self._handed if isinstance(event, events.Key)]

    def type(self, text):
        os.write(self.terminal, text)

    async def until(self, happened):
        await eventually(happened, lambda: f"it did not happen; keys: {self.keys}")

    async def end(self):
        self.driver.exit_event.set()
        await asyncio.to_thread(self.thread.join, DEADLINE_S)
        assert not self.thread.is_alive()


@contextlib.asynccontextmanager
async def keyboard(panel):
    held = Keyboard(panel)
    try:
        yield held
    finally:
        await held.end()
        os.close(held.typed_into)
        with contextlib.suppress(OSError):
            os.close(held.terminal)


@pytest.fixture
def looks(monkeypatch):
    """Return how long each look at the descriptors may wait; ``None``: as long as it takes."""
    seen, select = [], selectors.SelectSelector.select

    def counted(self, timeout=None):
        seen.append(timeout)
        return select(self, timeout)

    monkeypatch.setattr(selectors.SelectSelector, "select", counted)
    return seen


@in_loop
async def test_keys_are_delivered_also_those_of_several_bytes(panel):
    async with keyboard(panel) as held:
        held.type(b"q\x1b[A")
        for byte in "é".encode():
            held.type(bytes([byte]))
        await held.until(lambda: len(held.keys) == 3)
        assert held.keys == ["q", "up", "é"]


@in_loop
async def test_an_escape_key_that_stands_alone_is_recognised_by_time(panel):
    async with keyboard(panel) as held:
        held.type(b"\x1b")
        await held.until(lambda: held.keys == ["escape"])


@in_loop
async def test_bytes_that_are_no_text_end_nothing(panel):
    async with keyboard(panel) as held:
        held.type(b"\xff\xfe")
        held.type(b"q")
        await held.until(lambda: "q" in held.keys)


@in_loop
async def test_nobody_looks_up_while_nothing_is_typed(panel, looks):
    async with keyboard(panel) as held:
        held.type(b"q")
        await held.until(lambda: held.keys and looks[-1] is None)
        asleep = len(looks)
        held.type(b"w")
        await held.until(lambda: held.keys == ["q", "w"])
        assert looks[asleep - 1 : asleep] == [None]


@in_loop
async def test_a_terminal_that_is_gone_is_not_read_again_and_again(panel, looks):
    async with keyboard(panel) as held:
        os.close(held.terminal)
        await held.until(lambda: len(looks) == 2)
        assert looks == [None, None]
        await held.end()
        assert looks == [None, None]


@pytest.mark.parametrize(("environ", "waited"), [({}, 0.025), ({"ESCDELAY": "300"}, 0.1)], ids=["own", "set"])
def test_an_escape_is_waited_for_briefly_unless_the_user_says_how_long(monkeypatch, environ, waited):
    """Textual has read ``ESCDELAY`` when it was imported, so its own value stays."""
    monkeypatch.setattr(constants, "ESCAPE_DELAY", 0.1)
    monkeypatch.delenv("ESCDELAY", raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert escape_delay() == waited == constants.ESCAPE_DELAY
