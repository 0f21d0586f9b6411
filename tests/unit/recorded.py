"""Labelled recordings of real clients: read, played through the tracker, and matched as ../shared/score does."""

import json
import math
from dataclasses import dataclass
from pathlib import Path

from stormdeck.model.logs.access import RequestKind, parse_access
from stormdeck.model.retries.request import Request
from stormdeck.model.retries.storm import Storm
from stormdeck.model.retries.tracker import Tracker

BUNDLED = Path(__file__).parents[1] / "recordings"
SHARED = Path(__file__).parents[3] / "shared" / "captures" / "sessions"
TOUCH_S = 5.0


@dataclass(frozen=True)
class Played:
    """What the tracker made of a recording."""

    storms: tuple[Storm, ...]
    retries: int


@dataclass(frozen=True)
class Score:
    """Strictly matched: the times touch and the attempts differ by one at most. Auxiliary storms are optional."""

    hits: int
    visible_hits: int
    visible: int
    missed: int
    false: int
    retries: int
    true_retries: int


def folders(root):
    """Return the recordings below a folder, none where it does not exist."""
    return sorted(path.parent for path in root.glob("*/truth.json"))


def play(folder, read_every=0.0):
    """Run a recording through the tracker; ``read_every``: seconds between two looks at the log."""
    tracker, retries, end = Tracker(), 0, 0.0
    for text in (folder / "access.lines.jsonl").read_text().splitlines():
        entry = json.loads(text)
        access = parse_access(entry["line"])
        end = entry["t"]
        if access is None or access.kind is not RequestKind.MAIN:
            continue
        t = math.ceil(entry["t"] / read_every) * read_every if read_every else entry["t"]
        attempt = tracker.take(Request("log", access.status, access.host, access.port, t))
        retries += (attempt.number > 1) - (attempt.instead_of is not None)
    return Played(tracker.storms(end + 3600), retries)


def judge(folder, played):
    """Match the storms that were found with the true ones, one to one, most matches first."""
    truth = json.loads((folder / "truth.json").read_text())
    true = sorted(truth["storms"], key=lambda storm: storm["class"] != "main")
    matched = {}

    def claim(index, tried):
        for found, storm in enumerate(played.storms):
            if found in tried or not _same(storm, true[index]):
                continue
            tried.add(found)
            if found not in matched or claim(matched[found], tried):
                matched[found] = index
                return True
        return False

    for index in range(len(true)):
        claim(index, set())
    main = {index for index, storm in enumerate(true) if storm["class"] == "main"}
    visible = {index for index in main if true[index]["error_lines"] >= 2}
    hit = set(matched.values())
    return Score(
        hits=len(hit & main),
        visible_hits=len(hit & visible),
        visible=len(visible),
        missed=len(main - hit),
        false=len(played.storms) - len(matched),
        retries=played.retries,
        true_retries=truth["totals"]["retries"],
    )


def _same(storm, true):
    touches = storm.started <= true["end_t"] + TOUCH_S and storm.last >= true["start_t"] - TOUCH_S
    return touches and abs(storm.attempts - true["attempts"]) <= 1
