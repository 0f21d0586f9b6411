"""The panel's own themes: one accent, and severity colours that are seen only where there is something to see."""

from __future__ import annotations

from textual.theme import Theme

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
        "quiet": "#7a849c",
        "faint": "#525d75",
        "strip-ok": "#5f7fc0",
        "input-cursor-background": "#c8d0e0",
        "border": "#2b3344",
    },
)

LIGHT = Theme(
    name="stormdeck-light",
    primary="#2f5fc4",
    secondary="#2f5fc4",
    accent="#2f5fc4",
    success="#3f7d2c",
    warning="#9a6700",
    error="#c4314b",
    foreground="#1f2430",
    background="#f7f7f4",
    surface="#efefea",
    panel="#e4e4de",
    dark=False,
    variables={
        "quiet": "#5f6675",
        "faint": "#a3a8b3",
        "strip-ok": "#6f90d8",
        "border": "#cfd1cc",
    },
)

THEMES = (DARK, LIGHT)
