"""Which features of Claude Code work, by the answers and by what the settings decide: works, does not, or not known."""

import pytest

from canary_samples import MODEL, NEW, plan
from stormdeck.model.canary.check import Check, Question, Route, Verdict
from stormdeck.model.canary.features import features_of
from stormdeck.model.canary.plan import pending
from stormdeck.model.finding import HopKind

Q = Question
PASS, WARN, FAIL, SKIP, UNKNOWN = Verdict.PASS, Verdict.WARN, Verdict.FAIL, Verdict.SKIP, Verdict.UNKNOWN
VLLM = "http://127.0.0.1:8000"


def checks(**changes):
    """Return checks that pass, with verdicts of some changed; ``None`` leaves one out."""
    found = {question: changes.get(question.value, PASS) for question in Question}
    return [
        Check(question, Route.CLIENT, HopKind.SERVER, verdict, f"about {question.value}", change="do this")
        for question, verdict in found.items()
        if verdict is not None
    ]


def feature(name, found):
    return next(one for one in features_of(found) if one.name == name)


def test_where_all_pass_all_works_and_nothing_is_to_be_changed():
    assert {(one.verdict, one.change, one.works) for one in features_of(checks())} == {(PASS, "", True)}


@pytest.mark.parametrize(
    ("name", "changes", "verdict"),
    [
        ("plan mode", {"plan_mode": FAIL}, FAIL),
        ("plan mode", {"plan_mode": WARN}, WARN),
        ("plan mode", {"tool_change": FAIL}, FAIL),
        ("plan mode", {"tool_free": FAIL}, FAIL),
        ("plan mode", {"tool_free": UNKNOWN}, UNKNOWN),
        ("plan mode", {"plan_mode": SKIP}, UNKNOWN),
        ("subagents", {"subagents": FAIL}, FAIL),
        ("subagents", {"subagents": WARN}, WARN),
        ("subagents", {"auto_mode": WARN}, FAIL),
        ("subagents", {"auto_mode": UNKNOWN}, UNKNOWN),
        ("thinking", {"thinking": FAIL}, FAIL),
        ("compaction", {"compaction": FAIL}, FAIL),
        ("compaction", {"window": WARN}, FAIL),
        ("compaction", {"window": UNKNOWN}, UNKNOWN),
        ("compaction", {"long": FAIL}, FAIL),
        ("compaction", {"long": None}, PASS),
        ("images", {"image": WARN}, FAIL),
        ("images", {"image": UNKNOWN}, UNKNOWN),
        ("web fetch", {"web_page": FAIL}, FAIL),
        ("web fetch", {"web_page": WARN}, FAIL),
        ("web fetch", {"preflight": UNKNOWN}, UNKNOWN),
        ("web fetch", {"tool_change": WARN}, WARN),
        ("web search", {"web_search": WARN}, FAIL),
        ("answers", {"turn": FAIL}, FAIL),
        ("answers", {"room": WARN}, FAIL),
        ("answers", {"room": SKIP}, PASS),
        ("tools", {"tool_result": FAIL}, FAIL),
    ],
)
def test_a_feature_rests_on_its_questions_and_on_the_settings(name, changes, verdict):
    found = feature(name, checks(**changes))
    assert found.verdict is verdict, found.message
    assert found.works is {PASS: True, WARN: True, FAIL: False, UNKNOWN: None}[verdict]
    assert bool(found.change) == (verdict is not PASS) or verdict is UNKNOWN


def test_what_fails_for_a_moment_is_not_known():
    busy = Check(Q.IMAGE, Route.CLIENT, HopKind.PROXY, FAIL, "429: cooldown", "PROXY808", is_passing=True)
    found = feature("images", [*checks(image=None), busy])
    assert (found.verdict, found.message) == (UNKNOWN, "failed this time: 429: cooldown")
    assert "again" in found.change


def test_where_no_request_is_answered_nothing_works():
    found = features_of(checks(**{one.value: SKIP for one in Question if one is not Q.PLAIN} | {"plain": FAIL}))
    assert {(one.verdict, one.message) for one in found} == {(FAIL, "no request is answered")}


def known(question, **more):
    return next(check for check in plan(VLLM, vllm=VLLM, **more).known if check.question is question)


@pytest.mark.parametrize(
    ("question", "more", "verdict", "change"),
    [
        (Q.WINDOW, {}, PASS, ""),
        (Q.WINDOW, {"CLAUDE_CODE_MAX_CONTEXT_TOKENS": None}, WARN, '"CLAUDE_CODE_MAX_CONTEXT_TOKENS": "131072"'),
        (Q.WINDOW, {"served": ()}, UNKNOWN, '"CLAUDE_CODE_MAX_CONTEXT_TOKENS" in env'),
        (Q.ROOM, {}, PASS, ""),
        (Q.ROOM, {"CLAUDE_CODE_MAX_OUTPUT_TOKENS": "200000"}, WARN, '"CLAUDE_CODE_MAX_OUTPUT_TOKENS": "111000"'),
        (Q.AUTO_MODE, {}, PASS, ""),
        (Q.AUTO_MODE, {"root": {"permissions": {}}}, WARN, '"permissions.defaultMode": "acceptEdits"'),
        (Q.AUTO_MODE, {"root": {"permissions": {}}, "version": None}, UNKNOWN, '"permissions.defaultMode"'),
        (Q.AUTO_MODE, {"root": {"permissions": {}}, "version": "2.1.200"}, UNKNOWN, '"permissions.defaultMode"'),
        (Q.AUTO_MODE, {"root": {"permissions": {}}, "version": "2.1.112"}, PASS, ""),
        (Q.PREFLIGHT, {}, PASS, ""),
        (Q.PREFLIGHT, {"root": {"skipWebFetchPreflight": False}}, UNKNOWN, '"skipWebFetchPreflight": true'),
    ],
)
def test_what_the_settings_decide_needs_no_request(question, more, verdict, change):
    check = known(question, **more)
    assert (check.verdict, check.sent) == (verdict, False), check.message
    assert check.change.startswith(change)
    assert bool(check.change) == bool(change)


