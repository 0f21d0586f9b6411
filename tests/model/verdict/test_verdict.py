"""The verdict: ranked statements, of which each is true of what is known, and "unknown" where it is not."""

from dataclasses import replace

import pytest

from samples import (
    CALM,
    DOWN_VLLM,
    FOUND,
    GAVE_UP,
    GPUS,
    LIVE,
    NOW,
    PROXY,
    RECOVERED,
    STORMY,
    VLLM,
    WELL,
    WELL_SET,
    WRONG,
    settings,
)
from stormdeck.feed.reducer import take
from stormdeck.model.deck import Deck
from stormdeck.model.finding import Finding, HopKind, Severity
from stormdeck.model.logs.endings import Ending, LogTails, ending
from stormdeck.model.retries.odds.unclear import Unclear
from stormdeck.model.retries.sessions import InFlight
from stormdeck.model.snapshots.discovery import DiscoverySnapshot
from stormdeck.model.snapshots.prefix_cache import PrefixCache
from stormdeck.model.snapshots.server import ProxySnapshot, ServerState, VllmSnapshot
from stormdeck.model.snapshots.traffic import Failure
from stormdeck.model.snapshots.wire import WireSnapshot
from stormdeck.model.status.document import state_of
from stormdeck.model.symbols import Health
from stormdeck.model.verdict.all_well import _warnings
from stormdeck.model.verdict.ranking import statements, verdict
from stormdeck.model.wire.exchange import Exchange
from stormdeck.model.wire.request import Kind

WHOLE = (WELL, FOUND, VLLM, PROXY, GPUS, CALM)


def deck(*snapshots):
    made = Deck(client_version="2.1.329", version_given=True)
    for snapshot in snapshots:
        made = take(made, snapshot)
    return made


def ranked(*snapshots, now=NOW):
    return statements(deck(*snapshots), now, lambda at: "14:05")


def failed(ago=5, status=404, reason="", passed=False):
    return replace(CALM, failure=Failure(status, NOW - ago, reason, "litellm.log", passed))


def test_all_well_is_said_with_three_numbers():
    first = ranked(*WHOLE)[0]
    assert first.health is Health.OK
    assert first.headline == "All well.  3 running · first token in 0.8 s · 0 retries in the last 15 min"


@pytest.mark.parametrize(
    ("first", "others_last", "words"),
    [
        ({}, 1, "3 running, one got no byte yet for 1 min 10 s: a1b2 main ·"),
        (
            {"first_byte": NOW - 100, "last_byte": NOW - 78},
            1,
            "3 running, one got no further byte for 1 min 10 s: a1b2",
        ),
        ({"first_byte": NOW - 70, "last_byte": NOW - 50}, 1, "3 running ·"),
        ({}, 90, "3 running ·"),
        ({}, None, "3 running ·"),
    ],
    ids=[
        "no byte",
        "a stream that stopped",
        "not for long",
        "the other one is as silent",
        "the other one was just sent",
    ],
)
def test_which_of_two_requests_gets_nothing_is_said_where_a_recorder_sees_them(first, others_last, words):
    """vLLM's figures cannot tell it: they count all requests together."""
    silent = Exchange("1", NOW - 75, Kind.MAIN, "a1b2c3", "main", **first)
    last = None if others_last is None else NOW - others_last
    begun = NOW - 1 if last is None else NOW - 95
    other = Exchange("2", begun, Kind.MAIN, "d4e5f6", "main", first_byte=last, last_byte=last)
    assert words in ranked(*WHOLE, WireSnapshot(1, (silent, other)))[0].headline
    alone = ranked(*WHOLE, WireSnapshot(1, (silent,)))[0].headline
    assert "one got" not in alone


@pytest.mark.parametrize(
    ("ago", "others", "words"),
    [
        (75, 1, "3 running, one turn running for 1 min 10 s in app s1 ·"),
        (75, 0, "3 running, one turn running for 1 min 10 s ·"),
        (20, 1, "3 running ·"),
    ],
)
def test_a_turn_that_goes_on_for_long_is_reported_where_a_transcript_gives_it(ago, others, words):
    turns = (InFlight("s1", "", "/app", NOW - ago, 1), *(InFlight("s2", "", "/x", NOW - 3, 1),) * others)
    assert words in ranked(*WHOLE[:-1], replace(CALM, in_flight=turns))[0].headline


def test_what_breaks_a_turn_comes_before_what_needs_a_look():
    lights = [one.health for one in ranked(*WHOLE, WRONG, STORMY, replace(VLLM, state=ServerState.STALE))]
    assert lights == sorted(lights, key=[Health.ERROR, Health.WARNING].index)
    assert {Health.ERROR, Health.WARNING} == set(lights)


