"""Servers that refuse stormdeck, speak no TLS or preempt requests, and what is redacted of odd settings."""

from dataclasses import replace

import pytest

from samples import NOW
from samples import settings as file
from stacks import STRAIGHT, THROUGH, config, deck, elsewhere, engine, vllm
from stormdeck.model.finding import Edit, Finding, Fix, HopKind, Severity
from stormdeck.model.masking.lines import header_spans, mask_text
from stormdeck.model.rules.fixing import safe_fixes, with_working_fixes
from stormdeck.model.settings.scope import Scope
from stormdeck.model.snapshots.discovery import Found
from stormdeck.model.snapshots.server import ServerKind, ServerState
from stormdeck.model.snapshots.vllm_metrics import quantile
from stormdeck.model.verdict.ranking import statements


def ranked(*snapshots):
    return statements(deck(*snapshots), NOW, lambda at: "14:05")


def test_preempted_requests_are_reported():
    assert any(
        "preempted and computed again" in one.headline + one.detail
        for one in ranked(*STRAIGHT[:2], engine(preemptions=3))
    )


def test_a_server_that_speaks_no_tls_is_a_fault_of_the_address():
    here = vllm(ServerState.STRANGE, "it does not speak TLS")
    assert any("does not speak TLS" in one.cause and one.hop is HopKind.CLIENT for one in ranked(config(), here))


def test_a_server_that_wants_a_key_of_an_address_without_one():
    here = vllm(ServerState.REFUSING, "401, and none is sent", url="http://127.0.0.1:8009")
    assert any("none is configured for this address" in one.headline for one in ranked(*THROUGH[:3], here))


def test_a_server_that_waits_for_the_folders_trust_is_a_warning():
    assert ranked(config(), elsewhere("http://127.0.0.1:8001"), vllm())


def test_who_holds_a_port_without_a_holder():
    assert Found("http://127.0.0.1:8000", ServerKind.VLLM, "port").holder_words == ""


def test_the_last_bound_counts_where_no_bucket_is_open():
    assert quantile(((0.1, 1.0), (0.2, 2.0)), 1.5) == 0.2


@pytest.mark.parametrize(
    "text", ["", "  ", "sk-abcdefgh12345678", "accept: text/html", "accept: Bearer s3cr3t-Xy7-no1"]
)
def test_a_text_among_headers_without_a_name_is_masked_whole(text):
    assert bool(header_spans(text)) is (bool(text.strip()) and not text.endswith("html"))


@pytest.mark.parametrize("text", ["key=", "API_KEY=[", "API_KEY={", "pass = 9", "API_KEY:x"])
def test_unfinished_texts_are_masked_without_an_error(text):
    assert isinstance(mask_text(text), str)


def finding(number, *edits):
    return Finding(f"X{number}", Severity.WARNING, "t", "m", "cleanupPeriodDays", fix=Fix("f", edits, safe=True))


def test_fixes_that_follow_one_another_come_to_an_end():
    def rule(now):
        days = int(now.text("cleanupPeriodDays") or 0)
        return (finding(days, Edit("cleanupPeriodDays", days + 1)),)

    now = file('{"cleanupPeriodDays": 1, "env": {"ANTHROPIC_BASE_URL": "http://127.0.0.1:8000"}}')
    assert len(safe_fixes(now, Scope.USER, rule).edits) <= 100
    (one,) = with_working_fixes(rule(now), now, rule, Scope.USER)
    assert one.fix is None
    assert replace(one, fix=None) == one
