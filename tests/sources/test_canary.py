"""The canary on the wire: what is sent, how often, how it stops; and a finding for each way of failing."""

import asyncio
import math

import pytest

import canary_servers as broken
from canary_samples import TOKEN, plan
from canary_servers import CALL, Model, Q, answer, refusal, stream, text
from servers import free_url, serving
from stormdeck.model.canary import turns
from stormdeck.model.canary.check import Route, Verdict
from stormdeck.model.finding import HopKind
from stormdeck.sources.canary import Canary

PASS, WARN, FAIL, SKIP = Verdict.PASS, Verdict.WARN, Verdict.FAIL, Verdict.SKIP
EACH_S = 20.0
"""Long, for a busy machine."""
HASTY_S = 0.4
"""For servers that never answer."""
SENT = [
    *(Q.PLAIN, Q.STREAM, Q.LATE_SYSTEM, Q.THINKING, Q.TOOL_FORCED, Q.TOOL_FREE, Q.COUNT_TOKENS),
    *(Q.TURN, Q.TOOL_RESULT, Q.TOOL_CHANGE, Q.PLAN_MODE, Q.SUBAGENTS, Q.SUBAGENTS, Q.SUBAGENTS),
    *(Q.COMPACTION, Q.IMAGE, Q.WEB_PAGE, Q.WEB_SEARCH, Q.UNKNOWN_MODEL),
]
OPTIONAL = Q.WEB_SEARCH
"""What no vLLM does (recorded)."""


@pytest.fixture(autouse=True)
def no_answer_is_late(monkeypatch):
    """Keep a busy machine from looking like a server that answers one request after another."""
    monkeypatch.setattr(turns, "_NOTICEABLE_MS", math.inf)


def sent_to(model, canary=None, **more):
    """Run a canary against one server; return its report."""

    async def go():
        async with serving(model) as url:
            return await (canary or Canary(EACH_S)).run(plan(url, vllm=url, **more))

    return asyncio.run(go())


def sent_through(proxy, vllm, each_s=EACH_S):
    """Run a canary against a proxy and the server behind it."""

    async def go():
        async with serving(vllm) as behind, serving(proxy) as url:
            return await Canary(each_s).run(plan(url, vllm=behind, proxy=url, key="vllm-key"))

    return asyncio.run(go())


def of(report, question, route=Route.CLIENT):
    return next(check for check in report.checks if check.question is question and check.route is route)


