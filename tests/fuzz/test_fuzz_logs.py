"""Any content of a log: requests are requests, records are records, and every count adds up."""

import json
import math

import seeds
from hypothesis import strategies as st
from laws import assert_shown, cheap, law
from mutations import arriving, cut, grown, mutated, mutated_json, repeated

from dresses import DRESSES
from log_lines import utc
from stormdeck.commands.colour import paint_for
from stormdeck.commands.retries.summary import as_text
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.logs.prefixes.dress import undress
from stormdeck.model.logs.prefixes.prefix_reader import PrefixReader
from stormdeck.model.logs.reasons import LONGEST_REASON, is_cooldown, reason
from stormdeck.model.logs.records import Level, RecordReader, classify
from stormdeck.model.logs.requests.access import RequestKind
from stormdeck.model.logs.requests.access_line import parse_access
from stormdeck.model.logs.requests.access_reader import AccessReader
from stormdeck.model.logs.root_causes import deep_cause
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.masking.redaction.log_lines import LogStructure
from stormdeck.model.symptoms.decode import matched_messages, near
from stormdeck.model.text import clean
from stormdeck.model.traffic.log_analyzer import LogAnalyzer
from stormdeck.model.traffic.meter import TrafficMeter
from stormdeck.sources.logs.splitter import LONGEST_LINE, LineSplitter

NOW = 1_795_269_720.0
LINES = mutated(seeds.log_lines())
REQUESTS = mutated(seeds.access_lines()) | mutated_json([*seeds.json_lines()])
MANY = st.lists(REQUESTS | LINES, min_size=1, max_size=8)


def assert_request(access):
    assert 100 <= access.status <= 999
    assert 0 <= access.port <= 99_999
    assert isinstance(access.kind, RequestKind)
    assert access.method.isascii()
    assert access.method.isalpha()
    assert access.method.isupper()
    assert access.time is None or math.isfinite(access.time)


@law(REQUESTS, cases=30)
def test_a_request_has_a_status_and_a_port_that_exist(line):
    access = parse_access(line, utc)
    if access is not None:
        assert_request(access)


@law(MANY)
def test_a_log_gives_at_most_one_request_a_line(lines):
    reader = AccessReader(utc)
    for line in lines:
        access = reader.read(line)
        if access is not None:
            assert_request(access)
    assert 0 <= reader.in_flight <= len(lines)


@law(LINES)
def test_a_record_has_a_level_and_a_message(line):
    record = classify(line)
    if record is not None:
        assert isinstance(record.level, Level)
        assert record.message.strip()
        assert isinstance(record.source, str)


@law(st.lists(LINES, min_size=1, max_size=12))
def test_a_reader_of_records_begins_none_that_the_line_alone_does_not(lines):
    reader = RecordReader()
    for line in lines:
        record = reader.read(line)
        assert record is None or record == classify(line)


@law(LINES)
def test_a_reason_is_short_and_can_be_shown(line):
    record = classify(line)
    words = reason(record.message if record is not None else line)
    assert len(words) <= LONGEST_REASON
    assert_shown(words)


@law(LINES, st.sampled_from(["sk-abcdef0123456789", "hf_abcdefgh0123", "Bearer abc.def.ghi"]), st.integers(0, 1 << 16))
def test_a_token_among_blanks_is_masked_wherever_it_stands(line, token, place):
    place %= len(line) + 1
    assert token not in mask_text(f"{line[:place]} {token} {line[place:]}")


@law(LINES)
def test_a_cleaned_line_can_be_shown(line):
    assert_shown(clean(line))


@law(arriving(st.lists(LINES, max_size=6).map("\n".join)))
def test_lines_are_the_same_however_their_bytes_arrive(arrived):
    data, pieces = arrived
    assert _split([data]) == _split(pieces)


def _split(pieces):
    splitter = LineSplitter()
    return [line for piece in [*pieces, b"\n"] for line in splitter.split(piece)]


@law(MANY, st.data())
def test_a_log_counts_the_same_in_one_batch_and_in_many(lines, data):
    """Requests, probes and answers; which of them are retries may be reported later, where lines come one by one."""
    whole, parts = LogAnalyzer(local_time=utc), LogAnalyzer(local_time=utc)
    whole.take(LogBatch("log", tuple(lines), NOW, history=False))
    for piece in data.draw(cut(lines)):
        parts.take(LogBatch("log", tuple(piece), NOW, history=False))
    assert _counts(whole.report(NOW)) == _counts(parts.report(NOW))


def _counts(report):
    return (report.http_requests, report.probes, report.count_tokens, report.by_status, report.retries + report.turns)


