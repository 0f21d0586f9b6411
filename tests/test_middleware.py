"""The middleware inside a user's server: it notes what the server does, and nothing that it does reaches a request."""

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
from contextlib import suppress

import pytest

import stormdeck.middleware as middleware
from demo_servers import MODEL, running
from places import TESTS
from stormdeck.middleware import Wire
from stormdeck.model.wire.account import account
from stormdeck.model.wire.exchange import Outcome, from_line
from stormdeck.model.wire.hop import Hop
from stormdeck.model.wire.request import Kind
from stormdeck.sources.wire.observer import Observer
from waiting import until

AGENT = (b"user-agent", b"claude-cli/2.1.332 (external, cli)")
SESSION = (b"x-claude-code-session-id", b"s-1")
BODY = json.dumps({"model": "m", "stream": True, "messages": [{"role": "user", "content": "secret"}], "tools": [{}]})
SAY = b'data: {"type":"content_block_delta","delta":{"text":"answer"}}\n\n'
STOP = b'data: {"type":"message_stop"}\n\n'
START = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]}


@pytest.fixture
def notes(tmp_path, monkeypatch):
    """Return what was noted so far; the middleware writes into a folder of the test."""
    observer = Observer(lambda: tmp_path / "wire")
    monkeypatch.setattr(middleware, "OBSERVER", observer)

    def read():
        files = list((tmp_path / "wire").glob("*.jsonl"))
        return [one for file in files for line in file.read_text().splitlines() if (one := from_line(line))]

    yield read
    observer.close()
    assert not list(tmp_path.rglob("*.jsonl"))


async def reads(receive):
    while (await receive()).get("more_body"):
        pass


async def answers(scope, receive, send):
    await reads(receive)
    await send(START)
    await send({"type": "http.response.body", "body": SAY, "more_body": True})
    await send({"type": "http.response.body", "body": STOP})


async def refuses(scope, receive, send):
    await reads(receive)
    await send({**START, "status": 500})
    await send({"type": "http.response.body", "body": b"{}"})


async def refuses_unread(scope, receive, send):
    await send({**START, "status": 401})
    await send({"type": "http.response.body"})


async def breaks(scope, receive, send):
    await reads(receive)
    raise ValueError("the server's own")


async def breaks_later(scope, receive, send):
    await reads(receive)
    await send(START)
    await send({"type": "http.response.body", "body": SAY, "more_body": True})
    raise ValueError("the server's own")


async def forgets(scope, receive, send):
    await reads(receive)
    await send(START)
    await send({"type": "http.response.body", "body": SAY})


async def waits(scope, receive, send):
    await reads(receive)
    while (await receive())["type"] != "http.disconnect":
        pass


async def works_on(scope, receive, send):
    """Answer without a look at the client, as LiteLLM does where no stream is asked for."""
    await reads(receive)
    for _ in range(5):
        await asyncio.sleep(0)
    await send({**START, "status": 500})
    await send({"type": "http.response.body", "body": b"{}"})


def ask(app, *, body=BODY, headers=(AGENT, SESSION), path="/v1/messages", leaves=False, hop=Hop.SERVER):
    """Return what a client of this application gets."""
    got, parts = [], [body.encode()[:20], body.encode()[20:]]

    async def receive():
        if parts:
            return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}
        if not leaves:
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    async def send(message):
        got.append(message)

    async def play():
        scope = {"type": "http", "method": "POST", "path": path, "headers": list(headers)}
        with suppress(ValueError):
            await Wire(app, hop)(scope, receive, send)

    asyncio.run(play())
    return got


