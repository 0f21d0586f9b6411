"""Mask secrets in any text: in headers, variables, options and URLs, or by their own form.

Each expression runs in linear time: it starts at the beginning of a word and repeats possessively.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from stormdeck.model.masking.names import (
    PROSE,
    holds_headers,
    is_harmless_header,
    is_secret,
    is_secret_name,
    is_switch,
    words,
    words_of,
)
from stormdeck.model.masking.programs import PROGRAM_HINTS, program_spans
from stormdeck.model.masking.shapes import Span, following, is_mixed, known_shapes

MASK = "••••••••"
"""Shown in place of a secret; the length never varies."""

_SHORT = 600
"""Characters; the result for a shorter text is cached."""
_HINTS = (
    *words(
        """
        key tok secret pass pwd auth bearer basic cookie cred hook pat user login sid session jwt otp header sig code=
        @ sk- pk- rk- sk_ pk_ rk_ ghp_ gho_ ghu_ ghs_ ghr_ hf_ gsk_ r8_ npm_ glpat glptt gldt akia asia abia acca aroa
        aida aiza eyj xox xapp xai tvly nvapi pplx pypi hvs dapi atatt atctt ya29 gocspx sg. begin dop_ lin_ figd lsv2
        glc_ shpat shpss shppa shpca whsec ntn_ lin_oauth nfp_ sbp_ phx_ apify_ pscale_ sntry pcsk_ tgp_v1 e2b_ pmak
        csk- dp.pt dp.st dp.ct dp.sa telegram zapier api_org github pin pw psk sas mnemonic salt pepper hmac fernet
        kennwort contrasena senha wachtwoord access_id access-id accessid seed recovery backup conn_str connstr
        connection_string connectionstring connection-string %40
        """
    ),
    *PROGRAM_HINTS,
)
"""Every text with a secret contains one of these, in lower case."""

_NAME = re.compile(
    r"(?:(?<![\w.-])|(?<=%26)|(?<=%3[FfBb]))-*+([A-Za-z_][\w.-]*+)"
    r"((?:\\{0,8}+[\"'`]\]?)?[ \t]{0,4}(?:=>|->|:=|%3[Dd]|=|:[ \t]\w{1,40}[ \t]=(?=[ \t]?[\"'])|:"
    r"|(?:\|\||\?\?)(?=[ \t]?[\"'])|>(?=[^<>\s]{1,500}</))(?:[ \t]{0,4}|\n[ \t]{0,40}(?=[\"'\[{])))"
)
_OPEN = re.compile(r"[bru]{0,2}(\\{0,8}+)([\"'`])")
_PLAIN = re.compile(
    r"(?:[^\s\"'`,;&|<>(){}\[\]\\]"
    r"|[,;&|](?![\s,;&|\"'`{\[]|$|[\w.%-]{1,60}[=:])"
    r"|[(\[{](?=\S)|[)\]}](?=\w)|[\"'`](?=\w)|[<>\\](?=[\w\"'$]))++"
)
_IN_QUERY = re.compile(r"[^\s\"'`&#<>]++")
_TO_QUOTE = re.compile(r"[^\"'`\n\r]++")
_SCHEME = re.compile(r"(?:Bearer|Basic|Token|ApiKey|Api-Key|Key|Negotiate)[ \t]++", re.IGNORECASE)
_CREDENTIAL = re.compile(r"[^\s\"'`,;<>)\]}]++")
_LISTED = re.compile(r"(?:Digest|Hawk|OAuth|Signature|AWS4-HMAC-SHA256)[ \t]++([^\n]*+)", re.IGNORECASE)
_HEADER_LINE = re.compile(r"(?:[^\n\\]|\\(?!n))++")
_HEADER_PAIR = re.compile(r"[^,\n]++")
_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})
_PAIRED = re.compile(
    r"(?<![\w-])(-{1,2}[A-Za-z][\w.-]*+|(?i:authorization|proxy-authorization|x-api-key|api-key|cookie))"
    r"(\\{0,8}+[\"'],[ \t]{0,4}|[ \t]++(?![-|&;>#]))"
)
_LOGIN_OPTIONS = frozenset({"-u", "-U", "--user", "--proxy-user", "--userpwd"})
_HEADER_OPTIONS = frozenset({"-H", "--header", "--proxy-header", "--add-header", "--headers"})
_COMMON_NAMES = frozenset({"token", "tokens", "auth", "pass", "pat", "oauth"})
"""Names that may also begin a sentence: ``token: it is missing``."""
_REPEATED = frozenset({"--api-key", "--api_key", "--api-keys"})
"""Options of vLLM that take several keys."""
_WORD = re.compile(r"[ \t]++(?![-|&;>#])([^\s\"'`|&;<>]++)")
_HEADER = re.compile(r"([\w!#$%&*+.^-]{1,80}?)\s{0,2}:\s{0,4}(.*)", re.DOTALL)
_URL = re.compile(r"(?<![A-Za-z0-9+.-])([A-Za-z][A-Za-z0-9+.-]*+)://([^\s\"'`<>\\]*+)")
_BARE_LOGIN = re.compile(r"(?<![\w.%+/@:=-])[\w.%+-]++:([^\s/@\"'`:]++)@(?!sha256)[\w.-]")
_QUERY = re.compile(r"[?&#;](sig|signature|code|key|auth|sas|hmac|x-(?:amz|goog|ms)-[a-z-]{1,30})=", re.IGNORECASE)
_PORT = re.compile(r"[^:]*(?::\d*)?|\[[0-9A-Fa-f:.]*\](?::\d*)?")
_BEARER = re.compile(r"(?<!\w)Bearer[ \t]++([^\s\"'`,;<>)\]}]++)", re.IGNORECASE)
_BASIC = re.compile(r"(?<!\w)Basic[ \t]++([A-Za-z0-9+/_-]{6,}+=*+)", re.IGNORECASE)
_WORD_BEFORE = re.compile(
    r"(?<![\w-])(?:token|password|passwd|passphrase|secret|pat|(?:api|access|secret|master|private|auth)[ _-]?key)s?"
    r"[ \t]++(?:is[ \t]++|was[ \t]++)?[\"'`]?([^\s\"'`,;<>(){}\[\]=]++)",
    re.IGNORECASE,
)
_RULE_CODE = re.compile(r"[A-Z]{3,9}\d{3}\b")
"""A rule code, which may follow the word ``key``."""
_NAMED_BEFORE = re.compile(r"(?<![\w.-])([A-Za-z][A-Za-z0-9]*+[_-][\w-]*+)[ \t]++[\"']?([^\s\"'`,;<>(){}\[\]=]++)")
"""``setx API_KEY X``."""
_JOINED = re.compile(
    r"(?<![\w-])(?:(?:-u|--(?:proxy-)?user(?:pwd)?=)[\"']?([^\s:\"']++:[^\s\"']++)"
    r"|(?:-H|--(?:proxy-)?header=)[\"']?([\w-]++:[^\n\"']++))"
)
"""An option and its value in one word: ``-ume:X``, ``--header=Name:X``."""
_PIECE = re.compile(r"\\*+[\"'`]|[{\[(]|[}\])]|[^\s\"'`,:={}\[\]()\\]++|[\s,:=\\]++")
"""Matches at every character, so that only the end of a text has none."""
_KEY_FOLLOWS = re.compile(r"\s{0,4}[:=]")


def text_spans(text: str) -> list[Span]:
    """Return the spans of all secrets in a text, in order, without overlaps."""
    if not may_hold_secret(text):
        return []
    found = [*known_shapes(text), *_after_names(text), *_after_options(text), *_after_words(text)]
    found += _url_logins(text) if "@" in text else ()
    found += _query_values(text) if "=" in text else ()
    found += program_spans(text)
    return merged(found)


def may_hold_secret(text: str) -> bool:
    """Return whether a text may hold a secret: a fast test before the expressions."""
    low = text.lower()
    if low.startswith("-"):
        return True
    for hint in _HINTS:  # noqa: SIM110 - ``any`` takes three times as long, and this runs for every line
        if hint in low:
            return True
    return False


def merged(spans: Iterable[Span]) -> list[Span]:
    """Return spans in order: overlapping and adjacent ones joined, empty ones dropped."""
    made: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if made and start <= made[-1][1]:
            made[-1] = (made[-1][0], max(end, made[-1][1]))
        else:
            made.append((start, end))
    return made


def replaced(text: str, spans: Iterable[Span], mask: str = MASK) -> str:
    """Return a text with a mask in place of each span."""
    pieces, at = [], 0
    for start, end in spans:
        pieces += [text[at:start], mask]
        at = end
    return "".join([*pieces, text[at:]]) if pieces else text


def mask_text(text: str) -> str:
    """Return a text with the keys, tokens and passwords in it masked.

    >>> mask_text("curl -H 'Authorization: Bearer s3cret' http://me:pw@host")
    "curl -H 'Authorization: Bearer ••••••••' http://••••••••@host"
    """
    return _masked(text) if len(text) < _SHORT else replaced(text, text_spans(text))


@lru_cache(maxsize=512)
def _masked(text: str) -> str:
    """Return a short text masked, cached: a screen draws the same lines repeatedly."""
    return replaced(text, text_spans(text))


def header_spans(text: str) -> list[Span]:
    """Return the secret part of ``Name: value``: the whole value, unless the header is known to be harmless."""
    match = _HEADER.match(text)
    if match is None:
        return [(0, len(text))] if text.strip() else []
    if is_harmless_header(match[1]):
        return [(start + match.start(2), end + match.start(2)) for start, end in text_spans(match[2])]
    return [(match.start(2) + start, match.start(2) + end) for start, end in credential_spans(match[2])]


def credential_spans(value: str) -> list[Span]:
    """Return the secret part of an ``Authorization`` value or the like: the part after the scheme."""
    scheme = _SCHEME.match(value)
    start = scheme.end() if scheme is not None else 0
    return [(start, len(value.rstrip()))] if value[start:].strip() else []


def _after_names(text: str) -> Iterator[Span]:
    """Yield the values of ``NAME=value``, ``"name": "value"``, ``Name: value``."""
    at = 0
    while (match := _NAME.search(text, at)) is not None:
        at = match.end()
        name = match[1]
        if name.isupper() and holds_headers(name):
            spans, at = _header_list(text, at)
            yield from spans
        elif is_secret_name(name):
            spans, at = _value(text, at, name, match[2])
            yield from spans


def _value(text: str, at: int, name: str, separator: str) -> tuple[list[Span], int]:
    """Return the spans of secrets in the value that begins at ``at``, and where the value ends."""
    opened = _OPEN.match(text, at)
    if opened is not None:
        end = _closing(text, opened.end(), opened[1] + opened[2])
        return _by_name(text, opened.end(), end, name), end
    if text[at : at + 1] in {"[", "{", "("}:
        return _scalars(text, at)
    if name.lower().rpartition(".")[2] in _HEADERS:
        return _header_value(text, at)
    quoted = separator[:1] in "\"'`\\"
    pattern = _IN_QUERY if text[max(0, at - len(name) - len(separator) - 1)] in "?&#" else _PLAIN
    match = pattern.match(text, at)
    if match is None:
        return [], at
    if not quoted and _is_prose(match[0], name, separator, text[match.end() : match.end() + 1]):
        return [], at
    return _by_name(text, at, match.end(), name), match.end()


def _by_name(text: str, start: int, end: int, name: str) -> list[Span]:
    value = text[start:end]
    if is_secret(name, value):
        scheme = _SCHEME.match(value)
        return [(start + scheme.end() if scheme is not None and scheme.end() < len(value) else start, end)]
    return [(start + one, start + other) for one, other in known_shapes(value)]


def _is_prose(value: str, name: str, separator: str, following: str) -> bool:
    """Return whether a name before a colon begins a sentence: ``AUTH_TOKEN: no token is set``."""
    if "->" in separator:
        return not is_mixed(value)
    if "=" in separator:
        return False
    if name == "pass" and value.strip(",;").isdigit():
        return True
    if separator == ":" and name.count(":") == 0 and following not in {"", "\n", " "}:
        return False
    word = value.strip(".,;:!?")
    if word.lower() in PROSE:
        return True
    if following in {" ", ":"} and name.isupper() and "_" in name and word.isalpha() and word.islower():
        return True
    if len(words_of(name)) != 1 or is_mixed(word):
        return False
    return name.lower() in {"key", "keys"} or (following == " " and name.lower() in _COMMON_NAMES)


def _closing(text: str, at: int, quote: str) -> int:
    """Return where a quoted value ends: at the next such quote, or at the end of the line."""
    line_end = text.find("\n", at)
    line_end = len(text) if line_end < 0 else line_end
    while (end := text.find(quote, at, line_end)) >= 0:
        if len(quote) > 1 or end == 0 or text[end - 1] != "\\" or _is_even(text, end):
            return end
        at = end + 1
    return line_end


def _is_even(text: str, end: int) -> bool:
    """Return whether an even number of backslashes (of at most 32) precedes an offset."""
    before = text[max(0, end - 32) : end]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 0


def _scalars(text: str, at: int) -> tuple[list[Span], int]:
    """Return the spans of all values, not keys, in the brackets that open at ``at``, and where they close."""
    spans: list[Span] = []
    depth = 0
    end = len(text)
    while (piece := _PIECE.match(text, at)) is not None:
        at, word = piece.end(), piece[0]
        if word in {"[", "{", "("}:
            depth += 1
        elif word in {"]", "}", ")"}:
            depth -= 1
            if depth == 0:
                return spans, at
        elif word[-1] in "\"'`":
            close = _closing(text, at, word)
            if not _KEY_FOLLOWS.match(text, min(close + len(word), end)):
                spans.append((at, close))
            at = min(close + len(word), end)
        elif not word[0].isspace() and word[0] not in ",:=\\" and not _KEY_FOLLOWS.match(text, at):
            spans.append(piece.span())
    return spans, at


def _header_list(text: str, at: int) -> tuple[list[Span], int]:
    """Return the spans of secrets in a variable of headers: ``ANTHROPIC_CUSTOM_HEADERS='Name: value'``."""
    opened = _OPEN.match(text, at)
    if opened is None:
        plain = _PLAIN.match(text, at)
        start, end = plain.span() if plain is not None else (at, at)
        scheme = _SCHEME.match(text, text.rfind("=", start, end) + 1)
        if scheme is not None and (more := _CREDENTIAL.match(text, scheme.end())) is not None:
            end = more.end()
    else:
        start, end = opened.end(), _closing(text, opened.end(), opened[1] + opened[2])
    return [(start + one, start + other) for one, other in headers_spans(text[start:end])], end


def headers_spans(text: str) -> Iterator[Span]:
    """Yield the spans of secrets in headers: one a line, or ``name=value,...`` as OpenTelemetry writes them."""
    for line in _HEADER_LINE.finditer(text):
        at = line.start()
        if ":" in line[0] or "=" not in line[0]:
            yield from ((at + start, at + end) for start, end in header_spans(line[0]))
            continue
        for pair in _HEADER_PAIR.finditer(line[0]):
            name, _, value = pair[0].partition("=")
            if not is_harmless_header(name) and value:
                yield at + pair.start() + len(name) + 1, at + pair.end()


def _header_value(text: str, at: int) -> tuple[list[Span], int]:
    """Return the span of the secret in a header; a cookie goes to the end of the line or quote."""
    listed = _LISTED.match(text, at)
    if listed is not None:
        return [listed.span(1)], listed.end()
    scheme = _SCHEME.match(text, at)
    match = _TO_QUOTE.match(text, at) if scheme is None else _CREDENTIAL.match(text, scheme.end())
    if match is None:
        return [], at
    first = match[0].split(maxsplit=1)[:1]
    is_prose = not first or first[0].strip(".,;:").lower() in PROSE
    return ([] if is_prose else [match.span()]), match.end()


def _after_options(text: str) -> Iterator[Span]:
    """Yield what follows ``--api-key``, ``-u``, ``-H`` and the like, in a command or in a list of arguments."""
    for match in _PAIRED.finditer(text):
        option, at = match[1], match.end()
        opened = _OPEN.match(text, at)
        if opened is not None:
            start, end = opened.end(), _closing(text, opened.end(), opened[1] + opened[2])
        else:
            plain = _PLAIN.match(text, at)
            if plain is None or plain[0].strip(".,;:").lower() in PROSE:
                continue
            start, end = plain.span()
        value = text[start:end]
        if option in _HEADER_OPTIONS:
            yield from ((start + one, start + other) for one, other in header_spans(value))
        elif is_login(option, value) or takes_secret(option, value):
            yield start, end
            if option in _REPEATED and opened is None:
                yield from _more_values(text, end)


def is_login(option: str, value: str) -> bool:
    """Return whether an option and its value are ``user:password``; numbers are user and group ids."""
    return option in _LOGIN_OPTIONS and ":" in value and not value.replace(":", "").isdigit() and "://" not in value


def takes_secret(option: str, value: str) -> bool:
    """Return whether the value after an option is a secret."""
    return not is_switch(option) and is_secret(option.lstrip("-"), value)


def _more_values(text: str, at: int) -> Iterator[Span]:
    while (match := _WORD.match(text, at)) is not None and match[1].lower() not in PROSE:
        yield match.span(1)
        at = match.end()


def _after_words(text: str) -> Iterator[Span]:
    """Yield ``Bearer X``, ``Basic X``, ``token X``."""
    for match in _BEARER.finditer(text):
        if match[1].strip(".:!?").lower() not in PROSE:
            yield match.span(1)
    for match in _BASIC.finditer(text):
        if match[1].lower() not in PROSE and (not match[1].islower() or any(map(str.isdigit, match[1]))):
            yield match.span(1)
    for match in _WORD_BEFORE.finditer(text):
        if is_mixed(match[1].strip(".:!?")) and "/" not in match[1] and _RULE_CODE.match(match[1]) is None:
            yield match.span(1)
    yield from _without_separator(text)


def _without_separator(text: str) -> Iterator[Span]:
    """Yield what follows a name or an option without ``=`` or ``:``: ``setx API_KEY X``, ``-ume:X``."""
    for match in _NAMED_BEFORE.finditer(text):
        word = match[2]
        is_name = word.isupper() and "_" in word
        if not is_name and is_mixed(word) and not is_switch(match[1]) and is_secret(match[1], word):
            yield match.span(2)
    for match in _JOINED.finditer(text):
        if match[2] is not None:
            yield from ((match.start(2) + start, match.start(2) + end) for start, end in header_spans(match[2]))
        elif is_login("-u", match[1]):
            yield match.span(1)


def _url_logins(text: str) -> Iterator[Span]:
    """Yield the user and password of a URL; the password may contain an unescaped ``/``, ``#`` or ``@``."""
    for match in _URL.finditer(text):
        rest = match[2]
        authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
        is_web = match[1].lower() in {"http", "https", "ws", "wss"}
        if "@" in rest and ("@" in authority or not is_web or not _PORT.fullmatch(authority)):
            yield match.start(2), match.start(2) + rest.rindex("@")
    for match in _BARE_LOGIN.finditer(text):
        yield match.start(), match.end(1)


def _query_values(text: str) -> Iterator[Span]:
    """Yield the values in a URL's query that sign it or give access."""
    return following(_QUERY, _IN_QUERY, text)
