"""At 80x24 and 60x20 no word is cut in the accepted pictures, which show each area and state.

What a server said may be longer than its row: it ends after a whole word then, and an ellipsis says that there is more.
"""

import html
import re
from pathlib import Path

import pytest
from test_looks import MEDIUM, SHOTS, SLIM

from fleets import FLEET
from samples import NOW, STORMY, TIMELINE
from stormdeck.model.timeline.sentences import sentence
from stormdeck.model.timeline.storms import storm_event

PICTURES = Path(__file__).parent / "__snapshots__" / "test_looks"
TEXT = re.compile(r"<text [^>]*>(.*?)</text>")
SAID = [
    *(f"{storm.cause} {storm.reason} " for storm in STORMY.storms),
    *(f"{one.text} " for one in FLEET.statements),
    *(f"{sentence(event, NOW)} " for event in (*TIMELINE.events, *map(storm_event, STORMY.storms))),
]
CUT_LOG_LINE = re.compile(r"… .*\+\d+")
"""The end of a log line, and how many more it stands for: what a log says is shown whole by ``enter``."""


@pytest.mark.parametrize("name", [name for name, shot in SHOTS.items() if shot.size in {MEDIUM, SLIM}])
def test_no_label_ends_in_an_ellipsis(name):
    picture = (PICTURES / f"test_it_looks_as_it_was_accepted[{name}].svg").read_text(encoding="utf-8")
    texts = [html.unescape(text).replace("\xa0", " ") for text in TEXT.findall(picture)]
    assert any("stormdeck" in text or "Overview" in text or "help" in text for text in texts)
    assert [text for text in texts if "…" in text and not is_said(text)] == []


def is_said(text):
    """Return whether a text is the beginning of what a server or an event says, after a whole word."""
    words = text.strip().removesuffix("…")
    whole = any(said.startswith(words) and not said[len(words)].isalnum() for said in SAID)
    return whole or CUT_LOG_LINE.fullmatch(text.strip()) is not None
