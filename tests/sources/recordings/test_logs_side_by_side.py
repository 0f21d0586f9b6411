"""Logs that are read by processes side by side give the report that one process gives, byte for byte."""

import gzip
import json
import multiprocessing
from datetime import datetime
from random import Random

import pytest

from places import TESTS
from stormdeck.commands.retries import analyze
from stormdeck.model.traffic.log_analyzer import LogAnalyzer
from stormdeck.sources.recordings import side_by_side
from stormdeck.sources.recordings.archive import Archive
from stormdeck.sources.recordings.side_by_side import SideBySide, _shares, usual_jobs

NOW = 2_000_000_000.0
BEGIN = 1_900_000_000
LOGS = sorted((TESTS / "data/logs").glob("*.log"))
COMPOSE = ("litellm-1  | ", "vllm-1  | ")


def written(rng, count, *, timed, hop="", errors=True):
    """Return lines of a server: requests of some connections, storms among them, polls, errors and other lines."""
    lines, at = [], float(BEGIN + rng.randrange(60))
    for _ in range(count):
        at += rng.choice((0.0, 0.0, 0.6, 5.0))
        stamp = datetime.fromtimestamp(at).astimezone().isoformat(timespec="milliseconds") + " " if timed else ""
        what = rng.random()
        if what < 0.2:
            line = f'INFO:     127.0.0.1:{rng.randrange(9)} - "GET /health HTTP/1.1" 200 OK'
        elif what < 0.9:
            status = rng.choice((200, 500, 500, 500, 429))
            line = f'INFO:     127.0.0.1:{50000 + rng.randrange(3)} - "POST /v1/messages HTTP/1.1" {status} X'
        elif what < 0.95 and errors:
            line = "ERROR 11-20 10:00:00 [serving.py:1] RuntimeError: CUDA out of memory"
        else:
            line = rng.choice(('GET /odd HTTP/1.1" 2', "  at frame 7", "", "(APIServer pid=7) hello"))
        lines.append(f"{stamp}{rng.choice(COMPOSE) if hop == 'compose' else hop}{line}")
    return lines


@pytest.fixture
def logs(tmp_path):
    """Return names of logs of every sort: several hops, with times and without, packed, broken, missing."""
    rng = Random(7)  # noqa: S311 - noise
    kinds = {
        "litellm.log": written(rng, 900, timed=True),
        "vllm.log": written(rng, 900, timed=True),
        "vllm-b.log": written(rng, 300, timed=False),
        "compose.log": written(rng, 700, timed=True, hop="compose"),
        "nginx.log": written(rng, 200, timed=True),
        "none.log": [],
    }
    for name, lines in kinds.items():
        (tmp_path / name).write_text("\n".join(lines) + "\n")
    whole = gzip.compress("\n".join(written(rng, 800, timed=True)).encode())
    (tmp_path / "old.gz").write_bytes(whole)
    (tmp_path / "cut.gz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "odd.gz").write_bytes(b"\x1f\x8b\x08" + bytes(range(40)))
    (tmp_path / "plain.gz").write_text("\n".join(written(rng, 50, timed=True)))
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(b"x" * 6_000_000 * 4))
    (tmp_path / "packed.zst").write_bytes(b"\x28\xb5\x2f\xfd" + bytes(30))
    (tmp_path / "vllm.log.1").write_text("\n".join(written(rng, 100, timed=True)))
    found = sorted(str(path) for path in tmp_path.iterdir())
    return [*found, str(tmp_path / "missing.log"), *map(str, LOGS)]


def report(names, jobs):
    analyzer = LogAnalyzer(local_time=datetime.timestamp)
    archive = Archive(names, local_time=datetime.timestamp, clock=lambda: NOW)
    with SideBySide(archive, jobs) as reading:
        started = len(reading._workers)
        for head in reading.heads():
            analyzer.note_read_head(head)
        for read in reading.reads():
            analyzer.take_read(read)
    return json.dumps(analyzer.report().as_json()), archive, started


def told(archive):
    return archive.problems, archive.damaged, archive.read


@pytest.mark.parametrize("jobs", [2, 3])
def test_the_report_is_the_same(logs, jobs):
    alone, one, _ = report(logs, 1)
    together, many, started = report(logs, jobs)
    assert started == jobs
    assert together == alone
    assert told(many) == told(one)
    assert json.loads(alone)["http_requests"] > 100
    assert not multiprocessing.active_children()


def test_the_way_in_which_it_was_read_before_gives_the_same(logs):
    analyzer = LogAnalyzer(local_time=datetime.timestamp)
    archive = Archive(logs, local_time=datetime.timestamp, clock=lambda: NOW)
    for head in archive.heads():
        analyzer.note_head(*head)
    for batch in archive.batches():
        analyzer.take(batch)
    assert json.dumps(analyzer.report().as_json()) == report(logs, 2)[0]


