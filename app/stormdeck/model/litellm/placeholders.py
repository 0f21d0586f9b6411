"""Recognise values that are not final: references to variables, and templates that another program fills in."""

from __future__ import annotations

import re

REFERENCE = "os.environ/"
"""Prefix of a value that refers to an environment variable of the proxy. LiteLLM resolves it anywhere in the file."""
_TEMPLATE = re.compile(r"\{\{|\{%|\$\{|\$\(|<[^<>/]+>|%\(\w+\)s|\A\$\w+|\A__\w+__\Z|\{\w+\}")
_SHELL = re.compile(r"\$\{(\w+)(?::?[-?+=][^}]*)?\}|\A\$(\w+)\Z")


def is_reference(value: object) -> bool:
    """Return whether a value is in a variable of the proxy."""
    return isinstance(value, str) and value.strip().startswith(REFERENCE)


def is_template(value: object) -> bool:
    """Return whether a value contains a placeholder: ``{{ url }}``, ``${URL}``, ``<your-url>``.

    >>> [is_template(text) for text in ("http://{{ host }}/v1", "<url>", "http://h:8000/v1")]
    [True, True, False]
    """
    return isinstance(value, str) and _TEMPLATE.search(value.strip()) is not None


def is_open(value: object) -> bool:
    """Return whether the final value is not in the file."""
    return is_reference(value) or is_template(value)


def shell_variable(value: str) -> str | None:
    """Return the variable in ``${NAME}`` or ``$NAME``, which LiteLLM does not expand."""
    found = _SHELL.search(value.strip())
    return (found.group(1) or found.group(2)) if found is not None else None
