"""Fixes and positions in unusual settings: nothing is changed that cannot be changed as meant."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from samples import settings
from stormdeck.model.deck import Deck
from stormdeck.model.editing.draft import Draft
from stormdeck.model.finding import Edit, Finding, Fix, HopKind, Severity
from stormdeck.model.rules.audience import Reporting, limited
from stormdeck.model.rules.facts import Facts
from stormdeck.model.rules.fixing import safe_fixes, with_working_fixes
from stormdeck.model.rules.locations import edit_file, where
from stormdeck.model.rules.registry import check
from stormdeck.model.rules.safety import is_safe
from stormdeck.model.settings.merge import merged, preview
from stormdeck.model.settings.scope import Scope

URL = "env.ANTHROPIC_BASE_URL"


def finding(path, *edits, code="X1", severity=Severity.WARNING):
    return Finding(code, severity, "t", "m", path, fix=Fix("f", tuple(edits), safe=True))


def test_only_forty_fixes_are_tried():
    def rule(now):
        return tuple(finding(f"k{at}", Edit(f"k{at}", None)) for at in range(45) if now.text(f"k{at}"))

    now = settings(json.dumps({f"k{at}": "x" for at in range(45)}))
    tried = with_working_fixes(rule(now), now, rule)
    assert [one.fix is not None for one in tried] == [True] * 40 + [False] * 5


def test_fixes_that_never_end_are_given_up_after_a_hundred():
    def rule(now):
        number = int(now.text("cleanupPeriodDays") or 0)
        return (finding("cleanupPeriodDays", Edit("cleanupPeriodDays", number + 1), code=f"X{number}"),)

    made = safe_fixes(
        settings('{"cleanupPeriodDays": 1, "env": {"ANTHROPIC_BASE_URL": "http://127.0.0.1:8000"}}'), Scope.USER, rule
    )
    assert len(made.edits) <= 100


@pytest.mark.parametrize("path", ["model.deep", "env.A.B"])
def test_a_fix_below_a_text_is_not_offered(path):
    now = settings('{"model": "sonnet", "env": {"A": "1"}}')
    found = (finding("model", Edit(path, "1")),)
    assert with_working_fixes(found, now, lambda after: found)[0].fix is None


@pytest.mark.parametrize("edit", [Edit("env.A", {"b": 1}), Edit("model", 5), Edit("env", "x")])
def test_a_fix_after_which_the_client_drops_the_file_is_not_offered(edit):
    now = settings('{"model": "sonnet", "env": {"A": "1"}}')
    found = (finding("model", edit),)
    assert with_working_fixes(found, now, lambda after: found if after is now else ())[0].fix is None


def test_a_change_of_the_route_or_of_the_credential_is_never_safe():
    text = '{"env": {"ANTHROPIC_BASE_URL": "http://127.0.0.1:8000", "ANTHROPIC_AUTH_TOKEN": "abc"}}'
    for edit in (
        Edit("env.HTTPS_PROXY", "http://127.0.0.1:3128"),
        Edit("env.ANTHROPIC_AUTH_TOKEN", "xyz"),
        Edit(URL, "http://127.0.0.1:9000"),
        Edit("env.CLAUDE_CODE_USE_BEDROCK", "1"),
    ):
        now = settings(text)
        assert not is_safe(now, preview(now, Scope.USER, (edit,)), (edit,)), edit


def test_no_edits_leave_the_draft_as_it_is():
    draft = Draft(Deck(settings=settings("{}")))
    assert draft.take(()) is draft


def test_a_rule_can_be_off_or_a_note():
    found = finding("model", Edit("model", "x"))
    assert limited(found, Reporting.OFF) is None
    assert limited(found, Reporting.AS_NOTE) == replace(found, severity=Severity.INFO)
    assert limited(found, Reporting.AS_NOTE_WITHOUT_FIX).fix is None


def test_a_finding_is_placed_in_its_file_in_the_shell_or_at_its_hop():
    now = merged(settings('{"model": "sonnet"}').files, {"ANTHROPIC_MODEL": "x"})
    assert where(now, replace(finding("model"), file="/a.json", line=2)) == "/a.json:2"
    assert where(now, finding("env.ANTHROPIC_MODEL")) == "shell"
    assert where(now, replace(finding("api_base"), hop=HopKind.PROXY)) == HopKind.PROXY.value
    assert edit_file(now, Edit("model", "x")) == Path("/home/me/.claude/settings.json")


def test_settings_of_which_nothing_is_known_are_shadowed_by_nothing():
    assert not [one for one in check(Facts(values={})) if one.code.startswith("FILE")]


@pytest.mark.parametrize("entry", ["10.0.0.0/nonsense", "nonsense/8", "host/24"])
def test_a_network_in_no_proxy_that_is_none_covers_nothing(entry):
    env = {"ANTHROPIC_BASE_URL": "http://10.0.0.7:8000", "HTTP_PROXY": "http://proxy:3128", "NO_PROXY": entry}
    found = check(Facts.effective(settings(json.dumps({"model": "sonnet", "env": env}))))
    assert "TRAFFIC404" in {one.code for one in found}


def test_an_edit_uncovers_the_value_of_the_shell():
    now = merged(settings('{"env": {"A": "1"}}').files, {"A": "2"})
    assert preview(now, Scope.USER, (Edit("env.A", None),)).text("env.A") == "2"


def test_empty_headers_are_a_mistake():
    draft = Draft(Deck(settings=settings('{"env": {"ANTHROPIC_CUSTOM_HEADERS": " "}}')))
    assert draft.findings is not None


def test_a_fix_that_needs_ever_more_fixes_is_not_offered():
    """Each fix causes the next finding: after some steps it is no fix."""

    def rule(now):
        number = sum(1 for at in range(50) if now.text(f"k{at}"))
        return (finding(f"k{number - 1}", Edit(f"k{number}", "x"), code=f"X{number}"),)

    now = settings('{"k0": "x"}')
    assert with_working_fixes(rule(now), now, rule)[0].fix is None


def test_no_fix_is_tried_again_once_it_did_not_help():
    now = settings('{"model": "sonnet"}')
    assert safe_fixes(now, Scope.USER, lambda after: (finding("model", Edit("model", "opus")),)).edits == ()
