"""The README's moving picture is drawn from the recording of the demo, and tells one story without a contradiction."""

import re
from xml.etree import ElementTree

import pytest
from film.draw import PICTURE, SIZE, drawing, recording, rows_of
from rich.text import Text

FRAMES, END_S = recording()


def words(frame):
    return Text.from_ansi(frame["screen"]).plain


def test_the_picture_is_up_to_date_with_the_recording():
    assert PICTURE.read_text(encoding="utf-8") == drawing(FRAMES, END_S), "run `python tests/looks/film/draw.py`"


def test_the_picture_is_an_svg_of_bounded_size():
    assert ElementTree.parse(PICTURE).getroot().tag.endswith("svg")  # noqa: S314 - our own file
    assert PICTURE.stat().st_size < 400_000


def test_the_recording_fits_the_picture_and_is_short():
    assert all(len(rows_of(frame["screen"])) == SIZE[1] for frame in FRAMES)
    assert [frame["t"] for frame in FRAMES] == sorted(frame["t"] for frame in FRAMES)
    assert END_S < 40


@pytest.mark.parametrize("text", ["RETRY STORM", "Recovered after", "ends in /v1", "set it to"])
def test_each_scene_of_the_story_is_there(text):
    assert any(text in words(frame) for frame in FRAMES)


def test_a_storm_is_never_shown_beside_a_healthy_path():
    """A path that is all well above a storm would contradict it."""
    for frame in FRAMES:
        path, verdict = words(frame).splitlines()[:2]
        assert "RETRY STORM" not in verdict or re.search("[✖▲]", path)
