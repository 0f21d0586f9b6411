"""The state of a turn between two attempts, while an attempt is answered, and after it was stopped."""

from dataclasses import replace
from typing import Any

import pytest

import transcripts as written
from log_lines import access
from samples import CALM, DOWN_VLLM, ENGINE, FOUND, GAVE_UP, GPUS, LIVE, NOW, PROXY, VLLM, WELL, WRONG
from stormdeck.feed.reducer import take
from stormdeck.model.deck import Deck
from stormdeck.model.finding import HopKind
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.retries.sessions import InFlight
from stormdeck.model.retries.storms.storm import Outcome
from stormdeck.model.retries.transcript import EntryKind, parse_entry
from stormdeck.model.snapshots.server import ServerState
from stormdeck.model.snapshots.traffic import PathChange
from stormdeck.model.status.document import state_of, status_json
from stormdeck.model.symbols import Health
from stormdeck.model.traffic.log_analyzer import LogAnalyzer
from stormdeck.model.verdict.ranking import statements

T = NOW - 60.0
LADDER = (0.0, 0.55, 1.7, 3.9, 8.4)
"""When attempts are sent."""
SERVICE = 0.02


def ledger(*lines, entries=()):
    """Return what lines (seconds after the start, status) and entries of a transcript amount to."""
    made = LogAnalyzer()
    for at, status in lines:
        made.take(LogBatch("litellm.log", (access(status),), T + at, history=False))
    for text in entries:
        made.take_entry(parse_entry(text))
    return made


def sent(*times, end=()):
    """Return the transcript of 2.1.329: its prompt, then an entry for each attempt."""
    requests = [
        written.request(T + at, f"r{number}", base=f"r{number - 1}" if number else "", digest="d1")
        for number, at in enumerate(times)
    ]
    return [written.ask(T - 0.1), *requests, *end]


def told_storm(deck):
    document: Any = status_json(deck, said(deck))
    return document["requests"]["storm"]


def storm(made, at):
    (found,) = made.report(T + at).storms
    return found


def failures(count=5, status=500):
    return [(at + SERVICE, status) for at in LADDER[:count]]


def interruption(t, text="[Request interrupted by user]"):
    return written.line("user", t, message={"role": "user", "content": [{"type": "text", "text": text}]})


class TestAnswered:
    def test_a_200_for_the_newest_attempt_is_an_answer_under_way(self):
        made = ledger(*failures(4), (8.45, 200), entries=sent(*LADDER))
        found = storm(made, 30)
        assert (found.outcome, found.attempts) == (Outcome.LIVE, 5)
        assert (found.answered_at, found.next_at, found.gives_up_at) == (T + 8.45, None, None)

    def test_it_is_recovered_once_the_answer_is_there(self):
        entries = sent(*LADDER, end=[written.answer(T + 33)])
        found = storm(ledger(*failures(4), (8.45, 200), entries=entries), 34)
        assert (found.outcome, found.answered_at) == (Outcome.RECOVERED, None)

    @pytest.mark.parametrize(
        ("running", "took", "figures"),
        [(1, 25, "(25 s, 12 tokens/s)"), (2, 25, "(25 s)"), (0, 25, "(25 s)"), (1, 4, "(4 s)")],
        ids=["alone", "beside another", "not at vLLM", "no longer than the rate's own span"],
    )
    def test_the_headline_says_for_how_long_and_how_fast_where_only_it_runs(self, running, took, figures):
        answered = replace(LIVE, next_at=None, gives_up_at=None, answered_at=NOW - took)
        vllm = replace(VLLM, engine=replace(ENGINE, running=running, generation_tokens_per_s=12.0))
        deck = deck_of(vllm, PROXY, replace(CALM, storms=(answered,)))
        first = said(deck)[0]
        assert first.headline.startswith(f"Attempt 6 is being answered {figures} · 5 attempts before it failed · 500")
        assert (first.health, state_of(first)) == (Health.WARNING, "degraded")
        assert told_storm(deck) is None


