"""The panel on the built-in stack at a busy pace, with its state written to files: run by ``python -m soak``."""

import asyncio
import json
import sys
import threading
from dataclasses import replace
from pathlib import Path

import stormdeck.ui.run as run
from stormdeck.demo.gpu import SimulatedGpus
from stormdeck.demo.stack import DemoStack
from stormdeck.model.retries import analyzer, tracker
from stormdeck.model.traffic import log_reader, meter
from stormdeck.options import Options

NOTE_S = 2.0
WINDOW_MIN = 75
"""Longer than the longest run: nothing that was counted leaves it."""
LINES = 20_000
"""The book of lines is full early, so that what grows afterwards is a leak."""
REMEMBERED = 256
"""Requests and connections, for the same reason: at the demo's pace the panel's own bounds take forty minutes."""


class WatchedApp(run.StormdeckApp):
    """The panel, writing down what it shows and holds."""

    notes: Path

    def on_mount(self):
        self.set_interval(NOTE_S, self.note)

    def note(self):
        traffic = self.deck.traffic
        shown = {} if traffic is None else {name: getattr(traffic, name) for name in ("requests", "turns", "retries")}
        held = {
            "storms": [] if traffic is None else [(one.attempts, one.cause) for one in traffic.storms],
            "logs": 0 if traffic is None else len(traffic.logs),
            "tasks": len(asyncio.all_tasks()),
            "threads": threading.active_count(),
            "descriptors": len(list(Path("/proc/self/fd").iterdir())),
        }
        write(self.notes, shown | held)


class WatchedTracker(tracker.Tracker):
    """What tells retries from turns, writing down its judgement of each main request."""

    judgements: Path

    def judge(self, request):
        attempt = super().judge(request)
        line = {"t": request.t, "status": request.status, "port": request.port, "attempt": 1}
        if attempt is not None:
            wrong = attempt.instead_of
            line |= {"attempt": attempt.number, "turn": attempt.turn, "instead_of": wrong and wrong.t}
        with self.judgements.open("a") as file:
            file.write(json.dumps(line) + "\n")
        return attempt


def write(path, value):
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(value))
    fresh.replace(path)


def map_every_tier(path):
    """Let the small model be served too: at this pace a turn after its 400 looks like the client's second attempt."""
    settings = json.loads(path.read_text())
    settings["env"]["ANTHROPIC_DEFAULT_HAIKU_MODEL"] = settings["env"]["ANTHROPIC_DEFAULT_SONNET_MODEL"]
    write(path, settings)


def main(folder, pace):
    meter.RECENT = tracker.PORTS = log_reader.CONNECTIONS = REMEMBERED
    WatchedApp.notes, WatchedTracker.judgements = folder / "notes.json", folder / "judgements.jsonl"
    run.StormdeckApp, analyzer.Tracker = WatchedApp, WatchedTracker
    with DemoStack(pace=pace) as stack:
        logs = [str(log) for log in stack.logs]
        settings = stack.home / ".claude" / "settings.json"
        map_every_tier(settings)
        write(
            folder / "stack.json",
            {
                "pids": stack.pids,
                "logs": logs,
                "ledger": str(stack.ledger),
                "fault": str(stack.control),
                "settings": str(settings),
            },
        )
        return run.run_panel(
            replace(stack.options(Options()), window=WINDOW_MIN, lines=LINES), sampler=SimulatedGpus, demo=True
        )


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), float(sys.argv[2])))