@pytest.mark.parametrize("seed", range(3))
def test_hops_are_paired_as_in_one_process(tmp_path, seed):
    """Logs of a proxy and servers with lines at the same moments, in any order of names."""
    rng = Random(seed)  # noqa: S311 - noise
    names = [f"{kind}-{n}.log" for kind in ("litellm", "vllm", "app", "nginx") for n in range(2)]
    for name in names:
        same = Random(seed % 2)  # noqa: S311 - noise
        lines = written(same, 150, timed=seed != 2)
        (tmp_path / name).write_text("\n".join(lines))
    rng.shuffle(names)
    given = [str(tmp_path / name) for name in names]
    assert report(given, 3)[0] == report(given, 1)[0]


def test_logs_of_many_users_count_together(tmp_path):
    """None is nearer to a client than another, so each request counts."""
    for n in range(5):
        lines = written(Random(n), 300, timed=True, errors=False)  # noqa: S311 - noise
        (tmp_path / f"user-{n}.log.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    names = [str(path) for path in sorted(tmp_path.iterdir())]
    alone = report(names, 1)[0]
    assert report(names, 2)[0] == alone
    assert json.loads(alone)["http_requests"] > 1000


def test_the_command_prints_the_same(logs, capsys):
    told = []
    for jobs in (1, 2, None):
        code = analyze.run(logs, transcripts=None, api_timeout_ms=None, as_json=True, jobs=jobs)
        told.append((code, *capsys.readouterr()))
    assert told[0] == told[1] == told[2]
    assert told[0][0] == 2, "some could not be read"
    errors = told[0][2]
    for words in (
        "cut.gz cannot be read: its compressed data is damaged or cut off",
        "odd.gz cannot be read: its compressed data is damaged or cut off",
        "bomb.gz cannot be read: it decompresses to more than 500 times its size",
        "packed.zst cannot be read: it is compressed, and not with gzip: zstd -dc FILE",
        "missing.log cannot be read: no such file",
    ):
        assert words in errors
    assert "plain.gz" not in errors, "text that is only named so is read"


def test_recordings_are_read_by_one_process(tmp_path):
    """Two may hold lines of one log, which one reader has to see."""
    entry = {"t": 1.0, "line": 'INFO:     1.1.1.1:5 - "POST /v1/messages HTTP/1.1" 500 X', "log": "vllm.log"}
    for name in ("a.jsonl", "b.jsonl"):
        (tmp_path / name).write_text(json.dumps(entry) + "\n")
    names = [str(tmp_path / name) for name in ("a.jsonl", "b.jsonl")]
    alone, _, _ = report(names, 1)
    together, _, started = report(names, 2)
    assert (started, together) == (0, alone)


def test_a_process_that_dies_loses_its_own_logs_only(tmp_path, monkeypatch):
    """Killed for its memory, for instance."""
    for name in ("a.log", "b.log"):
        lines = written(Random(1), 8_000, timed=True)  # noqa: S311 - noise
        (tmp_path / name).write_text("\n".join(lines))
    names = [str(tmp_path / name) for name in ("a.log", "b.log")]
    archive = Archive(names, local_time=datetime.timestamp, clock=lambda: NOW)
    analyzer = LogAnalyzer(local_time=datetime.timestamp)
    with SideBySide(archive, 2) as reading:
        reading.heads()
        reading._workers[0].process.kill()
        for read in reading.reads():
            analyzer.take_read(read)
    (problem,) = archive.problems
    assert problem.startswith("a.log: the process that read it ended early")
    assert problem.endswith("try again with --jobs 1")
    assert analyzer.report().http_requests > 5_000
    assert not multiprocessing.active_children()


def test_leaving_early_leaves_no_process(logs):
    archive = Archive(logs, local_time=datetime.timestamp, clock=lambda: NOW)
    with SideBySide(archive, 2) as reading:
        reading.heads()
        next(reading.reads())
    assert not multiprocessing.active_children()


def test_processes_that_cannot_be_started_are_done_without(logs, monkeypatch):
    context = multiprocessing.get_context("spawn")

    def refused(*_, **__):
        raise BlockingIOError

    monkeypatch.setattr(context.Process, "start", refused)
    assert report(logs, 2)[2] == 0


def test_small_logs_are_read_by_one_process(logs, monkeypatch):
    archive = Archive(logs)
    assert usual_jobs(archive) == 1
    monkeypatch.setattr(side_by_side, "WORTH_BYTES", 1)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1, 2})
    assert usual_jobs(archive) == 3
    assert usual_jobs(Archive(logs[:1])) == 1


def test_the_largest_logs_are_divided_first():
    assert _shares({"a": 1, "b": 9, "c": 8, "d": 2}, 2) == [["b", "a"], ["c", "d"]]
    assert _shares({"a": 1}, 5) == [["a"]]
