"""The simulated client: when it tries again, what it sends, and what it takes from its settings."""

import asyncio
import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stormdeck.demo.client import settings as settings_file
from stormdeck.demo.client.conversation import TOOL_BLOCKS, Session
from stormdeck.demo.client.retries import RetryPolicy, retries_allowed, wait_s
from stormdeck.demo.client.settings import ClientSettings
from stormdeck.demo.client.wire import Result

OK = Result(200, ({"type": "text", "text": "Done."},))
BODY = {"model": "m", "messages": [], "stream": True}


def seeded(number):
    return random.Random(number)  # noqa: S311


@pytest.mark.parametrize(
    ("retry", "seconds"), [(1, 0.5), (2, 1), (3, 2), (4, 4), (5, 8), (6, 16), (7, 32), (8, 32), (10, 32)]
)
def test_the_ladder_doubles_up_to_half_a_minute(retry, seconds):
    assert wait_s(retry, 0.0) == seconds
    assert wait_s(retry, 1.0) == seconds * 1.25


@settings(max_examples=30)
@given(st.integers(1, 30), st.floats(0, 1))
def test_a_wait_is_never_outside_its_rung(retry, luck):
    rung = min(0.5 * 2 ** (retry - 1), 32)
    assert rung <= wait_s(retry, luck) <= 1.25 * rung


@pytest.mark.parametrize(
    ("setting", "retries"),
    [(None, 10), ("", 10), ("0", 0), ("5", 5), (" 3 ", 3), ("20", 15), ("-1", 10), ("abc", 10), ("²", 10)],
)
def test_how_many_retries_a_setting_allows(setting, retries):
    assert retries_allowed(setting) == retries


def attempt(results, **env):
    """Return the last result, the bodies sent and the waits, for a server that answers so; its last answer repeats."""
    bodies, waits = [], []

    async def send(body):
        bodies.append(body)
        return results[min(len(bodies), len(results)) - 1]

    async def pause(seconds):
        waits.append(seconds)

    attempts = RetryPolicy(seeded(1), pause)
    return asyncio.run(attempts.run(send, BODY, ClientSettings(env))), bodies, waits


@pytest.mark.parametrize(
    ("statuses", "env", "sent"),
    [
        pytest.param([200], {}, 1, id="answered at once"),
        pytest.param([500, 500, 200], {}, 3, id="recovers at the third"),
        pytest.param([500], {}, 11, id="gives up after eleven"),
        pytest.param([500], {"CLAUDE_CODE_MAX_RETRIES": "5"}, 6, id="gives up after six when told so"),
        pytest.param([500], {"CLAUDE_CODE_MAX_RETRIES": "0"}, 1, id="no retries"),
        pytest.param([0], {"CLAUDE_CODE_MAX_RETRIES": "2"}, 3, id="no answer at all is retried"),
        pytest.param([401], {"CLAUDE_CODE_MAX_RETRIES": "2"}, 3, id="401 is retried"),
        pytest.param([403], {}, 1, id="403 is final"),
        pytest.param([404], {}, 2, id="404 is sent twice"),
        pytest.param([404, 429, 429, 200], {}, 4, id="a cooldown after a 404 is retried"),
        pytest.param([404, 429, 404], {}, 3, id="a second 404 is final"),
        pytest.param([400], {}, 6, id="400 is stripped five times"),
        pytest.param([400], {"CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS": "1"}, 1, id="400 is final without betas"),
    ],
)
def test_how_often_a_request_is_sent(statuses, env, sent):
    results = [OK if status == 200 else Result(status) for status in statuses]
    last, bodies, _ = attempt(results, **env)
    assert len(bodies) == sent
    assert (last is OK) == (statuses[-1] == 200)


def test_the_waits_climb_the_ladder_and_the_body_stays_the_same():
    _, bodies, waits = attempt([Result(500)], CLAUDE_CODE_MAX_RETRIES="5")
    assert all(rung <= wait <= 1.25 * rung for rung, wait in zip((0.5, 1, 2, 4, 8), waits, strict=True))
    assert all(body == BODY for body in bodies)


def test_a_404_is_sent_again_at_once_and_without_streaming():
    _, bodies, waits = attempt([Result(404)])
    assert (waits, [body["stream"] for body in bodies]) == ([], [True, False])


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("http://127.0.0.1:14000", True),
        ("http://localhost:8000/v1/", True),
        ("https://api.example.com", False),
        ("http://192.0.2.7:8000", False),
        ("", False),
        ("http://[broken", False),
    ],
)
def test_nothing_is_sent_to_another_machine(url, kept):
    assert (ClientSettings({"ANTHROPIC_BASE_URL": url}).base_url is not None) == kept


@pytest.mark.parametrize(
    ("model", "env", "sent"),
    [
        ("sonnet", {"ANTHROPIC_DEFAULT_SONNET_MODEL": "Qwen3.5-27B "}, "Qwen3.5-27B"),
        ("sonnet", {}, "claude-sonnet-4-6"),
        ("opus[1m]", {"ANTHROPIC_DEFAULT_OPUS_MODEL": "q"}, "q"),
        ("Qwen3.5-27B", {}, "Qwen3.5-27B"),
        ("sonnet", {"ANTHROPIC_MODEL": "other"}, "other"),
    ],
)
def test_which_id_main_requests_carry(model, env, sent):
    assert ClientSettings(env, model).main_model == sent


@pytest.mark.parametrize("text", ["", "{", "[]", '{"env": []}', "null"], ids=repr)
def test_a_broken_file_counts_as_empty(tmp_path, text):
    file = tmp_path / "settings.json"
    file.write_text(text)
    assert settings_file.read(file) == settings_file.read(tmp_path / "none") == ClientSettings()


def test_the_file_is_taken_as_the_real_client_takes_it(tmp_path):
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({"model": "sonnet", "env": {"CLAUDE_CODE_MAX_RETRIES": 3, "NOTHING": None}}))
    read = settings_file.read(file)
    assert (read.model, read.env) == ("sonnet", {"CLAUDE_CODE_MAX_RETRIES": "3"})


def test_a_talk_grows_and_keeps_its_prefix():
    session, none = Session(seeded(1)), ClientSettings()
    session.ask()
    first = json.dumps(session.main_body(none)["messages"])
    call = {"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "ls"}}
    assert session.answered([call])
    later = session.main_body(none)
    assert json.dumps(later["messages"]).startswith(first.removesuffix("]"))
    assert later["messages"][-1]["content"][0]["tool_use_id"] == "t1"
    assert later["tools"] == TOOL_BLOCKS
    assert "tools" not in session.title_body(none)


def test_the_attribution_block_can_be_switched_off():
    session = Session(seeded(1))
    assert len(session.main_body(ClientSettings())["system"]) == 2
    assert len(session.main_body(ClientSettings({"CLAUDE_CODE_ATTRIBUTION_HEADER": "0"}))["system"]) == 1


def test_a_seed_makes_the_same_session():
    assert Session(seeded(7)).id == Session(seeded(7)).id != Session(seeded(8)).id
