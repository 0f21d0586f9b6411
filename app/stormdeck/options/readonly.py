"""What ``readonly`` asks for: the one place that says why nothing may be written.

Commands that write are refused by ``commands/writing.py``, keys that write by ``StormdeckApp.run_action``; what the
panel would write by itself is left out where it is put together, in ``ui/run.py`` and ``feed/feed.py``.
"""

from __future__ import annotations

from stormdeck.options.declared import Options


def refusal(options: Options) -> str:
    """Return why nothing may be written and who asked for that, as the end of a sentence; empty where all may be."""
    if not options.readonly:
        return ""
    return f"read only ({options.origin('readonly')}): nothing is written."
