"""Replace secrets and identifying names in any text by stand-ins, and count them."""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import takewhile
from urllib.parse import quote

from stormdeck.model.masking.known import KnownSecrets
from stormdeck.model.masking.lines import merged, replaced, text_spans
from stormdeck.model.masking.redaction.identities import Identities, is_public, is_word
from stormdeck.model.masking.redaction.public_names import api_path, file_path, model_id
from stormdeck.model.masking.shapes import Span
from stormdeck.model.text import clean
from stormdeck.model.units import plural

SECRET, TOKEN, E_MAIL, HOST, USER, PATH, ID = "secret", "token", "e-mail", "host", "user", "path", "id"
NAME, VALUE = "name", "value"
"""What is replaced. A secret is configured; a token looks like one."""

_OPEN_WORDS = "<secret> <token> <e-mail> <this-host> <user> <project> <id> true false null none dummy empty"
_SHORTEST = 3
"""Characters. A shorter secret is not searched for in text; as a value it is replaced all the same."""
_LONG = 8
"""Characters. Longer secrets are replaced before paths and hosts, which a shorter one would break up."""

_RUNS = re.compile(r"\b[0-9a-fA-F]{32,}+\b|(?<![\w/.+=-])[A-Za-z0-9_+=]{32,}+")
"""Long runs that may be a key; in a bundle, ids are replaced with them."""
_ID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.IGNORECASE)
_E_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]++@[\w-]++(?:\.[\w-]++)*+")
_URL_HOST = re.compile(r"(?:(?<=://)|(?<=<token>@))(?:\[[0-9a-fA-F:.%a-z]++\]|[\w.-]++)")
_URL_PATH = re.compile(r"(://[^\s/\"'<>]*+(?:<[\w-]++>[^\s/\"'<>]*+)*+)(/[^\s\"'?#,;)\]}<>]*+)")
_ADDRESS = re.compile(
    r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])"
    r"|(?<![\w:])[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4}){4,7}(?:%[\w.-]{1,32})?(?![\w:])"
    r"|(?<![\w:])(?:(?:[0-9a-fA-F]{1,4}:){1,7}|:):(?:[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4}){0,6})?(?:%[\w.-]{1,32})?(?![\w:])"
)
_HOST_AND_PORT = re.compile(
    r"(?<![\w.@/:-])(?!\d+\.\d+[.:])[\w-]++(?:\.(?!(?:py|jsonl?|ya?ml|log|txt|md|toml|local)\b)[\w-]++)+(?=:\d{2,5}\b)"
)
"""A host before its port (``gpu.example.org:8000``), not a file before its line."""
_FILE_PATH = re.compile(
    r"(?<![\w.:/>~<*-])(?:~|<project>|(?=/))(?:/[^\s\"'`<>,;:()\[\]{}|?=&]++)++|(?<!\w)[A-Za-z]:\\\\?[^\s\"'<>|]++"
)
LONGEST = 20_000
"""Characters. A longer text is replaced by its size."""

Counts = Counter[str]
Pattern = re.Pattern[str]


