"""``stormdeck check --only`` and ``--skip``: the report, the exit code and the fixes of some rules alone."""

import json

import pytest

SETTINGS = """{
  "model": "sonnet",
  "env": {
    "ANTHROPIC_BASE_URL": "http://127.0.0.1:8000/v1",
    "ANTHROPIC_AUTH_TOKEN": "dummy",
    "ANTHROPIC_DEFAULT_OPUS_MODEL": "Qwen3.5-27B",
    "ANTHROPIC_DEFAULT_SONNET_MODEL": "Qwen3.5-27B",
    "ANTHROPIC_DEFAULT_HAIKU_MODEL": "Qwen3.5-27B"
  }
}
"""
"""One error, URL101, and two warnings, TRAFFIC401 and TRAFFIC402."""
FOUND = ["URL101", "TRAFFIC401", "TRAFFIC402"]
BOM = "\ufeff"


@pytest.fixture(autouse=True)
def settings(home):
    return home.write(SETTINGS)


def check(home, *argv):
    """Return the exit code, the codes that are reported and how many are left out."""
    code, out, _ = home.run("check", "--offline", "--json", *argv)
    printed = json.loads(out)
    assert printed["ok"] is (code == 0)
    assert sum(printed["summary"].values()) == len(printed["findings"])
    return code, [finding["code"] for finding in printed["findings"]], printed.get("left_out")


@pytest.mark.parametrize(
    ("argv", "code", "kept"),
    [
        ([], 1, FOUND),
        (["--only", "URL101"], 1, FOUND[:1]),
        (["--only", "URL"], 1, FOUND[:1]),
        (["--only", "TRAFFIC"], 0, FOUND[1:]),
        (["--only", "TRAFFIC402,URL101"], 1, ["URL101", "TRAFFIC402"]),
        (["--only", "TRAFFIC402", "--only", "URL101"], 1, ["URL101", "TRAFFIC402"]),
        (["--only", "traffic40"], 0, FOUND[1:]),
        (["--only", " url , FILE"], 1, FOUND[:1]),
        (["--only", "FILE"], 0, []),
        (["--skip", "URL"], 0, FOUND[1:]),
        (["--skip", "URL,TRAFFIC402"], 0, FOUND[1:2]),
        (["--skip", "FILE"], 1, FOUND),
        (["--only", "TRAFFIC", "--skip", "TRAFFIC401"], 0, FOUND[2:]),
        (["--only", "TRAFFIC401", "--skip", "TRAFFIC"], 0, []),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_the_findings_that_are_reported_decide_the_exit_code(home, argv, code, kept):
    left_out = len(FOUND) - len(kept) if argv else None
    assert check(home, *argv) == (code, kept, left_out)


def test_the_report_says_in_one_line_how_many_are_left_out(home):
    _, out, _ = home.run("check", "--offline", "--only", "URL")
    assert "TRAFFIC" not in out
    assert out.endswith("\n1 error.\n2 findings left out by --only or --skip.\n")
    assert home.run("check", "--offline", "--only", "FILE")[1].startswith("No findings.\n3 findings left out")
    assert "left out" not in home.run("check", "--offline", "--skip", "FILE")[1]


@pytest.mark.parametrize(
    ("codes", "words"),
    [
        ("FIEL", 'found "FIEL"; did you mean FILE?'),
        ("CTX603", "did you mean CTX602?"),
        ("URL,TRAFIC", 'found "TRAFIC"; did you mean TRAFFIC?'),
        ("T", "there are URL, AUTH"),
        ("101", "did you mean URL101?"),
        ("URL,", "found nothing"),
        ("\x1b[31m", r'found "\x1b[31M"'),
    ],
    ids=["a family misspelt", "a number", "the second", "a letter", "no letters", "nothing", "an escape"],
)
@pytest.mark.parametrize("flag", ["--only", "--skip"])
def test_what_names_no_rule_is_wrong_use_and_reported_with_its_neighbour(home, flag, codes, words):
    code, out, err = home.run("check", "--offline", flag, codes)
    assert (code, out) == (2, "")
    assert f"argument {flag}: " in err
    assert words in err
    assert "`stormdeck explain` lists all" in err
    assert "\x1b" not in err


def test_a_fix_fixes_what_is_asked_for_and_nothing_else(home, settings):
    code, out, _ = home.run("check", "--offline", "--fix", "--yes", "--only", "URL101")
    assert code == 0
    assert settings.read_text() == SETTINGS.replace("/v1", "")
    assert out.endswith("No findings.\n2 findings left out by --only or --skip.\n")


def test_what_is_skipped_is_not_fixed(home, settings):
    home.run("check", "--offline", "--fix", "--yes", "--skip", "URL")
    text = settings.read_text()
    assert "/v1" in text
    assert '"CLAUDE_CODE_ATTRIBUTION_HEADER": "0"' in text


@pytest.mark.parametrize(
    ("argv", "mended"),
    [(["--only", "URL"], False), (["--skip", "FILE701"], False), (["--only", "FILE,URL"], True)],
    ids=["others only", "skipped", "asked for"],
)
def test_a_broken_file_is_repaired_only_where_its_rule_counts(home, argv, mended):
    file = home.write(SETTINGS.replace('"sonnet",', '"sonnet"'))
    before = file.read_text()
    home.run("check", "--offline", "--fix", "--yes", *argv)
    assert file.read_text() == (SETTINGS.replace("/v1", "") if mended else before)


def test_a_mark_that_may_stay_stays_and_the_rest_is_fixed(home):
    file = home.write(BOM + SETTINGS)
    home.run("check", "--offline", "--fix", "--yes", "--only", "URL")
    assert file.read_text() == BOM + SETTINGS.replace("/v1", "")
