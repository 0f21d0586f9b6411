"""How sure stormdeck is: the score on labelled recordings of real clients, and the scorer itself."""

import json
import math
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from detectors import DETECTORS, by_rate, from_logs, lines_of, with_transcripts
from judge import judge, match

from recorded import moved, truth
from score import RECORDINGS, Total, recordings, table, total_of, wrong
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.retries.sessions import Sessions
from stormdeck.model.retries.transcript import Entry
from stormdeck.model.traffic.log_analyzer import LogAnalyzer
from stormdeck.model.traffic.meter import TrafficMeter
from stormdeck.sources.transcripts.read import read_transcripts

FOLDERS = recordings(RECORDINGS)
Event = tuple[float, LogBatch | Entry]
SHARED = Path(__file__).parents[3] / "shared" / "score" / "score.py"


def name(folder):
    return folder.name


@pytest.fixture(scope="module")
def totals():
    return {key: total_of(FOLDERS, detector) for key, detector in DETECTORS.items()}


def test_all_recordings_are_there():
    assert len(FOLDERS) == 62


def test_with_transcripts(totals):
    total = totals["with transcripts"]
    assert (total.precision, total.recall) == (1.0, 1.0)
    assert {total.right(number) for number in ("main_requests", "retries")} == {len(FOLDERS)}
    assert total.sum("causes_right") == total.sum("outcomes_right") == total.matched


def test_on_the_wire(totals):
    total = totals["on the wire"]
    assert (total.precision, total.recall, total.recall_visible) == (1.0, 1.0, 1.0)
    assert total.sum("causes_right") == total.matched
    # Two old recordings note the end of a stream that was cut only after the next attempt began.
    assert total.right("retries") >= len(FOLDERS) - 2


def test_from_the_log_alone(totals):
    total = totals["access log alone"]
    assert total.precision >= 0.97
    assert total.recall_visible >= 0.97
    assert total.f1 >= 0.92
    assert total.sum("causes_right") == total.sum("outcomes_right") == total.matched


@pytest.mark.parametrize("detector", ["with transcripts", "access log alone", "on the wire"])
def test_no_false_alarm_and_every_probe_counted(totals, detector):
    total = totals[detector]
    assert total.sum("false_alarm") == 0
    assert total.right("probes") == len(FOLDERS)


def test_a_rate_counter_finds_nothing(totals):
    assert (totals["more than 20 POST a minute"].sum("hits"), totals["more than 20 POST a minute"].f1) == (0, 0.0)


def counts_its_attempts(folder):
    """Tell whether the client wrote down every attempt; the others write down how a turn ended."""
    sessions = Sessions()
    for entry in read_transcripts(folder / "transcripts"):
        sessions.take(entry)
    return bool(sessions.turns) and all(turn.counted for turn in sessions.turns)


@pytest.mark.parametrize("folder", filter(counts_its_attempts, FOLDERS), ids=name)
def test_retries_are_exact_where_the_client_counts_them(folder):
    assert with_transcripts(folder)["retries"] == truth(folder)["totals"]["retries"]


@pytest.mark.parametrize("folder", FOLDERS, ids=name)
def test_a_log_that_is_read_four_times_a_second_gives_the_same_storms(folder):
    ledger = LogAnalyzer()
    for t, line in lines_of(folder):
        ledger.take(LogBatch("log", (line,), math.ceil(t * 4) / 4, history=False))
    scored = judge(folder, ledger.report().as_json())
    assert (scored.visible_hits, scored.false) == (scored.visible, 0)


@pytest.mark.parametrize("order", ["entries first", "as it happened"])
def test_the_order_of_lines_and_entries_does_not_matter(order):
    for folder in FOLDERS:
        events: list[Event] = [(entry.t, entry) for entry in read_transcripts(folder / "transcripts")]
        lines: list[Event] = [(t, LogBatch("access.log", (line,), t, history=False)) for t, line in lines_of(folder)]
        if order == "as it happened":
            events = sorted(events + lines, key=lambda event: event[0])
        else:
            events += lines
        ledger = LogAnalyzer()
        for _, event in events:
            if isinstance(event, LogBatch):
                ledger.take(event)
            else:
                ledger.take_entry(event)
        assert ledger.report().as_json() == with_transcripts(folder), folder.name