def test_a_storm_comes_before_the_error_in_the_settings():
    first, *others = ranked(*WHOLE, WRONG, STORMY)
    assert first.headline.startswith("RETRY")
    assert any(one.code == "URL101" for one in others)


def test_the_verdict_is_the_first_statement():
    made = deck(*WHOLE, WRONG)
    assert verdict(made, NOW, str) == statements(made, NOW, str)[0]


@pytest.mark.parametrize("ago", [0, 30, 119])
def test_all_is_not_well_after_a_request_that_failed(ago):
    assert "All well" not in ranked(*WHOLE, failed(ago))[0].headline


def test_two_minutes_after_a_failure_all_is_well_again():
    assert ranked(*WHOLE, failed(121, passed=True))[0].health is Health.OK


def test_a_failure_without_a_reason_behind_a_proxy_blames_nobody():
    first = ranked(*WHOLE, failed(status=500))[0]
    assert (first.hop, first.code) == (None, None)
    assert first.headline == "A request failed just now: 500"


def test_a_hosted_id_that_a_server_does_not_know_leads_to_the_tier_without_a_mapping():
    unmapped = settings(
        WELL_SET.replace(":4000", ":8000").replace('    "ANTHROPIC_DEFAULT_HAIKU_MODEL": "Qwen3.5-27B",\n', "")
    )
    found = replace(FOUND, found=FOUND.found[1:])
    refused = failed(reason="model `claude-haiku-4-5-20251001` does not exist")
    first = ranked(unmapped, found, VLLM, GPUS, refused)[0]
    assert (first.hop, first.code) == (HopKind.CLIENT, "MODEL305")


def test_an_id_of_the_background_model_breaks_no_turn():
    text = WELL_SET.replace('HAIKU_MODEL": "Qwen3.5-27B"', 'HAIKU_MODEL": "Qwen3.5-9B"')
    first = ranked(settings(text), *WHOLE[1:])[0]
    assert (first.code, first.health, first.gravity) == ("MODEL303", Health.ERROR, Health.WARNING)
    assert state_of(first) == "degraded"


def test_of_several_ids_that_are_not_served_the_main_models_is_reported():
    text = WELL_SET.replace(': "Qwen3.5-27B"', ': "Qwen3.5-9B"').replace(":4000", ":8000")
    found = replace(FOUND, found=FOUND.found[1:])
    first = ranked(settings(text), found, VLLM, GPUS, CALM)[0]
    assert first.headline.startswith("ANTHROPIC_DEFAULT_SONNET_MODEL")
    assert (first.gravity, state_of(first)) == (Health.ERROR, "down")


def test_a_failure_that_is_part_of_a_storm_is_not_shown_twice():
    storm = replace(STORMY, failure=Failure(500, LIVE.last, LIVE.reason, "litellm.log", False))
    assert sum("500" in one.headline for one in ranked(*WHOLE, storm)) == 1


def test_a_401_behind_a_proxy_is_of_an_unknown_hop_until_something_proves_it():
    assert ranked(*WHOLE, failed(status=401))[0].hop is None
    refusing = replace(PROXY, state=ServerState.REFUSING, detail="it refuses our key")
    assert {one.hop for one in ranked(*WHOLE, refusing, failed(status=401)) if one.health is Health.ERROR} == {
        HopKind.CLIENT
    }
    assert ranked(*WHOLE, failed(status=401, reason="Unauthorized"))[0].hop is HopKind.PROXY


def test_a_vllm_that_refuses_our_look_behind_a_proxy_breaks_nothing_that_is_known():
    first = ranked(*WHOLE, replace(VLLM, state=ServerState.REFUSING, detail="it wants a key"))[0]
    assert (first.health, first.code) == (Health.WARNING, None)
    assert "is unknown" in first.detail


def test_a_cooldown_names_the_error_before_it():
    masked = replace(LIVE, cause="429", reason="No deployments available (cooldown)")
    first = replace(GAVE_UP, cause="404", reason="model `Q` does not exist", last=NOW - 300, started=NOW - 400)
    assert (
        "Before the cooldown: 404 model `Q` does not exist"
        in ranked(*WHOLE, replace(STORMY, storms=(masked, first)))[0].detail
    )
    assert "the error before it is the cause" in ranked(*WHOLE, replace(STORMY, storms=(masked,)))[0].detail


@pytest.mark.parametrize("unclear", [None, Unclear(17, 3, 1, 0, ((404, 3),))], ids=["one", "several"])
def test_a_request_that_fails_now_comes_before_a_turn_that_was_given_up(unclear):
    given_up = replace(GAVE_UP, started=NOW - 110, last=NOW - 90)
    now = replace(failed(ago=2), storms=(given_up,), unclear=unclear)
    said = [one.headline for one in ranked(*WHOLE, now)]
    assert "404" in said[0]
    assert said[1].startswith("Claude Code gave up")
    passed = replace(now, failure=replace(now.failure, passed=True), unclear=None)
    assert ranked(*WHOLE, passed)[0].headline.startswith("Claude Code gave up")
    older = replace(now, failure=replace(now.failure, at=NOW - 108))
    assert ranked(*WHOLE, older)[0].headline.startswith("Claude Code gave up")


