"""Counts the checks by the version of the real program that they ran."""

from __future__ import annotations

from datetime import UTC, datetime

import proxied
import pytest
from results import Row, results_file, table, write

ROWS = pytest.StashKey[dict[tuple[str, str], Row]]()


def pytest_addoption(parser):
    parser.addoption("--results", action="store_true", help="keep what became of each program's checks, for the table")


def pytest_configure(config):
    config.stash[ROWS] = {}
    for marker in (
        "program(name, version): the check counts for this version of this program",
        "quick: belongs to `make test-real-quick`",
        "day: plays a working day, twenty minutes: belongs to `make test-day` alone",
        "vllm: starts a real vLLM, which takes minutes: belongs to `make test-real-vllm` alone",
    ):
        config.addinivalue_line("markers", marker)


def pytest_itemcollected(item):
    """Let ``-k 1.110.2`` choose every check of a version, whether its name shows it or not."""
    for marker in item.iter_markers("program"):
        item.extra_keyword_matches.update(marker.args[1].split(", "))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """Note the outcome under each program that the check is marked with; a ``note`` property goes into the table."""
    report = yield
    if report.when == "call" or report.outcome != "passed":
        rows = item.config.stash[ROWS]
        today = datetime.now(UTC).date().isoformat()
        reason = report.longrepr[2].removeprefix("Skipped: ") if report.skipped else ""
        notes = [reason, *(str(value) for name, value in report.user_properties if name == "note")]
        for marker in item.iter_markers("program"):
            program, version = marker.args
            row = rows.get((program, version)) or Row(program, version, date=today)
            rows[program, version] = row.plus(report.outcome, "; ".join(filter(None, notes)))
    return report


def pytest_terminal_summary(terminalreporter, config):
    rows = config.stash[ROWS].values()
    if rows:
        terminalreporter.section("real programs")
        terminalreporter.write(table(rows))


def pytest_sessionfinish(session):
    if session.config.getoption("--results"):
        write(results_file(), session.config.stash[ROWS].values())


@pytest.fixture(scope="session", params=proxied.versions())
def stack(request, tmp_path_factory):
    """Return a LiteLLM with a sound configuration, that logs as it does by itself."""
    with proxied.stack(request.param, tmp_path_factory.mktemp("sound"), proxied.good_config) as one:
        yield one


@pytest.fixture(scope="session", params=proxied.versions())
def debugged(request, tmp_path_factory):
    """Return a LiteLLM with a configuration full of pitfalls, started with ``--debug``."""
    with proxied.stack(request.param, tmp_path_factory.mktemp("bad"), proxied.bad_config, "--debug") as one:
        yield one
