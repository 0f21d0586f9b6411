"""Define the panel's own themes, and complete Textual's themes with the panel's colours.

There is one accent; severity colours are used only for problems.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
        "faint": "#7d879f",
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
        "faint": "#656c78",
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
ROOMY = 5.5
"""The contrast of plain text: enough for quieter text to be readable, too."""
STEPS = 16
RAISED = ("surface", "panel")
"""The grounds of the path bar, of what has the focus, and of dialogs."""
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
    """Return the colours that the panel adds to a theme, and the theme's own where text would be hard to read.

    Every colour that text has can be read on each ground that text stands on. A ground that leaves the text itself too
    little contrast comes nearer to the background; a colour without enough of it comes nearer to the text.
    """
    if theme.ansi:
        return {"quiet": "ansi_bright_black", "faint": "ansi_bright_black", "strip-ok": theme.primary} | theme.variables
    text, ground = (Color.parse(variables[name]) for name in ("foreground", "background"))
    # Near-black or white where the theme's text is itself too close to its background.
    text = (
        text
        if contrast(text, ground) >= ROOMY
        else _first(_steps(text, ground.get_contrast_text(1.0)), [ground], ROOMY)
    )
    raised = {name: _first(_steps(Color.parse(variables[name]), ground), [text], ROOMY) for name in RAISED}
    grounds = [ground, *raised.values()]
    wanted = {
        **{name: Color.parse(variables[name]) for name in SIGNALS},
        "quiet": Color.parse(theme.variables.get("quiet", text.blend(ground, 0.3).hex)),
        "faint": Color.parse(theme.variables.get("faint", text.blend(ground, 0.45).hex)),
    }
    readable = {name: _first(_steps(color, text), grounds, READABLE).hex for name, color in wanted.items()}
    shape = Color.parse(theme.variables.get("strip-ok", variables["primary"]))
    return {
        **theme.variables,
        "foreground": text.hex,
        **{name: color.hex for name, color in raised.items()},
        **readable,
        "strip-ok": _first(_steps(shape, text), [ground], VISIBLE).hex,
    }


def contrast(one: Color, other: Color) -> float:
    """Return the contrast of two colours by WCAG 2, 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _steps(color: Color, towards: Color) -> Iterator[Color]:
    """Yield a colour, then mixtures with another one, ever nearer to that."""
    return (color.blend(towards, step / STEPS) for step in range(STEPS + 1))


def _first(colors: Iterable[Color], others: Sequence[Color], least: float) -> Color:
    """Return the first colour with enough contrast to all others, or the last one."""
    tried = list(colors)
    return next((one for one in tried if all(contrast(one, other) >= least for other in others)), tried[-1])


def _luminance(color: Color) -> float:
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in color.normalized]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
