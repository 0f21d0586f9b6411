"""What `make versions` writes of the clients' requests: the results, and the lines that it has no result for."""

import differences
import ledger
import pytest

pytestmark = pytest.mark.quick
OLD = ledger.Line("2.1.112", "500 twice", 4, 2, 2, 2)
BLIND = ledger.Line("2.1.42", "reset twice", 3, 2, 0, 0, "no line is left")
NEW = ledger.Line("2.1.332", "500 twice", 3, 2, 2, 2)


def test_versions_without_a_result_stay(tmp_path):
    page = tmp_path / "LEDGER.md"
    page.write_text(ledger.page([OLD, BLIND]))
    assert ledger.merged(page, [NEW]) == ledger.page([OLD, BLIND, NEW])


def test_the_newest_version_comes_first():
    titles = [line for line in ledger.page([BLIND, NEW, OLD]).splitlines() if line.startswith("## Claude")]
    assert titles == ["## Claude Code 2.1.332", "## Claude Code 2.1.112", "## Claude Code 2.1.42"]


def test_a_line_is_replaced_by_its_result(tmp_path):
    page = tmp_path / "LEDGER.md"
    page.write_text(ledger.page([OLD, BLIND]))
    again = ledger.Line("2.1.112", "500 twice", 4, 2, 1, 2)
    assert ledger.merged(page, [again]) == ledger.page([again, BLIND])


def test_every_difference_between_versions_is_explained():
    lines = ledger.lines_in((ledger.HERE / "LEDGER.md").read_text())
    assert len({line.version for line in lines}) > 1
    assert differences.UNEXPLAINED not in differences.section(lines)


def test_a_difference_that_nobody_explained_is_named_as_such():
    odd = ledger.Line("2.1.332", "plain turn", 3, 2, 2, 2), ledger.Line("2.1.333", "plain turn", 7, 2, 2, 2)
    assert differences.section(odd).endswith(f"2.1.333 against 2.1.332:\n\n- {differences.UNEXPLAINED} (plain turn)\n")


def test_the_page_says_what_differs_and_is_read_again():
    text = ledger.page([OLD, NEW])
    assert "2.1.332 against 2.1.112:\n\n- no HEAD / before its first request (500 twice)\n" in text
    assert ledger.page(ledger.lines_in(text)) == text
