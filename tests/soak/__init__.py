"""The panel for minutes or an hour on a busy stack with faults: ``make soak MINUTES=2``."""
