"""Record the demo in a tmux pane, played by keys: what ``draw.py`` makes the README's moving picture of.

Run it with ``make film``. It needs tmux and takes a minute; what it wrote is looked at before it is committed.
"""

import json
import re
import sys
import tempfile
import time
from pathlib import Path

TESTS = Path(__file__).parents[2]
sys.path[:0] = [str(TESTS / name) for name in ("looks", "terminal", "helpers", "helpers/network")]

from film.draw import RECORDING, SIZE  # noqa: E402
from film.draw import main as draw  # noqa: E402
from tmux import Pane  # noqa: E402

LOOK_S = 0.2
STORM = re.compile(r"RETRY STORM +attempt \d+ of \d+")


class Film:
    """The pane over time: a frame whenever it looks different, without the time that is cut out between scenes."""

    def __init__(self, pane):
        self.pane = pane
        self.frames = []
        self._at = 0.0

    def scene(self, caption, *, seconds, keys=(), until=None):
        """Press keys, then look for so many seconds, or until the screen shows what ends the scene."""
        self.pane.press(*keys)
        begun = time.monotonic()
        while (passed := time.monotonic() - begun) < seconds:
            screen = self.pane.tmux("capture-pane", "-e", "-N", "-p").rstrip("\n")
            if not self.frames or (screen, caption) != (self.frames[-1]["screen"], self.frames[-1]["caption"]):
                self.frames.append({"t": round(self._at + passed, 1), "caption": caption, "screen": screen})
            if until is not None and until.search(self.pane.screen()):
                break
            time.sleep(LOOK_S)
        self._at += time.monotonic() - begun

    def end(self):
        """Return the recording: one frame a line, and the time at which it begins anew."""
        return "".join(json.dumps(frame) + "\n" for frame in [*self.frames, {"t": round(self._at, 1)}])


def play(pane):
    """Play the story, and return its recording."""
    film = Film(pane)
    pane.until(lambda screen: "All well" in screen, "the demo is not calm at its start")
    film.scene("make demo: two servers, a client and two GPUs, all of them simulated", seconds=2)
    pane.until(STORM.search, "no storm")
    film.scene(
        "Claude Code shows a spinner. In fact the engine died, and it is trying again and again.",
        seconds=20,
        until=re.compile("Recovered after|gave up"),
    )
    film.scene("Nobody would have noticed: on the client it was one slow answer.", seconds=3)
    film.scene("3: the client's settings, as a form", keys=["3"], seconds=2)
    film.scene("enter, and add the /v1 that every other client wants", keys=["enter"], seconds=1)
    for letter in "/v1":
        film.scene("enter, and add the /v1 that every other client wants", keys=[letter], seconds=0.5)
    film.scene("It says at once what Claude Code would make of that.", seconds=3)
    film.scene("f: apply the fix. Nothing is saved before s has shown the diff.", keys=["enter", "f"], seconds=3)
    return film.end()


def main():
    """Record it, and draw it."""
    with tempfile.TemporaryDirectory() as temp:
        pane = Pane([sys.executable, "-m", "stormdeck", "demo"], *SIZE, temp)
        try:
            recorded = play(pane)
            pane.press("q")
        finally:
            pane.close()
    RECORDING.parent.mkdir(parents=True, exist_ok=True)
    RECORDING.write_text(recorded, encoding="utf-8")
    draw()


if __name__ == "__main__":
    main()
