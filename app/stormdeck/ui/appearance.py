"""How the panel looks: theme, signs, density, and which panels; the app without what it shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from rich.cells import cell_len
from rich.segment import Segment
from textual.app import App
from textual.color import Color
from textual.filter import LineFilter, Monochrome, NoColor
from textual.theme import Theme

from stormdeck.model.overview_layout import Wish
from stormdeck.model.status.bar import ascii_only
from stormdeck.model.symbols import STAND_INS, STRANGE
from stormdeck.options import Options
from stormdeck.ui.textual_patches.stylesheet import CachedStylesheet
from stormdeck.ui.themes import DARK, OWN, THEMES, full_name, tokens


def to_ascii(text: str) -> str:
    """Return a text of ASCII characters alone, in just as many columns."""
    if text.isascii():
        return text
    return "".join(
        character if character.isascii() else STRANGE * cell_len(character) for character in text.translate(STAND_INS)
    )


class AsciiOnly(LineFilter):
    """The last thing that every line of the screen goes through, Textual's own included."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments with each sign's stand-in."""
        return [Segment(_line(text), style, control) for text, style, control in segments]


@lru_cache(4096)
def _line(text: str) -> str:
    return to_ascii(text)


@dataclass(frozen=True, slots=True)
class Appearance:
    """What the user chose."""

    theme: str = DARK.name
    ascii: bool = False
    wish: Wish = field(default_factory=Wish)


def chosen_look(options: Options, remembered: str, environ: Mapping[str, str]) -> Appearance:
    """Return what the options say; a theme that they do not name is the one chosen last, where there still is one."""
    theme = options.theme or (remembered if full_name(remembered) is not None else DARK.name)
    plain = ascii_only(environ) if options.ascii is None else options.ascii
    return Appearance(theme, plain, Wish(options.panels, options.density == "compact"))


def named_theme(options: Options) -> str:
    """Say why a theme that is chosen in the panel does not hold at the next start."""
    return f"Until you leave: at the next start {options.origin('theme')} names the theme {options.theme}."


class ThemedApp(App[None]):
    """An app in the colours and signs that its user wants and its terminal can show."""

    def __init__(self, look: Appearance) -> None:
        super().__init__()
        self.wish = look.wish
        self.plain = look.ascii or self.no_color
        """Colours or shades cannot be relied on: signs tell everything."""
        self.keep_theme: Callable[[str], str] | None = None
        """Remembers the theme that the user chose in the panel; returns in words what stands in the way."""
        self._last = [AsciiOnly()] if look.ascii else []
        for own in THEMES:
            self.register_theme(own)
        self.theme = full_name(look.theme) or DARK.name
        self.stylesheet = CachedStylesheet(self.get_css_variables())
        self.set_class(look.wish.compact, "-compact")

    def on_mount(self) -> None:
        """Notice when another theme is chosen."""
        self.theme_changed_signal.subscribe(self, self._theme_changed)

    def _theme_changed(self, theme: Theme) -> None:
        trouble = self.keep_theme(theme.name.removeprefix(OWN)) if self.keep_theme is not None else ""
        if trouble:
            self.notify(trouble, severity="warning", markup=False)

    def get_css_variables(self) -> dict[str, str]:
        """Return a theme's variables with what the panel needs beside them."""
        variables = super().get_css_variables()
        # In place: Textual keeps the same mapping for the colours of text that is no style sheet's.
        variables.update(tokens(self.current_theme, variables))
        return variables

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return what every line goes through last: no colours where none are wanted, ASCII where there is no more."""
        filters: list[LineFilter] = list(super().get_line_filters())
        if self.no_color and self.native_ansi_color:
            # The terminal's own colours have no shade of grey that is known.
            filters = [NoColor() if isinstance(one, Monochrome) else one for one in filters]
        return [*filters, *self._last]
