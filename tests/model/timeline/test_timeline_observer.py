"""What successive decks become: each change once, with the right length, and in words."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

import samples
from samples import CALM, DOWN_VLLM, FOUND, GPUS, NOW, PITFALLS, PROXY, VLLM, WELL_SET
from stormdeck.feed.reducer import take
from stormdeck.model.canary.summary import CanaryReport
from stormdeck.model.deck import Deck
from stormdeck.model.finding import HopKind
from stormdeck.model.logs.endings import Ending, LogTails
from stormdeck.model.snapshots.backends import Backend, BackendsSnapshot
from stormdeck.model.snapshots.client import ClientSnapshot
from stormdeck.model.snapshots.discovery import Left
from stormdeck.model.snapshots.replay import Replay
from stormdeck.model.snapshots.server import ServedModel, ServerState
from stormdeck.model.timeline import values
from stormdeck.model.timeline.event import Kind, as_stored, from_stored
from stormdeck.model.timeline.observer import Observer
from stormdeck.model.timeline.sentences import sentence
from stormdeck.model.timeline.timeline import MOST, updated


def settings(text):
    """Return settings as they are read from a file, with its digest."""
    read = samples.settings(text)
    digest = sha256((text or "").encode()).hexdigest()
    return replace(read, files=tuple(replace(file, digest=digest) for file in read.files))


WELL = settings(WELL_SET)
START = (WELL, FOUND, VLLM, PROXY, GPUS, CALM)
DOWN_PROXY = replace(PROXY, state=ServerState.DOWN, detail="connection refused at 127.0.0.1:4000")
STALE_VLLM = replace(VLLM, state=ServerState.STALE, detail="no answer within 2 s", seen=NOW)


class Watch:
    """A panel's memory of one run: decks in, events out."""

    def __init__(self, *start, observer=None, events=(), at=NOW):
        self.observer = observer if observer is not None else Observer(home=Path("/home/me"))
        self.deck, self.events, self.at = Deck(), tuple(events), at
        self.changes = []
        self.see(0, *start)

    def started(self):
        """Let the time pass in which servers are found one after another."""
        return self.see(25)

    def see(self, later, *snapshots):
        """Take snapshots that arrive some seconds later."""
        self.at += later
        for snapshot in snapshots:
            self.deck = take(self.deck, snapshot)
        changed = self.observer.take(self.deck, self.at)
        self.changes += changed
        self.events = updated(self.events, changed, self.at)
        return self

    def words(self):
        return [sentence(event, self.at) for event in self.events]


def up(server, at):
    return replace(server, state=ServerState.UP, seen=at)


def test_a_calm_start_is_no_event():
    assert Watch(*START).see(60, CALM).see(60).words() == []


def test_a_hop_that_was_down_is_one_event_with_its_length():
    watch = Watch(*START).see(10, DOWN_VLLM)
    assert watch.words() == ["vLLM :8000 is down, 0 s so far"]
    watch.see(30, replace(DOWN_VLLM, state=ServerState.STARTING, pid=4711)).see(60, up(VLLM, NOW + 100))
    assert watch.words() == ["vLLM :8000 was down for 1 min 30 s"]


def test_what_the_log_says_of_the_end_is_the_cause():
    tails = LogTails(endings={"vllm.log": Ending.CRASHED})
    watch = Watch(*START).see(10, DOWN_VLLM).see(2, tails).see(8, up(VLLM, NOW + 20))
    assert watch.words() == ["vLLM :8000 was down for about 10 s: its engine died"]


def test_a_hop_that_flaps_is_one_event_with_a_count_and_its_length_in_all():
    watch = Watch(*START)
    for number in range(4):
        watch.see(20, DOWN_PROXY).see(3, up(PROXY, watch.at + 3))
        assert len(watch.events) == 1, number
    assert watch.words() == ["LiteLLM :4000 was down 4 times, about 12 s in all"]


def test_two_outages_that_are_far_apart_are_two_events():
    watch = Watch(*START).see(10, DOWN_PROXY).see(3, up(PROXY, NOW + 13)).see(600, DOWN_PROXY)
    watch.see(5, up(PROXY, NOW + 618))
    assert watch.words() == ["LiteLLM :4000 was down for about 3 s", "LiteLLM :4000 was down for about 5 s"]


def test_one_late_answer_is_no_event_and_a_longer_silence_counts_from_the_last_answer():
    watch = Watch(*START).see(4, STALE_VLLM).see(2, up(VLLM, NOW + 6)).see(60)
    assert watch.words() == []
    stale = replace(STALE_VLLM, seen=watch.at - 2)
    watch.see(0, stale).see(4).see(4).see(2, up(VLLM, watch.at + 2))
    assert watch.words() == ["vLLM :8000 did not answer for about 12 s"]


