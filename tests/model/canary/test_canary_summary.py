"""What the checks mean together: the hop to blame, and what of Claude Code works."""

import pytest

from stormdeck.model.canary.check import Check, Question, Route, Verdict
from stormdeck.model.canary.summary import CanaryReport
from stormdeck.model.finding import HopKind

Q, PASS, WARN, FAIL, SKIP, UNKNOWN = Question, *Verdict.__members__.values()


def by_client(question, verdict, code=None, hop=HopKind.PROXY):
    return Check(question, Route.CLIENT, hop, verdict, f"{question.value} by the client", code)


def direct(question, verdict, code=None):
    return Check(question, Route.DIRECT, HopKind.SERVER, verdict, f"{question.value} directly", code)


def verdicts(*checks):
    return {feature.name: feature.verdict for feature in CanaryReport(checks).features}


@pytest.mark.parametrize(
    ("client", "past_the_proxy", "hop", "code"),
    [
        (by_client(Q.LATE_SYSTEM, FAIL, "SERVER903"), direct(Q.LATE_SYSTEM, PASS), HopKind.PROXY, "SERVER903"),
        (by_client(Q.PLAIN, FAIL), direct(Q.PLAIN, FAIL, "SERVER905"), HopKind.SERVER, "SERVER905"),
        (by_client(Q.TOOL_FREE, FAIL, "SERVER902"), direct(Q.TOOL_FREE, WARN), HopKind.SERVER, "SERVER902"),
        (by_client(Q.PLAIN, FAIL, "AUTH204", HopKind.CLIENT), direct(Q.PLAIN, PASS), HopKind.CLIENT, "AUTH204"),
        (by_client(Q.PLAIN, FAIL, "SERVER905"), direct(Q.PLAIN, SKIP), HopKind.PROXY, "SERVER905"),
    ],
    ids=["only through the proxy", "both fail", "both doubtful", "the client's own fault", "not asked directly"],
)
def test_the_hop_is_recognised_by_asking_past_the_proxy(client, past_the_proxy, hop, code):
    (blame,) = CanaryReport((client, past_the_proxy)).blames
    assert (blame.question, blame.hop, blame.code) == (client.question, hop, code)


def test_what_passes_blames_nobody():
    report = CanaryReport((by_client(Q.PLAIN, PASS), direct(Q.PLAIN, FAIL)))
    assert report.blames == ()
    assert report.ok


def test_a_free_call_decides_about_tools():
    assert verdicts(by_client(Q.TOOL_FORCED, PASS), by_client(Q.TOOL_FREE, PASS))["tools"] is PASS
    assert verdicts(by_client(Q.TOOL_FORCED, PASS), by_client(Q.TOOL_FREE, UNKNOWN))["tools"] is UNKNOWN
    assert verdicts(by_client(Q.TOOL_FORCED, PASS), by_client(Q.TOOL_FREE, FAIL))["tools"] is FAIL


def test_background_requests_for_the_main_model_stand_and_fall_with_it():
    assert verdicts(by_client(Q.BACKGROUND, SKIP), by_client(Q.PLAIN, PASS))["background requests"] is PASS
    assert verdicts(by_client(Q.BACKGROUND, SKIP), by_client(Q.PLAIN, FAIL))["background requests"] is FAIL


def test_where_nothing_answers_nothing_works():
    report = CanaryReport((by_client(Q.PLAIN, FAIL), by_client(Q.STREAM, SKIP), by_client(Q.TOOL_FREE, SKIP)))
    assert not report.ok
    assert report.summary == "does not work: answers, streaming, tools, background requests"


def test_the_summary_names_what_works_and_what_does_not():
    checks = [by_client(question, PASS) for question in Question]
    checks[list(Question).index(Q.COUNT_TOKENS)] = by_client(Q.COUNT_TOKENS, WARN)
    checks[list(Question).index(Q.TOOL_FREE)] = by_client(Q.TOOL_FREE, FAIL)
    assert CanaryReport(tuple(checks)).summary == (
        "does not work: tools; works with a limit: token counting; "
        "works: answers, streaming, mid-session instructions, thinking, background requests"
    )


def test_without_the_clients_way_the_direct_one_counts():
    report = CanaryReport((by_client(Q.PLAIN, SKIP, hop=HopKind.CLIENT), direct(Q.PLAIN, FAIL)))
    assert not report.ok
    assert [blame.hop for blame in report.blames] == [HopKind.SERVER]


def test_nothing_asked_proves_nothing():
    report = CanaryReport()
    assert report.ok
    assert report.summary == "no result"
    assert report.cost == "0 requests, 0 prompt tokens, 0 generated tokens"