class TestNewestLine:
    """The line of the newest attempt is found, though nothing but its sending is known: over any connection."""

    def over(self, ports, *lines, entries):
        made = LogAnalyzer()
        for (at, status), port in zip(lines, ports, strict=True):
            made.take(LogBatch("litellm.log", (access(status, port),), T + at, history=False))
        for text in entries:
            made.take_entry(parse_entry(text))
        return made

    @pytest.mark.parametrize("ports", [(1, 2, 3, 4, 5), (1, 1, 1, 1, 2), (0, 0, 0, 0, 0)], ids=str)
    @pytest.mark.parametrize("service", [0.02, 0.5, 2.0], ids=str)
    def test_a_failure_is_followed_by_a_wait(self, ports, service):
        lines = [(at + service, 500) for at in LADDER]
        sent_at, at = [], 0.0
        for wait in (0.55, 1.15, 2.2, 4.5):
            sent_at.append(at)
            at += service + wait
        sent_at.append(at)
        lines = [(when + service, 500) for when in sent_at]
        found = storm(self.over(ports, *lines, entries=sent(*sent_at)), sent_at[-1] + service + 1)
        assert found.attempts == 5
        assert found.next_at == pytest.approx(T + sent_at[-1] + service + 9, abs=0.01)

    @pytest.mark.parametrize("first_byte", [0.5, 12.0, 45.0], ids=str)
    def test_an_answer_that_begins_late_over_a_new_connection_is_one(self, first_byte):
        lines = (*failures(4), (8.4 + first_byte, 200))
        found = storm(self.over((1, 1, 1, 1, 9), *lines, entries=sent(*LADDER)), 8.4 + first_byte + 5)
        assert (found.attempts, found.answered_at) == (5, pytest.approx(T + 8.4 + first_byte))

    def test_an_answer_after_attempts_that_left_no_line_is_one_and_nothing_was_cut(self):
        """The proxy was down for five attempts; the sixth is answered at once."""
        made = self.over((1,), (17.3 + 0.3, 200), entries=sent(*LADDER, 17.3))
        found = storm(made, 20)
        assert (found.attempts, found.answered_at) == (6, pytest.approx(T + 17.6))
        assert found.cause != "cut"

    def test_what_answers_another_session_is_not_taken(self):
        other = [
            written.ask(T + 9, session="s2"),
            written.request(T + 9.1, "o1", digest="d9", session="s2"),
            written.answer(T + 14, session="s2"),
        ]
        lines = (*failures(4), (11.0, 200))
        found = storm(self.over((1, 1, 1, 1, 9), *lines, entries=[*sent(*LADDER), *other]), 15)
        assert found.answered_at is None


class TestOverdue:
    def test_the_client_waits_until_the_end_of_its_window(self):
        made = ledger(*failures(), entries=sent(*LADDER))
        found = storm(made, 8.4 + 10)
        assert (found.outcome, found.next_at, found.next_by) == (
            Outcome.LIVE,
            pytest.approx(T + 8.42 + 9),
            pytest.approx(T + 8.42 + 10),
        )

    def test_it_was_stopped_a_few_seconds_after_its_window(self):
        """The transcript would have told the attempt within half a second; nothing is written at Esc (2.1.332)."""
        made = ledger(*failures(), entries=sent(*LADDER))
        found = storm(made, 8.42 + 10 + 5.5)
        assert (found.outcome, found.next_at, found.gives_up_at) == (Outcome.QUIET, None, None)

    def test_an_attempt_without_a_line_yet_waits_for_its_answer(self):
        made = ledger(*failures(4), entries=sent(*LADDER))
        found = storm(made, 8.4 + 60)
        assert (found.outcome, found.next_at, found.answered_at) == (Outcome.LIVE, None, None)
        assert (found.sent_at, found.fails) == (pytest.approx(T + 8.4), True)
        assert storm(made, 8.4 + 400).outcome is Outcome.QUIET

    def test_the_headline_says_how_long_it_waits(self):
        waits = replace(LIVE, next_at=None, gives_up_at=None, sent_at=NOW - 12)
        deck = deck_of(VLLM, PROXY, replace(CALM, storms=(waits,)))
        first = said(deck)[0]
        assert first.headline.startswith("RETRY STORM  attempt 6 of 11 · 500")
        assert first.headline.endswith(" · waiting for an answer, 12 s")
        assert told_storm(deck) is not None

    def test_by_the_log_alone_a_slow_answer_may_still_come(self):
        made = ledger(*failures())
        assert storm(made, 8.42 + 9).next_at is not None
        late = storm(made, 8.42 + 10 + 6)
        assert (late.outcome, late.next_at, late.gives_up_at) == (Outcome.LIVE, None, None)
        assert storm(made, 8.42 + 10 + 21).outcome is Outcome.QUIET

    @pytest.mark.parametrize(
        ("running", "words"),
        [(0, "No further attempt seen after 6 of 11: stopped"), (1, "Attempt 7 of 11 is under way, or was stopped")],
        ids=str,
    )
    def test_the_headline_says_stopped_only_where_nothing_runs(self, running, words):
        overdue = replace(LIVE, next_at=None, gives_up_at=None)
        vllm = replace(VLLM, engine=replace(ENGINE, running=running, waiting=0))
        first = said(deck_of(vllm, PROXY, replace(CALM, storms=(overdue,))))[0]
        assert first.headline.startswith(words)
        assert "gives up" not in first.headline

    def test_no_give_up_time_that_has_passed_is_shown(self):
        past = replace(LIVE, next_at=NOW - 1, gives_up_at=NOW - 1)
        assert "gives up" not in said(deck_of(VLLM, PROXY, replace(CALM, storms=(past,))))[0].headline