@pytest.mark.parametrize("code", ["PROXY815", "MODEL303"])
def test_nobody_is_told_to_send_again_what_the_server_that_came_back_does_not_know(code):
    given_up = replace(GAVE_UP, started=NOW - 110, last=NOW - 90, reason="EngineCore encountered an issue")
    back = replace(VLLM, started=int(NOW) - 60)
    whole = replace(deck(WELL, FOUND, back, PROXY, GPUS, replace(CALM, storms=(given_up,))), findings=())
    assert "vLLM is back: send it again" in statements(whole, NOW, lambda at: "14:05")[0].detail
    wrong = Finding(code, Severity.ERROR, "unknown", "vLLM does not know `A`; did you mean `a`?", "", hop=HopKind.PROXY)
    (first, *_) = statements(replace(whole, findings=(wrong,)), NOW, lambda at: "14:05")
    assert first.headline.startswith("Claude Code gave up")
    assert first.detail == "vLLM does not know `A`; did you mean `a`? Press 4 for what to change. Then send it again."


def test_a_vllm_that_is_back_is_not_said_to_be_out_of_reach():
    storm = replace(LIVE, cause="500", reason="cannot connect to 127.0.0.1:8000")
    behind = replace(CALM, storms=(storm,))
    assert "vLLM cannot be reached" in ranked(WELL, FOUND, DOWN_VLLM, PROXY, behind)[0].detail
    assert "vLLM answers now" in ranked(WELL, FOUND, VLLM, PROXY, behind)[0].detail


def test_nobody_is_called_innocent_whose_settings_are_not_known():
    assert "settings are fine" in ranked(*WHOLE, STORMY)[0].detail
    assert "settings are fine" not in ranked(FOUND, VLLM, PROXY, GPUS, STORMY)[0].detail


def test_a_statement_that_only_grew_older_is_equal():
    now, later = ranked(*WHOLE, replace(CALM, storms=(replace(RECOVERED, last=NOW - 9),)))[0], None
    later = ranked(*WHOLE, replace(CALM, storms=(replace(RECOVERED, last=NOW - 9),)), now=NOW + 5)[0]
    assert now == later
    assert later.age == now.age + 5


def test_servers_that_were_found_and_not_asked_yet_are_not_called_missing():
    first = ranked(WELL, FOUND, GPUS, CALM)[0]
    assert (first.health, first.headline) == (Health.UNKNOWN, "Asking the servers")


def test_a_proxy_with_nothing_known_behind_it_is_not_all_well():
    first = ranked(WELL, FOUND, PROXY, GPUS, CALM)[0]
    assert first.health is Health.UNKNOWN
    assert "is unknown" in first.headline


def test_before_the_search_is_over_it_looks():
    assert ranked(WELL, DiscoverySnapshot())[0].headline.startswith("Looking for")


def test_a_server_that_loads_shows_the_last_line_of_its_log_without_escapes():
    head = "\x1b[31m(EngineCore pid=1) INFO 11-21 14:01:28 [weights.py:9]"
    line = f"{head} Loading weights took 12 s\x1b[0m api_key=sk-abcdef"
    starting = replace(VLLM, state=ServerState.STARTING, detail="pid 4700 runs", models=(), engine=None)
    first = ranked(*WHOLE, starting, LogTails({"/var/log/vllm.log": line}))[0]
    assert "Loading weights took 12 s" in first.detail
    assert "\x1b" not in first.detail
    assert "sk-abcdef" not in first.detail


@pytest.mark.parametrize("proxy", [None, *ServerState], ids=str)
@pytest.mark.parametrize("vllm", [None, *ServerState], ids=str)
def test_something_is_said_in_every_state_and_all_is_well_only_where_both_are_up(vllm, proxy):
    servers: list[VllmSnapshot | ProxySnapshot] = [replace(VLLM, state=vllm, detail="why")] if vllm else []
    servers += [replace(PROXY, state=proxy, detail="why")] if proxy else []
    first = ranked(WELL, FOUND, GPUS, CALM, *servers)[0]
    assert first.headline
    assert (first.health is Health.OK) == (vllm is ServerState.UP and proxy in {None, ServerState.UP})


