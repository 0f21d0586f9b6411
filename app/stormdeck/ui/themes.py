"""Define the panel's own themes, and complete Textual's themes with the panel's colours.

There is one accent; severity colours are used only for problems.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

OWN = "stormdeck-"
"""The prefix of the own themes' names; users may leave it out."""

DARK = Theme(
    name="stormdeck-dark",
    primary="#7aa2f7",
    secondary="#7aa2f7",
    accent="#7aa2f7",
    success="#8fbf7f",
    warning="#e0af68",
    error="#f7768e",
    foreground="#c8d0e0",
    background="#12151c",
    surface="#171b24",
    panel="#1e2430",
    dark=True,
    variables={
        "quiet": "#838da5",
        "faint": "#667088",
        "strip-ok": "#5f7fc0",
        "input-cursor-background": "#c8d0e0",
    },
)

LIGHT = Theme(
    name="stormdeck-light",
    primary="#2f5fc4",
    secondary="#2f5fc4",
    accent="#2f5fc4",
    success="#36701f",
    warning="#875a00",
    error="#b8263f",
    foreground="#1f2430",
    background="#f7f7f4",
    surface="#efefea",
    panel="#e4e4de",
    dark=False,
    variables={
        "quiet": "#575e6c",
        "faint": "#828894",
        "strip-ok": "#5f82d0",
    },
)

HIGH_CONTRAST = Theme(
    name="stormdeck-high-contrast",
    primary="#66ccff",
    secondary="#66ccff",
    accent="#66ccff",
    success="#5fff5f",
    warning="#ffd700",
    error="#ff8f8f",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#1a1a1a",
    dark=True,
    variables={
        "quiet": "#d0d0d0",
        "faint": "#909090",
        "strip-ok": "#66ccff",
        "input-cursor-background": "#ffffff",
    },
)

ANSI = Theme(
    name="stormdeck-ansi",
    ansi=True,
    primary="ansi_bright_blue",
    secondary="ansi_bright_blue",
    accent="ansi_bright_blue",
    success="ansi_green",
    warning="ansi_yellow",
    error="ansi_red",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    dark=True,
    variables={
        **BUILTIN_THEMES["ansi-dark"].variables,
        "block-cursor-background": "ansi_bright_blue",
        "quiet": "ansi_bright_black",
        "faint": "ansi_bright_black",
        "strip-ok": "ansi_bright_blue",
        "border": "ansi_bright_black",
    },
)

THEMES = (DARK, LIGHT, HIGH_CONTRAST, ANSI)
NAMES = tuple(sorted({*(theme.name.removeprefix(OWN) for theme in THEMES), *BUILTIN_THEMES}))
"""Every name that the option accepts, with the own themes by their short names."""

READABLE, VISIBLE = 4.5, 3.0
"""The contrast that WCAG 2 requires for text, and for signs and large shapes."""
SIGNALS = ("success", "warning", "error", "accent")


def full_name(name: str) -> str | None:
    """Return the full name of a theme, or ``None`` if there is no such theme."""
    own = {theme.name for theme in THEMES}
    return next((full for full in (f"{OWN}{name}", name) if full in own or full in BUILTIN_THEMES), None)


def unknown_theme(name: str) -> str:
    """Return the error message for an unknown theme, with similar names and all names."""
    near = get_close_matches(name.lower(), NAMES, n=3, cutoff=0.5)
    hint = f"; did you mean {' or '.join(near)}?" if near else "."
    return f'unknown theme "{name}"{hint} There are: {", ".join(NAMES)}'


def tokens(theme: Theme, variables: Mapping[str, str]) -> dict[str, str]:
    """Return the colours that the panel adds to a theme, and its signal colours with enough contrast.

    ``quiet`` is still readable text. A signal colour without enough contrast is blended with the text colour.
    """
    if theme.ansi:
        return {"quiet": "ansi_bright_black", "faint": "ansi_bright_black", "strip-ok": theme.primary} | theme.variables
    text, ground = (Color.parse(variables[name]) for name in ("foreground", "background"))
    text = text if contrast(text, ground) >= READABLE else ground.get_contrast_text(1.0)
    signals = {name: _towards(Color.parse(variables[name]), text, ground, VISIBLE).hex for name in SIGNALS}
    added = {
        "quiet": _towards(text.blend(ground, 0.45), text, ground, READABLE).hex,
        "faint": _towards(text.blend(ground, 0.65), text, ground, VISIBLE).hex,
        "strip-ok": _towards(Color.parse(variables["primary"]), text, ground, VISIBLE).hex,
    }
    return signals | added | theme.variables


def contrast(one: Color, other: Color) -> float:
    """Return the contrast of two colours by WCAG 2, 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _towards(color: Color, text: Color, ground: Color, least: float) -> Color:
    """Return a colour, blended with the text colour until its contrast to the background is enough."""
    blended = (color.blend(text, step / 8) for step in range(8))
    return next((one for one in blended if contrast(one, ground) >= least), text)


def _luminance(color: Color) -> float:
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in color.normalized]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