@pytest.mark.parametrize(
    ("app", "leaves", "outcome", "status"),
    [
        (answers, False, Outcome.ANSWERED, 200),
        (refuses, False, Outcome.STATUS, 500),
        (refuses_unread, False, Outcome.STATUS, 401),
        (breaks, False, Outcome.STATUS, 500),
        (breaks_later, False, Outcome.CUT, 200),
        (forgets, False, Outcome.CUT, 200),
        (waits, True, Outcome.CLIENT_LEFT, None),
        (works_on, True, Outcome.CLIENT_LEFT, None),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_what_becomes_of_a_request_is_noted(notes, app, leaves, outcome, status):
    ask(app, leaves=leaves)
    last = until(lambda: [one for one in notes() if not one.is_running])[-1]
    assert (last.outcome, last.hop, last.session) == (outcome, Hop.SERVER, "s-1")
    if outcome is not Outcome.CLIENT_LEFT:
        assert last.status == status
    assert last.kind is Kind.MAIN


def test_the_client_gets_what_the_server_sends(notes):
    assert ask(answers) == ask(lambda *all_: answers(*all_), path="/v1/models")
    assert until(lambda: [one for one in notes() if not one.is_running])[-1].deltas == 1


def test_nothing_of_the_conversation_is_kept(notes, tmp_path):
    ask(answers)
    until(lambda: [one for one in notes() if not one.is_running])
    (file,) = (tmp_path / "wire").glob("*.jsonl")
    text = file.read_text()
    assert "secret" not in text
    assert "answer" not in text.replace("answered", "")
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_attempts_are_numbered_as_on_the_wire(notes):
    for app in (refuses, breaks, answers, answers):
        ask(app)
    until(lambda: sum(not one.is_running for one in notes()) == 4)
    seen = account(notes())
    assert [len(turn.attempts) for turn in seen.turns] == [3, 1]
    assert seen.turns[0].causes == ("500", "500")


def test_what_a_proxy_asks_is_not_the_clients(notes):
    ask(answers, headers=[(b"user-agent", b"litellm/1.110.2")], path="/v1/chat/completions")
    assert until(notes)[0].hop is Hop.BEHIND


def test_other_requests_are_not_looked_at(notes, tmp_path):
    ask(answers, path="/v1/models")
    ask(answers)
    assert {one.kind for one in until(notes)} == {Kind.MAIN}


@pytest.mark.parametrize("part", ["begin", "end", "go_on", "next_id"])
def test_an_error_in_it_reaches_no_request(notes, monkeypatch, part):
    def broken(*_):
        raise RuntimeError("stormdeck's own")

    plain = ask(answers)
    monkeypatch.setattr(middleware.OBSERVER, part, broken)
    assert ask(answers) == plain
    with suppress(ValueError):
        ask(breaks)


@pytest.mark.parametrize("headers", [[(b"\xff", b"\xff")], [(1, 2)], None])
def test_odd_headers_reach_the_server(notes, headers):
    reached = []

    async def app(scope, receive, send):
        reached.append(scope["headers"])

    async def play():
        await Wire(app)({"type": "http", "method": "POST", "path": "/v1/messages", "headers": headers}, None, None)

    asyncio.run(play())
    assert reached == [headers]


def test_a_folder_that_cannot_be_written_is_said_once_and_the_server_goes_on(monkeypatch, tmp_path, caplog):
    (tmp_path / "file").write_text("")
    observer = Observer(lambda: tmp_path / "file" / "wire")
    monkeypatch.setattr(middleware, "OBSERVER", observer)
    with caplog.at_level(logging.WARNING, "stormdeck"):
        for _ in range(3):
            assert len(ask(answers)) == 3
        until(lambda: caplog.records)
    assert len(caplog.records) == 1
    assert "notes no requests" in caplog.text


def test_a_child_that_is_forked_writes_a_file_of_its_own(notes, tmp_path):
    ask(answers)
    until(notes)
    code = (
        "import os, sys; sys.path.insert(0, sys.argv[1]); from test_middleware import *\n"
        "from pathlib import Path; folder = Path(sys.argv[2])\n"
        "middleware.OBSERVER = Observer(lambda: folder)\n"
        "files = lambda: len(list(folder.glob('*.jsonl')))\n"
        "ask(answers); until(lambda: files() == 1)\n"
        "child = os.fork()\n"
        "if not child: ask(answers); until(lambda: files() == 2); middleware.OBSERVER.close(); os._exit(0)\n"
        "assert os.waitpid(child, 0)[1] == 0; assert files() == 1\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, str(TESTS), str(tmp_path / "other")],
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(TESTS / "helpers"), str(TESTS / "helpers" / "network")))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not list((tmp_path / "other").iterdir())


def test_it_imports_the_standard_library_only():
    code = (
        "import sys; before = set(sys.modules); import stormdeck.middleware\n"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(*sorted(new - sys.stdlib_module_names - {'stormdeck'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize("path", ["stormdeck.middleware.Wire", "stormdeck.middleware:Wire"])
def test_vllm_loads_it_by_its_path(tmp_path, path):
    state = tmp_path / "state"
    with running("vllm", tmp_path, "--middleware", path, XDG_STATE_HOME=str(state), HOME=str(tmp_path)) as server:
        headers = {"user-agent": AGENT[1].decode(), SESSION[0].decode(): "s-1"}
        body = {
            "model": MODEL,
            "max_tokens": 8,
            "messages": [{"role": "user", "content": "hi"}],
            "tools": [{"name": "x"}],
        }
        for model in (MODEL, "other"):
            server.request("POST", "/v1/messages", json={**body, "model": model}, headers=headers)

        def ended():
            files = list((state / "stormdeck" / "wire").glob("*.jsonl"))
            lines = [from_line(line) for file in files for line in file.read_text().splitlines()]
            return [one for one in lines if one is not None and not one.is_running]

        until(lambda: len(ended()) == 2)
        assert [(one.status, one.outcome) for one in ended()] == [(200, Outcome.ANSWERED), (404, Outcome.STATUS)]
        assert ended()[0].output_tokens
        server.process.send_signal(signal.SIGTERM)
        server.process.wait()
    assert not list(state.rglob("*.jsonl"))
