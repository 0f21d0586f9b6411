"""The table of faults: each test adds the rows that it has seen.

With WRITE_TABLE=1, and all of these tests in one process, TABLE.md is written anew; else each row must stand in it.
"""

import os

import pytest
from faulttable import HEAD, TABLE, row_of

WRITES = bool(os.environ.get("WRITE_TABLE"))
seen = []


@pytest.fixture
def said(tmp_path):
    """Return what checks a row of the table: a fault, and what the panel says of it."""

    def say(fault, words, *, lost="nothing", after="goes on by itself"):
        row = row_of(fault, words, lost, after, tmp_path)
        seen.append(row)
        assert WRITES or row in TABLE.read_text().splitlines(), f"TABLE.md does not say:\n{row}"

    return say


def pytest_sessionfinish(exitstatus):
    if WRITES and seen and not exitstatus:
        TABLE.write_text("\n".join([*HEAD, *seen]) + "\n")
