"""Any content of a file that stormdeck reads: it is understood or reported as damaged, at a bounded cost."""

import atexit
import io
import json
import math
import os
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import seeds
from hypothesis import strategies as st
from laws import assert_shown, cheap, law
from mutations import TOKENS, arriving, grown, mutated, mutated_json, repeated

from stormdeck import __version__
from stormdeck.commands.status.session import read_session
from stormdeck.feed.replay import span
from stormdeck.model.keys.action import read_keys
from stormdeck.model.retries.transcript import LONGEST_NAME, EntryKind, parse_entry
from stormdeck.model.status.bar import Bar, client_line, tmux_line
from stormdeck.model.symbols import Health
from stormdeck.options.file import read_text
from stormdeck.sources.recordings.entry import Recorded, read_recorded, write_recorded
from stormdeck.sources.recordings.tape import load_tape
from stormdeck.sources.state.panel_status import Question, panel_name, published
from stormdeck.sources.transcripts.read import EntrySplitter

ENTRIES = mutated(seeds.transcript_lines()) | mutated_json(seeds.transcript_lines())
BAR = Bar(
    Health.ERROR, "vLLM answers 500", "SRV604", [("vllm", "vLLM", Health.ERROR)], [("s", "STORM attempt 4 of 11")]
)
SESSION = json.dumps({"session_id": "66f67062", "model": {"id": "q", "display_name": "Qwen"}, "cwd": "/w", "cost": {}})
PYYAML_S = 8.0
"""PyYAML takes a second for some hundred open brackets, and no longer for more of them (measured, 6.0.3)."""
OPTIONS = [
    "vllm: http://127.0.0.1:8000\nlogs:\n  - /var/log/litellm.log\ntheme: storm-dark\n",
    "keys:\n  app.quit: ctrl+q, f10\n  logs.pause: space\ngpu: off\nwindow: 15m  # minutes\n",
    "log: [a.log, 'b c.log']\n? odd\n: &a {x: *a}\n",
]


SCRATCH = TemporaryDirectory(prefix="stormdeck-fuzz-")
"""Of this process alone, and gone with it; the laws run outside of pytest too."""
atexit.register(SCRATCH.cleanup)


def scratch(name):
    """Return a file to write to."""
    return Path(SCRATCH.name) / name


@law(ENTRIES)
def test_an_entry_of_a_transcript_gives_what_can_be(line):
    entry = parse_entry(line)
    if entry is None:
        return
    assert math.isfinite(entry.t)
    assert entry.session
    assert max(map(len, (entry.session, entry.agent, entry.version, entry.id, entry.request))) <= LONGEST_NAME
    assert entry.attempt >= (1 if entry.kind is EntryKind.RETRY else 0)
    assert entry.wait is None or 0 <= entry.wait < 1e6
    assert entry.limit is None or abs(entry.limit) < 1e10


@law(arriving(st.lists(ENTRIES, max_size=3).map("\n".join)))
def test_entries_are_the_same_however_their_bytes_arrive(arrived):
    data, pieces = arrived
    whole, cut = EntrySplitter(), EntrySplitter()
    assert whole.split(data + b"\n") == [entry for piece in [*pieces, b"\n"] for entry in cut.split(piece)]


@law(repeated(seeds.transcript_lines()), slow=True)
def test_a_long_entry_is_read_in_no_time(line):
    cheap(parse_entry, grown(line, 512 * 1024))


@law(mutated(seeds.recordings(), most=6))
def test_a_recording_is_played_or_the_reason_said(text):
    file = scratch("recording.jsonl")
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    tape = load_tape(file)
    if isinstance(tape, str):
        assert_shown(tape)
        return
    times = [batch.arrived for batch in tape.batches]
    assert times == sorted(times)
    assert times[0] >= 0
    assert sum(len(batch.lines) for batch in tape.batches) <= text.count("\n") + 1
    assert_shown(tape.damage)
    for zone in ("UTC", "Pacific/Kiritimati", "Pacific/Niue"):
        assert_shown(in_zone(zone, span, tape))


def in_zone(name, function, *args):
    """Return what a function says where the clocks are those of a time zone."""
    before = os.environ.get("TZ")
    try:
        os.environ["TZ"] = name
        time.tzset()
        return function(*args)
    finally:
        os.environ.pop("TZ") if before is None else os.environ.update(TZ=before)
        time.tzset()


@law(mutated(seeds.log_lines()), st.floats(0, 4e9), mutated(["litellm.log"], most=2))
def test_what_is_recorded_is_read_back(line, t, name):
    line, name = line.replace("\n", " "), name.replace("\n", " ")
    text = write_recorded(Recorded(t, line, name)).encode("utf-8", "backslashreplace").decode()
    [read] = read_recorded([text])
    assert read is not None
    assert (read.t, read.log) == (round(t, 3), name)
    assert read.line == line


@law(mutated_json([json.dumps(BAR.as_json())]) | mutated([json.dumps(BAR.as_json())]))
def test_what_a_panel_wrote_down_is_one_line_in_a_bar(text):
    try:
        read = json.loads(text)
    except ValueError:
        return
    bar = Bar.from_json(read)
    if bar is not None:
        assert_shown(tmux_line(bar, coloured=False))
        assert_shown(client_line(bar, coloured=False, model=text[:60], session=text[:9]))


@law(
    mutated_json(
        [json.dumps({"stormdeck": __version__, "started": 1.0, "ascii": None, "bar": BAR.as_json(), "status": {}})]
    )
)
def test_a_panel_that_wrote_nonsense_answers_nobody(text):
    file = scratch(panel_name(os.getpid()))
    read = json.loads(text)
    if isinstance(read, dict):
        read["watches"] = {"claude": "/c", "named": {}, "file": None, "only_file": True}
    file.write_text(json.dumps(read))
    question = Question({}, claude="/c", project="/p", named={}, shape="tmux")
    answer = published(str(file.parent), question, time.time())
    assert answer is None or isinstance(answer.status, dict)


@law(mutated([SESSION]) | mutated_json([SESSION]))
def test_what_the_client_gives_its_status_line_is_two_texts(text):
    data, before = text.encode("utf-8", "surrogatepass"), sys.stdin
    try:
        sys.stdin = io.TextIOWrapper(io.BytesIO(data))
        session, model = read_session()
    finally:
        sys.stdin = before
    assert isinstance(session, str)
    assert isinstance(model, str)
    assert_shown(client_line(BAR, session=session, model=model, coloured=False))


@law(mutated(OPTIONS))
def test_an_options_file_is_understood_or_the_place_is_named(text):
    given, problems = read_text(text, Path("config.yaml"))
    assert all(one.texts or one.declaration.kind.many for one in given)
    for problem in problems:
        assert problem.where.startswith("config.yaml:")
        assert_shown(str(problem))


@law(repeated(OPTIONS), slow=True)
def test_a_long_options_file_is_read_in_no_time(text):
    cheap(read_text, grown(text, 16 * 1024), Path("config.yaml"), most_s=PYYAML_S)


@law(
    st.lists(st.sampled_from(["ctrl+", "shift+", "f1", "f99", "a", ",", " ", "+", "space", *TOKENS]), max_size=5).map(
        "".join
    )
)
def test_keys_have_names_or_a_reason(text):
    try:
        assert all(read_keys(text))
    except ValueError as error:
        assert_shown(str(error))
