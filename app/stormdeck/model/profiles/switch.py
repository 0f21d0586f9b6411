"""Put the values of a profile into a settings file, and restore how the file looked with it before."""

from __future__ import annotations

import json
from collections.abc import Mapping

from stormdeck.model.json_edit.cutting import rest_of, without
from stormdeck.model.json_edit.document import Document
from stormdeck.model.profiles.keys import ENV, belongs, keys_of, path_values

_OBJECTS = frozenset({ENV})


class NotPossibleError(Exception):
    """The file cannot take the profile; holds the reason, as a sentence without a full stop."""


def switched(document: Document, values: Mapping[str, object], remembered: Document | None = None) -> Document:
    """Return the document with exactly these values of a profile, and everything else as it is.

    ``remembered`` is the file when the profile was last in force. Raises ``NotPossibleError``.

    >>> own = Document.parse('{ "env": {"ANTHROPIC_BASE_URL": "http://gpu:8000"}, "theme": "dark" }')
    >>> hosted = switched(own, {})
    >>> hosted.text
    '{ "theme": "dark" }'
    >>> switched(hosted, {"env.ANTHROPIC_BASE_URL": "http://gpu:8000"}, own) == own
    True
    """
    if same(path_values(document), values):
        return document
    needs_env = any(path.startswith(f"{ENV}.") for path in values)
    if needs_env and document.has(ENV) and not isinstance(document.get(ENV), dict):
        raise NotPossibleError(f"{ENV} is not an object and would be replaced")
    base = document
    if remembered is not None and _is_the_rest_of_both(remembered, document):
        if same(path_values(remembered), values):
            return remembered
        base = remembered
    try:
        for path, value in values.items():
            keys = keys_of(path)
            base = base.set(keys, value) if base.has(keys) else _added(base, keys, value, remembered)
    except ValueError:
        raise NotPossibleError("the profile has a value that JSON cannot represent") from None
    result = without(base, lambda path: belongs(path) and ".".join(path) not in values, _OBJECTS)
    if not same(path_values(result), values) or not same(_other_values(result), _other_values(document)):
        raise NotPossibleError("a key is given twice in it, and the edit would change other settings")
    return result


def same(one: object, other: object) -> bool:
    """Return whether two JSON values are equal, types included: ``true`` is not 1, and the order of keys is free."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _is_the_rest_of_both(one: Document, other: Document) -> bool:
    """Return whether two files differ in the values of profiles only.

    Equal bytes are not enough: of two ``env`` the second is in effect, also where it has values of a profile only.
    """
    if rest_of(one, belongs, _OBJECTS) != rest_of(other, belongs, _OBJECTS):
        return False
    return same(_other_values(one), _other_values(other))


def _added(document: Document, keys: tuple[str, ...], value: object, remembered: Document | None) -> Document:
    """Return the document with a new entry, behind the one that it followed in the remembered file."""
    if remembered is None or not remembered.has(keys):
        return document.set(keys, value)
    above = keys[:-1]
    if above and not document.has(above):
        document = _inserted(document, above, {}, remembered)
    return _inserted(document, keys, value, remembered)


def _inserted(document: Document, keys: tuple[str, ...], value: object, remembered: Document) -> Document:
    """Return the document with an entry behind the nearest one before it in the remembered file that is still there."""
    *above, name = keys
    siblings = remembered.get(tuple(above)) if above else remembered.values
    order = list(siblings) if isinstance(siblings, dict) else [name]
    before = order[: order.index(name)]
    return document.insert(keys, value, next((key for key in reversed(before) if document.has((*above, key))), None))


def _other_values(document: Document) -> dict[str, object]:
    """Return all values that do not belong to a profile; an ``env`` without any counts as none."""
    others = {key: value for key, value in document.values.items() if not belongs((key,))}
    env = others.pop(ENV, {})
    if isinstance(env, dict):
        env = {name: value for name, value in env.items() if not belongs((ENV, name))}
    return {**others, **({ENV: env} if env != {} else {})}
