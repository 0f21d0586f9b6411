"""What `make versions` writes of the clients' requests: the results, and the lines that it has no result for."""

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
    titles = [line for line in ledger.page([BLIND, NEW, OLD]).splitlines() if line.startswith("## ")]
    assert titles == ["## Claude Code 2.1.332", "## Claude Code 2.1.112", "## Claude Code 2.1.42"]


def test_a_line_is_replaced_by_its_result(tmp_path):
    page = tmp_path / "LEDGER.md"
    page.write_text(ledger.page([OLD, BLIND]))
    again = ledger.Line("2.1.112", "500 twice", 4, 2, 1, 2)
    assert ledger.merged(page, [again]) == ledger.page([again, BLIND])
