"""Find secrets passed to programs without a telling name: ``mysql -pX``, ``vault login X``, ``echo X | ...``.

Each expression runs in linear time: it starts at the beginning of a word and repeats possessively.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from stormdeck.model.masking.names import PROSE, is_secret_name
from stormdeck.model.masking.shapes import Span, is_mixed

PROGRAM_HINTS = (
    *(f" -{letter}" for letter in "pawuhbknyctxfs"),
    *(
        "unlock",
        "literal",
        "vault",
        "sqlplus",
        "thin:",
        "/p:",
        "smb",
        "<<<",
        "sudo",
        "password",
        "token",
        "config",
        "setx",
    ),
)
"""Every text with such a secret contains one of these, in lower case."""

_TOOL = re.compile(
    r"(?<![\w-])(?:(?P<pP>sshpass|mysql\w*|mariadb[\w-]*|mongo\w*|docker|podman|nerdctl|az|unzip|zip|7z\w?|mosquitto_\w+"
    r"|htpasswd|rabbitmqadmin|cqlsh|influx|helm|oc|buildah|skopeo|ncftp\w*|twine|ipmitool)|(?P<wy>ldap\w+)"
    r"|(?P<a>redis-cli|https?|xh)|(?P<b>curl)|(?P<k>openssl)|(?P<NP>ssh-keygen)|(?P<cAX>snmp\w+))"
    r"(?![\w:-])"
)
"""Programs that take a password after a short option; the name of the group lists the letters."""
_TOOL_OPTIONS = {
    letters: re.compile(rf"(?<=\s)-[{letters}][ \t]*+(\S++)") for letters in ("pP", "wy", "a", "b", "k", "NP", "cAX")
}
_SEGMENT = re.compile(r"[^|;&\n]++")
_LOGIN = re.compile(
    r"(?<![\w-])(?:vault|cargo|wandb|bw|snyk|ngrok|heroku|hf|huggingface-cli|railway|vercel|doppler|op)[ \t]++"
    r"(?:config[ \t]++)?(?:login|unlock|auth|authtoken|add-authtoken|auth:token)(?![\w-])"
)
_WORD = re.compile(r"(?<=[ \t])[\"']?([^\s\"'|;&<>=-][^\s\"'|;&<>=]*+)")
_PIPED = re.compile(
    r"(?<![\w-])(?:echo|printf)[ \t]++(?:-\w++[ \t]++)?((?:[^|;&\n<>'\"]|'[^'\n]{0,500}'|\"[^\"\n]{0,500}\"){1,500}+)"
    r"(?=[ \t]{0,4}\|[^|;\n]{0,200}(?:-stdin|--with-token|sudo[ \t]+-S|passwd(?!\w)))"
)
_HERE = re.compile(r"<<<[ \t]{0,4}[$]?[\"']?([^\s\"'|;&]++)")
_LOGIN_HINT = re.compile(r"(?i)login|token|passw|stdin|secret|sudo|auth")
_SET = re.compile(
    r"(?<![\w-])(?:setx|set[ \t]++-\w++|config(?:ure)?[ \t]++set|npm[ \t]++set|poetry[ \t]++config|git[ \t]++config)"
    r"[ \t]++(?:--?\w[\w-]*+[ \t]++)*+([^\s\"'=]++)(?:[ \t]++|=)([^\n|;&]++)"
)
_NAMED_VALUES = (
    re.compile(r"(?<![\w-])curl[^|;&\n]{0,200}?[ \t]-[A-Za-z]{1,8}u[ \t]{0,4}[\"']?([^\s:\"'@/]++:[^\s\"']++)"),
    re.compile(r"--from-literal(?:=|[ \t]++)[\"']?[\w.-]++=([^\s\"']++)"),
    re.compile(r"(?:-U[ \t]{0,4}|--user(?:=|[ \t]++))[^\s%=]++%([^\s\"']++)"),
    re.compile(r"(?<![\w-])lftp[^|;&\n]{0,200}?[ \t]-u[ \t]{0,4}[^\s,]++,([^\s\"']++)"),
    re.compile(r"(?<=[ \t])/(?:p|pass|password):([^\s\"']++)"),
    re.compile(r"(?<![\w-])(?:sqlplus|sqlldr|expdp|impdp|rman)[ \t]++(?:-\w++[ \t]++)*+[\"']?\w++/([^\s@\"']++)"),
    re.compile(r":thin:\w++/([^\s@\"']++)@"),
    re.compile(r"(?:machine[ \t]++\S++|default)\s++login\s++\S++\s++password\s++(\S++)"),
    re.compile(r"(?:machine[ \t]++\S++|default)\s++login\s++(\S++)(?=\s++password)"),
    re.compile(r"(?i)%3A%2F%2F([^\s&%]*+%3A[^\s&%]++)%40"),
    re.compile(r"(?<![\w/.-])\w++/([^\s/@]++)@//"),
    re.compile(
        r"(?i)(?<![\w-])(?:password|passwd|passphrase)[ \t]++(?:is[ \t]++|was[ \t]++)?[\"'`]([^\s\"'`]++)[\"'`]"
    ),
    re.compile(r"SecretStr\([bru]?[\"']([^\"'\n]++)"),
)
_VAULT_WRITE = re.compile(r"(?<![\w-])vault[ \t]++(?:kv[ \t]++(?:put|patch)|write)[ \t]++([^|;&\n]++)")
_PAIR = re.compile(r"(?<=[ \t])[\w.-]++=[\"']?([^\s\"']++)")
_ATTRIBUTES = re.compile(r"(?<![\w-])(?:key|name)=[\"']([\w.:-]++)[\"'][ \t]++value=[\"']([^\"'\n]++)", re.IGNORECASE)
_ARGUMENTS = re.compile(r"[\"']([A-Za-z][A-Za-z0-9]*+[_-][\w-]*+)[\"'],[ \t]?[bru]?[\"']([^\"'\n]++)[\"']")


def program_spans(text: str) -> Iterator[Span]:
    """Yield the spans of passwords and tokens that programs are given, and of values beside a secret's name."""
    if " -" in text:
        yield from _after_options(text)
    for pattern in (*_NAMED_VALUES, _PIPED):
        yield from (match.span(1) for match in pattern.finditer(text))
    if "<<<" in text and _LOGIN_HINT.search(text) is not None:
        yield from (match.span(1) for match in _HERE.finditer(text))
    yield from _after_logins(text)
    yield from _beside_names(text)


