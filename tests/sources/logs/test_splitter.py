"""Bytes become lines, each of them once, however they are cut into pieces."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stormdeck.sources.logs.splitter import LONGEST_LINE, LineSplitter


def split(*pieces: bytes) -> list[str]:
    splitter = LineSplitter()
    return [line for piece in pieces for line in splitter.split(piece)]


@pytest.mark.parametrize(
    ("pieces", "lines"),
    [
        pytest.param([b"a\nb\n"], ["a", "b"], id="whole"),
        pytest.param([b"a", b"b\nc"], ["ab"], id="partial-line-is-held"),
        pytest.param([b"a\r\nb\r\n"], ["a", "b"], id="crlf"),
        pytest.param([b"a\r", b"\nb\n"], ["a", "b"], id="crlf-split"),
        pytest.param([b"\n\na\n"], ["", "", "a"], id="empty-lines"),
        pytest.param([b"\xc3", b"\xa9\xf0\x9f", b"\x9a\x80\n"], ["é🚀"], id="characters-split"),
        pytest.param([b"a\xffb\n"], ["a\ufffdb"], id="not-utf-8"),
        pytest.param([b"\0" * 2771 + b"line\n"], ["line"], id="nul-run"),
        pytest.param([b"a\n\0\0", b"\0b\n"], ["a", "b"], id="nul-run-split"),
        pytest.param(["a\u2028b\x0bc\x85d\n".encode()], ["a\u2028b\x0bc\x85d"], id="only-line-feeds-end-lines"),
        pytest.param([b"\x1b[32mINFO\x1b[0m\n"], ["\x1b[32mINFO\x1b[0m"], id="escapes-are-left-in"),
    ],
)
def test_lines(pieces: list[bytes], lines: list[str]) -> None:
    assert split(*pieces) == lines


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.characters(exclude_characters="\n\r\0", codec="utf-8"), max_size=20)), st.data())
def test_the_pieces_do_not_matter(lines: list[str], data: st.DataObject) -> None:
    whole = "".join(f"{line}\n" for line in lines).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=6)))
    pieces = [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    assert split(*pieces) == lines


def test_an_endless_line_is_cut_and_its_rest_left_out() -> None:
    splitter = LineSplitter()
    lines = [line for _ in range(64) for line in splitter.split(b"x" * 1_000_000)]
    lines += splitter.split(b"x\nnext\n")
    assert lines == ["x" * LONGEST_LINE + "…", "next"]
    assert splitter.dropped == 64_000_001 - LONGEST_LINE


def test_a_long_line_inside_a_piece_is_cut_too() -> None:
    splitter = LineSplitter()
    assert splitter.split(b"a\n" + b"x" * (LONGEST_LINE + 5) + b"\nb\n") == ["a", "x" * LONGEST_LINE + "…", "b"]
    assert splitter.dropped == 5


def test_a_cut_does_not_break_a_character() -> None:
    (line,) = LineSplitter().split("é".encode() * LONGEST_LINE)
    assert set(line) == {"é", "…"}


def test_what_is_held_is_delivered_once() -> None:
    splitter = LineSplitter()
    assert splitter.split(b"Password: ") == []
    assert splitter.flush() == ["Password: "]
    assert splitter.flush() == []
    assert splitter.split(b"\n") == [""]


def test_a_half_character_is_not_delivered() -> None:
    splitter = LineSplitter()
    splitter.split("so far é".encode()[:-1])
    assert splitter.flush() == ["so far "]
    assert splitter.split(b"\xa9 more\n") == ["é more"]
