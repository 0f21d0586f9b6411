"""The names of the themes, for shell completion, which cannot wait for Textual's import."""

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
"""All values of ``--theme``: stormdeck's themes and those of Textual 8.2; a test compares them."""