def _after_logins(text: str) -> Iterator[Span]:
    """Yield what follows ``vault login`` and the like, and the values that ``vault`` stores."""
    at = 0
    while (match := _LOGIN.search(text, at)) is not None:
        at = _command_end(text, match.end())
        for word in _WORD.finditer(text, match.end(), at):
            is_last = not text[word.end() : at].strip(" \t\"'")
            if is_mixed(word[1]) or (is_last and word[1].lower() not in PROSE):
                yield word.span(1)
    for match in _VAULT_WRITE.finditer(text):
        yield from (pair.span(1) for pair in _PAIR.finditer(text, match.start(1), match.end()))


def _beside_names(text: str) -> Iterator[Span]:
    """Yield values beside the name of a secret: ``config set token X``, ``key="ApiKey" value="X"``."""
    for match in _SET.finditer(text):
        if is_secret_name(match[1].rpartition(":")[2]) or "-token." in match[1] or "http-basic." in match[1]:
            yield match.span(2)
    for match in _ATTRIBUTES.finditer(text):
        if is_secret_name(match[1]):
            yield match.span(2)
    for match in _ARGUMENTS.finditer(text):
        is_name = (match[2].isupper() and "_" in match[2]) or is_secret_name(match[2])
        if is_secret_name(match[1]) and not is_name:
            yield match.span(2)


def _after_options(text: str) -> Iterator[Span]:
    """Yield passwords after the short options of known programs: ``mysql -pSECRET``."""
    for segment in _SEGMENT.finditer(text):
        tool = _TOOL.search(segment[0])
        if tool is None:
            continue
        options = _TOOL_OPTIONS[tool.lastgroup or "pP"]
        for match in options.finditer(text, segment.start() + tool.end(), segment.end()):
            if not re.fullmatch(r"[\d.:]+(?:/\w+)?", match[1]):
                yield match.span(1)


def _command_end(text: str, at: int) -> int:
    """Return where the command at an offset ends."""
    segment = _SEGMENT.match(text, at)
    return segment.end() if segment is not None else at
