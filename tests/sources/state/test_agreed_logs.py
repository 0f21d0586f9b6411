"""The logs that the user agreed to are kept; a damaged or foreign file agrees to nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from stormdeck.model.logs.spec import parse_log
from stormdeck.sources.state.agreed_logs import AgreedLogs

UNIT, POD = parse_log("journal:user:litellm"), parse_log("k8s:prod/vllm-0")


def test_a_choice_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "state" / "logs.json"
    assert AgreedLogs(file, writes=True).add(UNIT) == ""
    assert AgreedLogs(file, writes=True).add(POD) == ""
    assert AgreedLogs(file, writes=False).load() == {UNIT, POD}


def test_a_panel_that_is_read_only_keeps_nothing(tmp_path: Path) -> None:
    file = tmp_path / "logs.json"
    assert "read only" in AgreedLogs(file, writes=False).add(UNIT)
    assert not file.exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    assert "cannot be written" in AgreedLogs(tmp_path / "state" / "logs.json", writes=True).add(UNIT)


@pytest.mark.parametrize("text", ["", "{", "{}", "[1, null]", '["journal:"]', '["/etc/passwd"]', "[" * 5000])
def test_a_damaged_file_agrees_to_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "logs.json").write_text(text)
    assert AgreedLogs(tmp_path / "logs.json", writes=True).load() == frozenset()
