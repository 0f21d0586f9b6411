"""What is wrong in Textual and costs the panel something, put right while it runs (measured, Textual 8.2.8)."""

from __future__ import annotations

from typing import Any

from textual import strip
from textual._styles_cache import StylesCache
from textual.app import App
from textual.await_remove import AwaitRemove
from textual.css.stylesheet import Stylesheet
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets._toast import Toast, ToastHolder


def fix_styles_cache_leak() -> None:
    """Let what was drawn of a widget go with the widget; doing it twice is doing it once.

    ``get_inner_outer`` is a class method by its first argument, ``cls``, and lacks the decorator. So its cache keeps
    the first thousand objects that it is called on, each with all lines of a widget that may be gone: half a megabyte
    each time that the help is opened.
    """
    kept = StylesCache.__dict__.get("get_inner_outer")
    if kept is not None and not isinstance(kept, classmethod):
        StylesCache.get_inner_outer = classmethod(kept)  # type: ignore[assignment]


def remove_toasts_whole() -> None:
    """Let the frame around a notice go with it; doing it twice is doing it once.

    A notice that is out of date when its screen is shown again is removed without the widget that holds it. Those
    stay, each with a task, for as long as the panel runs.
    """

    def remove(self: Widget) -> AwaitRemove:
        return Widget.remove(self.parent if isinstance(self.parent, ToastHolder) else self)

    Toast.remove = remove  # type: ignore[method-assign]


class SmallCache:
    """What ``FIFOCache`` does for a line, in a quarter of the memory while it is empty, as six of seven are.

    Every line that is drawn has seven caches. Each took 200 bytes before it held anything: 3 MiB in a panel of which
    all areas were seen.
    """

    __slots__ = ("_kept", "_most")

    def __init__(self, maxsize: int) -> None:
        self._kept: dict[Any, Any] | None = None
        self._most = maxsize

    def get(self, key: object, default: Any = None) -> Any:  # noqa: ANN401 - any line or list of lines
        """Return what is kept for a key."""
        return default if self._kept is None else self._kept.get(key, default)

    def __setitem__(self, key: object, value: object) -> None:
        """Keep a value; the oldest one goes where there are too many."""
        if self._kept is None:
            self._kept = {}
        elif len(self._kept) >= self._most and key not in self._kept:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = value

    def __len__(self) -> int:
        return 0 if self._kept is None else len(self._kept)


def use_small_caches() -> None:
    """Give the lines that are drawn from now on caches that take no memory while they are empty."""
    vars(strip)["FIFOCache"] = SmallCache


class CachedStylesheet(Stylesheet):
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


NARROW = "-narrow"
SHORT = "-short"
BY_WIDTH = [(0, NARROW), (70, "-medium"), (104, "-wide")]
BY_HEIGHT = [(0, SHORT), (18, "-middle"), (34, "-tall")]


def fit(screen: Screen[Any]) -> None:
    """Give a new screen the names of the terminal's size.

    Textual gives them when the screen is laid out, then styles, lays out and paints it a second time: a fifth of the
    CPU that an area takes until it is shown (measured, Textual 8.2.8).
    """
    width, height = screen.app.size
    screen.add_class(name_of(width, BY_WIDTH), name_of(height, BY_HEIGHT), update=False)


def is_narrow(app: App[Any]) -> bool:
    """Say whether the terminal is narrow; a screen's classes tell that only after it is laid out."""
    return name_of(app.size.width, BY_WIDTH) == NARROW


def is_short(app: App[Any]) -> bool:
    """Return whether the terminal has few lines."""
    return name_of(app.size.height, BY_HEIGHT) == SHORT


def name_of(cells: int, names: list[tuple[int, str]]) -> str:
    """Return the last name that begins at so many cells or fewer."""
    return next(name for least, name in reversed(names) if cells >= least)
