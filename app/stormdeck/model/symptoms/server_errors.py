"""Recognise the error texts of servers, proxies and providers.

Proxies and the client quote these texts, also as JSON inside JSON, so the patterns match anywhere in a message.
"""

from __future__ import annotations

import re
from functools import lru_cache

from stormdeck.model.symptoms.gateway_errors import GATEWAY_ERRORS
from stormdeck.model.symptoms.inference_errors import INFERENCE_ERRORS
from stormdeck.model.symptoms.server_error import ServerError
from stormdeck.model.text import strip_escapes

ERRORS: tuple[ServerError, ...] = (*GATEWAY_ERRORS, *INFERENCE_ERRORS)
"""The first that matches counts: a gateway's own words come before those that it quotes."""


@lru_cache(16)
def server_error_in(text: str) -> ServerError | None:
    """Return the first known server error in a text, or ``None``. The newest texts are judged again and again.

    >>> server_error_in("500: EngineCore died").codes
    ('SERVER905',)
    """
    text = unescaped(text)
    return next((known for known in ERRORS if re.search(known.pattern, text, re.IGNORECASE)), None)


@lru_cache(16)
def model_in(text: str) -> str | None:
    """Return the model id that a message names: ``selected model (X)``, ``model `X```, ``model=X``."""
    match = re.search(_MODEL, unescaped(text), re.IGNORECASE)
    if match is None:
        return None
    found = next(group for group in match.groups() if group is not None).strip(" .,'\"`")
    return found if found and found.lower() != "x" else None


def unescaped(text: str) -> str:
    r"""Return the text without escape sequences, and without the backslashes of JSON inside JSON.

    >>> unescaped('{"message": "{\\\\"error\\\\": 1}"}')
    '{"message": "{"error": 1}"}'
    """
    plain = _NEWLINE.sub(" ", strip_escapes(text[:_LONGEST]))
    return _BACKSLASHES.sub(r"\1", plain)


_LONGEST = 20_000
"""Characters of a text that are searched."""
_NEWLINE = re.compile(r"\\+[nrt](?![\w.])|[\r\n\t]+")
_BACKSLASHES = re.compile(r"\\+([\"'/`])")
_MODEL = r"selected model \(([^)]{1,200})\)|model [`'\"‘]([^`'\"’]{1,200})[`'\"’]|\bmodel=([\w./:@\[\]-]{1,200})"
