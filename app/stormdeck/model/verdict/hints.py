"""Hints to a key of another area, which mean nothing in that area itself."""

from __future__ import annotations

import re


def in_area(text: str, number: int) -> str:
    """Return a text as it reads in the area with this number: without the hint to press it."""
    if f"ress {number}" not in text:
        return text
    # What is to be done there stays: "Press 3 and set X" is "Set X".
    text = re.sub(rf"\bPress {number}(?: and| to|:) (\w)", lambda match: match[1].upper(), text)
    text = re.sub(rf"\bor press {number} and ", "or ", text)
    text = re.sub(rf"\s*\bPress {number}\b[^.]*\.", "", text)
    text = re.sub(rf"^press {number}: ", "", text, flags=re.MULTILINE)
    text = re.sub(rf"[:,]? press {number}: ", ": ", text)
    text = re.sub(rf"[:,]? press {number}\b[^.;,\n]*", "", text)
    return text.strip()
