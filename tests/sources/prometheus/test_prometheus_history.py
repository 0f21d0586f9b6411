"""The figures of one instance over time, by range queries: one axis, bounded, with gaps."""

import asyncio
from urllib.parse import parse_qs, urlsplit

import pytest

from recorded_prometheus import FIVE, NOTHING, TAKEN, query_of
from servers import Imitation, Reply, serving
from stormdeck.model.fleet.access import PrometheusAccess
from stormdeck.model.fleet.past import FLEET_FIGURES
from stormdeck.model.history.columns import fit_columns
from stormdeck.sources.prometheus.history import history
from stormdeck.sources.prometheus.source import PrometheusSource

GAP = range(60, 120)
"""Seconds of the span in which the instance was not scraped."""


def ranged(asked):
    """Answer a range query as Prometheus does: a value for each step, none in a gap."""
    given = {name: values[0] for name, values in parse_qs(urlsplit(asked.path).query).items()}
    start, end, step = (float(given[name]) for name in ("start", "end", "step"))
    times = [start + n * step for n in range(int((end - start) // step) + 1)]
    values = [[at, str(n)] for n, at in enumerate(times) if round(at - start) not in GAP]
    one = {"metric": {"instance": "gpu-box:8001"}, "values": values}
    return Reply({"status": "success", "data": {"resultType": "matrix", "result": [one]}})


def answering(answer):
    asked = []

    def reply(one):
        if "/query_range" not in one.path:
            return Reply(FIVE.get(query_of(one), NOTHING))
        asked.append(one)
        return answer(one)

    return Imitation({}, reply), asked


def past(server, figure="", span=600.0, step=5.0, now=TAKEN, key=None):
    async def asked():
        async with serving(server) as url:
            source = PrometheusSource(PrometheusAccess(url), {}, 60.0)
            try:
                answers = [one async for one in source.rounds(now, whole=True)]
                row = next(one for one in answers[-1].replicas if one.name == "gpu-box:8001")
                return await history(source, key or row.key, figure, now - span, now, step)
            finally:
                await source.aclose()

    return asyncio.run(asked())


def test_all_figures_of_one_instance_are_samples_of_one_axis():
    server, ranges = answering(ranged)
    found = past(server)
    assert len(ranges) == len(FLEET_FIGURES)
    assert all('instance="gpu-box:8001"' in query_of(one) for one in ranges)
    assert all(one.at % 5 == 0 for one in found.samples)
    assert all(found.samples[0].of(name) is not None for name in FLEET_FIGURES)
    assert found.samples[0].server == "gpu-box:8001"
    assert (found.note, found.next_step) == ("", "")


def test_a_gap_stays_a_gap_in_the_columns_of_a_graph():
    found = past(answering(ranged)[0], "running")
    columns = fit_columns(found.snapshot, 5, 120, found.samples[-1].at)
    assert columns.count(None) == len(GAP) // 5
    assert {one.of("waiting") for one in columns if one is not None} == {None}


def test_a_long_span_gets_longer_steps():
    server, _ = answering(ranged)
    found = past(server, "running", span=7 * 86400.0)
    assert len(found.samples) <= 1001
    assert (
        len({after.at - before.at for before, after in zip(found.samples[20:], found.samples[21:], strict=False)}) == 1
    )


def test_times_are_those_of_this_machine_also_where_the_clocks_differ():
    found = past(answering(ranged)[0], "running", now=TAKEN - 7200.0)
    assert TAKEN - 7200 - 605 <= found.samples[0].at <= TAKEN - 7200 - 595
    assert found.samples[-1].at <= TAKEN - 7200


@pytest.mark.parametrize(
    ("answer", "key", "words"),
    [
        (lambda _one: Reply(NOTHING | {"data": {"resultType": "matrix", "result": []}}), None, "no samples"),
        (lambda _one: Reply("", 503), None, "Prometheus :"),
        (ranged, "gone", "no longer knows"),
    ],
    ids=["empty", "down", "gone"],
)
def test_without_samples_it_says_why(answer, key, words):
    found = past(answering(answer)[0], "running", key=key)
    assert found.samples == ()
    assert words in found.note
    assert found.next_step


def test_a_figure_without_an_answer_leaves_the_others():
    def some(one):
        return Reply("", 503) if "histogram_quantile" in query_of(one) else ranged(one)

    found = past(answering(some)[0])
    assert found.samples[0].of("running") is not None
    assert found.samples[0].of("ttft_p95_s") is None
    assert found.note.startswith("Some figures are missing: ")
