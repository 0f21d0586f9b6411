"""Every released code has a rule and a complete page."""

import importlib
import json
import pkgutil

import pytest
import yaml

from stormdeck.model import rules
from stormdeck.model.rules.registry import RULES, page_of
from stormdeck.model.rules.rule import Rule, markdown_index, page_lines

CATALOGUE = (
    "URL101 URL102 URL103 URL104 URL105 URL106 URL107 URL108 AUTH201 AUTH202 AUTH203 AUTH204 AUTH205 AUTH206 MODEL301 "
    "MODEL302 MODEL303 MODEL304 MODEL305 MODEL306 MODEL307 MODEL308 MODEL309 MODEL310 MODEL311 TRAFFIC401 TRAFFIC402 "
    "TRAFFIC403 TRAFFIC404 TIME501 TIME502 TIME503 TIME504 CTX601 CTX602 FILE701 FILE702 FILE703 FILE704 FILE705 "
    "FILE706 FILE707 FILE708 PROXY801 PROXY802 PROXY803 PROXY804 PROXY805 PROXY806 PROXY807 PROXY808 PROXY809 PROXY810 "
    "PROXY811 PROXY812 PROXY813 SERVER901 SERVER902 SERVER903 SERVER904 SERVER905 SERVER906 SERVER907 "
    "URL109 URL111 AUTH209"
)
"""Released codes: none may be removed."""
JSON_FAMILIES = {"URL", "AUTH", "MODEL", "TRAFFIC", "TIME", "CTX", "FILE"}


@pytest.mark.parametrize("code", CATALOGUE.split())
def test_every_code_of_the_catalogue_has_a_rule_and_a_page(code):
    assert code in {rule.code for rule in RULES}
    assert page_of(code.lower()).code == code


def test_codes_are_unique_and_stand_by_family():
    codes = [rule.code for rule in RULES]
    assert len(set(codes)) == len(codes)
    families = [rule.family for rule in RULES]
    assert list(dict.fromkeys(families)) == [
        *("URL", "AUTH", "MODEL", "TRAFFIC", "TIME", "CTX", "FILE", "PROXY", "SERVER")
    ]
    assert families == sorted(families, key=families.index)


def test_every_rule_that_a_module_defines_is_registered():
    modules = [
        importlib.import_module(found.name) for found in pkgutil.walk_packages(rules.__path__, f"{rules.__name__}.")
    ]
    defined = {one.code for module in modules for one in vars(module).values() if isinstance(one, Rule)}
    assert defined == {one.code for one in RULES}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_each_page_is_complete(rule):
    page = rule.page
    assert all((page.title, page.what, page.why, page.versions, page.fix))
    assert page.evidence.startswith(("measured", "source", "docs", "report"))
    assert len(page.title) <= 60


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_each_example_is_what_it_looks_like(rule):
    if rule.family in JSON_FAMILIES:
        json.loads("{" + rule.page.example + "}")
    elif rule.family == "PROXY" and not rule.page.example.startswith('"env"'):
        assert isinstance(yaml.safe_load(rule.page.example), dict)


@pytest.mark.parametrize("width", [30, 80])
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_page_fits_a_pane(rule, width):
    lines = page_lines(rule.page, width)
    assert max(len(line) for line in lines) <= width
    assert lines[0].startswith(rule.code)
    assert {"what it does", "why it matters", "what you see", "fix", "applies to", "evidence"} <= set(lines)


def test_a_page_quotes_the_exact_message():
    lines = page_lines(page_of("URL105"), 120)
    assert "  2.1.41 to 2.1.112: API Error: Unable to connect to API. Check your internet connection" in lines


def test_the_index_has_a_row_for_each_rule():
    table = [line for line in markdown_index(RULES, "All of them.").splitlines() if line.startswith("|")]
    assert [row.split("]")[0] for row in table if row.startswith("| [")] == [f"| [{rule.code}" for rule in RULES]
    assert {row.count("|") - row.count("\\|") for row in table} == {5}
