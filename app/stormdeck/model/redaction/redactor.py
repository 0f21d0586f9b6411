"""Takes secrets, people and places out of any text, and counts what it took."""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import quote

from stormdeck.model.redaction.people import Whereabouts, is_open, is_word
from stormdeck.model.text import clean

SECRET, TOKEN, E_MAIL, HOST, USER, PATH, ID = "secret", "token", "e-mail", "host", "user", "path", "id"
"""What is taken out. A secret is one that is configured, a token has the look of one."""

_OPEN_WORDS = "<secret> <token> <e-mail> <this-host> <user> <project> <id> true false null none dummy empty"
_SHORTEST = 3
"""Characters; a shorter secret cannot be told from ordinary text. Where it is a value it is masked all the same."""

_NAMED = r"[\w-]*(?:api[_-]?key|master[_-]?key|token|secret|password|passwd|credentials?|authorization)"
_TOKENS = re.compile(
    r"(?<=://)[^/?#\s@\"']+(?=@)"
    r"|(?P<scheme>\b(?:Bearer|Basic)\s+)[A-Za-z0-9._~+/=-]{4,}"
    r"|\beyJ[\w-]+(?:\.[\w-]+)+"
    r"|\b(?:(?:pk|rk|hf|gsk|nvapi|glpat|dckr_pat|xox[abpr]|gh[oprsu]|github_pat|r8)[_-]|AIza|AKIA)[\w.…-]{8,}"
    r"|\bsk-[\w.…-]{4,}"
    rf"|(?P<name>\b{_NAMED}[\"']?\s?[=:]\s?[\"']?)(?=[^\s\"',;&)\]}}]*\d|[^\s\"',;&)\]}}]{{12}})[^\s\"',;&)\]}}<]+"
    r"|(?P<query>[?&](?:key|auth|sig|signature|code)=)[^&#\s\"']+"
    r"|\b[0-9a-fA-F]{32,}\b"
    r"|(?<![\w/.-])(?=[\w+=]*\d)(?=[\w+=]*[A-Za-z])[A-Za-z0-9_+=]{32,}",
    re.IGNORECASE,
)
_ID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.IGNORECASE)
_E_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*\w")
_URL_HOST = re.compile(r"(?:(?<=://)|(?<=<token>@))(?:\[[0-9a-fA-F:.]+\]|[\w.-]+)")
_ADDRESS = re.compile(
    r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])"
    r"|(?<![\w:])(?:[0-9a-fA-F]{1,4}:){4,7}[0-9a-fA-F]{1,4}(?![\w:])"
    r"|(?<![\w:])[0-9a-fA-F:]{2,}::[0-9a-fA-F:]*[0-9a-fA-F]"
)
_HOMES = re.compile(r"(?<=/home/|Users/)(?!<)[^/\s\"':,]+")

Taken = Counter[str]
Pattern = re.Pattern[str]


class Redactor:
    """One for a whole report: what is taken out of two places alike gets the same number in both."""

    def __init__(self, secrets: Iterable[str], place: Whereabouts) -> None:
        self._secrets = {
            variant: number for number, one in enumerate(_huntable(secrets), 1) for variant in _variants(one)
        }
        self._known = _either(self._secrets)
        self._numbers: dict[str, dict[str, int]] = {HOST: {}, ID: {}}
        self._paths = {
            place.project: "<project>",
            re.sub(r"[^A-Za-z0-9]", "-", place.project): "<project>",
            place.home: "~",
        }
        self._roots = _either(
            [path for path in self._paths if len(path) > 1], before=r"(?<![\w.-])", after=r"(?![\w.-])"
        )
        self._users = _either(place.users, before=r"(?<![A-Za-z0-9])", after=r"(?![A-Za-z0-9])")
        self._here = place.host
        hosts = [host for host in (place.host, *place.others) if host and not is_word(host)]
        self._hosts = _either(hosts, before=r"(?<![\w.-])", after=r"(?![\w-]|\.\w)")

    def text(self, text: str, taken: Taken) -> str:
        """Return a text as it may leave this machine, line ends kept; what was taken out is added to ``taken``."""
        text = "\n".join(map(clean, text.split("\n")))
        text = self.sweep(text, taken)
        text = _TOKENS.sub(_counted(taken, TOKEN, _token), text)
        text = _replaced(self._roots, text, _counted(taken, PATH, lambda match: self._paths[match[0]]))
        text = _HOMES.sub(_counted(taken, USER, lambda match: "<user>"), text)
        text = _E_MAIL.sub(_counted(taken, E_MAIL, lambda match: "<e-mail>"), text)
        text = _ID.sub(_counted(taken, ID, lambda match: self._numbered(ID, match[0])), text)
        for pattern in (_URL_HOST, self._hosts, _ADDRESS):
            text = _replaced(pattern, text, lambda match: self._host(match[0], taken))
        return _replaced(self._users, text, _counted(taken, USER, lambda match: "<user>"))

    def sweep(self, text: str, taken: Taken) -> str:
        """Return a text without the configured secrets, whatever stands around them."""
        return _replaced(
            self._known, text, _counted(taken, SECRET, lambda match: f"<secret-{self._secrets[match[0]]}>")
        )

    def secret(self, value: str, taken: Taken) -> str:
        """Return what stands for a value that is known to be a secret, however short."""
        taken[SECRET] += 1
        number = self._secrets.get(value)
        return f"<secret-{number}>" if number is not None else "<secret>"

    def tree(self, value: object, taken: Taken) -> object:
        """Return JSON values with every text in them redacted, keys too."""
        if isinstance(value, Mapping):
            return {self.text(str(key), taken): self.tree(inner, taken) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self.tree(item, taken) for item in value]
        return self.text(value, taken) if isinstance(value, str) else value

    def _host(self, name: str, taken: Taken) -> str:
        if is_open(name) or name.startswith("<"):
            return name
        taken[HOST] += 1
        return "<this-host>" if name == self._here else self._numbered(HOST, name.strip("[]").lower())

    def _numbered(self, what: str, name: str) -> str:
        numbers = self._numbers[what]
        return f"<{what}-{numbers.setdefault(name, len(numbers) + 1)}>"


def _huntable(secrets: Iterable[str]) -> list[str]:
    """Return the secrets that are looked for in any text, the longest first."""
    return sorted(
        {one for one in secrets if len(one) >= _SHORTEST and one.lower() not in _OPEN_WORDS},
        key=lambda one: (-len(one), one),
    )


def _variants(secret: str) -> set[str]:
    """Return the forms in which a secret may be quoted: in JSON, by Python, in a URL, in base64."""
    return {
        secret,
        clean(secret),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        quote(secret, safe="", errors="surrogatepass"),
        base64.b64encode(secret.encode("utf-8", "surrogatepass")).decode("ascii"),
    }


def _either(words: Iterable[str], before: str = "", after: str = "") -> Pattern | None:
    """Return what finds any of some words, the longest first; ``None`` where there is none."""
    known = sorted({word for word in words if word}, key=len, reverse=True)
    return re.compile(f"{before}(?:{'|'.join(map(re.escape, known))}){after}") if known else None


def _replaced(pattern: Pattern | None, text: str, by: Callable[[re.Match[str]], str]) -> str:
    return pattern.sub(by, text) if pattern is not None else text


def _counted(taken: Taken, what: str, by: Callable[[re.Match[str]], str]) -> Callable[[re.Match[str]], str]:
    def replace(match: re.Match[str]) -> str:
        taken[what] += 1
        return by(match)

    return replace


def _token(match: re.Match[str]) -> str:
    return (match["scheme"] or match["name"] or match["query"] or "") + "<token>"
