"""Fixtures of the tests that touch files and servers."""

import pytest
from command_home import Home


@pytest.fixture
def home(tmp_path, capsys, monkeypatch):
    """Return a scratch home in which commands run."""
    return Home(tmp_path, capsys, monkeypatch)
