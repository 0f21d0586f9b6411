"""The escape sequences that make a terminal show a notification of the desktop."""

from __future__ import annotations

from stormdeck.model.text import clean

OFF, OSC9, OSC777 = PROTOCOLS = ("off", "osc9", "osc777")
"""OSC 9 carries one text (iTerm2, kitty, WezTerm, Windows Terminal), OSC 777 a title too (urxvt, foot, Ghostty)."""
TITLE = "stormdeck"
_LONGEST = 200


def escape_sequence(way: str, words: str, *, in_tmux: bool) -> str:
    """Return what to write to the terminal; nothing for ``off``.

    tmux keeps such a sequence to itself unless it is wrapped, and lets a wrapped one through only with its option
    ``allow-passthrough`` at ``on``, or at ``all`` where the pane is not in sight.
    """
    if way not in {OSC9, OSC777}:
        return ""
    # What follows a semicolon would be a field of its own.
    text = clean(words)[:_LONGEST].replace(";", ",")
    body = f"9;{TITLE}: {text}" if way == OSC9 else f"777;notify;{TITLE};{text}"
    sequence = f"\x1b]{body}\x07"
    return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\" if in_tmux else sequence
