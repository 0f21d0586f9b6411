"""The help: all keys, and what the signs mean."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from stormdeck.model.light import Light
from stormdeck.ui.actions import ACTIONS, AREAS
from stormdeck.ui.draw import light, line, lines

SIGNS = (
    (Light.FINE, "fine"),
    (Light.LOOK, "worth a look"),
    (Light.BROKEN, "broken"),
    (Light.UNKNOWN, "not known, or not there"),
    (Light.STALE, "an old answer"),
)
WORDS = (
    ("turn", "one answer that you get"),
    ("attempt", "one request of a turn; the first is no retry"),
    ("storm", "three or more attempts of one turn"),
    ("×6.5", "requests a turn: what the client does behind your back"),
    ("prefix hit", "prompt tokens that vLLM found in its cache, in the last minute"),
)


class HelpScreen(ModalScreen[None]):
    """Goes away with any of its keys; nothing is lost."""

    BINDINGS = [  # noqa: RUF012 - Textual's own form
        Binding("escape,question_mark,q,f1", "dismiss", "close", id="help.close", tooltip="Close the help."),
    ]

    def compose(self) -> ComposeResult:
        """Compose the one text."""
        with VerticalScroll(id="help"):
            yield Static(_text(), markup=False)


def _text() -> Content:
    rows: list[Content] = []
    for area, title in (("app", "EVERYWHERE"), *((area, title.upper()) for area, title in AREAS)):
        own = [action for action in ACTIONS if action.area == area]
        if own:
            rows += [line((title, "$quiet bold"))]
            rows += [line((f"  {action.shown:<6}", "$accent"), action.help) for action in own] + [line()]
    rows.append(line(("SIGNS", "$quiet bold")))
    rows += [line("  ", light(sign), f"     {words}") for sign, words in SIGNS]
    rows += [line(), line(("WORDS", "$quiet bold"))]
    rows += [line((f"  {word:<12}", "bold"), words) for word, words in WORDS]
    rows += [line(), line(("Hold shift while dragging to mark text with the mouse.   esc closes.", "$quiet"))]
    return lines(rows)
