"""How late the machine wakes sleepers: retries are recognised by waits, which mean nothing if it is too late."""

import threading
import time

from stormdeck.model.retries.scoring import EARLY

LIMIT_S = EARLY
"""By so much the panel lets the times of two lines be wrong before it takes a retry for a turn of its own.

The demo's pace makes turns follow each other faster, and never shortens the waits between attempts.
"""
NAP_S = 0.05


class Lateness:
    """Naps in a thread of the harness, which does little else: what delays it is the machine, never the panel."""

    def __init__(self):
        self.worst_s = 0.0
        self.moments = 0
        """Naps that ended later than the limit."""
        self._ended = threading.Event()

    def start(self):
        threading.Thread(target=self._nap, name="lateness", daemon=True).start()

    def stop(self):
        self._ended.set()

    @property
    def words(self):
        return f"the machine woke up {self.worst_s * 1000:.0f} ms late (limit {LIMIT_S * 1000:.0f})"

    def note(self, late_s):
        self.worst_s = max(self.worst_s, late_s)
        self.moments += late_s > LIMIT_S

    def _nap(self):
        while not self._ended.is_set():
            begun = time.monotonic()
            time.sleep(NAP_S)
            self.note(time.monotonic() - begun - NAP_S)
