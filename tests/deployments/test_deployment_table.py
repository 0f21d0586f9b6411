"""TABLE.md has a row for each deployment that a test looks at, and no other."""

import os

import pytest
from deploymenttable import TABLE, is_tested, rows, table


@pytest.mark.skipif("WRITE_TABLE" in os.environ, reason="the table is being written")
def test_every_row_is_made_by_a_test_and_stands_once():
    said = TABLE.read_text(encoding="utf-8")
    assert [name for name in rows(said) if not is_tested(name)] == []
    assert said == table(rows(said), "")