def overlaid(*parts):
    """Return the account of several recordings laid over each other."""
    ledger = LogAnalyzer()
    for t, line in sorted(line for lines, _ in parts for line in lines):
        ledger.take(LogBatch("log", (line,), t, history=False))
    for entry in (entry for _, entries in parts for entry in entries):
        ledger.take_entry(entry)
    return ledger.report()


def starts_at(folder):
    return truth(folder)["recording"]["start_t"]


@pytest.mark.parametrize("folder", FOLDERS, ids=name)
def test_another_day_and_other_ports_change_nothing(folder):
    seconds = 86_400.0 * 300 + 0.25
    before, after = with_transcripts(folder), overlaid(moved(folder, seconds, 7001)).as_json()
    assert [storm["attempts"] for storm in after["storms"]] == [storm["attempts"] for storm in before["storms"]]
    assert {**after, "storms": []} == {**before, "storms": []}


PAIRS = [
    ("500x5_mid_2.1.329", "529x7_int_2.1.42"),
    ("cut_r4_2.1.329", "two_storms_int_2.1.112"),
    ("hang_r4_2.1.112", "always429_r5_2.1.329"),
    ("reset_r5_2.1.329", "L_outage_3"),
    ("outage_4sessions", "git_outage_int_2.1.112"),
    ("trap_sporadic", "healthy_burst6"),
]


@pytest.mark.parametrize("pair", PAIRS, ids="+".join)
def test_two_recordings_at_once_stay_apart(pair):
    folders = [RECORDINGS / part for part in pair]
    base = 1_900_000_000.0
    parts = [moved(folder, base + 3.0 * at - starts_at(folder), 9000 * at) for at, folder in enumerate(folders)]
    found = overlaid(*parts).as_json()
    true = []
    for at, folder in enumerate(folders):
        shift = base + 3.0 * at - starts_at(folder)
        true += [
            storm | {"start_t": storm["start_t"] + shift, "end_t": storm["end_t"] + shift}
            for storm in truth(folder)["storms"]
        ]
    matched = match(found["storms"], true, strict=True)
    main = {index for index, storm in enumerate(true) if storm["class"] == "main"}
    assert main <= set(matched.values())
    assert len(matched) == len(found["storms"])


LAG_S = 0.4
"""A transcript is written that long after the event at most (measured)."""


@pytest.mark.parametrize("folder", FOLDERS, ids=name)
def test_the_panel_never_shows_more_storms_than_there_are(folder):
    events: list[Event] = [(t, LogBatch("log", (line,), t, history=False)) for t, line in lines_of(folder)]
    events += [(entry.t + LAG_S, entry) for entry in read_transcripts(folder / "transcripts")]
    meter, most = TrafficMeter(), 0
    for t, event in sorted(events, key=lambda event: event[0]):
        if isinstance(event, LogBatch):
            meter.take(event)
        else:
            meter.take_entry(event)
        most = max(most, len(meter.snapshot(t).storms))
    assert most == len(with_transcripts(folder)["storms"])


STORM = {"start_t": 100.0, "end_t": 110.0, "attempts": 5, "class": "main"}
FOUND = {"started": 101.0, "ended": 110.0, "attempts": 5}


