"""One Prometheus: rows from recorded answers of the real one, and a state with the next step for everything else."""

import asyncio

import pytest

from certificates import signed
from recorded_prometheus import FIVE, NOTHING, TAKEN, answering, query_of
from servers import Imitation, Reply, free_url, serving
from stormdeck.model.fleet.access import PrometheusAccess, Secret
from stormdeck.model.fleet.queries import MOST_ROWS
from stormdeck.model.fleet.snapshot import FleetState, GpuShare
from stormdeck.model.fleet.whole import joined
from stormdeck.sources.prometheus.once import ask_once
from stormdeck.sources.prometheus.source import PrometheusSource

OK = {"status": "success"}


async def all_rounds(url, access=None, environ=None, deadline_s=60.0, now=TAKEN, rounds=1):
    source = PrometheusSource(access or PrometheusAccess(url), environ or {}, deadline_s)
    answer = None
    try:
        for _ in range(rounds):
            async for one in source.rounds(now, whole=True):
                answer = one
    finally:
        await source.aclose()
    return answer


def ask(server, make_access=PrometheusAccess, environ=None, **more):
    async def asked():
        async with serving(server) as url:
            return await all_rounds(url, make_access(url), environ, **more)

    return asyncio.run(asked())


class TestRecordedAnswers:
    @pytest.fixture(scope="class")
    def fleet(self):
        return joined([ask(answering())])

    def test_every_instance_is_a_row_what_is_wrong_first(self, fleet):
        assert fleet.state is FleetState.OK
        assert [(one.number, one.name, one.up) for one in fleet.replicas[:2]] == [
            (5, "gpu-box:8005", False),
            (3, "gpu-box:8003", True),
        ]
        assert {one.model for one in fleet.replicas} == {"Qwen3.5-27B"}
        assert len(fleet.replicas) == 5

    def test_the_sentences_name_the_killed_one_and_the_slowed_one(self, fleet):
        down, slow, cooled = (one.text for one in fleet.statements)
        assert down == "replica 5 of Qwen3.5-27B (gpu-box:8005) is down: Prometheus's scrapes of it fail"
        assert slow.startswith("replica 3 of Qwen3.5-27B (gpu-box:8003): first token 12 s, ")
        assert slow.endswith("times its siblings' 0.5 s (medians of 5 min)")
        assert "LiteLLM proxy:4000 put Dead at http://127.0.0.1:8109/v1/chat/completions into cooldown" in cooled

    def test_figures_gpus_and_interval_come_with_them(self, fleet):
        row = next(one for one in fleet.replicas if one.name == "gpu-box:8001")
        assert row.gpu == GpuShare(2, 0.85, 0.857, 1025.0)
        assert row.kv_cache == 0.0
        assert row.first_token_p95_s == pytest.approx(0.73, abs=0.01)
        assert row.host == "gpu-box"
        assert fleet.interval_s == 1.0

    def test_the_proxy_has_requests_failures_cooldowns_and_user_agents(self, fleet):
        (proxy,) = fleet.proxies
        assert proxy.name == "proxy:4000"
        assert proxy.up is True
        assert list(proxy.failures_per_s) == ["InternalServerError 500"]
        assert set(proxy.user_agents) == {"claude-cli/2.1.332 (external, cli)", "unknown"}
        assert proxy.cooldowns == ("Dead at http://127.0.0.1:8109/v1/chat/completions",)

    def test_a_round_sends_few_queries_and_not_one_for_each_instance(self):
        server = answering()
        ask(server)
        assert len(server.asked) <= len(FIVE) + 3

    def test_all_queries_of_a_round_are_of_one_moment(self):
        server = answering()
        ask(server)
        times = {part for one in server.asked for part in one.path.split("&") if part.startswith("time=")}
        assert len(times) == 1


def page(text):
    return Imitation({}, Reply(text, 200, {"content-type": "text/html"}))


def status(code, body="", **headers):
    return Imitation({}, Reply(body, code, headers))


def refusing(error, code=422):
    return Imitation({}, Reply({"status": "error", "errorType": "execution", "error": error}, code))


