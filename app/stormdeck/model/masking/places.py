"""Decide from the keys above a value what it may hold: a secret, headers, or a command that prints a key."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from stormdeck.model.masking.lines import is_login, takes_secret
from stormdeck.model.masking.names import holds_headers, is_harmless_header, is_key_command, is_secret_name


class Content(Enum):
    """What the value at a place holds."""

    PLAIN = auto()
    SECRET = auto()
    HEADERS = auto()
    """Headers by name, or ``Name: value`` lines."""
    KEY_COMMAND = auto()
    """A command that prints a key."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value is in a tree of settings."""

    content: Content = Content.PLAIN
    name: str = ""
    """The key that makes it a secret; empty if a key further up does."""

    def below(self, key: str) -> Place:
        """Return the place of an entry of an object here."""
        if self.content is Content.SECRET:
            return Place(Content.SECRET)
        if self.content is Content.HEADERS:
            return Place() if is_harmless_header(key) else Place(Content.SECRET, "authorization")
        if is_key_command(key):
            return Place(Content.KEY_COMMAND, key)
        if holds_headers(key):
            return Place(Content.HEADERS, key)
        return Place(Content.SECRET, key) if is_secret_name(key) else Place(name=key)

    @property
    def item(self) -> Place:
        """Return the place of an item of a list here."""
        return Place(Content.SECRET) if self.content is Content.SECRET else self

    def after(self, option: str | None, value: str) -> Place:
        """Return the place of an argument that follows an option: after ``--api-key`` it is a secret."""
        if option is None or not option.startswith("-") or "=" in option:
            return self
        if option in {"-H", "--header", "--headers", "--proxy-header", "--add-header"}:
            return Place(Content.HEADERS)
        if is_login(option, value) or (takes_secret(option, value) and not value.startswith("-")):
            return Place(Content.SECRET)
        return self


def place_of(path: str) -> Place:
    """Return the place at a key path: ``env.ANTHROPIC_AUTH_TOKEN``."""
    place = Place()
    for key in path.split("."):
        place = place.below(key)
    return place
