"""A FIFO that the user named is read, writer after writer, and nothing hangs without one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from log_sources import following
from stormdeck.model.logs.batch import LogState
from stormdeck.model.logs.spec import STDIN
from stormdeck.sources.logs.places import pipe


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    path = tmp_path / "vllm.pipe"
    os.mkfifo(path)
    return path


def test_each_writer_of_a_fifo_is_read(fifo: Path) -> None:
    with following(fifo) as seen:
        seen.says(LogState.FOLLOWING)
        with fifo.open("w") as out:
            out.write("one\ntw")
            out.flush()
            seen.awaits("one")
            out.write("o\n")
        seen.awaits("one", "two")
        with fifo.open("w") as out:
            out.write("three\n")
        seen.awaits("one", "two", "three")
        assert not seen.past


def test_a_line_without_an_end_is_shown_after_a_while(fifo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipe, "HOLD_S", 0.05)
    with following(fifo) as seen:
        seen.says(LogState.FOLLOWING)
        with fifo.open("w") as out:
            out.write("password: ")
            out.flush()
            seen.awaits("password: ")


def test_standard_input_is_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    monkeypatch.setattr(pipe, "PIPED_INPUT", reading)
    try:
        with following(STDIN) as seen:
            os.write(writing, b"one\ntwo")
            seen.awaits("one")
            os.close(writing)
            seen.awaits("one", "two")
            seen.says(LogState.WAITING, "standard input has ended")
    finally:
        os.close(reading)


def test_a_file_as_standard_input_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.log").write_text("one\ntwo\n")
    with (tmp_path / "a.log").open("rb") as file:
        monkeypatch.setattr(pipe, "PIPED_INPUT", file.fileno())
        with following(STDIN) as seen:
            seen.awaits("one", "two")
            seen.says(LogState.WAITING, "standard input has ended")
