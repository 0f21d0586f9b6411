"""The panel's style sheets, parsed once for each theme in a run of tests: every test starts a panel of its own."""

from stormdeck.ui.textual_patches.stylesheet import CachedStylesheet

_PARSED = {}


def share():
    """Let all panels of this process use what one of them has parsed."""
    begin, change = CachedStylesheet.__init__, CachedStylesheet.set_variables

    def begun(self, variables):
        begin(self, variables)
        self._parse_cache = _of(self)

    def changed(self, variables):
        # What is cleared for other colours must not be what the panels of these share.
        self._parse_cache = type(self._parse_cache)(64)
        change(self, variables)
        self._parse_cache = _of(self)

    CachedStylesheet.__init__, CachedStylesheet.set_variables = begun, changed


def _of(sheet):
    return _PARSED.setdefault(tuple(sorted(sheet._given.items())), sheet._parse_cache)
