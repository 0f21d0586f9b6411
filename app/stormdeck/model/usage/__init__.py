"""Count what was used: turns, tokens, waiting, energy, and what it would have cost."""