class Redactor:
    """Replaces names in a whole report; the same name gets the same number everywhere."""

    def __init__(self, secrets: Iterable[str], names: Identities) -> None:
        self._secrets = {
            form: number
            for number, one in enumerate(_searchable(secrets), 1)
            for variant in _variants(one)
            for form in (variant, clean(variant))
        }
        self._known = KnownSecrets(self._secrets, _SHORTEST)
        self._long_secrets = KnownSecrets((one for one in self._secrets if len(one) >= _LONG), _LONG)
        self._numbers: dict[str, dict[str, int]] = {}
        self._paths = {
            names.project: "<project>",
            re.sub(r"[^A-Za-z0-9]", "-", names.project): "<project>",
            names.home: "~",
        }
        self._roots = _either(
            [path for path in self._paths if len(path) > 1], before=r"(?<![\w.-])", after=r"(?![\w.-])"
        )
        self._known_paths = _either(
            [path for path in names.paths if len(path) > 3],
            before=r"(?<![\w./~-])",
            after=r"(?![\w-])(?:/[^\s\"'<>]*+)?",
        )
        self._users = _either(names.users, before=r"(?<![A-Za-z0-9])", after=r"(?![A-Za-z0-9])")
        self._texts = [one for one in names.texts if len(one) >= _LONG and "<value>" not in one]
        self._here = names.host
        hosts = [host for host in (names.host, *names.others) if host]
        self._hosts = _either(
            [host for host in hosts if not is_word(host)], before=r"(?<![\w.-])", after=r"(?![\w-]|\.\w)"
        )
        # A host name that is an ordinary word is a host only before a port, or in a resolver error.
        words = [host for host in hosts if is_word(host)]
        self._words = _either(words, before=r"(?:(?<=the name )|(?<![\w.-])(?=[\w]+:\d))", after=r"(?![\w-])")
        # A name without an underscore may be an ordinary word.
        self._own_names = _either([one for one in names.names if "_" in one], before=r"(?<![\w-])", after=r"(?![\w-])")
        models = {name: shown for name in names.models if (shown := model_id(name, self.stand_in)) != name}
        self._models = _either(models, before=r"(?<![\w./-])", after=r"(?![\w/-])")
        self._model_names = models

    def text(self, text: str, counts: Counts) -> str:
        """Return the redacted text, with its line ends; what was replaced is added to ``counts``."""
        if len(text) > LONGEST:
            counts[VALUE] += 1
            return f"<{plural(len(text), 'character')}>"
        text = "\n".join(map(clean, text.split("\n")))
        text = self._without_secrets(text, self._long_secrets, counts)
        text = self._without_texts(text, counts)
        spans = merged([*text_spans(text), *_spans(_RUNS, text)])
        counts.update({TOKEN: len(spans)} if spans else {})
        text = replaced(text, spans, "<token>")
        text = _replaced(self._known_paths, text, _counted(counts, PATH, lambda match: self._path(match[0])))
        text = _replaced(self._roots, text, _counted(counts, PATH, lambda match: self._paths[match[0]]))
        text = _replaced(self._models, text, _counted(counts, NAME, lambda match: self._model_names[match[0]]))
        text = _replaced(self._own_names, text, _counted(counts, NAME, lambda match: self.stand_in(NAME, match[0])))
        text = _E_MAIL.sub(_counted(counts, E_MAIL, lambda match: "<e-mail>"), text)
        text = _ID.sub(_counted(counts, ID, lambda match: self.stand_in(ID, match[0])), text)
        for pattern in (_URL_HOST, self._hosts, self._words, _HOST_AND_PORT, _ADDRESS):
            text = _replaced(pattern, text, lambda match: self._host(match[0], counts))
        text = _URL_PATH.sub(lambda match: match[1] + api_path(match[2]), text)
        text = _FILE_PATH.sub(lambda match: self._file(match[0], counts), text)
        text = _replaced(self._users, text, _counted(counts, USER, lambda match: "<user>"))
        return self.sweep(text, counts)

    def sweep(self, text: str, counts: Counts) -> str:
        """Return a text without the configured secrets, wherever they occur."""
        return self._without_secrets(text, self._known, counts)

    def _without_secrets(self, text: str, known: KnownSecrets, counts: Counts) -> str:
        pieces, at = [], 0
        for start, end in known.spans(text):
            counts[SECRET] += 1
            pieces += [text[at:start], f"<secret-{self._secrets[text[start:end]]}>"]
            at = end
        return "".join([*pieces, text[at:]])

    def _without_texts(self, text: str, counts: Counts) -> str:
        """Return a text without quotes, even cut ones, of texts that settings have instead of a number."""
        for quoted in self._texts:
            while (at := text.find(quoted[:_LONG])) >= 0:
                counts[VALUE] += 1
                same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(text[at:], quoted, strict=False)))
                text = f"{text[:at]}<value>{text[at + same :]}"
        return text

    def stand_in(self, kind: str, name: str) -> str:
        """Return the stand-in for a name, the same everywhere in the report: ``<host-1>``."""
        numbers = self._numbers.setdefault(kind, {})
        return f"<{kind}-{numbers.setdefault(name, len(numbers) + 1)}>"

    def file(self, path: str, counts: Counts) -> str:
        """Return the stand-in for a text that is a path, whatever its characters."""
        shown = _replaced(self._roots, path, lambda match: self._paths[match[0]])
        return self._file(shown, counts)

    def secret(self, value: str, counts: Counts) -> str:
        """Return the stand-in for a value that is a secret, however short."""
        counts[SECRET] += 1
        number = self._secrets.get(value)
        return f"<secret-{number}>" if number is not None else "<secret>"

    def tree(self, value: object, counts: Counts) -> object:
        """Return JSON values with all texts redacted, including keys."""
        if isinstance(value, Mapping):
            return {self.text(str(key), counts): self.tree(inner, counts) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self.tree(item, counts) for item in value]
        return self.text(value, counts) if isinstance(value, str) else value

    def _host(self, name: str, counts: Counts) -> str:
        if is_public(name) or name.startswith("<"):
            return name
        counts[HOST] += 1
        return "<this-host>" if name == self._here else self.stand_in(HOST, name.strip("[]").lower())

    def _path(self, path: str) -> str:
        return self.file(path, Counter())

    def _file(self, path: str, counts: Counts) -> str:
        end = len(path.rstrip("."))
        shown = file_path(path[:end], self.stand_in)
        counts.update({PATH: 1} if shown != path[:end] else {})
        return shown + path[end:]


def _spans(pattern: Pattern, text: str) -> Iterator[Span]:
    """Yield the matches of a pattern that have both letters and digits."""
    for match in pattern.finditer(text):
        if any(map(str.isdigit, match[0])) and any(map(str.isalpha, match[0])):
            yield match.span()


def _searchable(secrets: Iterable[str]) -> list[str]:
    """Return the secrets to search for in text, the longest first."""
    return sorted(
        {one for one in secrets if len(one) >= _SHORTEST and one.lower() not in _OPEN_WORDS},
        key=lambda one: (-len(one), one),
    )


def _variants(secret: str) -> set[str]:
    """Return the forms of a secret in JSON, Python, URLs and base64."""
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
    """Return a pattern for any of some words, the longest first; ``None`` without words."""
    known = sorted({word for word in words if word}, key=len, reverse=True)
    return re.compile(f"{before}(?:{'|'.join(map(re.escape, known))}){after}") if known else None


def _replaced(pattern: Pattern | None, text: str, by: Callable[[re.Match[str]], str]) -> str:
    return pattern.sub(by, text) if pattern is not None else text


def _counted(counts: Counts, what: str, by: Callable[[re.Match[str]], str]) -> Callable[[re.Match[str]], str]:
    def replace(match: re.Match[str]) -> str:
        counts[what] += 1
        return by(match)

    return replace
