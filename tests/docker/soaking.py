"""Follow a container's log and a unit's journal for minutes, with restarts, and compare with the ledger of a client.

``make soak-places MINUTES=10``: LiteLLM's stand-in runs in a container, vLLM's writes to a journal that the real
``systemd-journal-remote`` stores and the real ``journalctl`` reads.
"""

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from itertools import cycle
from pathlib import Path
from statistics import median

import image
from logscenes import Client, Panel
from scenes import Machine, answers, docker, settings, until

HERE = Path(__file__).parent
URL = "http://127.0.0.1:4000"
HOST = "172.17.0.1:8000"
"""This side of Docker's bridge."""
REMOTE = shutil.which("systemd-journal-remote") or "/lib/systemd/systemd-journal-remote"
STORM = 5
TURNS = ((200,),) * 24 + ((500, 200), (429, 200), (500,) * (STORM - 1) + (200,))
BETWEEN_FAULTS_S = 20.0
GROWTH_MIB = 6.0
"""The allocator's own play, as in ``make soak``."""
SPARE = 3
"""Descriptors and threads that a poll may have open just when they are counted."""


class Unit:
    """vLLM's stand-in, whose output goes to a journal."""

    def __init__(self, folder):
        self._file = folder / "journal" / "system.journal"
        self._file.parent.mkdir()
        command = [REMOTE, f"--output={self._file}", "--split-mode=none", "-"]
        self._remote = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self._pump = None
        self.programs = folder / "programs"
        self.programs.mkdir()
        wrapper = self.programs / "journalctl"
        real = shutil.which("journalctl")
        wrapper.write_text(f'#!/bin/sh\nexec {real} --directory={self._file.parent} "$@"\n')
        wrapper.chmod(0o755)
        self.start()

    def start(self):
        """Start the server."""
        command = [sys.executable, str(HERE / "imitation.py"), "serve", "--port", "8000"]
        self._server = subprocess.Popen(command, stdout=subprocess.PIPE)
        self._pump = threading.Thread(target=self._write_all, args=(self._server.stdout,), daemon=True)
        self._pump.start()
        until(lambda: answers("http://127.0.0.1:8000/version"), "vLLM")

    def _write_all(self, lines):
        for line in lines:
            now = time.time_ns() // 1000
            entry = b"__REALTIME_TIMESTAMP=%d\n__MONOTONIC_TIMESTAMP=%d\n_BOOT_ID=%s\n" % (now, now, b"0" * 31 + b"1")
            entry += b"_UID=0\n_SYSTEMD_UNIT=vllm.service\nMESSAGE=" + line.rstrip(b"\n") + b"\n\n"
            self._remote.stdin.write(entry)
            self._remote.stdin.flush()

    def stop(self):
        """End the server, once all that it wrote is in the journal."""
        self._server.kill()
        self._server.wait()
        self._pump.join()

    def close(self):
        """End the server and the journal's writer."""
        self.stop()
        self._remote.stdin.close()
        self._remote.wait()


def resources(pid):
    """Return resident MiB, descriptors and threads of a process."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line)
    return (
        int(status["VmRSS"].split()[0]) / 1024,
        len(list(Path(f"/proc/{pid}/fd").iterdir())),
        int(status["Threads"]),
    )


def children():
    """Return the command lines of all journalctl processes here."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = path.read_bytes().split(b"\0")
            if words[0].endswith(b"journalctl"):
                found.append((int(path.parent.name), words))
    return found


def counts(seen):
    """Return what the panel counts."""
    return seen["requests"], seen["turns"], seen["retries"]


