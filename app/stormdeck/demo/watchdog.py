"""Remove the demo's scratch folder when the panel is gone: ``python -m stormdeck.demo.watchdog FOLDER``."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

from stormdeck.demo.lifeline import wait_for_parent

SWEEPS = 5
"""The servers end on the same signal; later sweeps remove what one of them wrote in the meantime."""


def main(folder: Path) -> None:
    """Wait until the panel has exited, then remove the folder."""
    wait_for_parent()
    for _ in range(SWEEPS):
        shutil.rmtree(folder, ignore_errors=True)
        time.sleep(0.05)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
