"""The appearance of the panel: theme, signs, density and layout; and the app that applies it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from io import StringIO

from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment
from textual.app import App
from textual.color import Color
from textual.filter import LineFilter, Monochrome, NoColor
from textual.theme import Theme

from stormdeck.model.overview_layout import LayoutPreferences
from stormdeck.model.status.bar import ascii_only
from stormdeck.model.symbols import ASCII_FALLBACK, UNKNOWN_CHARACTER
from stormdeck.options import Options
from stormdeck.ui.textual_patches.stylesheet import CachedStylesheet
from stormdeck.ui.themes import ANSI, DARK, OWN, THEMES, full_name, tokens


def to_ascii(text: str) -> str:
    """Return a text in ASCII, in the same number of columns."""
    if text.isascii():
        return text
    return "".join(
        character if character.isascii() else UNKNOWN_CHARACTER * cell_len(character)
        for character in text.translate(ASCII_FALLBACK)
    )


class AsciiOnly(LineFilter):
    """A filter for every line of the screen, Textual's own widgets included."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments in ASCII."""
        return [Segment(_line(text), style, control) for text, style, control in segments]


@lru_cache(4096)
def _line(text: str) -> str:
    return to_ascii(text)


@dataclass(frozen=True, slots=True)
class Appearance:
    """The appearance that the user has chosen."""

    theme: str = DARK.name
    ascii: bool = False
    preferences: LayoutPreferences = field(default_factory=LayoutPreferences)


def chosen_appearance(options: Options, remembered: str, environ: Mapping[str, str]) -> Appearance:
    """Return the appearance that the options name; without a theme there, the theme that was chosen last.

    A terminal with sixteen colours would show the nearest of them, of amber and green both white: it gets ``ansi``.
    """
    usual = remembered if full_name(remembered) is not None else DARK.name
    theme = options.theme or (ANSI.name if _has_sixteen_colours(environ) else usual)
    plain = ascii_only(environ) if options.ascii is None else options.ascii
    return Appearance(theme, plain, LayoutPreferences(options.panels, options.density == "compact"))


def _has_sixteen_colours(environ: Mapping[str, str]) -> bool:
    """Return whether Rich, and so Textual, will draw with the sixteen colours of the terminal."""
    return Console(force_terminal=True, file=StringIO(), _environ=environ).color_system == "standard"


def named_theme(options: Options) -> str:
    """Return why a theme that is chosen in the panel is not used at the next start."""
    return f"Until you quit: at the next start {options.origin('theme')} sets the theme {options.theme}."


class ThemedApp(App[None]):
    """An app with the theme and signs that the user has chosen and the terminal can show."""

    def __init__(self, look: Appearance) -> None:
        super().__init__()
        self.animation_level = "none"  # a page scrolls at once: half a second of frames is neither read nor wanted
        self.preferences = look.preferences
        self.plain = look.ascii or self.no_color
        """Whether signs must show what colours cannot."""
        self.keep_theme: Callable[[str], str] | None = None
        """Saves the theme that the user chooses in the panel; returns why it cannot be saved, or an empty text."""
        self._last = [AsciiOnly()] if look.ascii else []
        for own in THEMES:
            self.register_theme(own)
        self.theme = full_name(look.theme) or DARK.name
        self.stylesheet = CachedStylesheet(self.get_css_variables())
        self.set_class(look.preferences.compact, "-compact")
        self.keep_choice: Callable[[str, object], str] | None = None
        """Saves a choice by the name of its option; returns why it will not hold at the next start, or nothing."""

    def on_mount(self) -> None:
        """Save the theme when the user chooses another one."""
        self.theme_changed_signal.subscribe(self, self._theme_changed)

    def choose_layout(self, preferences: LayoutPreferences) -> str:
        """Show other panels; return why they will not be shown at the next start, or nothing."""
        before, self.preferences = self.preferences, preferences
        self.set_class(preferences.compact, "-compact")
        problems = []
        if preferences.panels != before.panels:
            problems.append(self.keep("panels", preferences.panels))
        if preferences.compact != before.compact:
            problems.append(self.keep("density", "compact" if preferences.compact else "normal"))
        return " ".join(filter(None, problems))

    def keep(self, name: str, value: object) -> str:
        """Save a choice; return why it will not hold at the next start, or nothing."""
        return self.keep_choice(name, value) if self.keep_choice is not None else ""

    def _theme_changed(self, theme: Theme) -> None:
        problem = self.keep_theme(theme.name.removeprefix(OWN)) if self.keep_theme is not None else ""
        if problem:
            self.notify(problem, severity="warning", markup=False)

    def get_css_variables(self) -> dict[str, str]:
        """Return a theme's variables with those of the panel added."""
        variables = super().get_css_variables()
        # In place: Textual uses the same mapping for the colours of text outside style sheets.
        variables.update(tokens(self.current_theme, variables))
        return variables

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return the filters for every line: no colours if the user wants none, ASCII if the terminal has no more."""
        filters: list[LineFilter] = list(super().get_line_filters())
        if self.no_color and self.native_ansi_color:
            # The greys of the terminal's own colours are not known.
            filters = [NoColor() if isinstance(one, Monochrome) else one for one in filters]
        return [*filters, *self._last]
