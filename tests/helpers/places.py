"""Where the tests and their recorded data are, wherever the test that asks is."""

from pathlib import Path

TESTS = Path(__file__).parents[1]
DATA = TESTS / "data"
RECORDINGS = TESTS / "recordings"
