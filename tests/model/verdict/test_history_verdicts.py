"""The verdict says what is unusual by the history, while it is true, and below what is broken."""

import json
from dataclasses import replace

import pytest

from history_samples import NOW, steps
from samples import CALM, DOWN_VLLM, ENGINE, FOUND, GPUS, PROXY, STORMY, VLLM, WELL
from stormdeck.feed.reducer import take
from stormdeck.model.deck import Deck
from stormdeck.model.finding import HopKind
from stormdeck.model.history.ring import HistorySnapshot
from stormdeck.model.history.unusual import HeldBack, Queue, Unusual
from stormdeck.model.history.usual import Shift
from stormdeck.model.snapshots.discovery import DiscoverySnapshot, Found, Left
from stormdeck.model.snapshots.gpu import GpuSnapshot, GpuState
from stormdeck.model.snapshots.server import ServerKind
from stormdeck.model.status.document import status_json
from stormdeck.model.symbols import Health
from stormdeck.model.verdict.ranking import statements

LATE = Unusual(ttft=Shift(4.7, 2.3, NOW - 430, 240, 1e-9))
SLOW = Unusual(decode=Shift(11.0, 38.0, NOW - 370, 240, 1e-9))
COLD = Unusual(cold=Shift(9.0, 87.0, NOW - 300, 240, 1e-9))
QUEUED = Unusual(queue=Queue(NOW - 740, 5, is_whole=True))
HELD = Unusual(held=HeldBack((1,), NOW - 260))
HOT = replace(GPUS, gpus=(GPUS.gpus[0], replace(GPUS.gpus[1], throttle=("hot",), clock_mhz=1095, clock_max_mhz=1980)))
NO_CLOCK = replace(HOT, gpus=tuple(replace(one, clock_mhz=None) for one in HOT.gpus))

SLOW_VLLM = replace(VLLM, engine=replace(ENGINE, ttft_p50_s=4.7))


def minute(at):
    return f"{at:.0f}"


def deck_with(unusual, *changed, at=NOW, **engine):
    deck = Deck()
    vllm = replace(VLLM, engine=replace(ENGINE, **engine))
    for snapshot in (WELL, FOUND, vllm, PROXY, GPUS, CALM, HistorySnapshot(steps(3, at), unusual=unusual), *changed):
        deck = take(deck, snapshot)
    return deck


def said(deck, now=NOW):
    return [one for one in statements(deck, now, minute) if one.health is Health.WARNING and one.age is not None]


@pytest.mark.parametrize(
    ("deck", "headline"),
    [
        (deck_with(LATE, ttft_p50_s=4.7), "First token 4.7 s, usually 2.3 s, for 7 min"),
        (
            deck_with(SLOW),
            "Slow answers: 11 tokens/s per running request, usually 38 with as many running, for 6 min",
        ),
        (deck_with(COLD, prefix_hit_percent=9.0), "The prefix cache has gone cold: 9 % hits, usually 87 %, for 5 min"),
        (
            deck_with(QUEUED, waiting=5),
            "The queue does not drain: 5 requests wait, some at every look for 12 min",
        ),
        (deck_with(HELD, HOT), "GPU 1 is held back for 4 min 20 s: hot, 1 095 of 1 980 MHz"),
        (deck_with(HELD, NO_CLOCK), "GPU 1 is held back for 4 min 20 s: hot"),
    ],
    ids=["late", "slow", "cold", "queue", "held back", "held back, by a driver that names no clock"],
)
def test_it_is_said_with_its_usual_its_length_and_its_evidence(deck, headline):
    (one,) = said(deck)
    assert one.headline == headline
    assert one.evidence
    assert one.step
    assert one.cause
    assert statements(deck, NOW, minute)[0] == one
    printed = json.loads(json.dumps(status_json(deck, statements(deck, NOW, minute))))
    (shown,) = [row for row in printed["statements"] if row["text"] == headline]
    assert (shown["state"], shown["age_s"]) == ("degraded", round(one.age))


SILENT = [
    ("now it is as usual", deck_with(LATE, ttft_p50_s=2.4)),
    ("no request now", deck_with(LATE, ttft_p50_s=None)),
    ("nothing is unusual", deck_with(Unusual(), ttft_p50_s=9.0, waiting=5)),
    ("the history is old", deck_with(LATE, ttft_p50_s=4.7, at=NOW - 60)),
    ("it is of the future", deck_with(LATE, ttft_p50_s=4.7, at=NOW + 60)),
    ("vLLM is down", deck_with(LATE, DOWN_VLLM)),
    (
        "vLLM has just started",
        deck_with(LATE, replace(VLLM, started=NOW - 100, engine=replace(ENGINE, ttft_p50_s=4.7))),
    ),
    ("the cache is warm again", deck_with(COLD, prefix_hit_percent=80.0)),
    ("nobody waits", deck_with(QUEUED, waiting=0)),
    ("the GPU runs as fast as it can", deck_with(HELD)),
    ("no GPU can be read", deck_with(HELD, GpuSnapshot(GpuState.LOST))),
    ("another GPU is hot", deck_with(Unusual(held=HeldBack((0,), NOW - 260)), HOT)),
]


@pytest.mark.parametrize("deck", [deck for _, deck in SILENT], ids=[name for name, _ in SILENT])
def test_what_is_not_so_now_is_not_said(deck):
    assert said(deck) == []


def test_a_full_cache_explains_its_queue_itself():
    deck = deck_with(QUEUED, waiting=5, kv_cache_percent=99.0)
    headlines = [one.headline for one in statements(deck, NOW, minute)]
    assert any("short of memory" in headline for headline in headlines)
    assert not any("does not drain" in headline for headline in headlines)


def test_a_storm_is_said_first():
    deck = deck_with(LATE, STORMY, ttft_p50_s=4.7)
    found = statements(deck, NOW, minute)
    assert found[0].health is Health.ERROR
    assert any(one.headline.startswith("First token 4.7 s") for one in found[1:])


def test_gpus_of_this_machine_say_nothing_of_a_server_elsewhere():
    found = DiscoverySnapshot((Found("http://gpu.example:8000", ServerKind.VLLM, "", is_local=False),), done=True)
    far = replace(VLLM, url="http://gpu.example:8000", pid=None)
    assert said(deck_with(HELD, HOT, found, far, Left(HopKind.PROXY))) == []
