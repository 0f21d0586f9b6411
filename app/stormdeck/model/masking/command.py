"""Mask the secrets in a command line."""

from __future__ import annotations

from collections.abc import Iterable

from stormdeck.model.masking.lines import MASK, is_login, mask_text, replaced, takes_secret
from stormdeck.model.masking.places import Place
from stormdeck.model.masking.values import plain_spans, value_spans

_REPEATED = ("api-key", "api_key", "api-keys")
"""Options that take several secrets: vLLM's ``--api-key a b``."""


def mask_command(argv: Iterable[str]) -> tuple[str, ...]:
    """Return a command line with its keys, tokens and passwords masked.

    >>> mask_command(["vllm", "serve", "m", "--api-key", "s3cret"])
    ('vllm', 'serve', 'm', '--api-key', '••••••••')
    """
    shown: list[str] = []
    option: str | None = None
    program = before = ""
    for argument in argv:
        before, head = argument, before if len(shown) < 2 else f"{program} {before}"
        program = program or argument.rpartition("/")[2]
        name, equals, value = argument.partition("=")
        if argument.startswith("-") and not argument[1:2].isdigit():
            option = argument
            if (equals and value and takes_secret(name, value)) or (equals and is_login(name, value)):
                shown.append(f"{name}={MASK}")
            else:
                shown.append(_after(program, argument))
            continue
        spans = value_spans(Place().after(option, argument), argument)
        shown.append(replaced(argument, spans) if spans else _after(head, argument))
        if option is not None and option.lstrip("-") not in _REPEATED:
            option = None
    return tuple(shown)


def _after(before: str, argument: str) -> str:
    """Return an argument masked by the words before it: ``mysql -pSECRET``, ``sshpass -p SECRET``."""
    head = f"{before} " if before else ""
    masked = mask_text(head + argument)
    return masked[len(head) :] if masked.startswith(head) else replaced(argument, plain_spans(argument))
