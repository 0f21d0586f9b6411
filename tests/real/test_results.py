"""What `make versions` writes: the newest result of each version, and the rows that it has no result for."""

import pytest
import table
from results import Row, read, write
from results import table as rows_table
from versions import newest_first, value_for

pytestmark = pytest.mark.quick
BEFORE = """# Real programs that the tests were run against

| program | version | checks | date | note |
|---|---|---|---|---|
| Claude Code | 2.1.112 | 184 passed | 2026-11-21 | 42 retries \\| 38 told |
| LiteLLM | 1.109.1 | 37 passed, 1 failed | 2026-11-21 |  |
| the three in a row | 2.1.329, 1.109.1, 0.32.0 | 7 passed | 2026-11-21 | a storm |
"""


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "VERSIONS.md"
    path.write_text(BEFORE)
    return path


def rows_of(text):
    return text.splitlines()[2:]


def test_rows_without_a_result_stay(page):
    assert rows_of(table.merged(page, [])) == rows_of(BEFORE.partition("\n\n")[2])


def test_a_newer_result_takes_the_place_of_its_row_and_others_come_in_their_order(page):
    new = [
        Row("LiteLLM", "1.109.1", passed=38, date="2026-11-30"),
        Row("LiteLLM", "1.110.2", passed=38, date="2026-11-30"),
    ]
    assert [row.split(" | ")[1:3] for row in rows_of(table.merged(page, new))] == [
        ["2.1.112", "184 passed"],
        ["1.110.2", "38 passed"],
        ["1.109.1", "38 passed"],
        ["2.1.329, 1.109.1, 0.32.0", "7 passed"],
    ]


def test_an_older_result_of_this_cache_changes_nothing(page):
    assert table.merged(page, [Row("LiteLLM", "1.109.1", passed=2, date="2026-11-20")]) == table.merged(page, [])


def test_without_a_page_there_are_the_results_alone(tmp_path):
    only = Row("vLLM", "0.32.0", passed=8, date="2026-11-21")
    assert table.merged(tmp_path / "VERSIONS.md", [only]) == rows_table([only])


@pytest.mark.parametrize("first", [True, False], ids=["in the file", "in the page"])
def test_a_version_that_could_not_be_installed_leaves_what_was_measured(page, tmp_path, first):
    skipped = Row("LiteLLM", "1.109.1", skipped=38, date="2026-11-30", note="it cannot be installed")
    path = tmp_path / "results.json"
    if first:
        write(path, [Row("LiteLLM", "1.109.1", passed=37, date="2026-11-29")])
        write(path, [skipped])
        assert [row.passed for row in read(path)] == [37]
    else:
        assert table.merged(page, [skipped]) == table.merged(page, [])


def test_versions_are_ordered_as_versions():
    assert newest_first(["2.1.42", "2.1.332", "2.1.112"]) == ("2.1.332", "2.1.112", "2.1.42")
    rows = [Row("Claude Code", version) for version in ("2.1.42", "2.1.112", "2.1.332")]
    assert [row.split(" | ")[1] for row in rows_of(rows_table(rows))] == ["2.1.332", "2.1.112", "2.1.42"]


@pytest.mark.parametrize(
    ("version", "value"), [("2.1.41", 0), ("2.1.42", 0), ("2.1.328", 0), ("2.1.329", 5), ("2.1.400", 5), ("3.0", 5)]
)
def test_a_row_holds_from_its_version_on(version, value):
    assert value_for(version, {"2.1.42": 0, "2.1.329": 5}) == value
