"""A tmux pane as an SVG: what really stood on the screen."""

from __future__ import annotations

from collections import Counter
from io import StringIO

from rich.console import Console
from rich.terminal_theme import DEFAULT_TERMINAL_THEME, TerminalTheme
from rich.text import Text
from tmux import Pane

FOREGROUND = (224, 224, 224)
"""Of a cell whose colour nothing sets; there is none with more than a blank in it."""


def picture(pane: Pane, width: int, height: int) -> str:
    """Return the pane as it is drawn now, colours and all."""
    # As a whole: tmux names a colour once, where it begins, and it holds over the ends of rows.
    screen = Text.from_ansi(pane.tmux("capture-pane", "-e", "-N", "-p").rstrip("\n"))
    console = Console(record=True, width=width, height=height, file=StringIO(), color_system="truecolor")
    console.print(screen, soft_wrap=True, highlight=False)
    return console.export_svg(title="stormdeck", unique_id="terminal", theme=_theme(screen))


def _theme(screen: Text) -> TerminalTheme:
    """Return a theme whose background is the panel's."""
    grounds = Counter(span.style.bgcolor for span in screen.spans if span.style.bgcolor is not None)
    ((ground, _),) = grounds.most_common(1)
    theme = DEFAULT_TERMINAL_THEME
    return TerminalTheme(ground.get_truecolor(), FOREGROUND, [theme.ansi_colors[number] for number in range(16)])