@law(MANY, st.booleans())
def test_no_count_is_negative_and_each_request_counts_once(lines, history):
    ledger = LogAnalyzer(local_time=utc)
    ledger.take(LogBatch("log", tuple(lines), NOW, history=history))
    report = ledger.report(NOW)
    found = json.loads(json.dumps(report.as_json(), allow_nan=False))
    counts = [found[name] for name in ("http_requests", "probes", "main_requests", "count_tokens", "retries", "turns")]
    assert min(counts) >= 0
    assert found["retries"] + found["turns"] <= found["main_requests"] + (found["auxiliary"] or 0)
    assert sum(found["by_status"].values()) <= found["http_requests"] <= len(lines)
    assert all(status.isdecimal() for status in found["by_status"])
    for line in as_text(report, paint_for(None)):
        assert_shown(line)


@law(st.binary(max_size=300), st.sampled_from(sorted(DRESSES)))
def test_any_bytes_in_any_dress_are_read(data, name):
    line = DRESSES[name].write(NOW, data.decode("utf-8", "replace").replace("\n", " "))
    bare = PrefixReader(utc).read(LogBatch("log", (line,) * 3, NOW, history=True))
    alone = undress(line, utc, NOW)
    assert [*bare.texts] == [alone.text] * 3
    assert alone.time is None or math.isfinite(alone.time)
    access = parse_access(line, utc, NOW)
    if access is not None:
        assert_request(access)


@law(MANY)
def test_the_meter_counts_what_came(lines):
    meter = TrafficMeter(local_time=utc)
    attempts = meter.take(LogBatch("log", tuple(lines), NOW, history=False))
    seen = meter.snapshot(NOW)
    assert all(0 <= number < len(lines) for number in attempts)
    assert all(attempt >= 1 for attempt in attempts.values())
    assert all(count >= 0 for bucket in seen.buckets for count in bucket)
    assert seen.requests == seen.turns + seen.retries <= len(lines)
    for storm in seen.storms:
        assert storm.attempts >= 3
        assert math.isfinite(storm.started)


@law(MANY)
def test_the_structure_of_a_log_can_be_read_as_the_log_can(lines):
    structure, log, report = LogStructure(utc), AccessReader(utc), AccessReader(utc)
    for line in lines:
        short, found = structure.line(line), log.read(line)
        if short is not None:
            assert_shown(short)
        again = report.read(short or "")
        assert (again is None) == (found is None), short
        if found is not None:
            assert (again.method, again.status) == (found.method, found.status)
            assert (again.kind is RequestKind.MAIN) == (found.kind is RequestKind.MAIN)


@law(LINES)
def test_any_line_can_be_explained(line):
    assert all(isinstance(words, str) for words in (*matched_messages(line), *near(line)))


READERS = {
    "access": parse_access,
    "pairs": lambda line: AccessReader(utc).read(line),
    "dressed": lambda line: undress(line, utc, NOW),
    "dressed request": lambda line: parse_access(f'{line} - "POST /v1/messages HTTP/1.1" 500', utc, NOW),
    "prefixes": lambda line: PrefixReader(utc).read(LogBatch("log", (line, line), NOW, history=True)),
    "front": lambda line: parse_access(f'1.2.3.4 - - [29/Nov/2026:12:00:00 +0000] "POST /{line} HTTP/1.1" 200 1', utc),
    "front's agent": lambda line: parse_access(f'[29/Nov/2026:12:00:00 +0000] "GET / HTTP/1.1" 200 1 "-" "{line}', utc),
    "wrapped": lambda line: undress(json.dumps({"log": line, "stream": "stdout"}), utc, NOW),
    "fluent-bit": lambda line: undress(f'[0] a: [[1795953600.1, {{}}], {{"log"=>"{line}"=>"', utc, NOW),
    "cause": deep_cause,
    "log": lambda line: LogAnalyzer(local_time=utc).take(LogBatch("log", (line, line), NOW, history=True)),
    "records": lambda line: RecordReader().read(line),
    "reason": reason,
    "cooldown": is_cooldown,
    "clean": clean,
    "mask": mask_text,
    "structure": lambda line: LogStructure(utc).line(line),
    "meaning": matched_messages,
    "failure": lambda line: LogStructure(utc).line(f"ERROR:    {line}"),
    "quoted failure": lambda line: reason(f"Error: {{'message': '{line}"),
    "named failure": lambda line: reason(f"ErrorInfo(message='{line}"),
    "asked": lambda line: parse_access(f'INFO:     1.2.3.4:5 - "GET /{line} HTTP/1.1" 200 OK'),
}


@law(repeated(seeds.log_lines()), st.sampled_from(sorted(READERS)), cases=10, slow=True)
def test_the_longest_line_is_read_in_no_time(line, reader):
    cheap(READERS[reader], grown(line, LONGEST_LINE))
