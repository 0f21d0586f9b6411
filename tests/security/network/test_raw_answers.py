"""Thirty answers that break HTTP, JSON or the metrics format: no command crashes, and no control byte gets out."""

import gzip
import json
import socket
import threading
from contextlib import contextmanager

import pytest
from origins import write

from command_home import Home
from stormdeck.commands.check import servers
from waiting import DEADLINE_S

pytestmark = pytest.mark.usefixtures("only_what_is_named")

MB = 1024 * 1024
ESCAPES = b"\x1b]0;owned\x07\x1b[31m\x9b2J\xe2\x80\xae"


def ok(body, *lines):
    head = b"".join(line + b"\r\n" for line in (b"HTTP/1.1 200 OK", b"content-length: %d" % len(body), *lines))
    return head + b"\r\n" + body


def entry(**values):
    return ok(json.dumps({"version": "0.32.0", "data": [{"id": "m", "owned_by": "vllm"} | values]}).encode())


def metrics(lines):
    return ok(b"# TYPE x gauge\nvllm:num_requests_running 1\n" + lines)


ANSWERS = {
    "40,000 models": ok(json.dumps({"version": "1", "data": [{"id": f"m{n}"} for n in range(40_000)]}).encode()),
    "an id of 1.8 MB": entry(id="x" * (18 * MB // 10)),
    "an id of escapes": entry(id=ESCAPES.decode("latin-1")),
    "an id that is a list": entry(id=[1]),
    "a length that is text": entry(max_model_len="many"),
    "a length of 100 digits": ok(b'{"version": "1", "data": [{"id": "m", "max_model_len": ' + b"9" * 100 + b"}]}"),
    "a version that is a list": ok(b'{"version": [1]}'),
    "a version of escapes": ok(json.dumps({"version": ESCAPES.decode("latin-1")}).encode()),
    "depth 500,000": ok(b"[" * 500_000),
    "a number of 100,000 digits": ok(b'{"version": ' + b"9" * 100_000 + b"}"),
    "NaN and Infinity": ok(b'{"version": NaN, "data": [Infinity]}'),
    "UTF-16": ok('{"version": "1"}'.encode("utf-16")),
    "NULs": ok(b"\0" * 1000),
    "metrics that are not finite": metrics(b"vllm:num_requests_waiting NaN\nvllm:kv_cache_usage_perc -Inf\n"),
    "metrics below zero": metrics(b"vllm:generation_tokens_total -5\nvllm:num_requests_waiting -1e300\n"),
    "metrics of escapes": metrics(b'vllm:num_requests_waiting{engine="' + ESCAPES + b'"} 1\n'),
    "metrics without values": metrics(b"vllm:num_requests_waiting\nvllm:num_requests_waiting{\n" * 500),
    "a gzip bomb": ok(gzip.compress(b"x" * 100 * MB), b"content-encoding: gzip"),
    "gzip in gzip": ok(gzip.compress(gzip.compress(b"{}")), b"content-encoding: gzip, gzip"),
    "gzip that is none": ok(b"not packed", b"content-encoding: gzip"),
    "two lengths": ok(b"{}", b"content-length: 5"),
    "a length below zero": b"HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n{}",
    "chunked and a length": ok(b"2\r\n{}\r\n0\r\n\r\n", b"transfer-encoding: chunked"),
    "HTTP/1.0 without a length": b'HTTP/1.0 200 OK\r\n\r\n{"version": "1"}',
    "status 999": b"HTTP/1.1 999 Odd\r\ncontent-length: 0\r\n\r\n",
    "status 000": b"HTTP/1.1 000 None\r\ncontent-length: 0\r\n\r\n",
    "204 with a body": b"HTTP/1.1 204 No\r\ncontent-length: 2\r\n\r\n{}",
    "101": b"HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n\x00\x01",
    "103 without end": b"HTTP/1.1 103 Early Hints\r\n\r\n" * 20_000,
    "a second answer behind the first": ok(b"{}") + ok(b'{"version": "9.9.9-smuggled"}'),
    "bytes that no header has": b"HTTP/1.1 200 OK\r\nx-\x01\xff: \x00\x1b\r\n\r\n",
    "200 cookies": ok(b"{}", *[b"set-cookie: a%d=%s" % (n, b"b" * 100) for n in range(200)]),
    "a redirect of escapes": b"HTTP/1.1 302 Found\r\nlocation: http://x/%1b[31m\r\ncontent-length: 0\r\n\r\n",
    "an error of escapes": b"HTTP/1.1 400 Bad\r\ncontent-length: %d\r\n\r\n" % len(ESCAPES) + ESCAPES,
}


@contextmanager
def answering(data):
    """Send the same bytes to whoever asks, whatever is asked."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0.1)
    done = threading.Event()

    def answer(connection):
        with connection:
            connection.settimeout(5)
            try:
                while connection.recv(65536):
                    connection.sendall(data)
            except OSError:
                pass

    def serve():
        while not done.is_set():
            try:
                connection, _ = listening.accept()
            except TimeoutError:
                continue
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        done.set()
        thread.join(DEADLINE_S)
        listening.close()


@pytest.fixture
def home(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # Some of these answers have no end: how long a look waits for it does not matter here.
    monkeypatch.setattr(servers, "PATIENT", servers.Deadlines(1.0, 1.0, 10.0))
    return Home(tmp_path, capsys, monkeypatch)


@pytest.mark.attack(
    "thirty answers: wrong types, endless nesting, absurd numbers, bombs, broken framing, smuggled answers, escapes",
    "each command ends with words, and no control byte is printed",
)
@pytest.mark.parametrize("answer", ANSWERS)
def test_no_answer_breaks_a_command(home, answer):
    with answering(ANSWERS[answer]) as url:
        look = ("status", "--json", "--no-gpu")
        runs = [home.run(*look, "--vllm", url), home.run(*look, "--proxy", url)]
        write(home.settings, ANTHROPIC_BASE_URL=url, ANTHROPIC_AUTH_TOKEN="dummy")
        runs += [home.run(*look), home.run("check")]
    for code, out, err in runs:
        assert code in {0, 1, 2}
        assert "Traceback" not in err
        assert "smuggled" not in out
        assert all(text.replace("\n", "").isprintable() for text in (out, err))
    assert json.loads(runs[0][1])["hops"]