class TestStopped:
    @pytest.mark.parametrize("text", ["[Request interrupted by user]", "[Request interrupted by user for tool use]"])
    def test_an_interruption_ends_it(self, text):
        made = ledger(*failures(), entries=sent(*LADDER, end=[interruption(T + 12, text)]))
        assert storm(made, 13).outcome is Outcome.STOPPED

    def test_an_interruption_may_be_written_as_plain_text(self):
        line = written.line("user", T, message={"role": "user", "content": "[Request interrupted by user]"})
        assert parse_entry(line).kind is EntryKind.INTERRUPT
        assert parse_entry(written.ask(T)).kind is EntryKind.ASK

    def test_an_answer_that_was_interrupted_is_not_given_up(self):
        made = ledger(*failures(4), (8.45, 200), entries=sent(*LADDER, end=[interruption(T + 20)]))
        assert storm(made, 21).outcome is Outcome.STOPPED

    def test_the_next_prompt_of_the_session_ends_it(self):
        end = [written.ask(T + 30), written.request(T + 30.1, "r9", digest="d2")]
        assert storm(ledger(*failures(), entries=sent(*LADDER, end=end)), 31).outcome is Outcome.STOPPED

    def test_an_error_that_the_user_was_shown_is_a_turn_given_up(self):
        made = ledger(*failures(), entries=sent(*LADDER, end=[written.failure(T + 8.5)]))
        assert storm(made, 9).outcome is Outcome.GAVE_UP

    def test_an_interruption_without_a_turn_changes_nothing(self):
        made = ledger(entries=[interruption(T)])
        assert made.report(T + 1).storms == ()

    def test_it_is_reported_as_such(self):
        over = replace(GAVE_UP, outcome=Outcome.STOPPED, started=NOW - 20, last=NOW - 10)
        first = said(deck_of(VLLM, PROXY, replace(CALM, storms=(over,))))[0]
        assert first.headline.startswith("Stopped by the user after 11 attempts in 10 s")
        assert "gave up" not in first.headline


class TestWaits:
    """What ``retry-after`` makes of the waits; the client never shows the header."""

    @pytest.mark.parametrize("gaps", [(6.3, 6.1, 6.7), (6.0, 6.0, 6.0), (7.4, 6.1, 6.9)], ids=str)
    def test_the_prediction_follows_the_waits_that_were_seen(self, gaps):
        times = [0.0]
        for gap in gaps:
            times.append(times[-1] + gap)
        found = storm(ledger(*[(at, 429) for at in times]), times[-1] + 1)
        assert found.next_at - found.last == pytest.approx(sum(gaps) / 3, abs=0.5)
        assert found.next_by - found.last >= 6.0 * 1.25

    def test_the_waits_of_a_transcript_leave_the_servers_own_time_out(self):
        """The server takes two seconds for each answer, and asks for six."""
        times = [0.0, 8.3, 16.4, 25.1]
        lines = [(at + 2.0, 429) for at in times]
        found = storm(ledger(*lines, entries=sent(*times)), times[-1] + 3)
        assert found.next_at - (T + times[-1] + 2.0) == pytest.approx((6.3 + 6.1 + 6.7) / 3, abs=0.3)

    def test_while_the_ladder_is_kept_no_wait_is_asked_for(self):
        found = storm(ledger(*failures(4, 429)), 4.5)
        assert found.next_at - found.last == pytest.approx(4.5)

    def test_a_status_that_just_came_up_may_ask_for_any_wait(self):
        found = storm(ledger(*failures(3), (3.92, 429)), 4.5)
        assert found.next_by - found.last == pytest.approx(75.0)
        for ahead, words in ((4, "next in 4 s to 1 min 10 s"), (0, "next within 1 min 10 s")):
            live = replace(LIVE, cause="429", next_at=NOW + ahead, next_by=NOW + 70)
            assert words in said(deck_of(VLLM, PROXY, replace(CALM, storms=(live,))))[0].headline

    def test_a_429_is_not_called_overdue_while_the_server_may_have_asked_for_a_minute(self):
        made = ledger(*failures(4, 429), entries=sent(*LADDER[:4]))
        assert storm(made, 3.92 + 60).outcome is Outcome.LIVE
        assert storm(made, 3.92 + 81).outcome is Outcome.QUIET


