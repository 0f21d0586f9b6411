"""Records that are read by a template are read as those that are parsed whole."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dresses import DRESSES
from log_lines import utc
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.logs.prefixes.dress import OWN_START, Peeled, peel, undress
from stormdeck.model.logs.prefixes.json_template import json_template
from stormdeck.model.logs.prefixes.prefix_reader import PrefixReader

T = 1795953600.25
LINE = 'INFO:     127.0.0.1:50194 - "POST /v1/messages?beta=true HTTP/1.1" 500 Internal Server Error'
RECORDS = {name: DRESSES[name].write for name in DRESSES if DRESSES[name].write(T, LINE).endswith(("}", "}]"))} | {
    "docker's own order": lambda t, line: (
        json.dumps({"log": line + "\n"})[:-1]
        + f', "stream":"stderr","time":"{DRESSES["docker -t"].write(t, "").strip()}"}}'
    ),
    "the journal in full": lambda t, line: json.dumps(
        {
            "__CURSOR": f"s=0a1b;i={int(t) % 9999:x}",
            "_SYSTEMD_UNIT": "vllm.service",
            "MESSAGE": line,
            "PRIORITY": "6",
            "__MONOTONIC_TIMESTAMP": f"{t % 1e5:.0f}",
            "_PID": int(t) % 9999,
            "__REALTIME_TIMESTAMP": f"{t * 1e6:.0f}",
        }
    ),
    "Kubernetes by fluent-bit": lambda t, line: json.dumps(
        {
            "@timestamp": DRESSES["docker -t"].write(t, "").strip(),
            "log": line,
            "message": f"{t}",
            "kubernetes": {"container_name": "vllm", "labels": {"app": "a"}},
            "offset": t % 1000,
        }
    ),
    "seconds behind a prefix without a clock": lambda t, line: (
        f"vllm-1  | {json.dumps({'ts': round(t, 3), 'msg': line})}"
    ),
    "a prefix with a time": lambda t, line: DRESSES["CRI"].write(t, json.dumps({"time": "x", "ts": t, "log": line})),
    "no clock": lambda t, line: json.dumps({"app": "vllm", "body": line, "n": t}),
}
TEXTS = (
    LINE,
    "",
    "(APIServer pid=1) INFO 05-05 12:36:59 [loggers.py:335] Engine 000",
    '  File "/usr/lib/a.py", line 3',
    "vllm-1  | 2026-11-29T12:00:00Z INFO: nested",
    '{"time": "2026-11-29T12:00:00Z", "container": "inner", "log": "INFO: deeper"}',
    '[0] tag: [[1795953600.5, {}], {"log"=>"INFO: flu"}]',
    "2026-11-29T12:00:00Z stdout P part",
    '\x1b[32mINFO\x1b[0m: é 日本 \\ "quoted" \t\x9b1m',
    " \t MESSAGE=x",
    '  "MESSAGE" : "pretty",',
    "ends with returns\r\n\r\n",
)
CHARS = st.sampled_from(
    [*'0123456789"\\{}[],: .-+TZtsPF|/é\x1b\n\r\t\x00٣ueE', '\\"', "\\u00e9", "\\ud83d", '", "log": "', ', "x": 1']
)
ZONES = st.sampled_from(["Z", "+02:00", "-0330", ""])


@st.composite
def mutated(draw, line):
    """Change a few places of a line."""
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(line)))
        line = line[:at] + draw(st.one_of(CHARS, st.just(""))) + line[at + draw(st.integers(0, 2)) :]
    return line


def read_in_full(line):
    return undress(line, utc, T)


@pytest.mark.parametrize("name", RECORDS)
def test_a_template_is_made_of_every_record(name):
    template = json_template(RECORDS[name](T, LINE), utc, T)
    assert template is not None
    for step, text in enumerate(TEXTS):
        line = RECORDS[name](T + step * 7.013, text)
        if line.isprintable():
            assert template.read(line, T) == read_in_full(line)


@pytest.mark.parametrize("name", RECORDS)
@given(data=st.data())
def test_a_template_reads_a_changed_line_as_it_is_read_in_full_or_not_at_all(name, data):
    template = json_template(RECORDS[name](T, LINE), utc, T)
    times = st.floats(T - 1e8, T + 1e8)
    lines = [data.draw(mutated(RECORDS[name](data.draw(times), data.draw(st.sampled_from(TEXTS))))) for _ in range(3)]
    lines = [line for line in lines if "\x1b" not in line]
    for line in lines:
        found = template.read(line, T)
        assert found is None or found == read_in_full(line)
    whole = template.read_all(lines)
    if whole is not None and lines:
        in_full = [read_in_full(line) for line in lines]
        assert whole[0] == [one.text for one in in_full]
        assert (whole[1] or [None] * len(lines)) == [one.time for one in in_full]
        assert {template.name} == {one.name for one in in_full}


@pytest.mark.parametrize("name", RECORDS)
@given(data=st.data())
def test_a_reader_that_has_learned_reads_changed_lines_as_a_new_one(name, data):
    reader = PrefixReader(utc)
    known = tuple(RECORDS[name](T + step, LINE) for step in range(3))
    reader.read(LogBatch("a.log", known, T, history=True))
    changed = data.draw(mutated(RECORDS[name](T + 5.5, data.draw(st.sampled_from(TEXTS[:6])))))
    bare = reader.read(LogBatch("a.log", (known[0], changed), T, history=True))
    alone = PrefixReader(utc).read(LogBatch("a.log", (changed,), T, history=True))
    assert bare.texts[1] == alone.texts[0]
    assert (bare.times or [None, None])[1] == (alone.times or [None])[0]
    assert (bare.names or ["", ""])[1] == (alone.names or [""])[0]


@given(st.from_regex(OWN_START), st.sampled_from(["", *TEXTS]))
def test_nothing_is_taken_off_a_line_that_begins_as_a_server_s_own(start, rest):
    begin = OWN_START.search(start).start()
    line = start[begin:] + rest
    if OWN_START.match(line):
        assert peel(line) == Peeled(0)


def test_records_that_each_need_a_template_of_their_own_are_learned_from_a_bounded_number_of_times(monkeypatch):
    made = []
    original = json_template
    monkeypatch.setattr(
        "stormdeck.model.logs.prefixes.prefix_reader.json_template",
        lambda *given: (made.append(1), original(*given))[1],
    )
    lines = tuple(json.dumps({"log": LINE, "stream": "stdout", f"key{number}": 1}) for number in range(1000))
    bare = PrefixReader(utc).read(LogBatch("a.log", lines, T, history=True))
    assert set(bare.texts) == {LINE}
    assert 0 < len(made) <= 256


@pytest.mark.parametrize("name", ["foreman", "journal short-monotonic"])
@given(data=st.data())
def test_a_prefix_whose_time_has_no_date_is_recognised_only_where_it_is_one(name, data):
    write = DRESSES[name].write
    reader = PrefixReader(utc)
    known = tuple(write(T + step, LINE) for step in range(3))
    reader.read(LogBatch("a.log", known, T, history=True))
    end = len(known[0]) - len(LINE)
    changed = data.draw(mutated(write(T + data.draw(st.floats(0, 1e5)), "")[:end])).replace("\x1b", "") + LINE
    bare = reader.read(LogBatch("a.log", (known[0], changed), T, history=True))
    assert bare.texts[1] == undress(changed, utc, T).text
