"""stormdeck beside what its users would pick instead, measured side by side in one run: ``make bench``."""
