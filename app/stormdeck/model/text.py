"""Text from outside: made harmless before it is shown, secrets taken out."""

from __future__ import annotations

import re
from collections.abc import Iterable

MASK = "••••••••"
"""What stands for a secret; its length tells nothing."""

_ESCAPE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|(?:\x1b\]|\x9d)[^\x07\x1b\x90\x98\x9c-\x9f]*(?:\x07|\x1b\\|\x9c)"  # OSC: titles, links, clipboard
    r"|(?:\x1b[PX^_]|[\x90\x98\x9e\x9f])[^\x1b\x90\x98\x9c-\x9f]*(?:\x1b\\|\x9c)"  # DCS, SOS, PM, APC
    r"|\x1b[\[\]PX^_]"  # one of these without an end: what follows stays readable
    r"|\x1b[ -/]*[0-~]"
)
"""None of them holds the beginning of another, so that a row of beginnings is read in one go."""
_DROPPED = re.compile(
    "[\0\r\xad\u061c\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
    # A joiner holds emoji together; anywhere else it hides something.
    "|(?<![\u2600-\u27bf\ufe0f\U0001f000-\U0001faff])\u200d"
)
_CONTROL = re.compile("[\x01-\x08\t\n\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_PICTURES = {code: chr(0x2400 + code) for code in range(0x20)} | {0x7F: "␡", 0x09: "    "}

_LAST_WORDS = r"(?:api[_-]?keys?|token|secret|password|passwd|(?:master|salt|secret|access|private)[_-]?key)"
_CONFIDENTIAL = rf"(?:[\w-]*[_-])?{_LAST_WORDS}"
_SECRET_FLAG = re.compile(rf"--?{_CONFIDENTIAL}", re.IGNORECASE)
_SECRET_IN_TEXT = re.compile(
    rf"(?P<name>(?<![^\W_]){_LAST_WORDS}[\"']?\s?[=:]\s?[\"']?)(?P<value>[^\s\"',;&)\]}}]+)"
    r"|(?P<scheme>\b(?:Bearer|Basic)\s+)[A-Za-z0-9._~+/=-]{4,}"
    r"|\b(?:sk-[A-Za-z0-9_-]{4,}|(?:hf|ghp)_[A-Za-z0-9]{8,})",
    re.IGNORECASE,
)
_USERINFO = re.compile(r"(?<=://)[^/?#\s]*@")
_QUERY_SECRET = re.compile(rf"([?&](?:{_CONFIDENTIAL}|key|auth|sig|signature)=)[^&#\s]+", re.IGNORECASE)
_HINTS = ("key", "token", "secret", "pass", "bearer", "basic", "sk-", "hf_", "ghp_")


def clean(text: str) -> str:
    """Return one line that can be shown as it is.

    Escape sequences, CR, NUL, bidirectional overrides and zero-width characters go; other control
    characters become pictures (``␇``), a tab four blanks. Wide characters and emoji stay.
    """
    if text.isprintable():
        return text
    if "\x1b" in text or not text.isascii():
        text = _ESCAPE.sub("", text)
    return _CONTROL.sub(_picture, _DROPPED.sub("", text))


def strip_escapes(text: str) -> str:
    """Return the text without escape sequences, all else as it was."""
    return _ESCAPE.sub("", text)


def mask(secret: str) -> str:
    """Return what is shown instead of a secret; nothing stays nothing."""
    return MASK if secret else ""


def mask_url(url: str) -> str:
    """Return a URL without its user, password and secret query values; text that is no URL comes back unchanged."""
    return _QUERY_SECRET.sub(rf"\1{MASK}", _USERINFO.sub(f"{MASK}@", url))


def mask_text(text: str) -> str:
    """Return a text without the keys and tokens that it quotes: headers, ``name=value``, ``sk-...``, URLs."""
    if "://" in text:
        text = mask_url(text)
    low = text.lower()
    return _SECRET_IN_TEXT.sub(_masked, text) if any(hint in low for hint in _HINTS) else text


def mask_command(argv: Iterable[str]) -> tuple[str, ...]:
    """Return a command line without its keys, tokens and passwords.

    ``--api-key a b`` masks every value up to the next option: vLLM takes several.
    """
    shown: list[str] = []
    secret = False
    for argument in argv:
        name, equals, value = argument.partition("=")
        if argument.startswith("-"):
            secret = _SECRET_FLAG.fullmatch(name) is not None
            if secret and equals:
                shown.append(f"{name}={mask(value)}")
                secret = False
                continue
        elif secret:
            shown.append(mask(argument))
            continue
        shown.append(mask_text(argument))
    return tuple(shown)


def _picture(match: re.Match[str]) -> str:
    return _PICTURES.get(ord(match[0]), "\ufffd")


def _masked(match: re.Match[str]) -> str:
    if match["name"] is not None:
        # A scheme in a header is no secret, what follows it is masked on its own account.
        return match[0] if match["value"].lower() in {"bearer", "basic", "none", "null"} else match["name"] + MASK
    return (match["scheme"] or "") + MASK
