"""What an action is: a name that stays, its keys, and the words for it."""

from __future__ import annotations

from dataclasses import dataclass

from stormdeck.model.keys.names import shown_key


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that a key does."""

    id: str
    """Stable: a keymap names it. Its first part is the place where it works."""
    keys: str
    """As Textual names them, several with commas, the one that is shown first."""
    words: str
    """Three words at most, for the footer."""
    help: str
    """One sentence, for the help and the palette."""
    call: str
    """Textual's action string."""
    footer: bool = False
    """Whether it is one of the few that matter in its place."""
    inner: bool = False
    """Bound by the list that has the focus, where the screen would get the key too late."""
    priority: bool = False
    """Whether it works while a text is typed and over a dialog too."""
    writes: bool = False
    """Whether it changes the client's settings, or leads there; a panel that is read only leaves it out."""

    @property
    def place(self) -> str:
        """Return where it works: ``app`` is every area, else an area or a dialog."""
        return self.id.partition(".")[0]

    @property
    def shown(self) -> str:
        """Return its first key as people write it."""
        return shown_key(self.keys.partition(",")[0])

    @property
    def all_shown(self) -> tuple[str, ...]:
        """Return all its keys as people write them."""
        return tuple(map(shown_key, self.keys.split(",")))

    @property
    def target(self) -> str:
        """Return the action string with its owner, as a click or the palette calls it."""
        if "." in self.call.partition("(")[0]:
            return self.call
        return f"{'app' if self.place == 'app' else 'screen'}.{self.call}"
