"""Sources that try again at once, and a folder whose programs come first."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stormdeck.sources.logs.places import source
from stormdeck.sources.logs.places.source import StreamedLog
from stormdeck.sources.logs.places.ssh import OverSsh


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "FIRST_WAIT_S", 0.01)
    monkeypatch.setattr(source, "SETTLED_S", 0.1)
    for kind in (StreamedLog, OverSsh):
        monkeypatch.setattr(kind, "longest_wait_s", 0.05)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder
