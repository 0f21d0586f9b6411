"""Recognise secrets by their form, whatever their name.

Each expression runs in linear time: it starts at the beginning of a word and repeats possessively.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from stormdeck.model.masking.names import PLACEHOLDERS

Span = tuple[int, int]

_START = r"(?<![A-Za-z0-9])"
_KNOWN = re.compile(
    rf"{_START}(?:"
    r"(?:sk|pk|rk)-[\w.…+/=-]{4,}+"
    r"|(?:sk|pk|rk|whsec)_(?:live_|test_)?[A-Za-z0-9]{12,}+"
    r"|(?:gh[oprsu]|github_pat|hf|gsk|r8|npm|dckr_pat|dop_v1|shpat|lin_api|figd|lsv2_pt|lsv2_sk|glc|api_org)_[\w=.-]{8,}+"
    r"|(?:glpat|glptt|gldt|xai|tvly|nvapi|pplx|pypi|hvs|dapi|ATATT|ATCTT)[.-]?[\w.…=-]{8,}+"
    r"|xox[a-z](?:\.xox[a-z])?-[\w.%-]{6,}+|xapp-[\w-]{8,}+"
    r"|AKIA[A-Za-z0-9]{8,}+|(?:ASIA|ABIA|ACCA|AROA|AIDA)[A-Z0-9]{8,}+"
    r"|AIza[\w-]{8,}+|ya29\.[\w-]{8,}+|GOCSPX-[\w-]{8,}+|SG\.[\w-]{8,}+\.[\w-]{8,}+"
    r"|(?:ntn|lin_oauth|nfp|sbp|sb_secret|phx|apify_api|pscale_tkn|sntrys|sntryu|pcsk|tgp_v1|e2b)_[\w=-]{8,}+"
    r"|(?:shpss|shppa|shpca)_[A-Za-z0-9]{8,}+|secret_[A-Za-z0-9]{20,}+"
    r"|(?:PMAK|tskey|ctx7sk|csk)-[\w-]{8,}+|dp\.(?:pt|st|ct|sa)\.[\w.-]{8,}+|AGE-SECRET-KEY-1[A-Za-z0-9]{8,}+"
    r"|eyJ[\w-]{6,}+(?:\.[\w-]++){0,4}+=*+"
    r")"
)
_PEM = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}(?:PRIVATE KEY|OPENSSH|PGP)[A-Z0-9 ]{0,40}-----")
_PEM_END = re.compile(r"-----END [A-Z0-9 ]{1,80}-----")
_HOOK = re.compile(
    r"hooks\.slack\.com/(?:services|workflows|triggers)/|discord(?:app)?\.com/api/webhooks/|api\.telegram\.org/bot"
    r"|webhook\.office\.com/|/webhooks?/|hooks\.zapier\.com/|mcp\.zapier\.com/api/mcp/s/",
    re.IGNORECASE,
)
_TO_END = re.compile(r"[^\s\"'`<>\\]*+")
_RUN = re.compile(r"(?<![A-Za-z0-9/])(?<!sha256:)[A-Za-z0-9]{24,}+")
_HYPHENATED = re.compile(r"[a-z]+[_-][a-z8_-]{1,24}")
_SAME_KIND = re.compile(r"[a-z]++|[A-Z]++|[0-9]++")

_DUMMY_WORDS = ("dummy", "none", "empty", "test", "token", "local", "fake", "anything", "placeholder", "example")
_SHORTEST_TOKEN = 16


def known_shapes(text: str) -> Iterator[Span]:
    """Yield the spans of keys and tokens with a known form: ``sk-...``, ``ghp_...``, a JWT, a PEM block.

    >>> list(known_shapes("key sk-live-12345"))
    [(4, 17)]
    """
    for match in _KNOWN.finditer(text):
        if match[0].rstrip(".…").lower() not in PLACEHOLDERS and not _is_word(match[0]):
            yield match.span()
    if "-----BEGIN" in text:
        at = 0
        while (begin := _PEM.search(text, at)) is not None:
            end = _PEM_END.search(text, begin.end())
            at = end.end() if end is not None else len(text)
            yield begin.end(), end.start() if end is not None else len(text)
    yield from following(_HOOK, _TO_END, text)


def following(head: re.Pattern[str], run: re.Pattern[str], text: str) -> Iterator[Span]:
    """Yield the spans of runs that follow a head; a head inside a run is skipped."""
    at = 0
    while (found := head.search(text, at)) is not None:
        match = run.match(text, found.end())
        at = match.end() if match is not None else found.end()
        if at > found.end():
            yield found.end(), at


def random_runs(text: str) -> Iterator[Span]:
    """Yield the spans of long random runs of letters and digits.

    For settings only: in a log, ids look the same.
    """
    for match in _RUN.finditer(text):
        run = match[0]
        if _is_random(run):
            yield match.span()


def is_mixed(word: str) -> bool:
    """Return whether a word looks random: it mixes letters and digits, or is very long."""
    return len(word) >= 6 and ((any(map(str.isdigit, word)) and any(map(str.isalpha, word))) or len(word) >= 20)


def looks_real(token: str) -> bool:
    """Return whether a token looks like a secret, not like a placeholder."""
    text = token.strip()
    if len(text) < _SHORTEST_TOKEN:
        return False
    placeholder = any(word in text.lower() for word in _DUMMY_WORDS)
    return len(set(text)) > 6 and not placeholder and any(char.isdigit() for char in text)


def _is_random(run: str) -> bool:
    """Return whether the kind of character changes as often as in random text; in names it rarely does."""
    pieces = _SAME_KIND.findall(run)
    digits = sum(char.isdigit() for char in run)
    return digits >= 3 and any(char.isalpha() for char in run) and len(pieces) >= len(run) * 0.33


def _is_word(token: str) -> bool:
    """Return whether this is an ordinary compound name: ``hf_transfer``, ``npm_config_cache``."""
    return not token.startswith("sk-") and _HYPHENATED.fullmatch(token) is not None