def test_a_sleep_of_the_machine_does_not_lengthen_a_silence():
    watch = Watch(*START).see(3600, replace(STALE_VLLM, seen=NOW)).see(6).see(4, up(VLLM, NOW + 3610))
    assert watch.words() == ["vLLM :8000 did not answer for about 10 s"]


def test_a_hop_that_is_down_from_the_start_is_down_for_at_least_that_long():
    watch = Watch(WELL, FOUND, DOWN_VLLM, PROXY, CALM).see(30)
    assert watch.words() == ["vLLM :8000 is down, 30 s known so far"]
    assert watch.see(12, up(VLLM, NOW + 42)).words() == ["vLLM :8000 was down for at least 42 s"]


def test_a_hop_that_leaves_the_path_is_no_longer_followed():
    watch = Watch(*START).started().see(10, DOWN_PROXY).see(5, Left(HopKind.PROXY)).see(10)
    assert watch.words()[0] == "LiteLLM :4000 was down for about 5 s: it left the path"
    assert watch.words()[1] == "The path is now vLLM :8000, before LiteLLM :4000 → vLLM :8000"


@pytest.mark.parametrize(
    ("snapshot", "words"),
    [
        (replace(VLLM, version="0.33.0"), "vLLM :8000 is now 0.33.0, before 0.32.0"),
        (replace(PROXY, version="1.110.0"), "LiteLLM :4000 is now 1.110.0, before 1.109.1"),
        (
            replace(VLLM, models=(ServedModel("Qwen3-14B"),)),
            "vLLM :8000 now offers Qwen3-14B, before Qwen3.5-27B",
        ),
        (ClientSnapshot("2.1.332", "installed"), "Claude Code is now 2.1.332, before 2.1.329"),
    ],
    ids=["vLLM", "proxy", "model", "client"],
)
def test_a_version_or_model_that_changes_is_said_with_the_one_before(snapshot, words):
    watch = Watch(ClientSnapshot("2.1.329", "installed"), *START).see(10, snapshot).see(2)
    assert watch.words() == []
    assert watch.see(2).words() == [words]


def test_a_model_that_goes_and_comes_back_is_said_to_be_there_again():
    watch = Watch(*START).see(10, replace(VLLM, models=(ServedModel("other"),))).see(4).see(4, VLLM).see(4)
    assert watch.words() == ["vLLM :8000 offers Qwen3.5-27B again, after 2 changes"]


def test_a_value_that_is_back_before_it_counts_is_no_event():
    other = replace(VLLM, version="0.33.0")
    assert Watch(*START).see(10, other).see(1, VLLM).see(60).words() == []


def test_a_version_that_is_not_known_for_a_while_has_not_changed():
    watch = Watch(*START).see(5, replace(VLLM, version=None)).see(30, VLLM).see(30)
    assert watch.words() == []


def test_a_new_process_is_a_restart_if_no_outage_says_so():
    again = replace(VLLM, started=VLLM.started + 500, pid=4800)
    assert Watch(*START).see(10, again).see(4).words() == ["vLLM :8000 was started again"]
    watch = Watch(*START).see(10, DOWN_VLLM).see(20, replace(again, seen=NOW + 30)).see(4).see(60)
    assert watch.words() == ["vLLM :8000 was down for about 20 s"]


def test_settings_say_who_saved_them_and_which_keys_but_no_value():
    changed = settings(WELL_SET.replace('"model": "sonnet"', '"model": "opus"'))
    watch = Watch(*START).see(10, changed)
    assert watch.words() == ["~/.claude/settings.json was changed outside the panel: model"]
    watch = Watch(*START)
    watch.observer.note_save(changed.files[0].digest)
    assert watch.see(10, changed).words() == ["~/.claude/settings.json was saved in the panel: model"]


def test_two_panels_see_one_write_as_one_event_of_the_panel_that_made_it():
    changed = settings(WELL_SET.replace('"model": "sonnet"', '"model": "opus"'))
    one, other = Watch(*START), Watch(*START)
    one.observer.note_save(changed.files[0].digest)
    one.see(10, changed)
    other.see(11, changed)
    for first, second in ((one, other), (other, one)):
        (event,) = updated(first.events, second.events, NOW + 20)
        assert sentence(event, NOW + 20) == "~/.claude/settings.json was saved in the panel: model"


