"""Remove the hint to press an area's key from a text that is shown in that very area."""

from __future__ import annotations

import re


def in_area(text: str, number: int) -> str:
    """Return a text without the hint to press the key of the area in which it is shown.

    >>> in_area("Press 3 and set X.", 3)
    'Set X.'
    """
    if f"ress {number}" not in text:
        return text
    text = re.sub(rf"\bPress {number}(?: and| to|:) (\w)", lambda match: match[1].upper(), text)
    text = re.sub(rf"\bor press {number} and ", "or ", text)
    text = re.sub(rf"\s*\bPress {number}\b[^.]*\.", "", text)
    text = re.sub(rf"^press {number}: ", "", text, flags=re.MULTILINE)
    text = re.sub(rf"[:,]? press {number}: ", ": ", text)
    text = re.sub(rf"[:,]? press {number}\b[^.;,\n]*", "", text)
    return text.strip()
