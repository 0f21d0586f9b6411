"""Transcripts are read whole, and followed while several clients write them."""

import os
from itertools import accumulate

import pytest

import transcripts as written
from stormdeck.model.retries.transcript import LONGEST_ENTRY, Entry, EntryKind
from stormdeck.sources.transcripts import follow
from stormdeck.sources.transcripts.follow import TranscriptFollower
from stormdeck.sources.transcripts.read import DEEPEST, EntrySplitter, Unread, folder_obstacle, read_transcripts
from waiting import until

T = 1_795_000_000.0


def transcript(folder, session="s1", *lines):
    path = folder / "-home-dev-project" / f"{session}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.writelines(f"{line}\n" for line in lines)
    return path


def asked(*numbers, session="s1"):
    return [written.ask(T + n, session=session) for n in numbers]


@pytest.fixture
def received(tmp_path, monkeypatch):
    monkeypatch.setattr(follow, "SCAN_S", 0.02)
    entries: list[Entry] = []
    followers: list[TranscriptFollower] = []

    class Received:
        heard = entries

        def __call__(self, folder=tmp_path):
            followers.append(TranscriptFollower(folder, self.heard.extend, interval_s=0.01))
            followers[-1].start()
            return followers[-1]

        def times(self):
            return [entry.t - T for entry in self.heard]

    yield Received()
    for follower in followers:
        follower.stop()


def test_every_file_is_read_and_each_in_its_order(tmp_path):
    transcript(tmp_path, "b", *asked(3, 4, session="b"))
    transcript(tmp_path, "a", *asked(1, 2, session="a"))
    (tmp_path / "notes.txt").write_text(asked(9)[0])
    assert [(entry.session, entry.t - T) for entry in read_transcripts(tmp_path)] == [
        ("a", 1),
        ("a", 2),
        ("b", 3),
        ("b", 4),
    ]


def test_the_clients_own_folder_and_a_single_file_will_do(tmp_path):
    path = transcript(tmp_path / "projects", "s1", *asked(1))
    assert len(list(read_transcripts(tmp_path))) == len(list(read_transcripts(path))) == 1


def test_damage_costs_its_own_line_only(tmp_path):
    lines = [*asked(1), asked(2)[0][:40], "\x00\x01", "{}", *asked(3)]
    path = transcript(tmp_path, "s1", *lines)
    with path.open("ab") as file:
        file.write(b"\xff\xfe\n" + asked(4)[0].encode() + b"\n" + asked(5)[0].encode()[:-1])
    assert [entry.t - T for entry in read_transcripts(tmp_path)] == [1, 3, 4]


def test_old_files_may_be_left_out(tmp_path):
    os.utime(transcript(tmp_path, "old", *asked(1)), (T, T))
    transcript(tmp_path, "new", *asked(2))
    assert [entry.t - T for entry in read_transcripts(tmp_path, since=T + 1)] == [2]


def test_a_line_without_end_is_never_held(tmp_path):
    splitter = EntrySplitter()
    for _ in range(12):
        assert splitter.split(b"x" * (1024 * 1024)) == []
        assert len(splitter._held) <= LONGEST_ENTRY
    assert splitter.split(b"\n" + asked(1)[0].encode() + b"\n")[0].t == T + 1
    assert splitter.long_lines == 1


def test_lines_that_are_too_long_are_counted_however_they_arrive(tmp_path):
    long = written.ask(T + 2).replace("session", "x" * LONGEST_ENTRY)
    assert len(long) > LONGEST_ENTRY
    transcript(tmp_path, "s1", *asked(1), long, long, *asked(3))
    unread = Unread()
    assert [entry.t - T for entry in read_transcripts(tmp_path, unread=unread)] == [1, 3]
    assert unread.sentences() == ["2 lines over 4 MiB in transcripts not read: not counted"]


@pytest.mark.parametrize("above", [0, 1, 6, 12])
def test_a_folder_far_above_will_do_for_subagents_too(tmp_path, above):
    projects = tmp_path.joinpath(*["above"] * above, "projects")
    agents = projects / "-home-dev-project" / "s1" / "subagents"
    agents.mkdir(parents=True)
    (agents / "agent-a1.jsonl").write_text(asked(1)[0] + "\n")
    transcript(projects, "s1", *asked(2))
    unread = Unread()
    assert sorted(entry.t - T for entry in read_transcripts(tmp_path, unread=unread)) == [1, 2]
    assert unread == Unread()


def test_a_folder_that_lies_too_deep_is_named(tmp_path):
    deep = tmp_path.joinpath(*["d"] * (DEEPEST + 1))
    transcript(deep, "s1", *asked(1))
    unread = Unread()
    assert list(read_transcripts(tmp_path, unread=unread)) == []
    assert unread.sentences() == [f"{deep} could not be read: what is in there is not counted"]


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_pieces_make_whole_lines(size):
    data = "".join(f"{line}\n" for line in asked(1, 2, 3)).encode()
    splitter = EntrySplitter()
    entries = [entry for at in range(0, len(data), size) for entry in splitter.split(data[at : at + size])]
    assert [entry.t - T for entry in entries] == [1, 2, 3]