def test_a_secret_in_the_settings_is_in_no_event():
    token = "sk-very-secret-4711"
    changed = settings(WELL_SET.replace("4000", "4001").replace(token, f"{token}-new"))
    watch = Watch(*START).see(10, changed, settings(PITFALLS)).see(60)
    assert watch.events
    assert token not in repr(watch.events)
    assert token not in repr(watch.observer.known())


def test_findings_come_and_go_after_the_first_ones_are_known():
    watch = Watch(*START).started().see(10, settings(PITFALLS))
    assert [event.kind for event in watch.events] == [Kind.SETTINGS]
    watch.see(6)
    came = [event for event in watch.events if event.kind is Kind.FINDING]
    assert {event.name for event in came} >= {"URL101"}
    assert all(sentence(event, watch.at).startswith(f"{event.name} came: ") for event in came)
    assert any(sentence(event, watch.at) == "URL101 came: ANTHROPIC_BASE_URL: ends in /v1" for event in came)
    assert len({sentence(event, watch.at) for event in came}) == len(came)
    watch.see(200, WELL).see(6)
    went = [event for event in watch.events if event.kind is Kind.FINDING]
    assert len(went) == len(came)
    assert all(" went after 3 min" in sentence(event, watch.at) for event in went)


def test_what_is_found_one_after_another_at_the_start_has_not_happened():
    watch = Watch(settings(PITFALLS), FOUND, PROXY).see(8, VLLM).see(8, GPUS, CALM).see(8).see(60)
    assert watch.words() == []


def test_a_server_that_is_away_repairs_no_finding():
    watch = (
        Watch(settings(PITFALLS), *START[1:]).started().see(10, DOWN_VLLM).see(60).see(60, up(VLLM, NOW + 155)).see(60)
    )
    assert [event.kind for event in watch.events] == [Kind.DOWN]


def test_a_canary_is_said_once():
    watch = Watch(*START)
    watch.deck = replace(watch.deck, canary=CanaryReport())
    assert len(watch.see(5).see(5).events) == 1


def test_a_time_without_watching_is_an_event_only_if_it_is_long():
    short, long = (NOW - 30, NOW - 5), (NOW - 900, NOW - 180)
    watch = Watch(*START).see(5, replace(CALM, gaps=(long, short))).see(5, replace(CALM, gaps=(long, short), turns=3))
    assert watch.words() == ["Not watched for 12 min: the panel was stopped, or the machine slept"]


def test_a_later_run_continues_an_outage_that_goes_on():
    first = Watch(*START).see(10, DOWN_VLLM)
    left = updated(first.events, first.observer.open_ones(first.at + 50), first.at + 50)
    second = Watch(
        WELL, FOUND, DOWN_VLLM, PROXY, CALM, observer=Observer(first.observer.known(), left), events=left, at=NOW + 500
    )
    assert second.see(60, up(VLLM, NOW + 560)).words() == ["vLLM :8000 was down for 9 min 10 s"]


def test_a_return_that_nobody_watched_has_no_end():
    first = Watch(*START).see(10, DOWN_VLLM)
    left = updated(first.events, first.observer.open_ones(first.at + 50), first.at + 50)
    second = Watch(*START, observer=Observer(first.observer.known(), left), events=left, at=NOW + 500)
    assert second.words() == ["vLLM :8000 was down for at least 50 s; its return was not watched"]


def test_what_changed_between_two_runs_is_said_as_such():
    first = Watch(*START).see(10)
    changed = settings(WELL_SET.replace('"model": "sonnet"', '"model": "opus"'))
    second = Watch(
        changed, FOUND, replace(VLLM, version="0.33.0"), PROXY, observer=Observer(first.observer.known()), at=NOW + 900
    ).see(5)
    assert sorted(second.words()) == [
        "/home/me/.claude/settings.json was changed while nothing was watched",
        "vLLM :8000 is now 0.33.0, before 0.32.0, while nothing was watched",
    ]


def test_a_server_of_a_group_that_is_not_on_the_path_has_outages_too():
    url = "http://127.0.0.1:9001"
    down, back = (BackendsSnapshot((Backend(url, state),)) for state in (ServerState.DOWN, ServerState.UP))
    assert Watch(*START, back).see(10, down).see(90, back).words() == ["server :9001 was down for 1 min 30 s"]


def test_an_outage_that_comes_again_says_how_often():
    watch = Watch(*START).see(10, DOWN_PROXY).see(3, up(PROXY, NOW + 13)).see(20, DOWN_PROXY).see(5)
    assert watch.words() == ["LiteLLM :4000 is down, 5 s so far, the 2nd time"]