@pytest.mark.parametrize(
    ("change", "strict", "loose"),
    [
        ({}, True, True),
        ({"attempts": 6}, True, True),
        ({"attempts": 7}, False, True),
        ({"started": 115.0, "ended": 120.0}, True, True),
        ({"started": 115.5, "ended": 120.0}, False, False),
        ({"started": 80.0, "ended": 94.0}, False, False),
        ({"started": None, "ended": None}, True, True),
    ],
    ids=["equal", "one more", "two more", "5 s after", "later", "before", "no time"],
)
def test_what_matches(change, strict, loose):
    found = [FOUND | change]
    assert bool(match(found, [STORM], strict=True)) is strict
    assert bool(match(found, [STORM], strict=False)) is loose


def test_as_many_as_possible_are_matched_and_each_once():
    true = [STORM, STORM | {"attempts": 7}]
    assert match([FOUND | {"attempts": 6}, FOUND], true, strict=True) == {0: 1, 1: 0}
    assert len(match([FOUND], true, strict=False)) == 1


def test_the_truth_scores_perfectly():
    folder = RECORDINGS / "two_storms_at_once"
    labels = truth(folder)
    storms = [
        {"started": storm["start_t"], "attempts": storm["attempts"], "cause": storm["status_or_cause"]}
        | {"recovered": storm["recovered"]}
        for storm in labels["storms"]
    ]
    scored = judge(folder, {**labels["totals"], "storms": storms})
    assert (scored.hits, scored.missed, scored.false, scored.causes_right, scored.outcomes_right) == (2, 0, 0, 2, 2)
    assert list(wrong(Total((scored,)))) == []


def test_what_is_wrong_is_named():
    folder = RECORDINGS / "panel_only"
    found = from_logs(folder) | {"retries": 3, "storms": [FOUND | {"cause": "500", "recovered": True}]}
    scored = judge(folder, found)
    assert scored.false_alarm
    assert list(wrong(Total((scored,)))) == ["  panel_only: 1 false; retries 3, not 0"]


def test_the_table_shows_every_detector(totals):
    text = "\n".join(table(totals))
    assert all(key in text for key in DETECTORS)
    assert text.startswith("62 recordings, 50 storms, 44 visible")


@pytest.mark.skipif(not SHARED.is_file(), reason="the scorer it is compared with is not here")
@pytest.mark.parametrize("detector", ["with transcripts", "more than 20 POST a minute"])
def test_figures_agree_with_the_other_scorer(tmp_path, totals, detector):
    for folder in FOLDERS:
        shutil.copytree(folder, tmp_path / "set" / folder.name)
        (tmp_path / "set" / folder.name / "found.json").write_text(json.dumps(DETECTORS[detector](folder)))
    done = subprocess.run(
        [sys.executable, str(SHARED), str(tmp_path / "set"), "cat {dir}/found.json", "-q"],
        capture_output=True,
        text=True,
        check=True,
    )
    theirs, ours = json.loads(done.stdout), totals[detector]
    strict = theirs["strict"]
    assert (strict["tp"], strict["fp"], strict["fn"]) == (ours.sum("hits"), ours.sum("false"), ours.sum("missed"))
    assert (strict["f1"], strict["recall_visible"]) == (round(ours.f1, 3), round(ours.recall_visible, 3))
    assert theirs["lenient"]["tp"] == ours.sum("loosely")
    assert theirs["retries"]["exact"] == ours.right("retries")
    assert theirs["probes_ok"] == f"{ours.right('probes', within=1)}/{len(FOLDERS)}"
    assert theirs["cause_ok"] == f"{ours.sum('causes_right')}/{ours.matched}"
    assert theirs["recovered_ok"] == f"{ours.sum('outcomes_right')}/{ours.matched}"


def test_a_rate_counter_is_what_it_says():
    assert by_rate(RECORDINGS / "healthy_burst6")["storms"][0]["cause"] == "rate"
    assert by_rate(RECORDINGS / "always500_default_2.1.42")["storms"] == []


@pytest.mark.parametrize("program", ["score", "reliability", "corpus"])
def test_each_program_finds_what_it_imports(program):
    done = subprocess.run(
        [sys.executable, "-c", f"import {program}"],
        cwd=Path(__file__).parent,
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stderr
