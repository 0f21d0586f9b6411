"""What is wrong in Textual and costs the panel something, put right while it runs (measured, Textual 8.2.8)."""

from __future__ import annotations

from typing import Any

from textual import strip
from textual._styles_cache import StylesCache
from textual.await_remove import AwaitRemove
from textual.widget import Widget
from textual.widgets._toast import Toast, ToastHolder


def let_go_of_widgets() -> None:
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
