"""Usage from other sources than transcripts: vLLM's counters, recorders, and the line of the overview."""

from datetime import UTC, datetime

from history_samples import sample
from stormdeck.model.history.ring import MINUTE_S
from stormdeck.model.usage.energy import Energy
from stormdeck.model.usage.servers import Counted, counted_by_day
from stormdeck.model.usage.today import UsageSnapshot, usage_today
from stormdeck.model.usage.totals import Totals
from stormdeck.model.usage.undelivered import Spent, Undelivered, undelivered
from stormdeck.model.wire.exchange import Exchange, Outcome
from stormdeck.model.wire.hop import Hop

DAY = 1_796_083_200
"""A midnight, UTC."""


def utc_day(at):
    return datetime.fromtimestamp(at, UTC).date()


def minute(at, read, written, server="127.0.0.1:8000", **more):
    return MINUTE_S, sample(at, prompt_tokens_per_s=read, generation_tokens_per_s=written, **more)._replace(
        server=server
    )


def test_the_rates_of_watched_minutes_add_up_by_day():
    samples = [minute(DAY - 60, 100.0, 10.0), minute(DAY, 50.0, 5.0), minute(DAY + 60, None, 5.0)]
    assert list(counted_by_day(samples, utc_day, 0, DAY + 120).values()) == [
        Counted(6000, 600, 60),
        Counted(3000, 600, 120),
    ]


def test_a_minute_of_one_server_counts_once_and_of_two_servers_twice():
    twice = [minute(DAY, 50.0, 5.0), minute(DAY, 40.0, 5.0), minute(DAY, 1.0, 1.0, server="127.0.0.1:9000")]
    assert counted_by_day(twice, utc_day, DAY, DAY + 60)[utc_day(DAY)] == Counted(3060, 360, 60)


def test_a_minute_that_is_not_over_or_of_which_nothing_is_known_does_not_count():
    samples = [minute(DAY, 50.0, 5.0), minute(DAY + 60, None, None), (5, sample(DAY, prompt_tokens_per_s=9.0))]
    assert counted_by_day(samples, utc_day, DAY, DAY + 59) == {}


def exchange(name, outcome, *, hop=Hop.CLIENT, turn="t", ended=DAY + 1, **fields):
    return Exchange(name, DAY, turn=turn, outcome=outcome, hop=hop, ended=ended, **fields)


def test_what_brought_the_client_nothing_is_summed_by_why():
    seen = undelivered(
        [
            exchange("1", Outcome.RUNNING),
            exchange("1", Outcome.STATUS, status=500),
            exchange("2", Outcome.CUT, input_tokens=1000, cached_tokens=200, deltas=30),
            exchange("3", Outcome.CLIENT_LEFT, input_tokens=500, output_tokens=7, deltas=40),
            exchange("4", Outcome.ANSWERED, input_tokens=9000, output_tokens=90),
        ],
        DAY,
        DAY + 9,
    )
    assert seen == Undelivered(4, Spent(2, 1200, 30, 1), Spent(1, 500, 40, 0))


def test_a_request_is_not_counted_again_where_a_server_saw_it_too_nor_outside_of_the_time():
    ones = [
        exchange("1", Outcome.STATUS, hop=Hop.SERVER),
        exchange("2", Outcome.STATUS, turn=""),
        exchange("3", Outcome.STATUS, ended=DAY - 5),
        exchange("4", Outcome.RUNNING, ended=None),
    ]
    assert undelivered(ones, DAY, DAY + 9) == Undelivered()


TOTALS = Totals(answered=57, failed=1, tokens_in=1_240_000, tokens_cached=620_000, tokens_cache_known=1_240_000)
TOTALS.tokens_out, TOTALS.waited_s, TOTALS.timed = 34_200, 754.0, 58
ENERGY, SERVERS = Energy(1.6e6, 12_000), Counted(1.3e6, 3.6e4, 12_000)


def test_the_line_names_turns_tokens_cached_share_waiting_and_energy():
    parts = list(usage_today(TOTALS, SERVERS, ENERGY).parts())
    assert parts == ["58 turns", "1.2M in", "34k out", "50 % cached", "12 min waited", "0.44 kWh"]


def test_vllms_count_stands_in_for_transcripts_and_never_beside_them():
    assert list(usage_today(Totals(), SERVERS, None).parts()) == ["1.3M in", "36k out", "vLLM's count of 3 h 20 min"]
    assert list(usage_today(None, None, None).parts()) == []
    assert usage_today(None, None, None) == UsageSnapshot()