class TestSent:
    def test_each_question_once_in_order_and_all_pass(self):
        model = Model()
        report = sent_to(model)
        assert model.questions == SENT
        assert {check.verdict for check in report.checks if check.question is not OPTIONAL} == {PASS, SKIP}
        assert report.ok
        assert report.summary.startswith("does not work: web search; works: answers, streaming")

    def test_nothing_is_sent_twice_whatever_fails(self):
        model = Model(dict.fromkeys(SENT, refusal(400, "Extra inputs are not permitted")))
        assert not sent_to(model).ok
        assert model.questions == SENT

    def test_what_the_answers_billed_is_counted(self):
        report = sent_to(Model())
        recorded, canned = 18 * 8 + 43, 167 * 7
        assert (report.requests, report.input_tokens, report.output_tokens) == (19, recorded + canned, 157)
        assert of(report, Q.STREAM).ttft_ms is not None

    def test_it_is_marked_and_its_ports_are_known(self):
        model, canary = Model(), Canary(EACH_S)
        sent_to(model, canary)
        assert {asked.port for asked in model.asked} == canary.canary_ports
        assert all("stormdeck-canary/" in asked.headers["user-agent"] for asked in model.asked)

    def test_it_goes_where_the_client_goes_with_what_the_client_sends(self):
        model = Model()
        sent_to(model)
        assert {asked.path for asked in model.asked} == {
            "/v1/messages?beta=true",
            "/v1/messages/count_tokens?beta=true",
        }
        assert {asked.headers["authorization"] for asked in model.asked} == {f"Bearer {TOKEN}"}
        assert {asked.headers["anthropic-version"] for asked in model.asked} == {"2023-06-01"}

    def test_results_come_one_by_one(self):
        model, heard = Model(), []

        async def go():
            async with serving(model) as url:
                canary = Canary(EACH_S)
                return await canary.run(plan(url, vllm=url), lambda check: heard.append((check, len(model.asked))))

        report = asyncio.run(go())
        assert tuple(check for check, _ in heard) == report.checks
        seen = [asked for check, asked in heard if check.sent]
        before = SENT.index(Q.SUBAGENTS)
        assert seen == [*range(1, before + 1), *range(before + 3, len(SENT) + 1)]

    def test_each_key_stays_with_its_own_server(self):
        proxy, vllm = Model(), Model()
        report = sent_through(proxy, vllm)
        assert {asked.headers["authorization"] for asked in vllm.asked} == {"Bearer vllm-key"}
        assert {asked.headers["authorization"] for asked in proxy.asked} == {f"Bearer {TOKEN}"}
        assert Q.UNKNOWN_MODEL not in vllm.questions
        assert report.ok

    def test_a_redirect_is_not_followed(self):
        elsewhere = Model()

        async def go():
            async with serving(elsewhere) as other:
                moved = answer(307, "text/plain", b"", location=f"{other}/v1/messages")
                async with serving(Model({Q.PLAIN: moved})) as url:
                    return await Canary(EACH_S).run(plan(url))

        report = asyncio.run(go())
        assert of(report, Q.PLAIN).code == "URL106"
        assert elsewhere.asked == []


BROKEN = {
    "hangs": (Q.PLAIN, broken.hangs, "SERVER905", "no complete answer within 0.4 s"),
    "drips": (Q.PLAIN, broken.drips, "SERVER905", "no complete answer within 0.4 s"),
    "talks garbage": (Q.PLAIN, broken.talks_garbage, "URL106", "not HTTP"),
    "promises more than comes": (Q.PLAIN, broken.promises_more, None, "closed before the answer was complete"),
    "hangs when asked for a stream": (Q.STREAM, broken.hangs, "SERVER905", "no complete answer"),
    "stalls in a stream": (Q.STREAM, broken.stalls, "SERVER905", "the answer began and stopped"),
    "cuts a stream": (Q.STREAM, broken.cuts, None, "the stream was cut"),
    "ends a stream early": (Q.STREAM, broken.ends_early, None, "without message_stop"),
    "fails inside a stream": (Q.STREAM, broken.fails_midway, "SERVER905", "the engine is dead"),
    "never ends": (Q.STREAM, broken.never_ends, None, "does not end"),
    "a line without end": (Q.STREAM, broken.one_line, None, "does not end"),
    "refuses late system messages": (
        *(Q.LATE_SYSTEM, refusal(400, "System message must be at the beginning."), "SERVER903"),
        "a system message after the first is refused",
    ),
    "calls tools in prose": (
        *(Q.TOOL_FREE, stream(*text('<tool_call>{"name": "Bash"}</tool_call>')), "SERVER902"),
        "text instead of tool_use",
    ),
    "has no tool parser": (
        Q.TOOL_FREE,
        refusal(400, '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'),
        "SERVER901",
        "--enable-auto-tool-choice",
    ),
    "refuses the betas": (Q.THINKING, refusal(400, "Extra inputs are not permitted"), "TRAFFIC403", "betas"),
}


@pytest.mark.parametrize(("question", "reply", "code", "words"), BROKEN.values(), ids=list(BROKEN))
def test_what_is_broken_is_named_and_nothing_else(question, reply, code, words):
    hangs = reply in {broken.hangs, broken.drips, broken.stalls}
    report = sent_to(Model({question: reply}), Canary(HASTY_S if hangs else EACH_S))
    check = of(report, question)
    assert (check.verdict, check.code) == (FAIL, code), check.message
    assert words in check.message
    assert not report.ok
    others = {one.verdict for one in report.checks if one.question not in {question, OPTIONAL}}
    assert others <= ({PASS, SKIP} if question in {Q.PLAIN, Q.STREAM} else {PASS, Verdict.SKIP})
    assert [blame.question for blame in report.blames] == [question]


