"""The names of the themes, for those who must not wait for Textual to be imported: what a shell completes."""

from __future__ import annotations

THEME_NAMES = (
    "ansi",
    "ansi-dark",
    "ansi-light",
    "atom-one-dark",
    "atom-one-light",
    "catppuccin-frappe",
    "catppuccin-latte",
    "catppuccin-macchiato",
    "catppuccin-mocha",
    "dark",
    "dracula",
    "flexoki",
    "gruvbox",
    "high-contrast",
    "light",
    "monokai",
    "nord",
    "rose-pine",
    "rose-pine-dawn",
    "rose-pine-moon",
    "solarized-dark",
    "solarized-light",
    "textual-dark",
    "textual-light",
    "tokyo-night",
)
"""Every name that ``--theme`` takes: stormdeck's own and those of Textual 8.2; a test holds them against its list."""
