"""Shorten error records: return why a request failed in a few words."""

from __future__ import annotations

import json
import re
from functools import lru_cache

from stormdeck.model.masking.lines import mask_text
from stormdeck.model.text import clean

LONGEST_REASON = 100
_SEARCHED = 8192
"""How many characters of a message are searched; the rest is a body or a prompt."""

_COOLDOWN = re.compile(r"deployments? (?:available|.{0,40}in cooldown)|cooldown_list=", re.IGNORECASE)
_PLACE = re.compile(
    r"(?:[\w.]+\(\): Exception occured|litellm_call_id=[\w-]+|Anthropic Adapter) - (?:mid-stream error: )?"
    r"|\[\w+\] |Error in \w+: |Error from provider\([^)]*\): "
    r"|(?:anthropic_messages|completion|acompletion): "
    r"|\d{3}: (?=\{)"
    r"|(?:[A-Za-z_]\w*\.)*\w*(?:Error|Exception|Wrapper): "
    r"|\w+Exception - "
    r"|litellm\.Timeout: |Timeout Error: |APITimeoutError - "
)
"""Prefixes that only say where a failure was noticed; there may be several in a row."""
_TAIL = re.compile(
    r"(?:Received Model Group=|Available Model Group|LiteLLM Retried:|Original exception:|See stack trace|"
    r"Valid aliases:|Call `/v1/models`|For more information check|ssl:<|: <\w+Error).*",
    re.DOTALL,
)
_MESSAGE = re.compile(
    r"""ErrorInfo\(message=(?P<q>['"])(?P<text>.*?)(?P=q)(?:, type=|\)|$)"""
    r"""|["'](?:message|error|detail)["']: ?(?P<q2>["'])(?P<text2>(?:\\.|(?!(?P=q2)).)*)""",
    re.DOTALL,
)
_ANNOUNCED = re.compile(
    r"AsyncLLM output_handler failed|Exception in ASGI application|Error in preprocessing prompt inputs"
    r"|Error in (?:chat completion )?(?:message )?stream (?:generator|converter)"
)
"""Messages that announce a traceback without a reason (measured, vLLM 0.28 and 0.32, uvicorn)."""
_PASSED_ON = re.compile(r"\w+Exception - (.{0,200})", re.DOTALL)
_NOT_REACHED = re.compile(r"cannot connect|connect(?:ion)? (?:error|refused|call failed)|timed? ?out", re.IGNORECASE)
_ALIASES = re.compile(r"Valid aliases: ([^\s\"'}][^\"'}\n]{0,300})")
_BOOKKEEPING = re.compile(r"Error creating .{1,40} response logging payload")
"""LiteLLM could not log an answer that its client received completely (measured, 1.80.5)."""
_TAG = re.compile(r"</?[a-z][^<>]*>")
_CONNECT = re.compile(r"Cannot connect to host ([\w.:\[\]-]+)")
_PASSED_IN = re.compile(r"You passed in (model=\S{1,200})\. There are (no healthy deployments) for this model")
"""A model without a deployment; the reason is in the second sentence (measured, LiteLLM 1.80 and 1.109)."""


def is_cooldown(message: str) -> bool:
    """Return whether LiteLLM refused a request itself because its deployment is in cooldown, so that vLLM never got it.

    An earlier 401 or 404 is the cause then (measured, LiteLLM 1.80 and 1.109).
    """
    return _COOLDOWN.search(message) is not None


def announces(message: str) -> bool:
    """Return whether a message only announces a traceback."""
    return _ANNOUNCED.match(message.lstrip()) is not None


def is_passed_on(message: str) -> bool:
    """Return whether LiteLLM passes on an error answer of the server behind it."""
    match = _PASSED_ON.search(message[:_SEARCHED])
    return match is not None and _NOT_REACHED.search(match[1]) is None


def served_in(message: str) -> str:
    """Return the model ids that a 404 of vLLM lists as served (from 0.32 on); empty if it lists none."""
    match = _ALIASES.search(message[:_SEARCHED])
    return clean(match[1]).rstrip(". ") if match else ""


def reason(message: str) -> str:
    """Return the reason in an error message: plain words, at most 100 characters, without secrets.

    Empty if the message only announces a traceback, or is not about a failed request.

    >>> reason("litellm.NotFoundError: NotFoundError: OpenAIException - The model `X` does not exist.")
    'model `X` does not exist'
    """
    return _reason(message.lstrip()[:_SEARCHED])


@lru_cache(maxsize=128)
def _reason(message: str) -> str:
    """Return the reason. Cached, since a storm logs the same message repeatedly."""
    if _ANNOUNCED.match(message) or _BOOKKEEPING.match(message):
        return ""
    if is_cooldown(message):
        return "No deployments available (cooldown)"
    text = _without_place(message)
    inner = _inner(text)
    if inner is not None:
        text = _without_place(inner)
    text = _TAIL.sub("", _TAG.sub("", text)).strip()
    if match := _CONNECT.match(text):
        return clean(f"cannot connect to {match[1]}")
    text = _PASSED_IN.sub(r"\2 for \1", text)
    text = " ".join(mask_text(clean(text.partition("\n")[0])).split())
    text = _first_sentence(text).removeprefix("The ").rstrip(" .:,") or clean(message.strip())
    return text if len(text) <= LONGEST_REASON else text[: LONGEST_REASON - 1].rstrip() + "…"


def _without_place(text: str) -> str:
    while (match := _PLACE.match(text)) and match.end() < len(text):
        text = text[match.end() :]
    return text


def _inner(text: str) -> str | None:
    """Return the message in a body that is quoted as JSON or as a Python dict."""
    match = _MESSAGE.search(text)
    if match is None:
        return None
    if match["text"] is not None:
        return match["text"]
    quoted = match["text2"]
    try:
        return str(json.loads(f'"{quoted}"')) if match["q2"] == '"' else quoted
    except ValueError:
        return quoted


def _first_sentence(text: str) -> str:
    end = text.find(". ", 8)
    return text if end < 0 else text[:end]
