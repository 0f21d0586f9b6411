"""A working day in a quarter of an hour: what the user and the servers do, and after each step what the panel says.

``python day.py FOLDER CLIENT LITELLM`` plays it, in a network namespace of its own, and leaves ``day.json``: for each
step the truth of the ledgers, what the panel said of it, and whether the two agree.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "clients"), str(HERE.parents[1] / "terminal")]

import claude_code  # noqa: E402
import psutil  # noqa: E402
from asked import Asked  # noqa: E402
from day_panel import Reading, read_panel, stored_storms  # noqa: E402
from day_stack import PROXY_PORT, VLLM_PORT, Session, Stack  # noqa: E402
from day_truth import STORM, Account, account, attempts_written, client_hop, read_ledger, turns_of  # noqa: E402
from running import until  # noqa: E402
from tmux import Pane  # noqa: E402

SETTLED_S = 5.0
"""So soon after an event the panel has to be right."""
LATE_S = 10.0
"""What is given on top to a machine that also runs the client and both servers."""
WINDOW_S = 900.0
ROOM = 3
"""Storms that the panel has room for at the least."""
CUDA = "CUDA error: out of memory"


def error(status: int = 500, times: int = 1, **headers: str) -> dict:
    """Return steps of the script: an error as vLLM 0.33 answers it."""
    kind = {429: "rate_limit_error"}.get(status, "api_error")
    body = {"type": "error", "error": {"type": kind, "message": CUDA if status == 500 else "Too many requests."}}
    return {"do": "status", "status": status, "times": times, "body": body, "headers": headers}


@dataclass(frozen=True)
class Row:
    """One step: what happened, and what the panel said."""

    step: str
    truth: str
    panel: str
    agrees: bool


@dataclass
class Day:
    """The day as it goes on."""

    stack: Stack
    panel: Pane
    rows: list[Row] = field(default_factory=list)
    began: float = field(default_factory=time.time)

    def truth(self) -> Account:
        """Return what the ledgers counted in the window that the panel speaks of."""
        return account(self.requests(), since=time.time() - WINDOW_S)

    _refused: int = 0
    """Attempts that found nobody who listens: the client wrote them down, and no ledger has them."""

    def written(self) -> int:
        """Return how many attempts the clients wrote down so far."""
        return sum(map(len, attempts_written(self.stack.home.transcripts).values()))

    def add_refused(self, attempts: int) -> None:
        """Count attempts that reached no server; they belong to the turn that came last."""
        self._refused += attempts
        self._longer[self.requests()[-1].key] = attempts

    def requests(self) -> list[Asked]:
        """Return what the client sent so far, as the ledgers have it."""
        folder = self.stack.folder
        return client_hop(read_ledger(folder / "litellm.ledger.jsonl"), read_ledger(folder / "vllm.ledger.jsonl"))

    def panel_pid(self) -> int:
        """Return the process of the panel."""
        (shell,) = self.panel.tmux("list-panes", "-F", "#{pane_pid}").split()
        return max(
            one.pid for one in psutil.Process(int(shell)).children(recursive=True) if "stormdeck" in one.cmdline()
        )

    def note(
        self, step: str, truth: Callable[[], str], says: Callable[[Reading], bool], panel: Pane | None = None
    ) -> None:
        """Wait until the panel says what is true by then, and write down what it says at last."""
        deadline = time.monotonic() + SETTLED_S + LATE_S
        while True:
            reading = read_panel(panel or self.panel, self.stack)
            agrees = says(reading)
            if agrees or time.monotonic() > deadline:
                break
            time.sleep(0.5)
        row = Row(step, truth(), reading.words, agrees)
        self.rows.append(row)
        sys.stdout.write(f"{'true ' if agrees else 'FALSE'} {step}: {row.truth} | {row.panel}\n")
        sys.stdout.flush()
        if not agrees:
            (self.stack.folder / f"screen-{len(self.rows)}.txt").write_text(reading.screen)

    def counts(self, step: str, panel: Pane | None = None) -> None:
        """Compare turns, requests and retries of the window."""
        self.note(f"{step}: counts", self._count_words, lambda reading: reading.counts == self._true_counts(), panel)

    def _true_counts(self) -> tuple[int, int, int]:
        true = self.truth()
        return true.turns, true.requests + self._refused, true.retries + self._refused

    def _count_words(self) -> str:
        return "{} turns, {} requests, {} retries".format(*self._true_counts())

    def storms(self, step: str, panel: Pane | None = None) -> None:
        """Compare the storms that the panel lists with those of the ledgers."""
        self.note(
            f"{step}: storms",
            lambda: ", ".join(map(str, self.true_storms()[::-1])) or "none",
            lambda reading: self.lists_rightly(reading.storms),
            panel,
        )

    def lists_rightly(self, listed: tuple[int, ...]) -> bool:
        """Return whether a list holds the newest storms, as many as it has room for."""
        newest = self.true_storms()[::-1]
        return len(listed) >= min(ROOM, len(newest)) and sorted(listed) == sorted(newest[: len(listed)])

    def true_storms(self) -> list[int]:
        """Return the attempts of each storm, those included that were refused."""
        sizes = [len(turn.attempts) + self._longer.get(turn.attempts[0].key, 0) for turn in turns_of(self.requests())]
        return [size for size in sizes if size >= STORM]

    _longer: dict[tuple[str, str], int] = field(default_factory=dict)

    def headline(self, step: str, truth: str, *words: str, never: tuple[str, ...] = ()) -> None:
        """Check that the headline has words, and lacks others."""
        self.note(
            step,
            lambda: truth,
            lambda reading: (
                all(word in reading.headline for word in words) and not any(word in reading.headline for word in never)
            ),
        )

    def all_answered(self, session: Session, number_before: int) -> None:
        """Wait until the servers have answered one more main request whole, and the client shows it."""
        until(lambda: self.answered() > number_before, 180.0, why=session.pane.screen)

    def answered(self) -> int:
        """Return how many main requests were answered whole so far."""
        return sum(one.whole and one.status == 200 and one.kind == "main" for one in self.requests())

    def running(self) -> bool:
        """Return whether a main request has no whole answer yet."""
        return any(one.kind == "main" and not one.whole and one.status in {None, 200} for one in self.requests()[-1:])

    def failed(self, attempts: int, before: int) -> None:
        """Wait until so many more main requests have come and have not been answered with 200."""
        until(lambda: self.failures() >= before + attempts, 120.0)

    def failures(self) -> int:
        """Return how many main requests were answered with an error so far."""
        return sum(one.kind == "main" and one.status not in {None, 200} for one in self.requests())

    def turn(self, session: Session, prompt: str, more: int = 1) -> None:
        """Ask, and wait until the client has got its answers."""
        before = self.answered()
        session.ask(prompt)
        self.all_answered(session, before + more - 1)


def play(stack: Stack) -> Day:
    """Play the day; the rows tell how the panel did."""
    stack.start_vllm()
    stack.start_proxy()
    day = Day(stack, stack.panel())
    day.panel.until_shows("LiteLLM 1.", "vLLM 0.")
    ada = stack.session(stack.home.project)
    for part in (_calm, _storms_at_vllm, _proxy_goes, _direct, _stopped_by_the_user, _away, _evening):
        part(day, ada)
    return day


def _calm(day: Day, ada: Session) -> None:
    day.headline("start", "nothing is wrong", "All well")
    day.turn(ada, "Say hello.")
    day.counts("one turn")
    notes = str(day.stack.home.project / "notes.txt")
    day.stack.script(
        {"do": "calls", "calls": [["Read", {"file_path": notes}], ["Bash", {"command": "ls", "description": "list"}]]},
        {"do": "calls", "calls": [["Bash", {"command": "echo so", "description": "say so"}]]},
    )
    day.turn(ada, "Use some tools.", more=3)
    day.counts("tools")
    helpers = [
        ["Agent", {"description": f"look {n}", "prompt": f"Look at it, {n}.", "subagent_type": "general-purpose"}]
        for n in (1, 2)
    ]
    day.stack.script({"do": "calls", "calls": helpers})
    day.turn(ada, "Ask two helpers.", more=4)
    day.counts("two subagents")
    day.storms("two subagents")
    day.headline("two subagents", "nothing is wrong", "All well")
    day.stack.script({"do": "slow", "seconds": 20})
    ada.ask("Think for a while.")
    time.sleep(6)
    ada.pane.press("Escape")
    day.counts("a long answer, stopped by Esc")
    day.headline("a long answer, stopped by Esc", "no retry is invented", "All well")


def _storms_at_vllm(day: Day, ada: Session) -> None:
    stack = day.stack
    bob = stack.session(stack.other_project)
    day.turn(bob, "Say hello from the other folder.")
    day.counts("a second session")
    before = day.answered()
    stack.script(error(times=9))
    ada.ask("Go on.")
    bob.ask("Go on, you too.")
    day.headline("500 for two clients", "vLLM answers 500", "500 from vLLM")
    day.all_answered(ada, before + 1)
    day.counts("500 for two clients")
    day.storms("500 for two clients")
    bob.pane.close()
    before = day.answered()
    stack.script(error(429, times=3, **{"retry-after": "4"}))
    ada.ask("Go on after the limit.")
    day.all_answered(ada, before)
    day.counts("429 behind LiteLLM")
    day.storms("429 behind LiteLLM")
    stack.script({"do": "cut"})
    day.turn(ada, "Go on after the cut.", more=2)
    day.counts("a stream that is cut")
    stack.vllm.stop()
    before = day.answered()
    ada.ask("Go on without a server.")
    day.headline("vLLM is killed", "vLLM is down", "vLLM", "down")
    time.sleep(8)
    stack.start_vllm()
    day.all_answered(ada, before)
    day.counts("vLLM is back")
    day.storms("vLLM is back")
    before = day.answered()
    stack.script(error(times=4), {"do": "slow", "seconds": 20})
    failures = day.failures()
    ada.ask("Go on slowly.")
    day.failed(4, failures)
    until(lambda: day.running(), 60)
    day.headline(
        "a long answer after four 500s", "attempt 5 is being answered", "is being answered", never=("next in",)
    )
    day.all_answered(ada, before)
    day.counts("a long answer after four 500s")
    day.storms("a long answer after four 500s")


def _proxy_goes(day: Day, ada: Session) -> None:
    stack = day.stack
    stack.proxy.stop()
    day.headline("LiteLLM is stopped in calm", "LiteLLM is down", "LiteLLM", "down")
    day.counts("LiteLLM is stopped in calm")
    before, written = day.answered(), day.written()
    ada.ask("Go on without a proxy.")
    time.sleep(4)
    stack.start_proxy()
    day.all_answered(ada, before)
    day.add_refused(day.written() - written - 1)
    day.counts("LiteLLM is back")
    day.storms("LiteLLM is back")
    (stack.folder / "litellm.log").rename(stack.folder / "litellm.log.1")
    stack.proxy.stop()
    stack.start_proxy()
    day.turn(ada, "Go on with a new log.")
    day.counts("a new log")


def _direct(day: Day, ada: Session) -> None:
    stack = day.stack
    stack.point_at(VLLM_PORT)
    day.note(
        "the base URL leads to vLLM", lambda: "no LiteLLM in the path", lambda reading: "LiteLLM" not in reading.path
    )
    day.counts("the base URL leads to vLLM")
    day.turn(ada, "Go on directly.")
    day.counts("a turn without the proxy")
    before = day.answered()
    stack.script(error(429, times=3, **{"retry-after": "5"}))
    ada.ask("Go on after the limit, directly.")
    day.all_answered(ada, before)
    day.counts("429 from vLLM")
    day.storms("429 from vLLM")
    before = day.answered()
    stack.script({"do": "cut", "times": 3})
    ada.ask("Go on after three cuts.")
    day.all_answered(ada, before)
    day.counts("three cuts")
    day.storms("three cuts")
    stack.point_at(PROXY_PORT)
    day.note("the base URL leads back", lambda: "LiteLLM in the path", lambda reading: "LiteLLM" in reading.path)
    day.turn(ada, "Go on over the proxy.")
    day.counts("the base URL leads back")
    day.storms("the base URL leads back")


def _stopped_by_the_user(day: Day, ada: Session) -> None:
    stack = day.stack
    stack.script(error(times=9))
    before = day.failures()
    ada.ask("Go on until I stop you.")
    day.failed(4, before)
    ada.pane.press("Escape")
    time.sleep(12)
    stack.script()
    day.headline("Esc during a wait", "the user stopped it", never=("next in", "gave up", "gives up"))
    day.turn(ada, "Go on with something else.")
    day.counts("Esc during a wait")
    day.storms("Esc during a wait")
    stack.script(error(times=9))
    cleo = stack.session(stack.other_project)
    before = day.failures()
    cleo.ask("Go on until I close you.")
    day.failed(4, before)
    cleo.pane.close()
    time.sleep(12)
    stack.script()
    day.headline("the client is closed", "nobody asks any more", never=("next in", "gave up", "gives up"))
    day.counts("the client is closed")


def _away(day: Day, ada: Session) -> None:
    stack = day.stack
    pid = day.panel_pid()
    os.kill(pid, signal.SIGSTOP)
    before = day.answered()
    stack.script(error(times=3))
    ada.ask("Go on while nobody looks.")
    day.all_answered(ada, before)
    time.sleep(30)
    os.kill(pid, signal.SIGCONT)
    day.counts("the panel was stopped for a while")
    day.storms("the panel was stopped for a while")


def _evening(day: Day, ada: Session) -> None:
    day.counts("evening")
    day.storms("evening")
    day.panel.press("q")
    day.panel.until_shows("EXIT:0")
    stored = stored_storms(day.stack)
    true = day.truth().storms
    in_store = [(row["attempts"], row["cause"], row["outcome"]) for row in stored]
    agrees = sorted(row["attempts"] for row in stored) == sorted(day.true_storms())
    day.rows.append(Row("evening: stored storms", f"{len(true)} storms", str(in_store), agrees))
    second = day.stack.panel()
    second.until_shows("LiteLLM 1.", "vLLM 0.")
    day.counts("a fresh panel", second)
    day.storms("a fresh panel", second)


def main(folder: Path, version: str, litellm: Path) -> None:
    """Play it and leave ``day.json``."""
    stack = Stack(folder, litellm, claude_code.client(version))
    try:
        day = play(stack)
        (folder / "day.json").write_text(json.dumps([asdict(row) for row in day.rows], indent=1))
    finally:
        stack.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