class TestWhose:
    """Where several sessions are at work, the headline says which of them retries."""

    ONE = replace(LIVE, session="3f2a1b", folder="/home/me/app")
    OTHER = replace(LIVE, session="77aa01", folder="/home/me/web", started=NOW - 5, attempts=4)

    @pytest.mark.parametrize(
        ("storms", "busy", "words"),
        [
            ((ONE,), (), "RETRY STORM  attempt 6 of 11 · "),
            ((ONE,), ("3f2a1b", "77aa01"), "RETRY STORM  attempt 6 of 11 in app 3f2a · "),
            ((ONE, OTHER), (), "RETRY STORM  attempt 6 of 11 in app 3f2a, 1 other retries too · "),
            ((ONE, OTHER, replace(OTHER, session="9")), (), "attempt 6 of 11 in app 3f2a, 2 others retry too · "),
            ((replace(ONE, agent="a1"), OTHER), (), "attempt 6 of 11 in a subagent in app 3f2a, 1 other "),
            ((replace(ONE, folder=""), OTHER), (), "attempt 6 of 11 in session 3f2a, 1 other retries too · "),
            ((LIVE,), ("3f2a1b", "77aa01"), "RETRY STORM  attempt 6 of 11 · "),
        ],
        ids=["alone", "another works", "another retries", "two others", "a subagent", "no folder", "not known whose"],
    )
    def test_of_several_sessions_it_is_named(self, storms, busy, words):
        flights = tuple(InFlight(session, "", "/home/me/app", NOW - 3, 1) for session in busy)
        first = said(deck_of(VLLM, PROXY, replace(CALM, storms=storms, in_flight=flights)))[0]
        assert words in first.headline


class TestLost:
    def test_a_turn_that_was_given_up_outranks_the_settings_and_says_send_it_again(self):
        gone = replace(GAVE_UP, started=NOW - 140, last=NOW - 120, reason="EngineCore encountered an issue")
        first, *others = said(deck_of(VLLM, PROXY, replace(CALM, storms=(gone,)), settings=WRONG))
        assert first.headline.startswith("Claude Code gave up after 11 attempts")
        assert "end it again" in first.detail
        assert (state_of(first), others[0].code) == ("degraded", "URL101")

    def test_a_storm_that_has_just_recovered_comes_before_an_older_one_and_hides_it_not(self):
        why = "EngineCore encountered an issue"
        gone = replace(GAVE_UP, started=NOW - 140, last=NOW - 120, reason=why)
        fresh = replace(GAVE_UP, outcome=Outcome.RECOVERED, started=NOW - 14, last=NOW - 4, reason=why)
        first, second, *_ = said(deck_of(VLLM, PROXY, replace(CALM, storms=(fresh, gone))))
        assert first.headline.startswith("Recovered after")
        assert second.headline.startswith("Claude Code gave up after")
        assert second.headline.endswith("2 min ago")
        older = replace(fresh, last=NOW - 25)
        assert said(deck_of(VLLM, PROXY, replace(CALM, storms=(older, gone))))[0].headline.startswith(
            "Claude Code gave"
        )

    def test_it_leaves_after_minutes(self):
        gone = replace(GAVE_UP, started=NOW - 240, last=NOW - 200)
        assert said(deck_of(VLLM, PROXY, replace(CALM, storms=(gone,))))[0].health is Health.OK

    @pytest.mark.parametrize("outcome", [Outcome.GAVE_UP, Outcome.RECOVERED, Outcome.STOPPED, Outcome.QUIET])
    def test_a_hop_that_is_down_outranks_any_storm_that_is_over(self, outcome):
        gone = replace(GAVE_UP, outcome=outcome, started=NOW - 40, last=NOW - 20)
        starting = replace(VLLM, state=ServerState.STARTING, detail="it loads", models=(), engine=None)
        for vllm in (DOWN_VLLM, starting):
            first = said(deck_of(vllm, PROXY, replace(CALM, storms=(gone,))))[0]
            assert first.headline.startswith("vLLM :8000 is")


