"""Free what Textual 8.2.8 keeps of widgets that are gone, and shrink the caches of what is drawn."""

from __future__ import annotations

from typing import Any

from textual import strip
from textual._styles_cache import StylesCache
from textual.await_remove import AwaitRemove
from textual.geometry import Size
from textual.screen import Screen
from textual.widget import Widget, _RenderCache
from textual.widgets import Input
from textual.widgets._toast import Toast, ToastHolder


def save_memory() -> None:
    """Apply the patches below to Textual's classes; calling it again changes nothing."""
    fix_styles_cache_leak()
    remove_toasts_with_holder()
    use_small_caches()


def fix_styles_cache_leak() -> None:
    """Make ``StylesCache.get_inner_outer`` the class method that its signature says it is.

    Its first argument is ``cls``, and the decorator is missing. So its ``lru_cache`` keeps the first thousand objects
    that it is called on, each with all drawn lines of a widget that may be gone: half a megabyte each time that the
    help is opened (measured).

    Upstream: put ``@classmethod`` above ``@lru_cache``.
    """
    method = StylesCache.__dict__.get("get_inner_outer")
    if method is not None and not isinstance(method, classmethod):
        StylesCache.get_inner_outer = classmethod(method)  # type: ignore[assignment]


def remove_toasts_with_holder() -> None:
    """Remove a notification together with the widget that holds it.

    ``ToastRack.show`` removes an expired one without its holder. The holders stay, each with a task, until the program
    ends.

    Upstream: in ``ToastRack.show`` remove the holder, as ``Toast._expire`` does.
    """

    def remove(self: Widget) -> AwaitRemove:
        return Widget.remove(self.parent if isinstance(self.parent, ToastHolder) else self)

    Toast.remove = remove  # type: ignore[method-assign]


def release_input(editor: Input) -> None:
    """Unsubscribe an input that is about to be removed from its screen's selection signal.

    The signal keeps its subscribers alive as long as the screen lives (measured: one ``Input`` for each edited row).

    Upstream: unsubscribe in ``Input._on_unmount``.
    """
    editor.screen.text_selection_started_signal.unsubscribe(editor)


def release_drawn(screen: Screen[Any]) -> None:
    """Drop the drawn lines of a hidden screen: it is drawn again when it is shown.

    The areas stay as they were left. The lines of three that are not shown are 37,000 objects (measured).
    """
    for widget in (screen, *screen.query("*")):
        widget._set_dirty()
        widget._render_cache = _RenderCache(Size(), [])
        widget._layout_cache.clear()


class SmallCache:
    """A ``FIFOCache`` that allocates nothing while it is empty.

    Every drawn line (``Strip``) has seven caches, of which six stay empty. Each took 200 bytes before it held anything:
    3 MiB in a panel of which all areas were seen (measured).

    Upstream: create the caches of ``Strip`` at their first use.
    """

    __slots__ = ("_entries", "_maxsize")

    def __init__(self, maxsize: int) -> None:
        self._entries: dict[Any, Any] | None = None
        self._maxsize = maxsize

    def get(self, key: object, default: Any = None) -> Any:  # noqa: ANN401 - a line or a list of lines
        """Return the value of a key, or the default."""
        return default if self._entries is None else self._entries.get(key, default)

    def __setitem__(self, key: object, value: object) -> None:
        """Add a value; a full cache drops its oldest one."""
        if self._entries is None:
            self._entries = {}
        elif len(self._entries) >= self._maxsize and key not in self._entries:
            del self._entries[next(iter(self._entries))]
        self._entries[key] = value

    def __len__(self) -> int:
        return 0 if self._entries is None else len(self._entries)


def use_small_caches() -> None:
    """Use ``SmallCache`` for all lines drawn from now on."""
    vars(strip)["FIFOCache"] = SmallCache
