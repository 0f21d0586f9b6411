"""Any answer of a server: plausible numbers, printable texts, bounded time."""

import json
import math

import seeds
from hypothesis import strategies as st
from laws import assert_shown, cheap, law
from mutations import NUMBERS, TOKENS, arriving, grown, mutated, mutated_json, repeated

from other_servers import described
from stormdeck.model.canary.check import Question
from stormdeck.model.canary.questions import CanaryRequest
from stormdeck.model.canary.reply import MOST_BYTES, EventReader
from stormdeck.model.canary.response import ResponseReader
from stormdeck.model.snapshots.server import ServerKind
from stormdeck.model.snapshots.vllm_metrics import window
from stormdeck.sources.net.answers import describe_answer, served_models, text_field
from stormdeck.sources.net.http import Answer, json_object
from stormdeck.sources.servers.engine_kinds import engine_by_metrics, engine_by_models, engine_by_start
from stormdeck.sources.servers.engine_metrics import has_page, read_engine_page
from stormdeck.sources.servers.prometheus import read_metrics, read_page

PAGES = seeds.metrics_pages()
STREAMS = [body for body in seeds.streams() if "event:" in body]
KEY = "sk-local-7f3a91"


def encoded(text):
    return text.encode("utf-8", "surrogatepass")


def assert_stats(stats):
    for share in (stats.kv_cache_percent, stats.prefix_hit_percent):
        assert share is None or 0 <= share <= 100
    for number in (stats.prompt_tokens_per_s, stats.generation_tokens_per_s, stats.ttft_p50_s, stats.ttft_p95_s):
        assert number is None or 0 <= number < math.inf
    assert min(stats.running, stats.waiting, stats.preemptions, stats.prompt_tokens_unfinished or 0) >= 0
    assert stats.window_s >= 0
    if stats.ttft_p50_s is not None and stats.ttft_p95_s is not None:
        assert stats.ttft_p50_s <= stats.ttft_p95_s


@law(st.lists(mutated(PAGES, most=6), min_size=1, max_size=4), st.sampled_from([0.0, 0.5, 2.0, 70.0, -5.0]), cases=8)
def test_statistics_are_numbers_that_can_be(pages, step):
    samples = [read_metrics(encoded(page), 1000 + step * number) for number, page in enumerate(pages)]
    stats = window([sample for sample in samples if sample is not None])
    if stats is not None:
        assert_stats(stats)


@law(st.sampled_from(PAGES), st.lists(st.tuples(st.integers(0, 400), st.sampled_from(NUMBERS)), max_size=8), cases=8)
def test_a_value_that_cannot_be_costs_no_other(page, values):
    lines = page.splitlines()
    for at, value in values:
        name, _, _ = lines[at % len(lines)].rpartition(" ")
        lines[at % len(lines)] = f"{name} {value}"
    stats = [read_metrics(encoded(text), at) for at, text in ((1.0, page), (3.0, "\n".join(lines) + "\n"))]
    found = window([one for one in stats if one is not None])
    assert found is not None
    assert_stats(found)


@law(repeated(PAGES), cases=4, slow=True)
def test_a_large_page_is_read_in_no_time(text):
    cheap(read_page, encoded(grown(text, 256 * 1024)), 1.0)


OTHERS = [one for one in ServerKind if has_page(one)]


@law(mutated([described(name)["routes"]["/metrics"]["body"] for name in ("sglang", "llama-server", "tgi")], most=6))
def test_statistics_of_other_servers_are_numbers_that_can_be(page):
    for kind in OTHERS:
        sample, why = read_engine_page(encoded(page), 1.0, kind)
        stats = window([sample]) if sample is not None else None
        assert (sample is None) == bool(why)
        if stats is not None:
            assert_stats(stats)


@law(repeated([page.replace("vllm:", "sglang:") for page in PAGES]), cases=4, slow=True)
def test_a_large_page_of_another_server_is_read_in_no_time(text):
    cheap(read_engine_page, encoded(grown(text, 256 * 1024)), 1.0, ServerKind.SGLANG)


@law(arriving(mutated(STREAMS)))
def test_events_are_the_same_however_their_bytes_arrive(arrived):
    data, pieces = arrived
    whole, cut = EventReader(), EventReader()
    assert whole.feed(data) == [event for piece in pieces for event in cut.feed(piece)]


@law(arriving(mutated(seeds.streams()) | mutated_json(seeds.answers())), st.sampled_from(list(Question)), st.booleans())
def test_whatever_is_received_has_an_outcome_that_can_be_shown(arrived, question, streamed):
    _, pieces = arrived
    outcome = heard(question, pieces, streamed).finish(None, "", 2.0)
    assert_shown(outcome.error)
    assert outcome.count is None or outcome.count >= 0
    assert outcome.ttft_ms is None or 0 <= outcome.ttft_ms <= 2000
    reply = outcome.reply
    if reply is not None:
        assert min(reply.input_tokens, reply.output_tokens) >= 0
        assert_shown(reply.error or "")


def heard(question, pieces, streamed):
    hearing = ResponseReader(
        CanaryRequest(question, "/v1/messages", {"stream": streamed, "max_tokens": 64}), [KEY], 0.0
    )
    hearing.begin(200, "text/event-stream" if streamed else "application/json")
    for number, piece in enumerate(pieces):
        hearing.feed(piece, number / 10)
    return hearing


@law(repeated(STREAMS), slow=True)
def test_a_long_stream_is_read_in_no_time(text):
    data = encoded(grown(text, MOST_BYTES // 2))
    cheap(
        lambda: heard(Question.STREAM, [data[at : at + 997] for at in range(0, len(data), 997)], True).finish(
            None, "", 9.0
        )
    )


ANSWERS = mutated(seeds.answers()) | mutated_json(seeds.answers()) | st.lists(st.sampled_from(TOKENS)).map("".join)


@law(ANSWERS, st.sampled_from([200, 301, 404, 500]), mutated(["http://h:1/v1", "text/html"], most=2))
def test_an_answer_is_reported_in_words_that_can_be_shown(body, status, header):
    answer = Answer(status, {"location": header, "content-type": header}, encoded(body), 1.0, 5)
    assert_shown(describe_answer(answer))
    for model in served_models(answer) or ():
        assert_shown(model.id)
        assert_shown(model.root or "")
        assert model.max_model_len is None or model.max_model_len > 0
    assert_shown(text_field(answer, "version") or "")
    for kind in (engine_by_models(answer), engine_by_start(answer), engine_by_metrics(answer)):
        assert kind is None or kind.is_engine
    value = json_object(answer)
    assert value is None or json.dumps(value)
