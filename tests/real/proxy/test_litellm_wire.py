"""The callback in a real LiteLLM: it notes what clients of the proxy meet, and the proxy goes on as without it."""

import json

import httpx
import proxied
import pytest
from proxied import good_config
from running import until

import stormdeck
from stormdeck.model.versions import below
from stormdeck.model.wire.exchange import Outcome, from_line
from stormdeck.model.wire.hop import Hop
from stormdeck.model.wire.request import Kind

SESSION = "11111111-2222-3333-4444-555555555555"
TOOLS = [{"name": "Task", "description": "x", "input_schema": {"type": "object", "properties": {}}}]


def config(name):
    """Return what makes the configuration with the callback, as the README says it."""
    line = f"litellm_settings:\n  callbacks: {name}.wire"
    return lambda vllm, upstream: good_config(vllm, upstream).replace("litellm_settings:", line)


@pytest.fixture(scope="module", params=proxied.versions())
def wired(request, tmp_path_factory):
    """Return a LiteLLM with the callback; an old one finds modules beside its configuration only."""
    app, folder = stormdeck.__file__.rpartition("/stormdeck/")[0], tmp_path_factory.mktemp("wired")
    name = "stormdeck_wire" if below(request.param, "1.109.1") else "stormdeck.litellm_callback"
    (folder / "stormdeck_wire.py").write_text("from stormdeck.litellm_callback import wire\n")
    with proxied.stack(request.param, folder, config(name), PYTHONPATH=app) as one:
        yield one


class Seen:
    """What is noted from now on."""

    def __init__(self, stack):
        self._folder = stack.config.parent / ".local/state/stormdeck/wire"
        self._before = len(self._lines())

    def ended(self, count=1):
        """Return the exchanges that ended, once there are so many."""
        found = until(lambda: found if len(found := [one for one in self.lines if not one.is_running]) >= count else [])
        assert len(found) == count
        return found

    @property
    def lines(self):
        """Return the new lines."""
        return self._lines()[self._before :]

    def _lines(self):
        files = sorted(self._folder.glob("*.jsonl"))
        return [one for file in files for line in file.read_text().splitlines() if (one := from_line(line))]


def ask(stack, model=proxied.MODEL, *, stream=False, timeout=60.0, said="Say hello to the storm.", token=proxied.KEY):
    """Ask as Claude Code does, for a session."""
    metadata = {"user_id": json.dumps({"device_id": "d", "account_uuid": "", "session_id": SESSION})}
    body = {"model": model, "max_tokens": 24, "stream": stream, "tools": TOOLS, "metadata": metadata}
    body["messages"] = [{"role": "user", "content": said}]
    headers = {"authorization": f"Bearer {token}", "user-agent": proxied.AGENT, "anthropic-version": "2023-06-01"}
    url = f"{stack.proxy.url}/v1/messages?beta=true"
    return httpx.post(url, json=body, headers=headers, timeout=timeout, trust_env=False)


@pytest.mark.parametrize(
    ("model", "stream", "outcome"),
    [
        (proxied.MODEL, False, Outcome.ANSWERED),
        (proxied.MODEL, True, Outcome.ANSWERED),
        ("native", True, Outcome.ANSWERED),
        ("fail-500", False, Outcome.STATUS),
        ("fail-429", True, Outcome.STATUS),
        ("fail-400", False, Outcome.STATUS),
        ("gone", False, Outcome.STATUS),
        ("no-such-model", False, Outcome.STATUS),
    ],
)
def test_a_request_is_noted_once_as_its_client_met_it(wired, model, stream, outcome):
    seen = Seen(wired)
    answer = ask(wired, model, stream=stream)
    (one,) = seen.ended()
    assert (one.status, one.outcome, one.hop, one.kind) == (answer.status_code, outcome, Hop.PROXY, Kind.MAIN)
    assert (one.session, one.thread, one.model, one.stream) == (SESSION, "main", model, stream)
    assert one.received_bytes == len(answer.content)
    if outcome is Outcome.ANSWERED:
        assert one.output_tokens
        assert one.first_byte <= one.last_byte <= one.ended
    assert "storm" not in "".join(map(str, seen.lines))


def test_a_stream_that_breaks_off_behind_the_proxy_is_what_the_client_gets_of_it(wired):
    seen = Seen(wired)
    answer = ask(wired, "cut", stream=True)
    # An old LiteLLM ends it as if it were whole.
    is_whole = "message_stop" in answer.text
    assert is_whole is below(wired.version, "1.109.1")
    assert (seen.ended()[0].outcome is Outcome.ANSWERED) is is_whole


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_leaves_is_noted_at_once_and_its_next_request_is_the_next_attempt(wired, stream):
    seen, said = Seen(wired), f"Wait for it, {stream}."
    for _ in range(2):
        with pytest.raises(httpx.ReadTimeout):
            ask(wired, "hang", stream=stream, timeout=0.4, said=said)
    assert [(one.outcome, one.attempt) for one in seen.ended(2)] == [(Outcome.CLIENT_LEFT, 1), (Outcome.CLIENT_LEFT, 2)]


def test_the_proxys_own_retries_are_not_those_of_the_client(wired):
    seen, before = Seen(wired), wired.upstream.asked["fail-500"]
    for _ in range(3):
        ask(wired, "fail-500", said="Three times.")
    assert [one.attempt for one in seen.ended(3)] == [1, 2, 3]
    assert wired.upstream.asked["fail-500"] - before > 3


def test_a_wrong_token_is_noted_too(wired):
    seen = Seen(wired)
    answer = ask(wired, token="sk-wrong")
    assert answer.status_code >= 400
    assert (seen.ended()[0].status, seen.ended()[0].outcome) == (answer.status_code, Outcome.STATUS)
