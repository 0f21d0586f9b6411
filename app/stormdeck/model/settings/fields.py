"""List the fields of the settings form, in order."""

from __future__ import annotations

from stormdeck.model.settings.field import Field
from stormdeck.model.settings.fields_behaviour import CONTEXT, OTHER, TIME, TRAFFIC
from stormdeck.model.settings.fields_connection import MODEL, WHERE, WHO

FIELDS: tuple[Field, ...] = (*WHERE, *WHO, *MODEL, *TRAFFIC, *TIME, *CONTEXT, *OTHER)
"""All fields in the order of the form."""

_BY_PATH = {field.path: field for field in FIELDS}


def field_of(path: str) -> Field | None:
    """Return the field of a key path, ``None`` if the form has none."""
    return _BY_PATH.get(path)
