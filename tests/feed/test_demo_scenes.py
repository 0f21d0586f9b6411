"""The demo, watched as a user who sees it first: every headline is true, names the right hop, and its fix helps."""

import re

import pytest
from demo_scenes import play

from stormdeck.demo.scenario import SCRIPT, Fault
from stormdeck.model.finding import HopKind
from stormdeck.model.symbols import Health

CALM, DIED, RENAMED, LOST = 0, 1, 3, 5
"""The scenes by their places in the script."""
WITHIN_S = 3
"""A fault is told so many seconds after it began."""


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """Play the script once for all tests."""
    return play(tmp_path_factory.mktemp("demo"))


def headlines(said, scene):
    return [one.statement.headline for one in said if one.scene == scene]


def test_the_script_is_the_one_that_these_tests_know():
    faults = [SCRIPT[scene].fault for scene in (CALM, DIED, RENAMED, LOST)]
    assert faults == [Fault.NONE, Fault.ENGINE_DEAD, Fault.RENAMED, Fault.ENGINE_DEAD]


def test_all_is_well_until_something_happens(said):
    assert {one.statement.health for one in said if one.scene == CALM} == {Health.OK}


def test_the_fault_is_the_headline_and_names_vllm(said):
    for scene in (DIED, RENAMED, LOST):
        later = [one for one in said if one.scene == scene and one.fault is not Fault.NONE][WITHIN_S:]
        assert later
        assert {one.statement.hop for one in later} == {HopKind.SERVER}
        assert {one.statement.health for one in later} == {Health.ERROR}
        assert {one.lights["vLLM"] for one in later} == {Health.ERROR}


def test_a_storm_has_the_attempts_that_the_client_counts(said):
    storms = [(one, re.search(r"RETRY STORM  attempt (\d+) of", one.statement.headline)) for one in said]
    later = [(int(match[1]), one.attempts) for one, match in storms if match]
    assert len(later) > 20
    assert all(shown == counted for shown, counted in later)


def test_the_engine_that_died_is_the_cause_and_then_the_storm_has_recovered(said):
    during = headlines(said, DIED)
    assert any("RETRY STORM" in one and "500 from vLLM: EngineCore encountered an issue" in one for one in during)
    after = headlines(said, DIED + 1)
    assert any(one.startswith("Recovered after 5 attempts") for one in after)
    assert not any("gave up" in one for one in after)


def test_a_renamed_model_is_vllms_404_with_both_names(said):
    later = [one.statement for one in said if one.scene == RENAMED][WITHIN_S:]
    names = "404 from vLLM: it serves qwen3.5-27b, LiteLLM asks for Qwen3.5-27B"
    assert all(names in one.headline for one in later)
    assert {one.code for one in later} == {"PROXY815"}
    assert not any("429" in one.headline for one in later)
    after = headlines(said, RENAMED + 1)
    assert any("Recovered after 6 attempts" in one and "it served qwen3.5-27b" in one for one in after)


def test_a_turn_that_was_given_up_stays_for_minutes_and_is_to_be_sent_again(said):
    lost = [one for one in said if one.statement.headline.startswith("Claude Code gave up after 6 attempts")]
    assert len(lost) > 100
    assert all("send it again" in one.statement.detail for one in lost)
    later = [one for one in said if one.scene > LOST or one.scene == -1]
    assert all("gave up" in one.statement.headline for one in later[WITHIN_S:])


def test_restart_is_not_said_once_vllm_is_back(said):
    later = [one.statement for one in said if one.fault is not Fault.ENGINE_DEAD]
    since = 0
    for one in said:
        since = 0 if one.fault is Fault.ENGINE_DEAD else since + 1
        assert since <= WITHIN_S or "estart" not in one.statement.detail, one.statement
    assert any(one.detail.startswith("vLLM is back: the next attempt should pass") for one in later)
    assert any(one.detail.startswith("vLLM is back: send it again") for one in later)


def test_no_setting_is_the_headline_and_no_other_model_is_spoken_of(said):
    for one in said:
        assert "haiku" not in f"{one.statement.headline} {one.statement.detail}"
        assert one.statement.code in {None, "SERVER905", "PROXY815"}


def test_no_time_that_has_passed_is_shown(said):
    for one in said:
        match = re.search(r"gives up (\d+)", one.statement.headline)
        assert match is None or "next" in one.statement.headline or "the last attempt" in one.statement.headline
