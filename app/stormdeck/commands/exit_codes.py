"""Exit codes of all commands, after the custom of ``grep`` and ``diff``: 0 yes, 1 no, 2 trouble.

The panel adds what shells expect: 130 after Ctrl-C, 141 when the reader of a pipe has gone, 143 after SIGTERM, 129 when
its terminal is closed.
"""

SUCCESS = 0
"""The command did what it was asked, and found nothing wrong."""
NEGATIVE = 1
"""It ran, and the answer is no: ``check`` found an error, ``set`` refused, the user declined. ``status``: degraded."""
FAILURE = 2
"""It could not run, not read everything, or was called wrongly. For ``status``: the stack is down."""