def test_settings_that_send_no_late_system_message_are_not_asked_about_one():
    planned = plan(VLLM, vllm=VLLM, CLAUDE_CODE_MODEL_CAPABILITIES="qwen*=-mid_conv_system,-mid_conv_tool_change")
    (target,) = planned.targets
    assert target.request(Q.LATE_SYSTEM) is None
    turn = target.request(Q.TURN)
    assert [message["role"] for message in turn.body["messages"]] == ["user"]
    assert "mid-conversation-tool-changes" not in turn.headers["anthropic-beta"]
    assert feature("mid-session instructions", planned.known).verdict is PASS


@pytest.mark.parametrize(
    ("name", "value", "changed"),
    [
        ("DISABLE_PROMPT_CACHING", "1", lambda body: "cache_control" not in str(body)),
        ("CLAUDE_CODE_ATTRIBUTION_HEADER", "0", lambda body: "billing" not in str(body["system"])),
        ("CLAUDE_CODE_EFFORT_LEVEL", "unset", lambda body: "output_config" not in body),
        ("CLAUDE_CODE_EFFORT_LEVEL", "low", lambda body: body["output_config"] == {"effort": "low"}),
        ("MAX_THINKING_TOKENS", "0", lambda body: not {"thinking", "context_management"} & set(body)),
        ("CLAUDE_CODE_MODEL_CAPABILITIES", "qwen*=-effort", lambda body: "output_config" not in body),
    ],
)
def test_a_setting_changes_a_turn_as_it_changes_the_clients(name, value, changed):
    """Each as the real client does with the same setting, 2.1.332."""
    (as_usual,), (target,) = plan(VLLM).targets, plan(VLLM, **{name: value}).targets
    assert not changed(as_usual.request(Q.TURN).body)
    assert changed(target.request(Q.TURN).body)


def test_the_beta_of_a_million_tokens_goes_with_its_setting():
    (target,) = plan(VLLM, CLAUDE_CODE_DISABLE_1M_CONTEXT="1").targets
    assert "context-1m" not in target.request(Q.TURN).headers["anthropic-beta"]


def test_a_turn_has_the_twelve_tools_of_todays_client():
    body = plan(VLLM).targets[0].request(Q.TURN).body
    assert len(body["tools"]) == 12
    assert {"name": "DeferredToolPlaceholder", "defer_loading": True}.items() <= body["tools"][10].items()


class TestLong:
    def test_it_is_sent_only_where_asked_for_and_nearly_fills_the_window(self):
        assert plan(VLLM, vllm=VLLM).targets[0].request(Q.LONG) is None
        planned = plan(VLLM, vllm=VLLM, wants_long=True)
        request = planned.targets[0].request(Q.LONG)
        assert 0.88 * 131_072 < request.prompt_tokens < 0.93 * 131_072
        assert planned.prompt_tokens > request.prompt_tokens

    def test_a_smaller_window_of_the_settings_is_the_one_that_is_filled(self):
        planned = plan(VLLM, vllm=VLLM, wants_long=True, CLAUDE_CODE_MAX_CONTEXT_TOKENS="40000")
        assert planned.targets[0].request(Q.LONG).prompt_tokens < 40_000

    def test_without_a_known_window_it_is_not_sent_and_says_how_to_know(self):
        planned = plan(VLLM, wants_long=True, CLAUDE_CODE_MAX_CONTEXT_TOKENS=None)
        assert planned.targets[0].request(Q.LONG) is None
        (check,) = [check for check in planned.known if check.question is Q.LONG]
        assert "--vllm" in check.message

    def test_past_a_proxy_it_is_sent_once(self):
        proxy = "http://127.0.0.1:4000"
        client, direct = plan(proxy, vllm=VLLM, proxy=proxy, wants_long=True).targets
        assert client.request(Q.LONG) is not None
        assert direct.request(Q.LONG) is None


def test_the_question_that_a_running_canary_waits_for():
    planned = plan(VLLM, vllm=VLLM)
    assert pending(planned, planned.known) is Q.PLAIN
    done = [Check(one, Route.CLIENT, HopKind.SERVER, PASS, "") for one in Question if one is not Q.TURN]
    assert pending(planned, done) is Q.TURN
    assert pending(planned, [*done, Check(Q.TURN, Route.CLIENT, HopKind.SERVER, PASS, "")]) is None
    assert (planned.shape.model, planned.shape.version) == (MODEL, NEW)
