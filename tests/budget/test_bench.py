"""The parts of the benchmark: terminal replies, the tables, and that a peer that fails breaks no run."""

import json
import os
import sys
from pathlib import Path

import pytest
from bench.cases import CASES
from bench.commands import once
from bench.figures import Budget, Measure, Row, Table
from bench.install import MissingError
from bench.logs import LAST, LAST_LINE, SHOWN, block, write_big
from bench.measure import memory, session, usage
from bench.place import Place
from bench.programs import Program
from bench.report import as_json, cell, judged, markdown, section
from bench.runs import rounds
from bench.terminal import NotShownError, Terminal, answers, plain

TIME = Measure("time", "time", "s")
LAG = Measure("lag", "lag", "s", ceiling=30.0)
OURS, MINIMAL = "stormdeck", "minimal Textual"


def row(name, *samples, **others):
    return Row(name, "1.0", {"time": samples, **others})


def table(*rows, budgets=()):
    return Table("t", "A question", "How it is answered.", (TIME,), rows, (OURS,), MINIMAL, budgets)


def python(code):
    return Program("python", "", (sys.executable, "-c", code), "")


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path).make()


@pytest.mark.parametrize(
    ("written", "text"),
    [
        pytest.param(b"\x1b[1;31mre\x1b[0md", b"red", id="colours"),
        pytest.param(b"\x1b[12;1Hone\x1b[Ktwo", b"onetwo", id="cursor"),
        pytest.param(b"\x1b]0;a title\x07on", b"on", id="title"),
        pytest.param(b"\x1bP>|tmux\x1b\\on", b"on", id="device-control"),
        pytest.param(b"\x1b(B\x1b=\x1b7on", b"on", id="charset"),
        pytest.param("\x1b[?25l✖ down".encode(), "✖ down".encode(), id="beyond-ascii"),
    ],
)
def test_a_text_is_found_between_escape_sequences(written, text):
    assert plain(written) == text


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        pytest.param(b"\x1b[c", b"\x1b[?62;22c", id="device"),
        pytest.param(b"\x1b[6n", b"\x1b[1;1R", id="cursor"),
        pytest.param(b"\x1b[?2026$p", b"\x1b[?2026;2$y", id="synchronised-output"),
        pytest.param(b"\x1b[?2048$p", b"\x1b[?2048;0$y", id="unknown-mode"),
        pytest.param(b"\x1b]11;?\x1b\\", b"\x1b]11;rgb:0000/0000/0000\x1b\\", id="background"),
        pytest.param(b"\x1b[6n text \x1b[c", b"\x1b[1;1R\x1b[?62;22c", id="in-their-order"),
        pytest.param(b"\x1b[31mred\x1b[0m", b"", id="nothing-asked"),
    ],
)
def test_a_query_is_answered_as_a_terminal_does(asked, answer):
    assert answers(asked) == answer


def test_a_program_runs_in_a_terminal_of_120_by_40_and_is_seen_and_left(place):
    code = "import os; size = os.get_terminal_size(); print(size.columns, 'x', size.lines, 'ready'); input()"
    with Terminal(python(code).command, place.environ, place.work) as terminal:
        assert terminal.until_shows("120 x 40", 20.0) >= terminal.begun
        terminal.until_shows("ready", 20.0)
        assert session(terminal.pid) == [terminal.pid]
        used = usage(terminal.pid)
        assert used.cpu_s > 0
        assert memory(terminal.pid).resident > memory(terminal.pid).own > 0
        terminal.press("\r")
        terminal.until_ends(20.0)
    assert session(terminal.pid) == []


def test_a_key_is_over_when_the_terminal_is_silent(place):
    echo = "while sys.stdin.read(1) == 'p': print('.', flush=True)"
    code = f"import sys, tty; tty.setraw(0); print('ready', flush=True)\n{echo}"
    with Terminal(python(code).command, place.environ, place.work) as terminal:
        terminal.until_shows("ready", 20.0)
        assert 0 < terminal.painted_after("p", 0.001, 20.0) <= 20
        with pytest.raises(NotShownError, match="status 0"):
            terminal.painted_after("q", 0.001, 20.0)


def test_a_program_that_ends_too_early_says_what_it_last_wrote(place):
    command = python("print('no such thing')").command
    with Terminal(command, place.environ, place.work) as terminal, pytest.raises(NotShownError, match="no such thing"):
        terminal.until_shows("never", 20.0)


