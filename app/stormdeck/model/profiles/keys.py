"""Name the settings that belong to a profile, and read them from a file."""

from __future__ import annotations

from stormdeck.model.json_edit.document import Document
from stormdeck.model.settings.field import Kind
from stormdeck.model.settings.fields import FIELDS

_LISTS = ("modelOverrides", "availableModels", "fallbackModel")
"""Lists and tables of model ids, which the form does not show."""
ENV = "env"
PATH_KEYS = frozenset({*(field.path for field in FIELDS if not field.path.startswith("permissions.")), *_LISTS})
"""Every setting of the form but the permission mode: where requests go, with which credentials, which models are used,
extra requests, timeouts and the context window."""
_CREDENTIALS = frozenset(field.path for field in FIELDS if field.kind is Kind.SECRET)


def belongs(path: tuple[str, ...]) -> bool:
    """Return whether the entry at a path belongs to a profile."""
    # No name has a dot: ``{"env.X": 1}`` is another key than X in ``env``.
    return ".".join(path) in PATH_KEYS and not any("." in key for key in path)


def keys_of(path: str) -> tuple[str, ...]:
    """Return the keys of a path of ``PATH_KEYS``."""
    return tuple(path.split("."))


def path_values(document: Document) -> dict[str, object]:
    """Return the values of a file that belong to a profile, by path, in the order of the file."""
    found: dict[str, object] = {}
    for key, value in document.values.items():
        if key == ENV and isinstance(value, dict):
            found.update((f"{ENV}.{name}", inner) for name, inner in value.items() if belongs((ENV, name)))
        elif belongs((key,)):
            found[key] = value
    return found


def is_credential(path: str) -> bool:
    """Return whether a setting is a token or a key, whatever its value is."""
    return path in _CREDENTIALS
