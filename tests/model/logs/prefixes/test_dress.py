"""A line is read the same behind any prefix, and the prefix tells its time and its server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from dresses import DRESSES, FORMATTERS, NONE
from log_lines import utc
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.logs.prefixes.dress import undress
from stormdeck.model.logs.prefixes.prefix_reader import PrefixReader
from stormdeck.model.logs.records import Level, classify
from stormdeck.model.logs.requests.access_line import parse_access

T = 1795953600.25
CORE = '127.0.0.1:50194 - "POST /v1/messages?beta=true HTTP/1.1" 500'
LINE = f"INFO:     {CORE} Internal Server Error"


@pytest.mark.parametrize("name", DRESSES)
def test_a_request_is_found_in_every_dress(name):
    dress = DRESSES[name]
    found = parse_access(dress.write(T, LINE), utc, T)
    assert found is not None
    assert (found.method, found.path, found.status) == ("POST", "/v1/messages?beta=true", 500)
    assert (found.host, found.port) == ("127.0.0.1", 50194)
    if dress.clock is NONE:
        assert found.time is None
    else:
        assert found.time == pytest.approx(T, abs=dress.clock)


@pytest.mark.parametrize("name", FORMATTERS)
def test_a_request_is_found_behind_every_formatter(name):
    dress = FORMATTERS[name]
    found = parse_access(dress.write(T, CORE), utc, T)
    assert found is not None
    assert (found.host, found.port, found.status) == ("127.0.0.1", 50194, 500)
    assert found.time == (None if dress.clock is NONE else pytest.approx(T, abs=dress.clock))


@pytest.mark.parametrize("formatter", ["LiteLLM", "vLLM"])
@pytest.mark.parametrize("name", DRESSES)
def test_a_server_s_own_json_is_read_in_every_dress(name, formatter):
    own = {
        "LiteLLM": '{"message": "127.0.0.1:5 - \\"POST /v1/messages HTTP/1.1\\" 400", "level": "INFO", '
        '"timestamp": "2026-11-29T12:00:00.250000", "component": "uvicorn.access"}',
        "vLLM": '{"asctime": "2026-11-29 12:00:00,250", "levelname": "INFO", "name": "uvicorn.access", '
        '"message": "127.0.0.1:5 - \\"POST /v1/messages HTTP/1.1\\" 400"}',
    }[formatter]
    found = parse_access(DRESSES[name].write(T, own), utc, T)
    assert found is not None
    assert (found.status, found.port) == (400, 5)
    assert found.time == pytest.approx(T, abs=1.0)


@pytest.mark.parametrize("name", DRESSES)
@pytest.mark.parametrize(
    "record",
    [
        "(APIServer pid=1) ERROR 05-05 12:36:59 [serving.py:1173] it broke",
        "18:16:28 - LiteLLM Proxy:ERROR: common_request_processing.py:1984 - it broke",
        "ERROR:    it broke",
    ],
)
def test_an_error_is_found_in_every_dress(name, record):
    found = classify(DRESSES[name].write(T, record))
    assert found is not None
    assert (found.level, found.message) == (Level.ERROR, "it broke")


@pytest.mark.parametrize("name", DRESSES)
def test_many_lines_read_as_each_by_itself(name):
    dress = DRESSES[name]
    times = [T + step * 7.013 for step in range(40)]
    lines = tuple(dress.write(t, LINE) for t in times)
    reader = PrefixReader(utc)
    for _ in range(2):
        bare = reader.read(LogBatch("log", lines, times[-1], history=True))
        alone = [undress(line, utc, times[-1]) for line in lines]
        assert list(bare.texts) == [one.text for one in alone] == [LINE] * len(lines)
        assert list(bare.names or [""] * len(lines)) == [one.name for one in alone]
        if dress.clock is NONE:
            assert bare.times is None
        else:
            assert bare.times == pytest.approx(times, abs=dress.clock)


@pytest.mark.parametrize(
    ("name", "server"),
    [
        ("compose", "vllm-1"),
        ("swarm", "vllm_vllm.1.k3jd9xw0@node1"),
        ("kubectl --prefix", "vllm"),
        ("stern", "vllm"),
        ("journal short", "vllm"),
        ("journal with-unit", "vllm"),
        ("journal json", "vllm"),
        ("RFC 5424", "vllm"),
        ("pm2", "vllm"),
        ("foreman", "vllm.1"),
        ("logcli", "vllm"),
        ("Loki JSON", "vllm"),
        ("docker -t", ""),
        ("Ray", ""),
        ("ts", ""),
    ],
)
def test_the_prefix_names_the_server(name, server):
    assert undress(DRESSES[name].write(T, LINE), utc, T).name == server


def test_a_clock_without_a_year_is_of_the_last_year_in_which_it_was():
    arrived = datetime(2027, 1, 1, 0, 0, 30, tzinfo=UTC).timestamp()
    before = undress(f"Dec 31 23:59:59 gpubox vllm[1]: {LINE}", utc, arrived)
    after = undress(f"Jan  1 00:00:01 gpubox vllm[1]: {LINE}", utc, arrived)
    assert (before.time, after.time) == (arrived - 31, arrived - 29)
    leap = undress(f"Feb 29 12:00:00 gpubox vllm[1]: {LINE}", utc, arrived)
    assert leap.time == datetime(2024, 2, 29, 12, tzinfo=UTC).timestamp()


def test_a_clock_without_a_year_says_nothing_where_the_arrival_is_unknown():
    assert undress(f"Dec 31 23:59:59 gpubox vllm[1]: {LINE}", utc).time is None


def test_a_clock_with_a_zone_counts_more_than_the_server_s_own():
    line = f"2026-11-29T12:00:00.25+02:00 stdout F 2026-11-29 10:00:00,250 INFO:     {CORE}"

    def elsewhere(moment):
        return moment.replace(tzinfo=timezone(timedelta(hours=-8))).timestamp()

    assert parse_access(line, elsewhere).time == T - 7200


@pytest.mark.parametrize(
    ("written", "zone"),
    [("29/Nov/2026:13:00:00 +0100", 0), ("Sun 2026-11-29 13:00:00 CET", 0), ("Nov 29 04:00:00 PST", 0)],
)
def test_zones_are_known_by_number_and_name(written, zone):
    found = parse_access(f"[{written}] {CORE}", None, T)
    assert found.time == 1795953600.0


def test_a_line_that_a_runtime_has_split_is_read_as_one():
    parts = (LINE[:30], LINE[30:60], LINE[60:])
    stamp = "2026-11-29T12:00:00.250000000+00:00 stdout"
    lines = tuple(f"{stamp} {flag} {part}" for flag, part in zip("PPF", parts, strict=True))
    bare = PrefixReader(utc).read(LogBatch("log", lines, T, history=True))
    assert list(bare.texts) == ["", "", LINE]


def test_a_split_line_of_one_stream_is_not_joined_with_another_s():
    lines = (
        f"2026-11-29T12:00:00Z stdout P {LINE[:40]}",
        "2026-11-29T12:00:00Z stderr F ERROR:    it broke",
        f"2026-11-29T12:00:00Z stdout F {LINE[40:]}",
    )
    bare = PrefixReader(utc).read(LogBatch("log", lines, T, history=True))
    assert list(bare.texts) == ["", "ERROR:    it broke", LINE]


@pytest.mark.parametrize(
    ("form", "entry"),
    [
        ("export", ["__CURSOR=s=1", "__REALTIME_TIMESTAMP=1795953600250000", "_PID=4711", f"MESSAGE={LINE}", ""]),
        (
            "verbose",
            ["Sun 2026-11-29 12:00:00.250000 UTC [s=ab12;i=1;b=2]", "    _TRANSPORT=stdout", f"    MESSAGE={LINE}"],
        ),
        (
            "json-pretty",
            [
                "{",
                '\t"__REALTIME_TIMESTAMP" : "1795953600250000",',
                '\t"MESSAGE" : "' + LINE.replace('"', '\\"') + '",',
                "}",
            ],
        ),
    ],
)
def test_an_entry_that_the_journal_prints_on_many_lines_has_its_time(form, entry):
    bare = PrefixReader(utc).read(LogBatch("log", tuple(entry * 2), T, history=True))
    found = [(text, time) for text, time in zip(bare.texts, bare.times, strict=True) if "HTTP/" in text]
    assert found == [(LINE, T)] * 2


def test_the_journal_writes_coloured_messages_as_bytes():
    coloured = list(f"\x1b[32mINFO\x1b[0m:     {CORE} Oops".encode())
    line = f'{{"__REALTIME_TIMESTAMP": "1795953600250000", "MESSAGE": {coloured}}}'
    found = parse_access(line)
    assert (found.status, found.port, found.time) == (500, 50194, T)


@pytest.mark.parametrize(
    "line",
    [
        f"user wrote: {CORE} OK",
        f"INFO 11-29 12:00:00 [logger.py:43] Received request chatcmpl-1: prompt: 'see {LINE}'",
        f"vllm-1  | INFO 11-29 12:00:00 [logger.py:43] Received request chatcmpl-1: prompt: {LINE}",
        f"18:16:28 - LiteLLM Proxy:ERROR: a.py:1 - the user sent {LINE}",
        f'2026-11-29T12:00:00Z ERROR {{"prompt": "{LINE}"}}',
    ],
)
def test_a_quoted_request_is_none(line):
    assert parse_access(line, utc, T) is None


@pytest.mark.parametrize("quote", ['"', "'", "`", "```"])
def test_a_pasted_log_loses_no_line_to_its_quote(quote):
    assert parse_access(f"{quote}{LINE}").status == 500


def test_a_service_of_compose_under_systemd_is_recognised_by_its_own_name():
    line = f"2026-11-29T12:00:00+00:00 gpubox docker-compose[12]: litellm-1  | {LINE}"
    assert undress(line).name == "litellm-1"