STATES = {
    "html": (page("<!doctype html><title>Log in</title>"), FleetState.NOT_PROMETHEUS, "an HTML page", "/api/v1/query"),
    "bad json": (status(200, '{"status": "succ'), FleetState.NOT_PROMETHEUS, "not as the query API", "/api/v1/query"),
    "other json": (status(200, '{"a": 1}'), FleetState.NOT_PROMETHEUS, "not as the query API", "/api/v1/query"),
    "a list": (status(200, "[1]"), FleetState.NOT_PROMETHEUS, "not as the query API", "/api/v1/query"),
    "deep": (status(200, "[" * 100_000), FleetState.NOT_PROMETHEUS, "not as the query API", "/api/v1/query"),
    "no path": (status(404, "404 page not found"), FleetState.NOT_PROMETHEUS, "status 404", "/prometheus"),
    "redirect": (status(302, "", location="http://other/login"), FleetState.NOT_PROMETHEUS, "redirect to", "redirects"),
    "401": (status(401, "Unauthorized"), FleetState.DENIED, "status 401", "bearer=env:VARIABLE"),
    "403": (status(403, "no"), FleetState.DENIED, "status 403", "bearer=env:VARIABLE"),
    "no tenant": (status(401, "no org id"), FleetState.DENIED, "tenant", "tenant=ID"),
    "429": (status(429, "slow down"), FleetState.SLOW, "429", "wait"),
    "503": (status(503, "Service Unavailable"), FleetState.UNREACHABLE, "503", "started"),
    "too many samples": (
        refusing("query processing would load too many samples into memory in query execution"),
        FleetState.TOO_MANY,
        "too many samples",
        "only=LABEL=VALUE",
    ),
    "timed out": (refusing("query timed out in expression evaluation", 503), FleetState.SLOW, "timed out", "only="),
    "nothing": (Imitation({}, Reply(NOTHING)), FleetState.NO_SERVERS, "no metrics of vLLM", "scrape"),
}


@pytest.mark.parametrize("name", STATES)
def test_each_trouble_is_a_state_with_its_next_step(name):
    server, state, words, step = STATES[name]
    answer = ask(server)
    assert (answer.state, answer.replicas) == (state, ())
    assert words in answer.note
    assert step in answer.next_step


def test_a_refused_connection_says_so():
    answer = asyncio.run(all_rounds(free_url()))
    assert answer.state is FleetState.REFUSED
    assert "connection refused" in answer.note


def test_one_that_never_answers_is_slow():
    answer = ask(Imitation({}, lambda _asked: None), deadline_s=0.2)
    assert answer.state is FleetState.SLOW
    assert answer.next_step