def test_two_updates_one_after_another_are_one_event_from_the_first_version():
    watch = Watch(*START).see(10, replace(VLLM, version="0.33.0")).see(4).see(30, replace(VLLM, version="0.33.1"))
    assert watch.see(4).words() == ["vLLM :8000 is now 0.33.1, after 2 changes from 0.32.0"]


def test_a_finding_that_comes_and_goes_is_one_event_with_a_count():
    watch = Watch(*START).started().see(10, settings(PITFALLS)).see(6).see(20, WELL).see(6)
    watch.see(20, settings(PITFALLS)).see(6)
    assert any(line.startswith("URL101 came again, the 2nd time: ") for line in watch.words())
    watch.see(20, WELL).see(6)
    assert any(line.startswith("URL101 came and went 2 times: ") for line in watch.words())


def test_a_finding_that_went_between_two_runs_went_while_nothing_was_watched():
    first = Watch(*START).started().see(10, settings(PITFALLS)).see(6)
    left = updated(first.events, first.observer.open_ones(first.at + 50), first.at + 50)
    (came,) = (one for one in left if one.name == "URL101")
    assert came.seen == first.at + 50
    second = Watch(*START, observer=Observer(first.observer.known(), left), events=left, at=first.at + 500)
    (went,) = (line for line in second.started().see(6).words() if line.startswith("URL101 "))
    assert went.startswith("URL101 went, while nothing was watched: ")


def test_a_recording_that_is_replayed_has_no_findings_or_versions_of_this_day():
    other = replace(VLLM, version="0.33.0", models=(ServedModel("other"),))
    assert {event.kind for event in Watch(*START).started().see(5, other).see(20).events} > {Kind.VERSION, Kind.FINDING}
    watch = Watch(*START).started()
    watch.deck = replace(watch.deck, replay=Replay("storm.jsonl", "20 Nov 19:25 to 19:31", 1.0))
    assert watch.see(5, other).see(20).words() == []


def test_servers_that_came_and_went_are_forgotten():
    watch = Watch(*START, observer=Observer({f"version server {at}": "1" for at in range(values.MOST)}))
    for at in range(150):
        watch.see(1, BackendsSnapshot((Backend(f"http://127.0.0.1:{9000 + at}", ServerState.UP),)))
    known = watch.observer.known()
    assert "version server 0" not in known
    assert known[f"version server {values.MOST - 1}"] == "1"
    assert len(watch.observer._outages._hops) < 150


SNAPSHOTS = (
    WELL,
    settings(PITFALLS),
    settings(None),
    VLLM,
    DOWN_VLLM,
    STALE_VLLM,
    replace(VLLM, version="0.33.0", started=VLLM.started + 400),
    replace(VLLM, models=(ServedModel("other"),)),
    replace(VLLM, url="http://127.0.0.1:8001"),
    PROXY,
    DOWN_PROXY,
    Left(HopKind.PROXY),
    ClientSnapshot("2.1.332", "installed"),
    ClientSnapshot("2.1.112", "installed"),
    LogTails(endings={"vllm.log": Ending.CRASHED}),
    CALM,
)
STEPS = st.lists(st.tuples(st.sampled_from((0.1, 1.0, 4.0, 30.0)), st.sampled_from(SNAPSHOTS)), max_size=60)


def played(steps):
    watch = Watch(*START)
    for later, snapshot in steps:
        watch.see(later, snapshot)
    return watch


@given(STEPS)
@hypothesis_settings(max_examples=30)
def test_any_sequence_makes_a_bounded_number_of_events(steps):
    watch = played(steps)
    passed = watch.at - NOW
    subjects = {(event.kind, event.subject) for event in watch.events}
    # Each of the things that were followed has at most one event in two minutes.
    assert len(watch.events) <= len(subjects) * (1 + passed / 100)
    assert len(watch.events) <= MOST
    assert len({event.key for event in watch.events}) == len(watch.events)
    for event in watch.events:
        assert event.at <= watch.at
        assert event.count == 1 or event.kind is not Kind.GAP
        assert 0 <= event.total_s <= passed + 30
        assert from_stored(as_stored(event)) == event


@given(STEPS)
@hypothesis_settings(max_examples=30)
def test_the_same_sequence_by_two_panels_yields_no_event_twice(steps):
    one, other = played(steps), played(steps)
    both = updated(one.events, other.events, one.at)
    assert both == one.events
    assert updated(both, other.events, one.at) == both


@given(STEPS)
@hypothesis_settings(max_examples=30)
def test_a_deck_that_is_seen_again_yields_nothing(steps):
    watch = played(steps).see(60).see(60)
    assert watch.observer.take(watch.deck, watch.at + 1) == ()
