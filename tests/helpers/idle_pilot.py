"""Let Textual's pilot wait until the panel has nothing left to do, however slow the machine is.

Textual's own wait takes a process that gets no CPU for one that is idle. On a loaded machine the next key is then sent
before the last one was handled, and a test compares a screen that is not laid out yet. Measured with Textual 8.2.8.
"""

import asyncio

from textual.pilot import Pilot

from waiting import DEADLINE_S

_ROUNDS = 200
"""Something that refreshes itself for ever is never idle."""
_QUIET_ROUNDS = 2

_wait_for_screen = Pilot._wait_for_screen


def install():
    """Let each wait of every pilot be one for an idle panel, and each key wait for the last one."""
    Pilot._wait_for_screen = _wait_until_idle
    Pilot.press = _press


async def _press(self, *keys):
    for key in keys:
        await self.app._press_keys([key])
        await self._wait_for_screen()


async def _wait_until_idle(self, _timeout=None):
    quiet = 0
    for _ in range(_ROUNDS):
        if not await _wait_for_screen(self, DEADLINE_S):
            return False
        quiet = 0 if _is_busy(self.app) else quiet + 1
        if quiet == _QUIET_ROUNDS:
            break
        if not quiet:
            self.app.screen._on_timer_update()
        await asyncio.sleep(0)
    return True


def _is_busy(app):
    """Return whether a message waits, or the screen is to be laid out or drawn."""
    screen = app.screen
    pumps = [app, *screen.walk_children(with_self=True)]
    return (
        any(not one._message_queue.empty() or one._next_callbacks for one in pumps)
        or screen._layout_required
        or screen._scroll_required
        or screen._repaint_required
        or bool(screen._dirty_widgets or screen._callbacks)
    )
