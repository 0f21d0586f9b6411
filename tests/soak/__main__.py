"""``python -m soak MINUTES``, from tests/: run the panel on a busy stack with faults, and judge what it held."""

import contextlib
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from itertools import cycle
from pathlib import Path

from bench.measure import memory, usage
from bench.terminal import GaveUpError, NotShownError, Terminal

from soak.account import Row, Sample, exact, flat, table, told_apart
from soak.faults import Faults
from soak.lateness import Lateness

PACE = 50
LONGEST_MIN = 60
STEP_S = 2.0
BETWEEN_FAULTS_S = 4.0
FROM_TRANSCRIPT = 20
"""Requests that are reported one by one where the panel counts them otherwise than the client."""
FLOODS = 3
"""Before samples are taken: the book of lines is full then, and the allocator has what a flood takes."""


class Soak:
    """One run."""

    def __init__(self, folder, terminal):
        self.folder = folder
        self.terminal = terminal
        self.samples = []
        self._before = usage(terminal.pid)
        self._requests = 0

    def notes(self):
        return json.loads((self.folder / "notes.json").read_text())

    def rest(self, seconds):
        """Let the panel run on, and take samples of it."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.terminal.rest(min(left, STEP_S))
            now = usage(self.terminal.pid)
            if now.at - self._before.at >= STEP_S:
                held = self.notes()
                new, self._requests = held["requests"] - self._requests, held["requests"]
                self.samples.append(
                    Sample(
                        self._before.cpu_percent(now),
                        new / (now.at - self._before.at),
                        memory(self.terminal.pid).resident,
                        *(held[name] for name in ("tasks", "threads", "descriptors")),
                    )
                )
                self._before = now

    def until(self, happened, what, within_s=30.0):
        end = time.monotonic() + within_s
        while not (value := happened()):
            if time.monotonic() > end:
                raise GaveUpError(what)
            self.terminal.rest(0.1)
        return value


def soak(minutes, folder):
    """Return the rows of the table, and a line for each retry that the panel and the client tell apart."""
    environ = {**os.environ, "TERM": "xterm-256color", "TMPDIR": str(folder)}
    command = [sys.executable, str(Path(__file__).parent / "panel.py"), str(folder), str(PACE)]
    with Terminal(command, environ, folder) as terminal:
        run = Soak(folder, terminal)
        run.until((folder / "stack.json").exists, "the stack does not start")
        stack = json.loads((folder / "stack.json").read_text())
        client = stack["pids"]["client"]
        # What stood in the log before the panel read it is not counted: its time is not known.
        os.kill(client, signal.SIGSTOP)
        run.until(
            lambda: (folder / "notes.json").exists() and run.notes()["logs"] == len(stack["logs"]), "no log is read"
        )
        faults = Faults(stack, terminal, run.rest)
        for _ in range(FLOODS):
            faults.log_flooded()
            faults.look_around()
        run.samples.clear()
        os.kill(client, signal.SIGCONT)
        late = Lateness()
        late.start()
        end = time.monotonic() + 60 * minutes
        done = {}
        for fault in cycle(faults.all):
            run.rest(BETWEEN_FAULTS_S)
            if time.monotonic() >= end:
                break
            fault()
            done[fault.__name__] = done.get(fault.__name__, 0) + 1
        faults.client_leaves()
        late.stop()
        shown, ledger = run.notes(), Path(stack["ledger"]).read_text()
        judgements = (folder / "judgements.jsonl").read_text()
        begun = time.monotonic()
        terminal.press("1q")
        quit_s = terminal.until_ends(10.0) - begun
        left = [name for name, pid in stack["pids"].items() if _alive(pid)]
    rows = [Row("faults", ", ".join(f"{name.replace('_', ' ')} {number}" for name, number in done.items()), bool(done))]
    rows.append(Row("machine on time", late.words, not late.moments, judged=not late.moments))
    rows += [*exact(shown, ledger, late), *flat(run.samples)]
    rows.append(Row("quit", f"{quit_s:.2f} s, left running: {', '.join(left) or 'nothing'}", not left))
    folders = [path.name for path in folder.glob("stormdeck-demo-*")]
    rows.append(Row("left behind", ", ".join(folders) or "nothing", not folders))
    return rows, told_apart(judgements, ledger)


def _alive(pid):
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def main(minutes):
    folder = Path(tempfile.mkdtemp(prefix="stormdeck-soak-"))
    try:
        rows, apart = soak(min(minutes, LONGEST_MIN), folder)
    except NotShownError as failure:
        apart = []
        rows = [Row("the panel runs", str(failure), holds=False)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.stdout.write(f"{min(minutes, LONGEST_MIN):g} minutes at {PACE} times the demo's pace\n\n{table(rows)}\n")
    sys.stdout.writelines(f"\n{line}\n" for line in apart[:FROM_TRANSCRIPT])
    return 0 if all(row.holds or not row.judged for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 2.0))
