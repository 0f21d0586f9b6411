"""Real clients and a recording server: stormdeck counts what the server counted, and knows what the client means."""

from __future__ import annotations

import ledger
import pytest
from asked import AUXILIARY, COUNT_TOKENS, MAIN, kinds_of, retries_of, turns_of
from scenarios import SCENARIOS
from versions import CLAUDE_CODE, QUICK_CLIENT

STORM = 3


def marks(version, *, quick):
    """Return the marks of a check of a version of the client."""
    return [pytest.mark.program("Claude Code", version), *([pytest.mark.quick] if quick else [])]


def some(wanted):
    """Make a check of every scenario, with every version, that is ``wanted``."""
    chosen = [(version, one) for version in CLAUDE_CODE for one in SCENARIOS if one.is_for(version)]
    cases = [
        pytest.param(
            *[(version, one)] * 2,
            id=f"{version}: {one.name}",
            marks=marks(version, quick=one.quick and version == QUICK_CLIENT),
        )
        for version, one in chosen
        if wanted(one, version)
    ]
    return pytest.mark.parametrize(("played", "case"), cases, indirect=["played"])


@some(lambda scenario, version: scenario.counted)
def test_the_client_sends_what_was_measured(played, case):
    version, scenario = case
    assert played.printed.code is not None, f"the client did not end: {played.printed.err}"
    assert retries_of(played.requests) == scenario.retries_of(version)


@some(lambda scenario, version: scenario.counted)
def test_retries_are_those_that_the_server_counted(played, case):
    version, scenario = case
    counted = retries_of(played.requests)
    reported = 0 if scenario.is_unseen(version) else counted
    assert abs(played.with_transcripts["retries"] - reported) <= scenario.slack_of(version, transcripts=True)
    seen = 0 if scenario.unseen else counted
    assert abs(played.from_log["retries"] - seen) <= (scenario.slack_of(version, transcripts=False) if seen else 0)


@some(lambda scenario, version: scenario.counted)
def test_a_log_without_times_tells_no_retries_that_were_none(played, case):
    version, scenario = case
    counted = retries_of(played.requests)
    assert played.from_plain_log["retries"] <= counted
    assert played.plain_with_transcripts["retries"] <= counted + scenario.slack_of(version, transcripts=True)


@some(lambda scenario, version: scenario.is_exact(version))
def test_storms_and_kinds_are_those_that_the_server_saw(played, case):
    reported, kinds = played.with_transcripts, kinds_of(played.requests)
    assert reported["http_requests"] == len(played.requests)
    assert (reported["count_tokens"], reported["probes"]) == (kinds[COUNT_TOKENS], 0)
    if kinds[MAIN]:
        assert (reported["main_requests"], reported["auxiliary"]) == (kinds[MAIN], kinds[AUXILIARY])
        assert reported["turns"] == sum(turn[0].kind == MAIN for turn in turns_of(played.requests))
    else:
        # Nothing was asked, so nothing distinguishes auxiliary requests from others.
        assert reported["main_requests"] + (reported["auxiliary"] or 0) == kinds[AUXILIARY]
    storms = sorted(len(turn) for turn in turns_of(played.requests) if len(turn) >= STORM)
    assert sorted(storm["attempts"] for storm in reported["storms"]) == storms


@some(lambda scenario, version: scenario.cause_in(version))
def test_the_message_leads_to_its_cause(played, case):
    version, scenario = case
    assert played.causes[:1] == (scenario.cause_in(version),), played.printed


@some(lambda scenario, version: scenario.finding)
def test_the_pitfall_is_found_in_the_settings(played, case):
    assert case[1].finding in played.findings


@pytest.mark.parametrize(
    "version",
    [pytest.param(version, marks=marks(version, quick=version == QUICK_CLIENT)) for version in CLAUDE_CODE],
)
def test_the_ledger_of_a_version(version, lines, record_property):
    """The last of a run: its sums stand in the table of versions."""
    own = [line for line in lines if line.version == version]
    if not own:
        pytest.skip("no scenario was played")
    record_property("note", ledger.summary(own))
    assert sum(line.from_log for line in own) <= sum(line.retries for line in own)
