"""All safe fixes of one scope at once."""

from stormdeck.model.finding import Edit, Finding, Fix, Severity
from stormdeck.model.rules.facts import Facts
from stormdeck.model.rules.fixing import safe_fixes, with_working_fixes
from stormdeck.model.rules.registry import check
from stormdeck.model.settings.merge import loaded, merged, preview
from stormdeck.model.settings.scope import Scope, SettingsFile

URL = "env.ANTHROPIC_BASE_URL"


def scopes(tmp_path, **texts):
    files = [
        loaded(SettingsFile(Scope[name.upper()], tmp_path / f"{name}.json", exists=True), text)
        for name, text in texts.items()
    ]
    return merged(files, {})


def rules(settings):
    return check(Facts.effective(settings))


def test_every_error_and_warning_with_a_safe_fix_goes(tmp_path):
    settings = scopes(tmp_path, user='{"model": "sonnet", "env": {"ANTHROPIC_BASE_URL": "127.0.0.1:8000/v1"}}')
    made = safe_fixes(settings, Scope.USER, rules)
    after = preview(settings, Scope.USER, made.edits)
    assert after.text(URL) == "http://127.0.0.1:8000"
    left = with_working_fixes(rules(after), after, rules)
    assert not [one for one in left if one.fix and one.fix.safe and one.severity is not Severity.INFO]
    assert {"URL101", "TRAFFIC401"} <= {one.code for one in made.fixed}


def test_a_value_that_a_stronger_scope_sets_is_left_alone(tmp_path):
    user = '{"model": "sonnet", "env": {"ANTHROPIC_AUTH_TOKEN": "t"}}'
    settings = scopes(tmp_path, user=user, local='{"env": {"ANTHROPIC_BASE_URL": "http://h:8000/v1"}}')
    made = safe_fixes(settings, Scope.USER, rules)
    assert "URL101" not in {one.code for one in made.fixed}
    assert "URL101" in {one.code for one in rules(preview(settings, Scope.USER, made.edits))}
    assert not any(edit.path == URL for edit in made.edits)


def finding(code, path, *edits, severity=Severity.WARNING):
    return Finding(code, severity, "t", "m", path, fix=Fix("f", tuple(edits)))


def test_a_fix_that_brings_an_error_is_not_made(tmp_path):
    def rule(settings):
        if settings.text("a") == "bad":
            return (finding("X1", "a", Edit("a", "worse")),)
        return (Finding("X2", Severity.ERROR, "t", "m", "a"),)

    settings = scopes(tmp_path, user='{"a": "bad"}')
    assert safe_fixes(settings, Scope.USER, rule).edits == ()


def test_two_fixes_that_undo_each_other_come_to_an_end(tmp_path):
    def rule(settings):
        if settings.text("a") == "1":
            return (finding("X1", "a", Edit("a", "2")),)
        return (finding("X2", "a", Edit("a", "1")),)

    assert safe_fixes(scopes(tmp_path, user='{"a": "1"}'), Scope.USER, rule).edits == ()


def test_what_is_only_worth_knowing_stays_as_it_is(tmp_path):
    def rule(settings):
        return (finding("X1", "a", Edit("a", "2"), severity=Severity.INFO),) if settings.text("a") == "1" else ()

    assert safe_fixes(scopes(tmp_path, user='{"a": "1"}'), Scope.USER, rule).edits == ()
