"""Fixtures of the tests of whole deployments: the servers and the scratch home of the tests of sources."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "sources"))

import pytest
from command_home import Home


@pytest.fixture
def home(tmp_path, capsys, monkeypatch):
    """Return a scratch home in which commands run."""
    return Home(tmp_path, capsys, monkeypatch)
