"""``stormdeck explain``: the page of a rule, whatever the spelling, and near codes for what is none."""

import json

import pytest

from stormdeck.__main__ import main
from stormdeck.model.rules.registry import RULES


@pytest.mark.parametrize("code", sorted({rule.code for rule in RULES}))
def test_every_rule_has_a_page_with_all_its_parts(code, capsys):
    assert main(["explain", code]) == 0
    out = capsys.readouterr().out
    page = next(rule.page for rule in RULES if rule.code == code)
    assert out.startswith(f"{code}  {page.title}\n")
    text = " ".join(out.split())
    parts = (page.what, page.why, page.shown, page.versions, page.evidence, page.fix, page.example)
    assert all(" ".join(part.split()) in text for part in parts)


@pytest.mark.parametrize("spelling", ["url101", " URL101 ", "Url101"])
def test_case_and_blanks_do_not_matter(spelling, capsys):
    assert main(["explain", spelling]) == 0
    assert capsys.readouterr().out.startswith("URL101")


def test_json_has_the_whole_page(capsys):
    assert main(["explain", "URL101", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["version"], told["code"]) == (1, "URL101")
    assert {"title", "what", "why", "shown", "versions", "evidence", "fix", "example"} <= set(told)


@pytest.mark.parametrize(
    ("words", "near"),
    [
        ("URL109", "URL108"),
        ("url", "URL101, URL102"),
        ("MODL301", "MODEL301"),
        ("zzz", "Codes begin with URL"),
        ("\x1b[31m", "Codes begin with URL"),
    ],
    ids=["unknown number", "a family", "a letter short", "nothing alike", "an escape"],
)
def test_an_unknown_code_names_near_ones(words, near, capsys):
    assert main(["explain", words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert near in err
    assert "\x1b" not in err


def test_without_a_code_it_is_wrong_use(capsys):
    assert main(["explain"]) == 2
    assert "CODE" in capsys.readouterr().err
