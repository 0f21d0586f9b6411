"""One request that is seen at several places on its way is one request: that of the place nearest to the client."""

import random
from dataclasses import replace
from itertools import permutations

import pytest

from stormdeck.model.retries.storms.storm import Outcome as StormOutcome
from stormdeck.model.traffic.meter import TrafficMeter
from stormdeck.model.wire.attempts import AttemptCounter
from stormdeck.model.wire.entries import WireEntries
from stormdeck.model.wire.exchange import Exchange, Outcome
from stormdeck.model.wire.hop import Hop, hop_of
from stormdeck.model.wire.joined import JoinedAttempts
from stormdeck.model.wire.request import Kind
from stormdeck.model.wire.running import RunningRequests

NOW = 1_800_000_000.0
WAYS = {Hop.CLIENT: 0.0, Hop.PROXY: 0.01, Hop.SERVER: 0.02}
"""How long after the client each place sees a request."""


class Way:
    """A client, and the places that note its requests; each has files of its own."""

    def __init__(self, *hops, files=1):
        self.hops, self.files = hops, files
        self.counters = {(hop, file): AttemptCounter() for hop in hops for file in range(files)}
        self.now, self.count, self.lines = NOW, 0, []

    def ask(self, key, outcome=Outcome.ANSWERED, status=200, *, session="s", wait=0.0, hops=None, sent=1):
        self.count += 1
        for hop in hops or self.hops:
            for time in range(sent if hop is Hop.BEHIND else 1):
                self._note(hop, key, outcome, status, session, time)
        self.now += 1 + wait

    def _note(self, hop, key, outcome, status, session, time):
        file = self.count % self.files
        start = self.now + WAYS.get(hop, 0.03) + 0.1 * time
        one = Exchange(f"{self.count}.{time}", start, Kind.MAIN, session, "main", key, hop=hop)
        counter = self.counters[hop, file]
        begun = counter.begin(one)
        ended = replace(begun, outcome=outcome, status=status, ended=start + 0.05)
        counter.end(ended)
        self.lines += [(f"{hop}{file}", begun), (f"{hop}{file}", ended)]

    def seen(self, lines=None, late=0.0):
        meter, entries, joined = TrafficMeter(), WireEntries(), JoinedAttempts()
        meter.snapshot(NOW)
        for journal, line in lines or sorted(self.lines, key=lambda one: one[1].noted_at):
            for entry in entries.take(joined.take(journal, line), journal):
                meter.take_entry(entry)
        for second in range(int(NOW), int(self.now) + 2, 5):
            meter.snapshot(float(second))
        return meter.snapshot(self.now + 1 + late)


def storm(way, **more):
    way.ask("before", **more)
    for attempt in range(3):
        way.ask("a", Outcome.STATUS, 500, wait=0.5 * 2**attempt, **more)
    way.ask("a", **more)
    way.ask("after", **more)


@pytest.mark.parametrize("hops", [hops for count in (1, 2, 3) for hops in permutations(WAYS, count)], ids="+".join)
@pytest.mark.parametrize("files", [1, 3])
def test_each_attempt_counts_once_wherever_it_is_seen(hops, files):
    if files > 1 and Hop.CLIENT in hops:
        pytest.skip("a recorder is one process")
    way = Way(*hops, files=files)
    storm(way)
    seen = way.seen()
    (one,) = seen.storms
    assert (one.attempts, one.evidence, one.outcome, seen.retries) == (4, "wire", StormOutcome.RECOVERED, 3)


@pytest.mark.parametrize("seed", range(20))
def test_the_order_in_which_the_files_are_read_does_not_matter(seed):
    way = Way(Hop.CLIENT, Hop.SERVER)
    storm(way)
    # What a reader gets in one call comes file by file.
    chance, lines, step = random.Random(seed), [], []  # noqa: S311 an order
    for line in sorted(way.lines, key=lambda one: one[1].noted_at):
        step.append(line)
        if chance.random() < 0.3:
            lines += sorted(step, key=lambda one: one[0], reverse=chance.random() < 0.5)
            step = []
    seen = way.seen(lines + step)
    assert ([one.attempts for one in seen.storms], seen.retries) == ([4], 3)


def test_the_attempts_of_a_proxy_are_not_those_of_the_client():
    way = Way(Hop.PROXY, Hop.BEHIND)
    way.ask("a", Outcome.STATUS, 500, sent=3)
    way.ask("b")
    assert not way.seen().storms
    way = Way(Hop.BEHIND)
    for _ in range(4):
        way.ask("a", Outcome.STATUS, 500, sent=3)
    assert not way.seen().storms


def test_a_session_goes_on_at_the_server_when_its_recorder_is_ended():
    way = Way(Hop.CLIENT, Hop.SERVER)
    way.ask("a")
    way.now += 60
    storm(way, hops=(Hop.SERVER,))
    assert [one.attempts for one in way.seen().storms] == [4]


def test_a_recorder_that_comes_later_takes_over():
    way = Way(Hop.CLIENT, Hop.SERVER)
    storm(way, hops=(Hop.SERVER,))
    way.now += 60
    storm(way)
    assert [one.attempts for one in way.seen().storms] == [4, 4]


def flights(*seen, journals=None):
    running = RunningRequests()
    for journal, exchange in seen:
        running.take(journal, exchange)
    found = running.snapshot(journals if journals is not None else {journal for journal, _ in seen})
    return [(one.session, one.hop) for one in found.in_flight]


def flight(hop, session="s", at=0.0):
    return hop.value, Exchange(f"{session}{at}", NOW + at + WAYS.get(hop, 0.03), Kind.MAIN, session, hop=hop)


def test_what_is_in_flight_is_shown_once():
    both = [flight(Hop.CLIENT), flight(Hop.SERVER)]
    assert flights(*both) == flights(*reversed(both)) == [("s", Hop.CLIENT)]
    other = flight(Hop.SERVER, "t")
    assert flights(*both, other) == [("s", Hop.CLIENT), ("t", Hop.SERVER)]
    assert flights(*both, journals={"server"}) == [("s", Hop.SERVER)]


def test_a_server_that_has_not_noticed_yet_that_the_client_left_shows_nothing():
    journal, begun = flight(Hop.CLIENT)
    left = replace(begun, outcome=Outcome.CLIENT_LEFT, ended=NOW + 1)
    assert flights((journal, begun), flight(Hop.SERVER), (journal, left)) == []


def test_what_a_proxy_sends_on_is_shown_for_those_who_ask_elsewhere_only():
    sent_on = replace(flight(Hop.BEHIND, "")[1], session="")
    assert flights(flight(Hop.PROXY), ("behind", sent_on)) == [("s", Hop.PROXY)]
    assert flights(("behind", sent_on)) == [("", Hop.BEHIND)]
    other = replace(sent_on, id="other", started=NOW + 5)
    assert flights(flight(Hop.PROXY), ("behind", sent_on), ("behind", other)) == [("s", Hop.PROXY), ("", Hop.BEHIND)]


def test_who_sends_it_tells_the_hop():
    assert hop_of(Hop.SERVER, "claude-cli/2.1.332 (external, cli)") is Hop.SERVER
    assert hop_of(Hop.PROXY, "Anthropic/Python 1.0") is Hop.BEHIND
