"""The demo, but its faults begin and end when a test says so: it writes the fault's name into ``FAULT``.

Without a script of its own nothing depends on how fast the machine is. An absence of any length shows the news.
"""

import contextlib
import os
import sys
import threading
import time
from pathlib import Path

import stormdeck.demo.stack
import stormdeck.ui.away
from stormdeck.__main__ import main
from stormdeck.demo.scratch import Scratch
from stormdeck.demo.stack import DemoStack

FAULT = "DEMO_FAULT_FILE"
"""The variable that names the test's file."""
LOOK_S = 0.02


class DirectedStack(DemoStack):
    """Its client plays no script; what the test's file says is the fault."""

    def _client_arguments(self, files: Scratch) -> list[str]:
        arguments = super()._client_arguments(files)
        at = arguments.index("--control")
        threading.Thread(target=self._follow, args=(files.control,), daemon=True).start()
        return arguments[:at] + arguments[at + 2 :]

    @staticmethod
    def _follow(control: Path) -> None:
        wanted, before = Path(os.environ[FAULT]), ""
        while control.parent.is_dir():
            now = wanted.read_text() if wanted.exists() else ""
            if now and now != before:
                before = now
                with contextlib.suppress(OSError):  # the demo may just end
                    fresh = control.with_suffix(".new")
                    fresh.write_text(now)
                    fresh.replace(control)
            time.sleep(LOOK_S)


if __name__ == "__main__":
    vars(stormdeck.demo.stack)["DemoStack"] = DirectedStack
    stormdeck.ui.away.LEAST_S = 0.0
    sys.exit(main(["demo", *sys.argv[1:]]))
