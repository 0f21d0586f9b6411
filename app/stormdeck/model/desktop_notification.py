"""Escape sequences that make a terminal show a desktop notification."""

from __future__ import annotations

from stormdeck.model.text import clean

OFF, OSC9, OSC777 = PROTOCOLS = ("off", "osc9", "osc777")
"""OSC 9 has one text (iTerm2, kitty, WezTerm, Windows Terminal), OSC 777 also a title (urxvt, foot, Ghostty)."""
TITLE = "stormdeck"
_LONGEST = 200


def escape_sequence(protocol: str, message: str, *, in_tmux: bool) -> str:
    r"""Return the sequence to write to the terminal; empty for ``off``.

    tmux passes on only wrapped sequences, and those only with ``allow-passthrough on``, or ``all`` for a pane that is
    not visible.

    >>> escape_sequence("osc9", "vLLM is down", in_tmux=False)
    '\x1b]9;stormdeck: vLLM is down\x07'
    """
    if protocol not in {OSC9, OSC777}:
        return ""
    # A semicolon would begin another field.
    text = clean(message)[:_LONGEST].replace(";", ",")
    body = f"9;{TITLE}: {text}" if protocol == OSC9 else f"777;notify;{TITLE};{text}"
    sequence = f"\x1b]{body}\x07"
    return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\" if in_tmux else sequence