class TestEndings:
    CRASH = "(APIServer pid=1) WARNING 11-20 18:44:35 [core_client.py:817] MPClient: engine core exited unexpectedly"
    STOP = "(APIServer pid=1) INFO 11-20 18:26:07 [launcher.py:254] [shutdown] API server: shutdown triggered"
    DEAD = "(APIServer pid=1) ERROR 11-20 18:26:07 [async_llm.py:906] EngineDeadError: EngineCore encountered an issue"
    START = "INFO:     Started server process [26479]"

    @pytest.mark.parametrize(
        ("lines", "expected"),
        [
            ([START], None),
            ([START, CRASH, STOP], Ending.CRASHED),
            ([START, STOP, DEAD, CRASH], Ending.STOPPED),
            ([CRASH, START], None),
            ([], None),
        ],
        ids=["runs", "a crash before a shutdown", "a shutdown before errors", "started anew", "nothing"],
    )
    def test_the_first_word_of_an_end_counts(self, lines, expected):
        assert ending(lines) is expected

    def test_it_goes_on_from_what_was_known(self):
        assert ending([self.STOP], Ending.CRASHED) is Ending.CRASHED


class TestPrefixMemory:
    def look(self, rate, at, started=1):
        return replace(VLLM, engine=replace(VLLM.engine, prefix_hit_percent=rate), seen=at, started=started)

    def memory(self, *looks):
        memory = PrefixCache()
        for look in looks:
            memory = memory.updated(look, "2.1.112")
        return memory

    def test_a_rate_that_held_for_a_minute_is_the_usual_one(self):
        # The first look only tells which process it is about.
        assert self.memory(*(self.look(80.0, at) for at in (0, 10, 40))).usual_percent is None
        assert self.memory(*(self.look(80.0, at) for at in (0, 10, 80))).usual_percent == 80.0

    def test_a_rate_far_below_makes_it_cold_from_then_on(self):
        cold = self.memory(*(self.look(80.0, at) for at in (0, 10, 80)), self.look(5.0, 90), self.look(6.0, 200))
        assert (cold.cold_since, cold.usual_version) == (90, "2.1.112")
        assert cold.updated(self.look(70.0, 210), None).cold_since is None

    def test_a_restarted_server_begins_cold_and_that_is_no_fall(self):
        warm = self.memory(*(self.look(80.0, at) for at in (0, 10, 80)))
        assert warm.updated(self.look(5.0, 90, started=2), None) == PrefixCache(started=2)

    def test_a_window_without_prompts_says_nothing(self):
        warm = self.memory(*(self.look(80.0, at) for at in (0, 10, 80)))
        assert warm.updated(self.look(None, 90), None) == warm


@pytest.mark.parametrize(
    ("hops", "words"),
    [
        ([], ""),
        ([HopKind.CLIENT], "1 setting worth a look: press 3."),
        ([HopKind.CLIENT, HopKind.PROXY], "2 findings worth a look: press 4."),
    ],
)
def test_the_key_beside_all_well_leads_to_all_that_it_counts(hops, words):
    found = tuple(Finding(f"X{hop}", Severity.WARNING, "t", "m", "p", hop=hop) for hop in hops)
    assert _warnings(Deck(findings=found)) == words


@pytest.mark.parametrize(("seen", "guessed"), [(0.0, True), (NOW - 20, False)])
def test_a_proxy_that_has_run_here_is_not_said_to_be_unable_to_start(seen, guessed):
    lacks = Finding("PROXY801", Severity.ERROR, "no key", "LiteLLM refuses to start.", "p", hop=HopKind.PROXY)
    gone = replace(PROXY, state=ServerState.DOWN, detail="connection refused", seen=seen)
    first = statements(replace(deck(WELL, FOUND, VLLM, GPUS, CALM, gone), findings=(lacks,)), NOW, str)[0]
    assert first.headline.startswith("LiteLLM :4000 is down")
    assert ("does not start" in first.headline) == guessed


@pytest.mark.parametrize("severity", [Severity.ERROR, Severity.WARNING])
@pytest.mark.parametrize("title", ["Claude Code asks before it uses a key", "vLLM answers 401", "not set"])
@pytest.mark.parametrize("key", ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_CUSTOM_HEADERS"])
def test_the_headline_about_a_secret_key_is_whole(severity, title, key):
    finding = Finding("AUTH202", severity, title, "It matters.", f"env.{key}")
    seen = replace(deck(VLLM, PROXY, WELL), findings=(finding,))
    assert f"{key}: {title}" in [one.headline for one in statements(seen, NOW, str)]


def test_a_secret_in_a_title_is_masked_all_the_same():
    finding = Finding(
        "AUTH202", Severity.ERROR, f"Bearer {'a1B2' * 8} is refused", "It matters.", "env.ANTHROPIC_API_KEY"
    )
    seen = replace(deck(VLLM, PROXY, WELL), findings=(finding,))
    assert "a1B2" not in "".join(one.headline for one in statements(seen, NOW, str))
