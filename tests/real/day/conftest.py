"""Puts the real client and the tmux pane within reach."""

import sys
from pathlib import Path

TESTS = Path(__file__).parents[2]
sys.path += [str(TESTS / "real" / "clients"), str(TESTS / "terminal")]