def test_two_million_series_are_not_read_to_the_end():
    written = []

    async def flood(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n")
        writer.write(b'{"status":"success","data":{"resultType":"vector","result":[')
        one = b",".join(b'{"metric":{"instance":"h%d:8000","job":"v"},"value":[1,"1"]}' % n for n in range(2000))
        for _ in range(1000):
            written.append(len(one))
            writer.write(one + b",")
            await writer.drain()

    answer = ask(flood)
    assert answer.state is FleetState.TOO_MANY
    assert "only=LABEL=VALUE" in answer.next_step
    assert sum(written) < 30_000_000


def test_more_engines_than_are_shown_are_narrowed_by_every_query():
    result = [{"metric": {}, "value": [TAKEN, str(MOST_ROWS + 500)]}]
    count = Reply({**OK, "data": {"resultType": "vector", "result": result}})
    server = answering(**{"count(vllm": count})
    answer = ask(server)
    assert answer.state is FleetState.TOO_MANY
    assert answer.omitted == 500
    asked = [query_of(one) for one in server.asked]
    assert all("topk(2000" in one for one in asked if "num_requests_running" in one)


def test_a_query_that_is_refused_leaves_the_others():
    server = answering(histogram_quantile=Reply({"status": "error", "error": "no such function"}, 400))
    answer = ask(server)
    assert answer.state is FleetState.PARTLY
    assert "2 queries have no answer: it refuses a query: no such function" in answer.note
    assert len(answer.replicas) == 5
    assert {one.first_token_p95_s for one in answer.replicas} == {None}
    assert answer.replicas[0].running == 0.0


@pytest.mark.parametrize(
    "more", [{"warnings": ["store 10.0.0.7:10901 did not answer"]}, {"isPartial": True}], ids=["thanos", "victoria"]
)
def test_an_answer_that_is_partial_says_so(more):
    query = "sum without (engine) (vllm:num_requests_running)"
    answer = ask(answering(num_requests_running=Reply({**FIVE[query], **more})))
    assert answer.state is FleetState.PARTLY
    assert "it warns: " in answer.note
    assert len(answer.replicas) == 5


def test_the_last_rows_stay_while_it_does_not_answer():
    async def asked():
        server = answering()
        async with serving(server) as url:
            source = PrometheusSource(PrometheusAccess(url), {})
            *_, first = [one async for one in source.rounds(TAKEN, whole=True)]
            server.missing = Reply("", 503)
            (second,) = [one async for one in source.rounds(TAKEN + 5)]
            await source.aclose()
            return first, second

    first, second = asyncio.run(asked())
    assert second.state is FleetState.UNREACHABLE
    assert second.replicas == first.replicas
    assert second.taken_at == first.taken_at == TAKEN
    assert joined([second]).statements == ()


def test_a_clock_that_differs_is_no_trouble():
    answer = ask(answering(), now=TAKEN - 7200)
    assert answer.state is FleetState.OK
    assert len(answer.replicas) == 5


class TestSecrets:
    def sent(self, make_access, environ=None):
        server = answering()
        answer = ask(server, make_access, environ)
        return answer, server.asked[0].headers if server.asked else {}

    def test_a_bearer_from_a_variable_and_a_tenant_are_sent(self):
        _, headers = self.sent(
            lambda url: PrometheusAccess(url, bearer=Secret("TOKEN"), tenant="ml"), {"TOKEN": "t0ken\n"}
        )
        assert headers["authorization"] == "bearer t0ken"  # The stand-in lowers what it gets.
        assert headers["x-scope-orgid"] == "ml"

    def test_a_password_from_a_file_and_a_header_are_sent(self, tmp_path):
        (tmp_path / "password").write_text("pw\n")
        _, headers = self.sent(
            lambda url: PrometheusAccess(
                url,
                user="ann",
                password=Secret(file=tmp_path / "password"),
                headers=(("X-Key", Secret("KEY")),),
            ),
            {"KEY": "k1"},
        )
        assert headers["authorization"] == "basic yw5uonb3"
        assert headers["x-key"] == "k1"

    @pytest.mark.parametrize("environ", [{}, {"TOKEN": "  "}, {"TOKEN": "a\x07b"}])
    def test_nothing_is_asked_without_the_secret(self, environ):
        answer, headers = self.sent(lambda url: PrometheusAccess(url, bearer=Secret("TOKEN")), environ)
        assert answer.state is FleetState.DENIED
        assert "the variable TOKEN" in answer.note or "cannot be sent" in answer.note
        assert headers == {}

    def test_a_refused_token_names_its_place_and_not_itself(self):
        answer = ask(status(401), lambda url: PrometheusAccess(url, bearer=Secret("TOKEN")), {"TOKEN": "s3cret"})
        assert answer.next_step == "check the token in env:TOKEN"
        assert "s3cret" not in repr(answer)

    def test_a_renewed_token_is_read_after_a_refusal(self, tmp_path):
        file = tmp_path / "token"
        file.write_text("old")

        def renewed(asked):
            if asked.headers["authorization"] != "bearer new":
                file.write_text("new")
                return Reply("", 401)
            return Reply(NOTHING)

        answer = ask(Imitation({}, renewed), lambda url: PrometheusAccess(url, bearer=Secret(file=file)), rounds=2)
        assert answer.state is FleetState.NO_SERVERS

    def test_a_redirect_gets_no_token(self):
        async def asked():
            other = answering()
            async with serving(other) as there:
                first = status(302, "", location=f"{there}/api/v1/query")
                async with serving(first) as url:
                    access = PrometheusAccess(url, bearer=Secret("TOKEN"))
                    return await all_rounds(url, access, {"TOKEN": "t"}), other

        answer, other = asyncio.run(asked())
        assert answer.state is FleetState.NOT_PROMETHEUS
        assert other.asked == []


class TestTls:
    @pytest.fixture(scope="class")
    def certificates(self, tmp_path_factory):
        return signed(tmp_path_factory.mktemp("tls"))

    def secured(self, certificates):
        server = answering()
        server.context = certificates.context()
        return server

    def test_an_unknown_authority_says_how_to_name_it(self, certificates):
        answer = ask(self.secured(certificates))
        assert answer.state is FleetState.UNREACHABLE
        assert "not trusted" in answer.note
        assert answer.next_step == "name its authority with ca=FILE after the URL"

    def test_the_authority_that_is_named_is_trusted(self, certificates):
        answer = ask(self.secured(certificates), lambda url: PrometheusAccess(url, ca=certificates.authority))
        assert answer.state is FleetState.OK

    @pytest.mark.parametrize("text", [None, "", "no certificate"])
    def test_a_file_without_an_authority_is_named(self, certificates, tmp_path, text):
        file = tmp_path / "ca.pem"
        if text is not None:
            file.write_text(text)
        answer = ask(self.secured(certificates), lambda url: PrometheusAccess(url, ca=file))
        assert answer.state is FleetState.DENIED
        assert f"{file}: " in answer.note


def test_once_joins_several_and_says_which_does_not_answer():
    from served import served

    gone = free_url()
    with served(answering()) as (url,):
        fleet = ask_once([PrometheusAccess(url), PrometheusAccess(gone)], {}, 60.0)
    assert fleet.state is FleetState.PARTLY
    assert fleet.note.startswith(f"Prometheus :{gone.rpartition(':')[2]}: connection refused")
    assert fleet.sources == (url, gone)
