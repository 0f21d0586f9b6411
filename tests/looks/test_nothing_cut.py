"""At 80x24 no word is cut: the accepted pictures are looked through, which show each area and state."""

import html
import re
from pathlib import Path

import pytest
from test_looks import MEDIUM, SHOTS

PICTURES = Path(__file__).parent / "__snapshots__" / "test_looks"
TEXT = re.compile(r"<text [^>]*>(.*?)</text>")


@pytest.mark.parametrize("name", [name for name, shot in SHOTS.items() if shot.size == MEDIUM])
def test_no_label_ends_in_an_ellipsis(name):
    picture = (PICTURES / f"test_it_looks_as_it_was_accepted[{name}].svg").read_text(encoding="utf-8")
    texts = [html.unescape(text).replace("\xa0", " ") for text in TEXT.findall(picture)]
    assert any("stormdeck" in text or "Overview" in text or "help" in text for text in texts)
    assert [text for text in texts if "…" in text] == []
