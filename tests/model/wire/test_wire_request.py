"""What the recorder reads of a request: session, kind, thread, and a key that is equal for all attempts of a turn."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormdeck.model.wire.request import Kind, kind_by_path, read_request

PATH = "/v1/messages?beta=true"
BASE: dict[str, Any] = {
    "model": "qwen",
    "max_tokens": 32000,
    "stream": True,
    "messages": [{"role": "user", "content": "hi"}],
    "system": [{"type": "text", "text": "You are"}],
    "tools": [{"name": "Bash"}, {"name": "Task"}],
}


def read(headers=None, path=PATH, method="POST", **changes):
    body = {name: value for name, value in {**BASE, **changes}.items() if value is not None}
    return read_request(method, path, headers or {}, json.dumps(body).encode())


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("POST", "/v1/messages", Kind.MAIN),
        ("POST", "/vllm/v1/messages?beta=true", Kind.MAIN),
        ("POST", "/v1/messages/", Kind.MAIN),
        ("POST", "/v1/messages/count_tokens?beta=true", Kind.COUNT_TOKENS),
        ("GET", "/v1/messages", Kind.OTHER),
        ("POST", "/v1/chat/completions", Kind.COMPLETION),
        ("HEAD", "/", Kind.OTHER),
    ],
)
def test_a_path_says_what_a_request_can_be(method, path, kind):
    assert kind_by_path(method, path) is kind


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, Kind.MAIN),
        ({"tools": None}, Kind.AUXILIARY),
        ({"tools": []}, Kind.AUXILIARY),
        ({"max_tokens": 1}, Kind.AUXILIARY),
    ],
)
def test_a_request_without_tools_or_for_one_token_is_auxiliary(changes, kind):
    assert read(**changes).kind is kind


@pytest.mark.parametrize(
    "changes",
    [
        {"stream": False, "max_tokens": 21333},
        {"thinking": {"type": "adaptive"}, "temperature": 1},
        {"metadata": {"user_id": "x"}},
        {"system": [{"type": "text", "text": "x-anthropic-billing-header: cc_version=2"}, *BASE["system"]]},
    ],
)
def test_what_a_retry_changes_does_not_change_the_key(changes):
    assert read(**changes).key == read().key
    assert read(**changes).body != read().body


@pytest.mark.parametrize(
    "changes", [{"model": "other"}, {"messages": [{"role": "user", "content": "ho"}]}, {"tools": [{"name": "Bash"}]}]
)
def test_another_question_has_another_key(changes):
    assert read(**changes).key != read().key


@pytest.mark.parametrize(
    ("headers", "user", "session"),
    [
        ({"x-claude-code-session-id": "abc"}, None, "abc"),
        ({}, "user_1f_account__session_0a1b", "0a1b"),
        ({}, json.dumps({"device_id": "d", "session_id": "s1"}), "s1"),
        ({"x-claude-code-session-id": "abc"}, "user_1f_account__session_0a1b", "abc"),
        ({}, "someone", ""),
        ({}, "[1]", ""),
        ({}, 5, ""),
    ],
)
def test_the_session_is_in_a_header_or_in_the_metadata(headers, user, session):
    assert read(headers, metadata={"user_id": user} if user is not None else None).session == session


def test_a_header_names_subagents_and_only_the_main_thread_may_start_them():
    assert read().thread == "main"
    assert read(tools=[{"name": "Bash"}, {"name": "Agent"}]).thread == "main"
    assert read({"x-claude-code-agent-id": "a1"}).thread == "subagent"
    assert read(tools=[{"name": "Bash"}]).thread == ""
    assert read(tools=None).thread == ""


def test_the_question_is_the_last_message_of_the_user():
    answer = {"role": "assistant", "content": "x"}
    asked = [{"role": "user", "content": [{"type": "text", "text": "a"}]}, answer]
    assert read(messages=asked, tools=[{"name": "A"}]).question == read(messages=asked, model="m").question


@given(
    st.binary(max_size=300)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*sorted(BASE), "metadata"]), inner),
    ).map(lambda value: json.dumps(value).encode())
)
def test_no_body_raises_and_nothing_of_it_is_kept(body):
    facts = read_request("POST", PATH, {}, body)
    assert len(facts.body) == 64
    assert facts.kind in {Kind.MAIN, Kind.AUXILIARY}
