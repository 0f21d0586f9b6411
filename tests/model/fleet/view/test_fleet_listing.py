"""The lines of the fleet: grouped by model, in the chosen order, what is wrong first."""

from dataclasses import replace

import pytest

from fleets import CALM_FLEET, FLEET, MODELS, proxy, replica
from stormdeck.model.fleet.snapshot import FleetSnapshot, FleetState, FleetStatement
from stormdeck.model.fleet.view.health import FleetHealth
from stormdeck.model.fleet.view.listing import Group, Order, ProxyLine, ReplicaLine, listed, natural
from stormdeck.model.fleet.view.query import FleetQuery
from stormdeck.model.symbols import Health

ALL = FleetQuery()


def fleet(*replicas, proxies=(), statements=()):
    return FleetSnapshot(FleetState.OK, replicas=replicas, proxies=proxies, statements=statements)


def names(listing):
    """Return each line as its title or its name."""
    return [one.title if isinstance(one, Group) else one.row.name for one in listing.lines]


def test_the_groups_are_models_and_what_is_wrong_comes_first_among_and_in_them():
    fine, slow, down = replica(1, "a"), replica(2, "b"), replica(3, "c", up=False)
    other = replica(4, "b")
    statement = FleetStatement("slow", keys=(slow.key,))
    shown = listed(fleet(fine, other, slow, down, statements=(statement,)), ALL, Order.WRONG)
    assert names(shown) == ["c", down.name, "b", slow.name, other.name, "a", fine.name]
    assert (shown.shown, shown.known) == (4, 4)


def test_each_row_has_its_health_and_a_word_for_it():
    rows = {"down": replica(1, up=False), "broken": replica(2), "look": replica(3), "fine": replica(4)}
    rows["unknown"] = replica(5, up=None)
    said = (
        FleetStatement("x", error=True, keys=(rows["broken"].key,)),
        FleetStatement("y", keys=(rows["look"].key, rows["broken"].key)),
    )
    lines = listed(fleet(*rows.values(), statements=said), ALL, Order.WRONG).lines
    found = [(one.word, one.health) for one in lines if isinstance(one, ReplicaLine)]
    assert found == [
        ("down", Health.ERROR),
        ("broken", Health.ERROR),
        ("look", Health.WARNING),
        ("fine", Health.OK),
        ("unknown", Health.UNKNOWN),
    ]


def test_a_heading_counts_its_instances_and_what_is_wrong_with_them():
    group = listed(FLEET, ALL, Order.WRONG).lines[0]
    assert (group.title, group.counts, group.brief) == (MODELS[0], "7 instances, 1 down, 1 look", "7, 1 down, 1 look")


def test_a_heading_says_how_many_of_its_instances_pass_a_filter():
    group = listed(FLEET, FleetQuery.read("gpu-3:8000"), Order.WRONG).lines[0]
    assert (group.counts, group.totals) == ("1 of 7 instances, 1 look", None)


def test_a_heading_sums_up_what_is_known_of_its_instances():
    one = replica(1, running=2.0, kv_cache=0.2, first_token_p95_s=1.0, tokens_per_s=100.0)
    two = replica(2, running=3.0, kv_cache=0.6, first_token_p95_s=4.0, tokens_per_s=None)
    totals = listed(fleet(one, two), ALL, Order.WRONG).lines[0].totals
    assert (totals.running, totals.first_token_p95_s, totals.tokens_per_s) == (5.0, 4.0, 100.0)
    assert totals.kv_cache == pytest.approx(0.4)
    unknown = listed(fleet(replace(one, running=None), replace(two, running=None)), ALL, Order.WRONG).lines[0].totals
    assert unknown.running is None
    nothing = {"kv_cache": None, "first_token_p95_s": None}
    none = listed(fleet(replace(one, **nothing), replace(two, **nothing)), ALL, Order.WRONG).lines[0].totals
    assert (none.kv_cache, none.first_token_p95_s) == (None, None)


def test_instances_without_a_model_have_a_heading_that_says_so():
    assert names(listed(fleet(replica(1, "")), ALL, Order.WRONG))[0] == "model unknown"


@pytest.mark.parametrize(
    ("order", "figure"),
    [
        (Order.RUNNING, "running"),
        (Order.WAITING, "waiting"),
        (Order.KV_CACHE, "kv_cache"),
        (Order.FIRST_TOKEN, "first_token_p95_s"),
        (Order.TOKENS, "tokens_per_s"),
    ],
)
def test_a_figure_sorts_the_most_first_and_the_unknown_last(order, figure):
    low, high, unknown = (replica(at, "m", **{figure: value}) for at, value in enumerate((1.0, 9.0, None)))
    assert names(listed(fleet(low, unknown, high), ALL, order)) == ["m", high.name, low.name, unknown.name]


def test_by_name_numbers_count_as_numbers():
    rows = [replica(number, "m") for number in (10, 9, 100)]
    shown = listed(fleet(*rows, proxies=(proxy(10), proxy(2))), ALL, Order.NAME)
    assert names(shown) == [
        "m",
        "gpu-9:8000",
        "gpu-10:8000",
        "gpu-100:8000",
        "LiteLLM",
        "proxy-2:4000",
        "proxy-10:4000",
    ]


@pytest.mark.parametrize("name", ["", "7", "a1b2", "²", "9" * 5000, "ä-10"])
def test_any_name_can_be_sorted(name):
    assert sorted([natural(name), natural("gpu-1"), natural("1")])


def test_the_proxies_that_fail_most_come_first():
    calm, worse, down = proxy(1), proxy(2, failures_per_s={"Timeout": 1.0}), proxy(3, up=False)
    shown = listed(fleet(proxies=(calm, worse, down)), ALL, Order.WAITING)
    assert names(shown) == ["LiteLLM", down.name, worse.name, calm.name]
    assert shown.lines[0].counts == "3 proxies, 1 down"
    assert isinstance(shown.lines[1], ProxyLine)


def test_only_problems_leaves_out_what_is_fine_or_unknown():
    shown = listed(FLEET, ALL, Order.WRONG, problems_only=True)
    assert [one.word for one in shown.lines if not isinstance(one, Group)] == ["down", "look", "look"]
    assert listed(CALM_FLEET, ALL, Order.WRONG, problems_only=True).lines == ()


def test_the_orders_follow_each_other_round():
    order, seen = Order.WRONG, []
    for _ in Order:
        seen.append(order)
        order = order.next()
    assert (order, len(set(seen))) == (Order.WRONG, len(Order))


def test_the_rank_of_a_row_is_by_what_is_wrong():
    health = FleetHealth(FLEET)
    ranks = [health.rank(row) for row in (replica(1, up=False), replica(2), replica(9, up=None))]
    assert ranks == sorted(ranks)