def test_wrong_utf8_in_a_stream_is_no_failure():
    assert of(sent_to(Model({Q.STREAM: broken.sends_wrong_utf8})), Q.STREAM).verdict is PASS


def test_a_connection_that_stays_open_after_its_stream_is_left():
    model = Model({Q.STREAM: broken.stays_open})
    report = sent_to(model, Canary(5.0))
    assert of(report, Q.STREAM).verdict is PASS
    assert model.left == [Q.STREAM]


def test_a_dead_port_is_asked_once():
    url = free_url()
    report = asyncio.run(Canary(EACH_S).run(plan(url)))
    check = of(report, Q.PLAIN)
    assert (check.verdict, check.code) == (FAIL, "URL105")
    assert report.requests == 1
    assert {check.verdict for check in report.checks if check.sent} == {FAIL}


def test_the_whole_run_is_bounded():
    model = Model(
        dict.fromkeys(SENT, broken.hangs) | {Q.PLAIN: refusal(400, "System message must be at the beginning.")}
    )
    report = sent_to(model, Canary(0.3, total_s=0.5))
    assert len(model.questions) in {2, 3, 4}
    assert "are over" in of(report, Q.UNKNOWN_MODEL).message


def test_it_can_be_stopped_at_any_point():
    model, heard = Model({Q.TOOL_FORCED: broken.hangs}), []

    async def go():
        async with serving(model) as url:
            task = asyncio.create_task(Canary(60.0).run(plan(url, vllm=url), heard.append))
            await model.until(lambda: Q.TOOL_FORCED in model.questions)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await model.until(lambda: model.left)

    asyncio.run(go())
    assert model.left == [Q.TOOL_FORCED]
    assert model.questions[-1] is Q.TOOL_FORCED
    assert [check.question for check in heard if check.sent] == SENT[:4]


class TestHops:
    STRICT = refusal(400, "litellm.BadRequestError: Hosted_vllmException - System message must be at the beginning.")

    def test_what_only_the_proxy_does_is_the_proxys(self):
        report = sent_through(Model({Q.LATE_SYSTEM: self.STRICT}), Model())
        (blame,) = report.blames
        assert (blame.question, blame.hop, blame.code) == (Q.LATE_SYSTEM, HopKind.PROXY, "SERVER903")

    def test_what_vllm_does_too_is_vllms(self):
        prose = stream(*text("<function=Bash>"))
        report = sent_through(Model({Q.TOOL_FREE: prose}), Model({Q.TOOL_FREE: prose}))
        (blame,) = report.blames
        assert (blame.question, blame.hop, blame.code) == (Q.TOOL_FREE, HopKind.SERVER, "SERVER902")

    def test_a_hanging_engine_is_distinguished_from_a_hanging_proxy(self):
        hung = {Q.PLAIN: broken.hangs}
        both = sent_through(Model(hung), Model(hung), HASTY_S)
        proxy_alone = sent_through(Model(hung), Model(), HASTY_S)
        assert [blame.hop for blame in both.blames] == [HopKind.SERVER]
        assert [blame.hop for blame in proxy_alone.blames] == [HopKind.PROXY]
        assert of(proxy_alone, Q.TOOL_FREE).verdict is SKIP
        assert of(proxy_alone, Q.TOOL_FREE, Route.DIRECT).verdict is PASS

    def test_a_call_lost_on_the_way_is_the_proxys(self):
        report = sent_through(Model({Q.TOOL_FORCED: stream(*text("Sure!"))}), Model({Q.TOOL_FORCED: stream(*CALL)}))
        assert [(blame.question, blame.hop) for blame in report.blames] == [(Q.TOOL_FORCED, HopKind.PROXY)]