def soak(machine, minutes):
    """Return the rows of the table: what was promised, what was seen, whether it holds."""
    folder = Path(tempfile.mkdtemp(dir=machine.folder))
    unit = Unit(folder)
    name = docker("run", "-d", "--name", "litellm", "-p", "4000:4000", image.IMAGE, "litellm", "--upstream", HOST)
    chance = random.Random(21)  # noqa: S311 - no secret
    environ = {"PATH": f"{unit.programs}:{os.environ['PATH']}"}
    samples, faults, worst_s = [], {}, 0.0
    try:
        until(lambda: answers(f"{URL}/health/liveliness"), "LiteLLM")
        client = Client(URL)
        sent = 0
        panel = Panel(folder, settings(URL), "log=docker:litellm", "log=journal:vllm", "gpu=off", environ=environ)

        def is_even(seen):
            """In busy traffic a chain may be chance: its retries count as turns. No other count may differ."""
            requests, turns, retries = counts(seen)
            return (requests, turns + retries) == (client.requests, client.requests) and retries <= client.retries

        def restart_container():
            docker("restart", "-t", "0", "litellm")
            until(lambda: answers(f"{URL}/health/liveliness"), "LiteLLM again")

        def restart_unit():
            unit.stop()
            unit.start()

        def kill_journalctl():
            for pid, _ in children():
                os.kill(pid, signal.SIGKILL)

        def pause_container():
            docker("pause", "litellm")
            time.sleep(2)
            docker("unpause", "litellm")

        try:
            panel.until(lambda seen: len(seen["logs"]) == 2, "both logs")
            end = time.monotonic() + 60 * minutes
            every = cycle((restart_container, kill_journalctl, restart_unit, pause_container))
            next_fault = time.monotonic() + BETWEEN_FAULTS_S
            while time.monotonic() < end:
                turn = chance.choice(TURNS)
                client.turn(*turn)
                sent += len(turn) == STORM
                time.sleep(chance.uniform(0.2, 0.8))
                if time.monotonic() < next_fault:
                    continue
                begun = time.monotonic()
                panel.until(is_even, f"the counts, after {faults}; the client has {vars(client)}")
                worst_s = max(worst_s, time.monotonic() - begun)
                samples.append(resources(panel.pid))
                fault = next(every)
                fault()
                faults[fault.__name__] = faults.get(fault.__name__, 0) + 1
                next_fault = time.monotonic() + BETWEEN_FAULTS_S
            seen = panel.until(is_even, "the counts at the end")
        finally:
            panel.end()
        left = [b" ".join(words).decode() for _, words in children()]
    finally:
        subprocess.run(["docker", "rm", "-f", name], capture_output=True, check=False)
        unit.close()
    third = max(1, len(samples) // 3)
    first, last = samples[:third], samples[-third:]
    memory, memory_end = (median(one[0] for one in part) for part in (first, last))
    open_, open_end = (median(one[1] for one in part) for part in (first, last))
    threads, threads_end = (median(one[2] for one in part) for part in (first, last))
    stormy = sum(one[0] == STORM for one in seen["storms"])
    stormy = stormy if stormy == len(seen["storms"]) else -1
    done = ", ".join(f"{what.replace('_', ' ')} {number}" for what, number in faults.items())
    ledger = f"{client.requests} requests, {client.turns} turns, {client.retries} retries"
    return [
        ("faults", done, bool(done)),
        ("counts at the end", f"{ledger}; the panel counts {counts(seen)}", is_even(seen)),
        ("counts after each fault", f"equal, at most {worst_s:.1f} s behind", True),
        ("storms", f"{stormy} of {sent} were likely enough to be shown, none of another length", 0 < stormy <= sent),
        ("memory", f"{memory:.1f} MiB, then {memory_end:.1f}", memory_end - memory < GROWTH_MIB),
        ("descriptors", f"{open_:.0f}, then {open_end:.0f}", open_end - open_ <= SPARE),
        ("threads", f"{threads:.0f}, then {threads_end:.0f}", threads_end - threads <= SPARE),
        ("left running", ", ".join(left) or "nothing", not left),
    ]


def main():
    """Write the rows as JSON."""
    out, minutes = Path(sys.argv[1]), float(sys.argv[2])
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o755)
        image.build(folder / "root")
        image.load(folder / "root")
        try:
            rows = soak(Machine(folder, folder / "root"), minutes)
        except RuntimeError as error:
            rows = [("the panel agrees with the ledger", str(error), False)]
    out.write_text(json.dumps(rows))


if __name__ == "__main__":
    os.umask(0o022)
    main()
