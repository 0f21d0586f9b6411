"""Answers of hostile servers: parsed beside the event loop, in bounded work, and reported as a state."""

import asyncio
import gzip
import json
import threading
import time

import pytest
from origins import write
from recorder import METRICS, VLLM, recording

from command_home import Home
from panel import in_loop
from servers import Reply, serving, vllm
from stormdeck.sources.net import http as http_module
from stormdeck.sources.net import series
from stormdeck.sources.net.failure import Failure, FailureKind
from stormdeck.sources.net.http import LIMIT, PAGE_LIMIT, PIECES, PIECES_A_TURN, HttpClient, json_object
from stormdeck.sources.servers import prometheus
from stormdeck.sources.servers.prometheus import read_page
from stormdeck.sources.servers.vllm import VllmSource

pytestmark = pytest.mark.usefixtures("only_what_is_named")

MB = 1024 * 1024
RUNNING = b'vllm:num_requests_running{engine="0"} 3.0\n'
PAGES = {
    "a label of 7 MB": RUNNING + b'vllm:num_requests_waiting{engine="' + b"x" * 7 * MB + b'"} 1\n',
    "7 MB of quotes in a label": RUNNING + b'vllm:num_requests_waiting{engine="' + b'\\"' * (7 * MB // 2) + b'"} 1\n',
    "140,000 series": RUNNING + b"".join(b'vllm:num_requests_waiting{engine="%d"} 1\n' % n for n in range(140_000)),
    "110,000 buckets": RUNNING
    + b"".join(b'vllm:time_to_first_token_seconds_bucket{le="%d"} 1\n' % n for n in range(110_000)),
    "many long series": RUNNING
    + b"".join(b'vllm:num_requests_waiting{engine="%s%d"} 1\n' % (b'\\"' * 900, n) for n in range(3000)),
}
HARMLESS_PAGES = {
    "a HELP of 7 MB": RUNNING + b"# HELP x " + b"y" * 7 * MB + b"\n",
    "7 MB of other series": RUNNING + b'other_total{a="b"} 1\n' * (7 * MB // 21),
    "7 MB on one other line": RUNNING + b"other " + b"{" * 7 * MB,
}


def models(count, size=10):
    return {"data": [{"id": f"m{number}{'x' * size}", "owned_by": "vllm"} for number in range(count)]}


@pytest.mark.attack(
    "/metrics holds a label of 7 MB, quotes without end, 140,000 series, 110,000 buckets",
    "the page is given up before it is parsed, and the state says so",
)
@pytest.mark.parametrize("name", PAGES)
def test_a_hostile_page_is_given_up(name, monkeypatch):
    parsed = []
    original = series.SeriesReader._parsed
    count = lambda self, line: parsed.append(len(line)) or original(self, line)  # noqa: E731
    monkeypatch.setattr(series.SeriesReader, "_parsed", count)
    sample, why = read_page(PAGES[name], 1.0)
    assert sample is None
    assert why == prometheus.TOO_MUCH
    assert sum(parsed) <= series._MOST_TEXT + len(RUNNING)
    assert len(parsed) <= series._MAX_LINES + 1


@pytest.mark.parametrize("name", HARMLESS_PAGES)
def test_what_is_not_shown_costs_nothing(name):
    sample, why = read_page(HARMLESS_PAGES[name], 1.0)
    assert sample.gauges == {"running": 3.0}
    assert why == ""


def test_a_page_of_many_engines_is_read():
    engines = 60
    page = b"".join(METRICS.replace(b'engine="0"', b'engine="%d"' % number) for number in range(engines))
    one, many = read_page(METRICS, 1.0)[0], read_page(page, 1.0)[0]
    assert len(page) < PAGE_LIMIT
    assert many.counters["generation_tokens"] == engines * one.counters["generation_tokens"]


@in_loop
async def test_every_page_is_parsed_beside_the_loop(monkeypatch):
    monkeypatch.setattr("stormdeck.sources.servers.vllm.read_page", (read := Noting(read_page)))
    async with serving(vllm()) as url, HttpClient("test") as http:
        await VllmSource(url, http, time.time).poll()
    assert read.threads
    assert threading.main_thread() not in read.threads


class Noting:
    """A function that notes in which threads it is called."""

    def __init__(self, function):
        self.function = function
        self.threads = []

    def __call__(self, *args):
        self.threads.append(threading.current_thread())
        return self.function(*args)


@pytest.mark.attack(
    "/v1/models lists thousands of models, or the body is a gzip bomb",
    "it is unpacked and parsed beside the event loop",
)
@in_loop
async def test_large_answers_are_parsed_beside_the_loop(monkeypatch):
    parsed, unpacked = Noting(http_module._parsed), Noting(http_module._unpacked)
    monkeypatch.setattr(http_module, "_parsed", parsed)
    monkeypatch.setattr(http_module, "_unpacked", unpacked)
    packed = Reply(gzip.compress(json.dumps(models(1000)).encode()), headers={"content-encoding": "gzip"})
    bomb = Reply(gzip.compress(b"{" * 50 * MB), headers={"content-encoding": "gzip"})
    server = vllm(_v1_models=Reply(models(1000)), _packed=packed, _bomb=bomb)
    async with serving(server) as url, HttpClient("test") as http:
        for path in ("/v1/models", "/packed"):
            assert len(json_object(await http.get(url + path))["data"]) == 1000
        answer = await http.get(url + "/bomb")
    assert answer.kind is FailureKind.TOO_BIG
    assert len(parsed.threads) == 2
    assert len(unpacked.threads) == 2
    assert threading.main_thread() not in (*parsed.threads, *unpacked.threads)


@in_loop
async def test_a_small_answer_costs_no_thread(monkeypatch):
    parsed = Noting(http_module._parsed)
    monkeypatch.setattr(http_module, "_parsed", parsed)
    async with serving(vllm()) as url, HttpClient("test") as http:
        assert json_object(await http.get(url + "/version"))
    assert parsed.threads == [threading.main_thread()]


ODD_JSON = {
    "deep": b"[" * MB,
    "deep object": b'{"a":' * 300_000,
    "a number of 100,000 digits": b'{"data": ' + b"9" * 100_000 + b"}",
    "half a million values": b'{"data": [' + b"1," * 500_000 + b"1]}",
    "white space before it": b" " * 100_000 + b'{"data": []}',
    "a million empty lists": b'{"data": [' + b"[]," * 600_000 + b"[]]}",
}


@pytest.mark.parametrize("name", ODD_JSON)
@in_loop
async def test_json_that_is_too_much_is_no_object(name, monkeypatch):
    async with serving(vllm(_odd=Reply(ODD_JSON[name]))) as url, HttpClient("test") as http:
        assert json_object(await http.get(url + "/odd")) is None


def chunked(pieces):
    """Return a server that sends a body in pieces, as fast as they are taken."""

    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        writer.write(b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces))
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    return serve


@pytest.mark.attack(
    "a body of 2 MB comes in chunks of one byte",
    "it is given up after a thousand, and the event loop goes on in between",
)
@in_loop
async def test_a_body_in_tiny_pieces_is_given_up_and_the_loop_goes_on():
    turns = 0

    async def count():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with serving(chunked([b"x"] * 2 * MB)) as url, HttpClient("test") as http:
        counting = asyncio.create_task(count())
        answer = await http.get(url, deadline_s=60)
        counting.cancel()
    assert isinstance(answer, Failure)
    assert answer.text == "the answer comes in too many small pieces to be read"
    assert turns >= PIECES // PIECES_A_TURN


@in_loop
async def test_a_body_in_ordinary_pieces_is_read():
    async with serving(chunked([b"x" * 1400] * 1400)) as url, HttpClient("test") as http:
        answer = await http.get(url, limit=2 * LIMIT)
    assert len(answer.body) == 1400 * 1400


def route(**changes):
    return VLLM | {name.replace("_", "/"): value for name, value in changes.items()}


SAID = {
    "a label of 7 MB": (route(_metrics=PAGES["a label of 7 MB"]), "has more or longer series than are read"),
    "7 MB of quotes": (route(_metrics=PAGES["7 MB of quotes in a label"]), "has more or longer series than are read"),
    "a page of 20 MB": (route(_metrics=RUNNING * (20 * MB // len(RUNNING))), "larger than 8192 KiB"),
    "a model list of 3 MB": (route(_v1_models=models(20_000, 100)), "larger than 2048 KiB"),
    "a model list of too many values": (
        route(_v1_models={"data": [{"id": "a", "owned_by": "vllm", "x": [1] * 250_000}]}),
        "JSON with more values than are read",
    ),
}


@pytest.mark.parametrize("name", SAID)
def test_the_state_has_words_and_the_server_is_found(name, tmp_path, capsys, monkeypatch):
    home = Home(tmp_path, capsys, monkeypatch)
    routes, words = SAID[name]
    with recording(routes) as recorder:
        write(home.settings, ANTHROPIC_BASE_URL=recorder.url(), ANTHROPIC_AUTH_TOKEN="dummy")
        _, out, _ = home.run("status", "--json", "--no-gpu")
        hop = json.loads(out)["hops"][1]
        text = home.run("status", "--no-gpu")[1] + home.run("check")[1]
    assert words in hop["detail"]
    assert (hop["url"], hop["state"]) == (recorder.url(), "ok")
    assert "not found" not in text


def test_a_server_whose_every_answer_is_too_large_is_not_called_absent(tmp_path, capsys, monkeypatch):
    home = Home(tmp_path, capsys, monkeypatch)
    huge = b"x" * 3 * MB
    with recording(dict.fromkeys(VLLM, huge)) as recorder:
        write(home.settings, ANTHROPIC_BASE_URL=recorder.url(), ANTHROPIC_AUTH_TOKEN="dummy")
        said = json.loads(home.run("status", "--json", "--no-gpu")[1])
    assert "larger than 2048 KiB" in json.dumps(said)
    assert "not found" not in json.dumps(said)
