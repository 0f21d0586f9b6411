"""``stormdeck analyze``: the contract of its JSON, its text for people, and what it makes of files it cannot read."""

import io
import json
import os
import re
import sys

import pytest

from command_home import Terminal
from places import TESTS
from stormdeck.__main__ import main

KEYS = {
    "version": int,
    "http_requests": int,
    "probes": int,
    "main_requests": int,
    "auxiliary": int | None,
    "count_tokens": int,
    "retries": int,
    "retries_unsure": int,
    "turns": int,
    "by_status": dict,
    "storms": list,
    "unclear": dict | None,
    "errors": list,
    "clients": dict,
    "unread_lines": dict,
    "notes": list,
}
STORM_KEYS = {
    "started": float | None,
    "ended": float | None,
    "attempts": int,
    "cause": str,
    "recovered": bool,
    "session": str | None,
    "evidence": str,
    "confidence": str,
}
SESSIONS = TESTS / "data" / "analyze"
START = 1_795_000_000.0
LADDER = (0.0, 0.6, 1.8, 4.1, 8.5)


@pytest.fixture(autouse=True)
def bare(monkeypatch, tmp_path):
    """Keep the user's own options file out, and start in a folder of the test's own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    monkeypatch.chdir(tmp_path)


def post(status, port=5000, path="/v1/messages?beta=true"):
    return f'INFO:     127.0.0.1:{port} - "POST {path} HTTP/1.1" {status} X'


STORM = [(START + at, post(500 if at < 8 else 200)) for at in LADDER]
POLLS = [(START + 2, 'INFO:     127.0.0.1:7 - "GET /health HTTP/1.1" 200 OK')]


def write(path, entries, is_plain=False):
    lines = [line if is_plain else json.dumps({"t": t, "line": line}) for t, line in sorted(entries)]
    path.write_text("\n".join(lines) + "\n")
    return str(path)


@pytest.fixture
def analyze(capsys):
    """Run the command; returns the exit code, stdout and stderr."""

    def run(*argv):
        code = main(["analyze", *argv])
        return code, *capsys.readouterr()

    return run


class TestJson:
    def test_it_has_the_keys_and_types_of_the_contract(self, analyze, tmp_path):
        code, out, err = analyze(write(tmp_path / "a", STORM + POLLS), "--json")
        report = json.loads(out)
        assert (code, err) == (0, "")
        assert set(report) == set(KEYS)
        assert all(isinstance(report[name], kind) for name, kind in KEYS.items())
        (storm,) = report["storms"]
        assert set(storm) == set(STORM_KEYS)
        assert all(isinstance(storm[name], kind) for name, kind in STORM_KEYS.items())

    def test_it_counts_each_kind_for_itself(self, analyze, tmp_path):
        more = [(START + 50, post(200, 6000, "/v1/messages/count_tokens?beta=true"))]
        report = json.loads(analyze(write(tmp_path / "a", STORM + POLLS + more), "--json")[1])
        counted = {name: report[name] for name in list(KEYS)[:9]}
        assert counted == {
            "version": 1,
            "http_requests": 7,
            "probes": 1,
            "main_requests": 5,
            "auxiliary": None,
            "count_tokens": 1,
            "retries": 4,
            "retries_unsure": 0,
            "turns": 1,
        }
        assert report["by_status"]["500"] == 4

    def test_a_storm_has_its_times_and_its_end(self, analyze, tmp_path):
        (storm,) = json.loads(analyze(write(tmp_path / "a", STORM), "--json")[1])["storms"]
        assert storm["started"] == START
        assert storm["ended"] == START + LADDER[-1]
        printed = {name: storm[name] for name in ("attempts", "cause", "recovered", "evidence")}
        assert printed == {"attempts": 5, "cause": "500", "recovered": True, "evidence": "ladder"}

    def test_without_times_the_order_counts_and_times_are_null(self, analyze, tmp_path):
        (storm,) = json.loads(analyze(write(tmp_path / "a", STORM, is_plain=True), "--json")[1])["storms"]
        assert (storm["started"], storm["ended"], storm["attempts"]) == (None, None, 5)

    def test_an_empty_log_is_all_zero(self, analyze, tmp_path):
        (tmp_path / "a").write_text("")
        code, out, _ = analyze("a", "--json")
        assert code == 0
        assert json.loads(out)["http_requests"] == 0

    def test_rotated_parts_are_one_log(self, analyze, tmp_path):
        write(tmp_path / "a.log.1", STORM[:2], is_plain=True)
        os.utime(tmp_path / "a.log.1", (START, START))
        report = json.loads(analyze(write(tmp_path / "a.log", STORM[2:], is_plain=True), "--json")[1])
        assert [storm["attempts"] for storm in report["storms"]] == [5]

    def test_standard_input_is_a_log_too(self, analyze, tmp_path, monkeypatch):
        text = "\n".join(line for _, line in STORM).encode()
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text)))
        assert json.loads(analyze("-", "--json")[1])["main_requests"] == 5

    def test_options_may_stand_between_files(self, analyze, tmp_path):
        one, other = write(tmp_path / "a", STORM), write(tmp_path / "b", POLLS)
        code, out, _ = analyze(one, "--json", other)
        assert code == 0
        assert json.loads(out)["http_requests"] == 6


class TestText:
    def test_it_says_what_was_counted_and_lists_the_storms(self, analyze, tmp_path):
        code, out, err = analyze(write(tmp_path / "a", STORM + POLLS))
        assert (code, err) == (0, "")
        rows = {line.split()[0]: line.split()[1:] for line in out.splitlines() if line}
        assert rows["requests"][:1] == ["6"]
        assert rows["turns"][0] == "1"
        assert rows["retries"] == ["4", "5.0", "requests", "per", "turn"]
        assert "1 storm" in out
        assert re.search(r"\d\d \w{3} \d\d:\d\d:\d\d +8 s +5 +500 +recovered +ladder", out)

    def test_it_fits_80_columns_whatever_a_server_says(self, analyze, tmp_path):
        shout = f"20:00:00 - LiteLLM Proxy:ERROR: a.py:1 - Error: {'寒い' * 60}"
        entries = [*STORM, (START + 0.1, shout)]
        entries += [(START + 100 + n, post(400 + n, 6000 + n)) for n in range(40)]
        out = analyze(write(tmp_path / "a", entries))[1]
        wide = [sum(2 if ord(char) > 0x2FFF else 1 for char in line) for line in out.splitlines()]
        assert "寒い" in out
        assert max(wide) <= 80

    def test_nothing_of_a_log_reaches_the_terminal_as_such(self, analyze, tmp_path):
        error = "20:00:00 - LiteLLM Proxy:ERROR: a.py:1 - Error: \x1b]0;owned\x07 \x1b[31mred sk-1234567890abcdef"
        out = analyze(write(tmp_path / "a", [*STORM, (START + 0.1, error)]))[1]
        assert "\x1b" not in out
        assert "sk-1234567890" not in out

    def test_no_storm_is_said_so(self, analyze, tmp_path):
        assert "No storm" in analyze(write(tmp_path / "a", STORM[-1:]))[1]

    def test_a_log_without_requests_is_said_so(self, analyze, tmp_path):
        (tmp_path / "a").write_text("hello\n")
        assert "No requests found" in analyze("a")[1]

    @pytest.mark.parametrize(
        ("environ", "is_coloured"),
        [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)],
        ids=["terminal", "NO_COLOR", "dumb"],
    )
    def test_colours_are_for_terminals_that_want_them(self, tmp_path, monkeypatch, environ, is_coloured):
        monkeypatch.setenv("TERM", "xterm")
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("sys.stdout", Terminal())
        assert main(["analyze", write(tmp_path / "a", STORM)]) == 0
        assert ("\x1b[" in sys.stdout.getvalue()) == is_coloured

    def test_a_clock_that_is_off_by_millennia_is_no_crash(self, analyze, tmp_path):
        code, out, _ = analyze(write(tmp_path / "a", [(t * 1e6, line) for t, line in STORM]))
        assert code == 0
        assert "requests" in out


class TestTroubles:
    def test_a_missing_file_is_reported_and_the_others_count(self, analyze, tmp_path):
        code, out, err = analyze("nope", write(tmp_path / "a", STORM), "--json")
        assert code == 2
        assert err == "stormdeck: nope cannot be read: no such file or directory\n"
        assert json.loads(out)["main_requests"] == 5

    def test_with_nothing_to_read_nothing_is_printed(self, analyze):
        code, out, err = analyze("nope", "--json")
        assert (code, out) == (2, "")
        assert "nope" in err

    def test_a_missing_transcripts_folder_is_reported_and_the_log_counts(self, analyze, tmp_path):
        code, out, err = analyze(write(tmp_path / "a", STORM), "--transcripts", "nope", "--json")
        assert code == 2
        assert "nope does not exist" in err
        assert json.loads(out)["main_requests"] == 5

    def test_damaged_lines_are_reported_on_stderr(self, analyze, tmp_path):
        file = write(tmp_path / "a", STORM)
        with (tmp_path / "a").open("a") as more:
            more.write('{"t": 1, "li\n')
        code, out, err = analyze(file, "--json")
        assert (code, json.loads(out)["main_requests"]) == (0, 5)
        assert "1 damaged line" in err

    @pytest.mark.parametrize(
        ("line", "words"),
        [
            ("", "FILE"),
            ("a --api-timeout-ms soon", "whole number of milliseconds"),
            ("a --api-timeout-ms 0", "whole number of milliseconds"),
            ("a --jsn", "did you mean --json"),
            ("a --record b", "--record"),
        ],
        ids=["no file", "word", "zero", "typo", "of watch"],
    )
    def test_a_wrong_line_is_refused(self, analyze, line, words):
        code, out, err = analyze(*line.split())
        assert (code, out) == (2, "")
        assert words in err


class TestTranscripts:
    @pytest.mark.parametrize("name", ["500x5_mid_2.1.329", "529x7_int_2.1.42"])
    def test_with_them_the_account_of_a_recorded_session_is_exact(self, analyze, name):
        folder = SESSIONS / name
        truth = json.loads((folder / "truth.json").read_text())
        log, transcripts = str(folder / "access.lines.jsonl"), str(folder / "transcripts")
        code, out, err = analyze(log, "--transcripts", transcripts, "--json")
        report = json.loads(out)
        assert (code, err) == (0, "")
        assert report["retries"] == truth["totals"]["retries"]
        assert [storm["attempts"] for storm in report["storms"]] == [storm["attempts"] for storm in truth["storms"]]
        assert {storm["session"] for storm in report["storms"]} == {storm["session_id"] for storm in truth["storms"]}


@pytest.mark.parametrize("line", ["analyze -h", "watch -h"])
def test_help_names_what_it_takes(line, capsys):
    assert main(line.split()) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"usage: stormdeck {line.split()[0]} ")
    assert all(flag in text for flag in ("--transcripts", "--json", "FILE"))
