"""Plays each scenario once in a run, whatever is asked of it, and keeps the ledger."""

from __future__ import annotations

import ledger
import pytest
from bench import play
from claude_code import client
from scenarios import SCENARIOS
from versions import CLAUDE_CODE

from alone import discover_named
from stormdeck.commands.check import servers

LINES = pytest.StashKey[dict[tuple[str, str], ledger.Line]]()


def pytest_configure(config):
    config.stash[LINES] = {}


@pytest.fixture(autouse=True)
def bare(monkeypatch, tmp_path):
    """Keep other servers of this machine out, and the user's own options file."""
    monkeypatch.setattr(servers, "discover", discover_named)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))


@pytest.fixture(scope="session")
def shelf():
    """Return what was played in this run, by version and scenario."""
    return {}


@pytest.fixture
def played(request, shelf, tmp_path):
    """Return what came of a scenario with a version of the client."""
    version, scenario = request.param
    key = version, scenario.name
    if key not in shelf:
        shelf[key] = play(scenario, client(version), tmp_path)
        if scenario.counted:
            request.config.stash[LINES][key] = shelf[key].line(scenario, version)
    return shelf[key]


@pytest.fixture
def lines(request):
    """Return the ledger of this run so far."""
    return list(request.config.stash[LINES].values())


def pytest_sessionfinish(session):
    lines = session.config.stash[LINES]
    if session.config.getoption("--results") and lines:
        order = [(version, scenario.name) for version in CLAUDE_CODE for scenario in SCENARIOS]
        ledger.write(ledger.lines_file(), [lines[key] for key in order if key in lines])