def test_a_command_is_timed_and_its_failure_is_reported(place):
    taken = once(python("import time; held = bytearray(64 << 20); time.sleep(0.1)"), place)
    assert taken["took"] >= 0.1
    assert taken["peak"] > 64
    with pytest.raises(OSError, match="it ended with 3"):
        once(python("raise SystemExit(3)"), place)
    assert once(python("raise SystemExit(3)"), place, frozenset({3}))["took"] > 0


def test_a_peer_that_fails_is_left_out_and_the_others_are_measured():
    def missing():
        raise MissingError("apt-get needs root")

    def take(program):
        if program.name == "broken":
            raise NotShownError("it ended")
        return {"time": 1.0}

    makers = {name: lambda name=name: Program(name, "2", (), "") for name in ("good", "broken")} | {"absent": missing}
    good, broken, absent = rounds(makers, take, 3)
    assert (good.samples, good.skipped) == ({"time": [1.0] * 3}, "")
    assert (broken.samples, broken.skipped) == ({}, "it ended")
    assert absent.skipped == "apt-get needs root"


@pytest.mark.parametrize(
    ("samples", "shown"),
    [
        pytest.param((0.28, 0.30, 0.27), "0.28 (0.27–0.30)", id="spread"),
        pytest.param((0.101, 0.102), "0.10", id="no-spread-to-show"),
        pytest.param((0.5, 30.0, 30.0), "> 30 (0.50–> 30)", id="given-up"),
    ],
)
def test_a_cell_shows_median_and_spread(samples, shown):
    assert cell(Row("p", "", {"lag": samples}), LAG) == shown


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        pytest.param(0.30, "≤ 0.30: met", id="met"),
        pytest.param(0.3049, "≤ 0.30: met", id="met-as-printed"),
        pytest.param(0.45, "≤ 0.30: missed, 1.5 times", id="missed"),
        pytest.param(None, "≤ 0.30: not measured", id="not-measured"),
    ],
)
def test_a_budget_says_whether_it_is_met(value, verdict):
    assert judged(Budget("time", 0.3, ""), value, TIME) == verdict


def test_ours_is_held_against_minimal_textual_and_the_best_peer():
    shown = section(table(row(OURS, 0.6), row(MINIMAL, 0.2), row("slow", 3.0), row("quick", 0.3)))
    assert "| **stormdeck ÷ minimal Textual** | 3.00 |" in shown
    assert "| **stormdeck ÷ the best other** | 2.00 (quick) |" in shown


def test_the_slowest_of_our_rows_counts():
    both = Table("t", "", "", (TIME,), (row(OURS, 0.2), row("also ours", 0.5)), (OURS, "also ours"))
    assert both.worst("time") == 0.5


def test_a_ratio_to_nothing_is_not_shown():
    shown = section(table(row(OURS, 0.6), row("instant", 0.001)))
    assert not any("instant)" in line for line in shown)


def test_a_table_without_us_still_stands_and_says_why():
    shown = section(table(Row(OURS, skipped="it ended"), row(MINIMAL, 0.2), budgets=(Budget("time", 0.3, "twice"),)))
    assert "| stormdeck | skipped |" in shown
    assert "- stormdeck is left out: it ended" in shown
    assert "| **budget** | ≤ 0.30 (twice): not measured |" in shown


def test_each_line_of_a_table_has_as_many_cells():
    shown = markdown([table(row(OURS, 0.6), row(MINIMAL, 0.2), budgets=(Budget("time", 0.3, ""),))], {"CPU": "x"})
    assert {line.count("|") for line in shown.splitlines() if line.startswith("|")} == {3}


def test_the_json_has_every_sample_and_the_medians():
    printed = json.loads(as_json([table(row(OURS, 0.6, 0.5, 0.9))], {"CPU": "x"}))
    assert printed["tables"][0]["rows"][0]["samples"]["time"] == [0.6, 0.5, 0.9]
    assert printed["tables"][0]["medians"][OURS]["time"] == 0.6
    assert printed["machine"] == {"CPU": "x"}


def test_the_last_line_shares_no_letter_with_any_other():
    assert not set(LAST) & set(block(2000).decode())
    assert SHOWN in block(20).decode()


def test_a_big_log_is_whole_lines_of_at_least_the_size(tmp_path):
    path = Path(tmp_path, "big.log")
    write_big(path, 300_000)
    assert path.stat().st_size >= 300_000
    assert path.read_text().endswith("\n" + LAST_LINE)


def test_the_peers_run_in_a_home_of_their_own(place):
    assert place.environ["HOME"] == str(place.home) != os.environ["HOME"]
    assert not {name for name in place.environ if name.startswith(("ANTHROPIC", "CLAUDE", "STORMDECK", "XDG"))}


def test_every_case_is_named_as_the_makefile_takes_it():
    assert all(name.isidentifier() for name in CASES)