class TestBack:
    """That vLLM is to be restarted is not said once it is back, and that it is back only where that is known."""

    DEAD = replace(VLLM, state=ServerState.DEGRADED, detail="/health says 503: the engine is dead")

    def storm(self, **more):
        return replace(CALM, storms=(replace(LIVE, started=NOW - 12, last=NOW - 5, **more),))

    def test_a_server_that_was_away_and_answers_again(self):
        deck = deck_of(self.DEAD, PROXY, replace(VLLM, seen=NOW - 1), self.storm())
        first = said(deck)[0]
        assert first.detail.startswith("vLLM is back: the next attempt should pass.")
        assert "Restart" not in first.detail

    def test_once_given_up_it_is_to_be_sent_again(self):
        deck = deck_of(self.DEAD, PROXY, replace(VLLM, seen=NOW - 1), self.storm(outcome=Outcome.GAVE_UP, next_at=None))
        assert said(deck)[0].detail.startswith("vLLM is back: send it again.")

    def test_a_green_health_alone_proves_nothing(self):
        assert "is back" not in said(deck_of(replace(VLLM, started=int(NOW) - 900), PROXY, self.storm()))[0].detail

    def test_an_attempt_that_failed_after_its_return_takes_the_word_back(self):
        deck = deck_of(self.DEAD, PROXY, replace(VLLM, seen=NOW - 6), self.storm())
        assert "is back" not in said(deck)[0].detail

    def test_a_restart_does_not_serve_another_id(self):
        why = replace(LIVE, cause="404", reason="model `Q` does not exist", started=NOW - 12, last=NOW - 5)
        new = replace(VLLM, started=int(NOW) - 2)
        assert "is back" not in said(deck_of(new, PROXY, replace(CALM, storms=(why,))))[0].detail

    def test_a_process_that_began_after_the_failure_is_a_new_one(self):
        assert "vLLM is back" in said(deck_of(replace(VLLM, started=int(NOW) - 2), PROXY, self.storm()))[0].detail


class TestRefused:
    @pytest.mark.parametrize("cause", ["refused", "reset", "unknown"])
    def test_a_proxy_that_is_down_is_why_nothing_answers(self, cause):
        down = replace(PROXY, state=ServerState.DOWN, detail="its process, pid 4600, has ended", seen=NOW - 30)
        live = replace(LIVE, cause=cause, reason="")
        first = said(deck_of(VLLM, down, replace(CALM, storms=(live,))))[0]
        assert (first.hop, first.code) == (HopKind.PROXY, "URL105")
        assert "LiteLLM :4000 is down" in first.headline

    def test_a_cause_that_nothing_gives_is_called_unknown(self):
        live = replace(LIVE, cause="unknown", reason="")
        first = said(deck_of(VLLM, PROXY, replace(CALM, storms=(live,))))[0]
        assert " · cause unknown · " in first.headline
        assert first.hop is None

    def test_once_it_answers_again_it_is_reported_as_what_was_and_no_log_is_pointed_at(self):
        live = replace(LIVE, cause="refused", reason="")
        first = said(deck_of(VLLM, PROXY, replace(CALM, storms=(live,))))[0]
        assert "refused: LiteLLM :4000 was down" in first.headline
        assert first.detail == "LiteLLM answers now: the next attempt should pass."

    def test_no_server_of_another_path_is_said_to_have_been_down(self):
        past = replace(LIVE, cause="refused", reason="", outcome=Outcome.RECOVERED, next_at=None, gives_up_at=None)
        moved = PathChange(past.last + 5, "vllm.log")
        text = said(deck_of(VLLM, replace(CALM, storms=(past,), changes=(moved,))))[0].headline
        assert "refused" in text
        assert "was down" not in text


def deck_of(*snapshots, settings=WELL):
    made = Deck(client_version="2.1.329", version_given=True)
    for snapshot in (settings, FOUND, GPUS, *snapshots):
        made = take(made, snapshot)
    return made


def said(deck):
    return statements(deck, NOW, lambda at: "14:05")
