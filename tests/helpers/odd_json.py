"""JSON in which any one value is of another type: what another program, or another version, may have stored."""

import copy
import json

ODD = (
    None,
    True,
    False,
    0,
    -1,
    1.5,
    10**400,
    float("nan"),
    float("inf"),
    float("-inf"),
    "",
    "a text",
    "\ud800",
    "\x1b[31m\u202e",
    [],
    [[]],
    [1],
    {},
    {"a": [None]},
)
"""One value of each type that JSON has, and those of a type that are hard to use."""


def altered(value):
    """Yield the value with each part of it replaced by each odd value, and without each part."""
    yield from copy.deepcopy(ODD)
    for path in _paths(value):
        for odd in ODD:
            made = copy.deepcopy(value)
            _holder(made, path)[path[-1]] = copy.deepcopy(odd)
            yield made
        made = copy.deepcopy(value)
        del _holder(made, path)[path[-1]]
        yield made


def altered_texts(value):
    """Yield these values as JSON texts."""
    return map(json.dumps, altered(value))


def _paths(value, above=()):
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*above, key)
        yield from _paths(inner, (*above, key))


def _holder(value, path):
    for key in path[:-1]:
        value = value[key]
    return value
