"""A picture of 64 by 64 pixels for the canary: the left half is green, the right half yellow."""

COLOURS = ("green", "yellow")
PICTURE = (
    "iVBORw0KGgoAAAANSUhEUgAAAEAAAABAAQMAAACQp+OdAAAABlBMVEUAgAD//wA5PcDCAAAAFUlEQVR42mNgAIL/QMAwyhhlkM4A"
    "APTk/wHgcfYIAAAAAElFTkSuQmCC"
)
"""A PNG in base64."""