def test_a_folder_that_is_not_there_is_reported(tmp_path):
    assert folder_obstacle(tmp_path) == ""
    assert "does not exist" in folder_obstacle(tmp_path / "away")
    assert list(read_transcripts(tmp_path / "away")) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_reported(tmp_path):
    tmp_path.chmod(0)
    assert "may not be read" in folder_obstacle(tmp_path)
    tmp_path.chmod(0o700)


def test_what_is_there_comes_first_and_then_what_is_written(tmp_path, received):
    transcript(tmp_path, "s1", *asked(1))
    received()
    until(lambda: received.times() == [1])
    transcript(tmp_path, "s1", *asked(2))
    until(lambda: received.times() == [1, 2])


def test_several_sessions_at_once(tmp_path, received):
    for session in ("a", "b", "c"):
        transcript(tmp_path, session, *asked(1, session=session))
    received()
    until(lambda: len(received.heard) == 3)
    for session in ("a", "b", "c"):
        transcript(tmp_path, session, *asked(2, session=session))
    until(lambda: len(received.heard) == 6)
    assert sorted((entry.session, entry.t - T) for entry in received.heard) == [
        (session, n) for session in ("a", "b", "c") for n in (1, 2)
    ]


def test_a_folder_and_files_that_appear_later(tmp_path, received):
    received(tmp_path / "projects")
    transcript(tmp_path / "projects", "late", *asked(1))
    until(lambda: received.times() == [1])


def test_a_half_written_line_waits_for_its_end(tmp_path, received):
    path = transcript(tmp_path, "s1", *asked(1))
    received()
    until(lambda: received.times() == [1])
    line = asked(2)[0]
    with path.open("a", buffering=1) as file:
        file.write(line[:50])
        file.flush()
        transcript(tmp_path, "s2", *asked(3))
        until(lambda: received.times() == [1, 3])
        file.write(line[50:] + "\n")
    until(lambda: received.times() == [1, 3, 2])


def test_an_old_transcript_is_not_read_until_it_goes_on(tmp_path, received):
    path = transcript(tmp_path, "old", *asked(1))
    os.utime(path, (T, T))
    transcript(tmp_path, "new", *asked(2))
    received()
    until(lambda: received.times() == [2])
    transcript(tmp_path, "old", *asked(3))
    until(lambda: received.times() == [2, 3])


def test_only_the_end_of_a_long_transcript_is_read(tmp_path, received, monkeypatch):
    monkeypatch.setattr(follow, "HISTORY_BYTES", 2000)
    lines = asked(*range(100))
    transcript(tmp_path, "s1", *lines)
    received()
    until(lambda: 99 in received.times())
    whole = [size for size in accumulate(len(line) + 1 for line in reversed(lines)) if size <= 2000]
    assert len(received.heard) in {len(whole), len(whole) - 1}
    assert received.times() == list(range(100))[-len(received.heard) :]


def test_a_transcript_that_begins_anew_is_read_from_its_start(tmp_path, received):
    path = transcript(tmp_path, "s1", *asked(1, 2, 3))
    received()
    until(lambda: received.times() == [1, 2, 3])
    path.write_text(asked(4)[0] + "\n")
    until(lambda: received.times() == [1, 2, 3, 4])


def test_a_transcript_that_is_deleted_ends_nothing(tmp_path, received):
    path = transcript(tmp_path, "s1", *asked(1))
    received()
    until(lambda: received.times() == [1])
    path.unlink()
    transcript(tmp_path, "s2", *asked(2))
    until(lambda: received.times() == [1, 2])


def test_no_more_than_so_many_are_open(tmp_path, received, monkeypatch):
    monkeypatch.setattr(follow, "MOST_FOLLOWED", 3)
    for n in range(8):
        transcript(tmp_path, f"s{n}", *asked(n))
    follower = received()
    until(lambda: len(received.heard) >= 3)
    assert len(follower._open) <= 3
    transcript(tmp_path, "s0", *asked(50))
    until(lambda: 50 in received.times())


def test_nothing_is_reported_after_the_end(tmp_path, received):
    transcript(tmp_path, "s1", *asked(1))
    follower = received()
    until(lambda: received.times() == [1])
    follower.stop()
    until(lambda: not follower._open or follower._stopped.is_set())
    transcript(tmp_path, "s1", *asked(2))
    other = received()
    until(lambda: len(received.heard) >= 3)
    other.stop()
    assert received.times() == [1, 1, 2]


def test_kinds_pass_through(tmp_path):
    transcript(tmp_path, "s1", written.retry(T, 1), written.answer(T + 1))
    assert [entry.kind for entry in read_transcripts(tmp_path)] == [EntryKind.RETRY, EntryKind.ANSWER]
