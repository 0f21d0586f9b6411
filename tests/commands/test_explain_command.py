"""``stormdeck explain``: the page of a rule in any spelling, and similar codes for an unknown one."""

import json
from types import SimpleNamespace

import pytest

from stormdeck.__main__ import main
from stormdeck.model.deck import Deck
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
    printed = json.loads(capsys.readouterr().out)
    assert (printed["version"], printed["code"]) == (1, "URL101")
    assert {"title", "what", "why", "shown", "versions", "evidence", "fix", "example"} <= set(printed)


@pytest.mark.parametrize(
    ("words", "near"),
    [
        ("CTX603", "CTX602"),
        ("MODL301", "MODEL301"),
        ("zzz", "Codes begin with URL"),
        ("\x1b[31m", "Codes begin with URL"),
        ("the weather is nice", "Paste it as Claude Code shows it"),
        ("my tokens cannot be counted", "No OpenAI API key is set"),
    ],
    ids=["unknown number", "a letter short", "nothing alike", "an escape", "other text", "other words for it"],
)
def test_what_is_not_known_names_what_comes_near_and_what_to_do_next(words, near, capsys, nothing_here):
    assert main(["explain", words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert near in err
    assert "`stormdeck explain` lists all" in err
    assert "\x1b" not in err


@pytest.fixture
def nothing_here(monkeypatch):
    """Find nothing on the machine of whoever runs the tests."""
    seen = SimpleNamespace(deck=Deck(), logs={}, note="")
    monkeypatch.setattr("stormdeck.commands.explain_message.take_snapshot", lambda *_, **__: seen)


_RECORD = "{} - LiteLLM Proxy:ERROR: auth.py:644 - litellm.proxy.proxy_server.user(): Exception occured - {}"
LOG = (
    "INFO: Started",
    _RECORD.format("14:01:28", "No connected db."),
    _RECORD.format("14:07:40", "something new went wrong"),
)


def test_an_unknown_message_shows_what_the_log_said_at_that_time(capsys, monkeypatch):
    seen = SimpleNamespace(deck=Deck(), logs={"/var/log/litellm.log": LOG}, note="")
    monkeypatch.setattr("stormdeck.commands.explain_message.take_snapshot", lambda *_, **__: seen)
    assert main(["explain", "the flux capacitor is empty"]) == 2
    err = capsys.readouterr().err
    assert "/var/log/litellm.log 14:07:40: " in err
    assert "something new went wrong" in err
    assert main(["explain", "14:01 the flux capacitor is empty"]) == 2
    err = capsys.readouterr().err
    assert "14:01:28: No connected db" in err
    assert "something new" not in err


@pytest.mark.usefixtures("nothing_here")
def test_a_cause_without_a_rule_is_printed_with_what_to_do(capsys):
    text = "API Error: 429 ExceededBudget: User=default_user_id over budget. Spend=1.2, Budget=1.0"
    assert main(["explain", text]) == 0
    out = capsys.readouterr().out
    assert "the proxy's budget for this key, user or team is used up  found here" in out
    assert "max_budget" in out
    assert "said by LiteLLM" in out
    assert main(["explain", text, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert (printed["speaker"], printed["causes"][0]["code"]) == ("LiteLLM", None)


def listed(out):
    return [line.split()[0] for line in out.splitlines()]


def test_without_words_every_rule_is_listed(capsys):
    assert main(["explain"]) == 0
    out, err = capsys.readouterr()
    assert listed(out) == [rule.code for rule in RULES]
    assert "explain CODE" in err


@pytest.mark.parametrize("family", ["FILE", "file"])
def test_a_family_is_listed(family, capsys):
    assert main(["explain", family]) == 0
    assert listed(capsys.readouterr().out) == [rule.code for rule in RULES if rule.family == "FILE"]
    assert main(["explain", family, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["rules"][0] == {"code": "FILE701", "title": "a settings file is not valid JSON"}


@pytest.mark.parametrize(
    "piece",
    ["Not logged in", "not LOGGED in", '"Not logged in ·"', "Not logged in · Please", "  Not\n logged  in..."],
    ids=["a piece", "another case", "quoted", "cut", "broken over lines"],
)
@pytest.mark.usefixtures("nothing_here")
def test_a_piece_of_one_message_gives_its_causes(piece, capsys):
    assert main(["explain", piece]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.startswith("the client has no token and sends nothing:\n\nAUTH201")


@pytest.mark.usefixtures("nothing_here")
def test_a_status_alone_is_a_piece_too(capsys):
    assert main(["explain", "529"]) == 0
    assert capsys.readouterr().out.startswith("the server is overloaded:")


def test_a_piece_of_several_messages_lists_them_with_their_rules(capsys):
    assert main(["explain", "connection dropped"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith('2 messages contain "connection dropped":\n')
    for words in ("Check the gateway set in", "the connection was cut: SERVER905", "the client retries: SERVER905"):
        assert words in out
    assert "Give more of the message" in err
    assert main(["explain", "connection dropped", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)["messages"]
    assert [one["name"] for one in printed] == ["the connection was cut", "the client retries"]


def test_a_long_list_is_short_and_says_how_many_more_there_are(capsys):
    assert main(["explain", "api"]) == 0
    out = capsys.readouterr().out
    assert len(out.splitlines()) < 30
    assert "more" in out.splitlines()[-1]


def test_a_piece_that_stands_on_one_page_alone_shows_that_page(capsys):
    assert main(["explain", "no_db_connection"]) == 0
    assert capsys.readouterr().out.startswith("AUTH204  the proxy rejects the token\n")
