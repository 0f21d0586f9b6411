"""TABLE.md has exactly the rows that these tests checked."""

import os
from pathlib import Path

import pytest
from faulttable import HEAD, TABLE

TESTS = "\n".join(path.read_text() for path in Path(__file__).parent.glob("test_*_faults.py"))


@pytest.mark.skipif("WRITE_TABLE" in os.environ, reason="the table is being written")
def test_every_row_is_made_by_a_test_and_stands_once():
    head, rows = TABLE.read_text().splitlines()[:2], TABLE.read_text().splitlines()[2:]
    faults = [row.split(" | ")[0].removeprefix("| ") for row in rows]
    assert head == HEAD
    assert len(set(faults)) == len(faults)
    assert [fault for fault in faults if f'"{fault}"' not in TESTS] == []
