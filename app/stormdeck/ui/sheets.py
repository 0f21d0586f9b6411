"""The style sheets of the panel, parsed once for a theme."""

from __future__ import annotations

from textual.css.stylesheet import Stylesheet


class KeptStylesheet(Stylesheet):
    """Parses again only what is new, or all of it for other colours.

    Textual 8.2.8 parses every sheet four times before the first paint: at each new screen, and for variables that are
    the same as before (measured; a tenth of the time to the first paint).
    """

    def __init__(self, variables: dict[str, str]) -> None:
        super().__init__(variables=variables)
        self._given = dict(variables)
        """A copy: the app hands on the same mapping with other colours in it."""

    def set_variables(self, variables: dict[str, str]) -> None:
        """Set the variables of all sheets; they are parsed anew where these are others."""
        if variables != self._given:
            self._given = dict(variables)
            super().set_variables(variables)

    def reparse(self) -> None:
        """Take the sheets in their order; raise where one is wrong, and leave the rules as they are then."""
        self.parse()
