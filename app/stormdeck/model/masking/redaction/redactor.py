"""Takes secrets, people and places out of any text, and counts what it took."""

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
from stormdeck.model.masking.redaction.identities import Whereabouts, is_open, is_word
from stormdeck.model.masking.redaction.public_names import api_path, file_path, model_id
from stormdeck.model.masking.shapes import Span
from stormdeck.model.text import clean
from stormdeck.model.units import plural

SECRET, TOKEN, E_MAIL, HOST, USER, PATH, ID = "secret", "token", "e-mail", "host", "user", "path", "id"
NAME, VALUE = "name", "value"
"""What is taken out. A secret is one that is configured, a token has the look of one."""

_OPEN_WORDS = "<secret> <token> <e-mail> <this-host> <user> <project> <id> true false null none dummy empty"
_SHORTEST = 3
"""Characters; a shorter secret looks like ordinary text. Where it is a value it is masked all the same."""
_LONG = 8
"""Characters of a secret that is looked for before paths and hosts: a shorter one would tear them apart."""

_RUNS = re.compile(r"\b[0-9a-fA-F]{32,}+\b|(?<![\w/.+=-])[A-Za-z0-9_+=]{32,}+")
"""Long runs that may be a key; in a bundle no id is worth a secret."""
_ID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.IGNORECASE)
_E_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]++@[\w-]++(?:\.[\w-]++)*+")
_URL_HOST = re.compile(r"(?:(?<=://)|(?<=<token>@))(?:\[[0-9a-fA-F:.%a-z]++\]|[\w.-]++)")
_URL_PATH = re.compile(r"(://[^\s/\"'<>]*+(?:<[\w-]++>[^\s/\"'<>]*+)*+)(/[^\s\"'?#,;)\]}<>]*+)")
_ADDRESS = re.compile(
    r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])"
    r"|(?<![\w:])[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4}){4,7}(?:%[\w.-]{1,32})?(?![\w:])"
    r"|(?<![\w:])(?:(?:[0-9a-fA-F]{1,4}:){1,7}|:):(?:[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4}){0,6})?(?:%[\w.-]{1,32})?(?![\w:])"
)
_NAMED_PLACE = re.compile(
    r"(?<![\w.@/:-])(?!\d+\.\d+[.:])[\w-]++(?:\.(?!(?:py|jsonl?|ya?ml|log|txt|md|toml|local)\b)[\w-]++)+(?=:\d{2,5}\b)"
)
"""``gpu.example.org:8000``: a host before its port, and no file before its line."""
_FILE_PATH = re.compile(
    r"(?<![\w.:/>~<*-])(?:~|<project>|(?=/))(?:/[^\s\"'`<>,;:()\[\]{}|?=&]++)++|(?<!\w)[A-Za-z]:\\\\?[^\s\"'<>|]++"
)
LONGEST = 20_000
"""Characters of one text; of a longer one only the size is kept."""

Taken = Counter[str]
Pattern = re.Pattern[str]


class Redactor:
    """One for a whole report: what is taken out of two places alike gets the same number in both."""

    def __init__(self, secrets: Iterable[str], place: Whereabouts) -> None:
        self._secrets = {
            form: number
            for number, one in enumerate(_huntable(secrets), 1)
            for variant in _variants(one)
            for form in (variant, clean(variant))
        }
        self._known = KnownSecrets(self._secrets, _SHORTEST)
        self._long_secrets = KnownSecrets((one for one in self._secrets if len(one) >= _LONG), _LONG)
        self._numbers: dict[str, dict[str, int]] = {}
        self._paths = {
            place.project: "<project>",
            re.sub(r"[^A-Za-z0-9]", "-", place.project): "<project>",
            place.home: "~",
        }
        self._roots = _either(
            [path for path in self._paths if len(path) > 1], before=r"(?<![\w.-])", after=r"(?![\w.-])"
        )
        self._told_paths = _either(
            [path for path in place.paths if len(path) > 3],
            before=r"(?<![\w./~-])",
            after=r"(?![\w-])(?:/[^\s\"'<>]*+)?",
        )
        self._users = _either(place.users, before=r"(?<![A-Za-z0-9])", after=r"(?![A-Za-z0-9])")
        self._quoted = [one for one in place.texts if len(one) >= _LONG and "<value>" not in one]
        self._here = place.host
        hosts = [host for host in (place.host, *place.others) if host]
        self._hosts = _either(
            [host for host in hosts if not is_word(host)], before=r"(?<![\w.-])", after=r"(?![\w-]|\.\w)"
        )
        # A name that is a word too is one for sure before a port, and where it does not resolve.
        words = [host for host in hosts if is_word(host)]
        self._words = _either(words, before=r"(?:(?<=the name )|(?<![\w.-])(?=[\w]+:\d))", after=r"(?![\w-])")
        # One without a hyphen is an ordinary word too.
        self._own_names = _either([one for one in place.names if "_" in one], before=r"(?<![\w-])", after=r"(?![\w-])")
        models = {name: shown for name in place.models if (shown := model_id(name, self.stand_in)) != name}
        self._models = _either(models, before=r"(?<![\w./-])", after=r"(?![\w/-])")
        self._model_names = models

    def text(self, text: str, taken: Taken) -> str:
        """Return a text as it may leave this machine, line ends kept; what was taken out is added to ``taken``."""
        if len(text) > LONGEST:
            taken[VALUE] += 1
            return f"<{plural(len(text), 'character')}>"
        text = "\n".join(map(clean, text.split("\n")))
        text = self._swept(text, self._long_secrets, taken)
        text = self._unquoted(text, taken)
        spans = merged([*text_spans(text), *_spans(_RUNS, text)])
        taken.update({TOKEN: len(spans)} if spans else {})
        text = replaced(text, spans, "<token>")
        text = _replaced(self._told_paths, text, _counted(taken, PATH, lambda match: self._path(match[0])))
        text = _replaced(self._roots, text, _counted(taken, PATH, lambda match: self._paths[match[0]]))
        text = _replaced(self._models, text, _counted(taken, NAME, lambda match: self._model_names[match[0]]))
        text = _replaced(self._own_names, text, _counted(taken, NAME, lambda match: self.stand_in(NAME, match[0])))
        text = _E_MAIL.sub(_counted(taken, E_MAIL, lambda match: "<e-mail>"), text)
        text = _ID.sub(_counted(taken, ID, lambda match: self.stand_in(ID, match[0])), text)
        for pattern in (_URL_HOST, self._hosts, self._words, _NAMED_PLACE, _ADDRESS):
            text = _replaced(pattern, text, lambda match: self._host(match[0], taken))
        text = _URL_PATH.sub(lambda match: match[1] + api_path(match[2]), text)
        text = _FILE_PATH.sub(lambda match: self._file(match[0], taken), text)
        text = _replaced(self._users, text, _counted(taken, USER, lambda match: "<user>"))
        return self.sweep(text, taken)

    def sweep(self, text: str, taken: Taken) -> str:
        """Return a text without the configured secrets, whatever stands around them."""
        return self._swept(text, self._known, taken)

    def _swept(self, text: str, known: KnownSecrets, taken: Taken) -> str:
        pieces, at = [], 0
        for start, end in known.spans(text):
            taken[SECRET] += 1
            pieces += [text[at:start], f"<secret-{self._secrets[text[start:end]]}>"]
            at = end
        return "".join([*pieces, text[at:]])

    def _unquoted(self, text: str, taken: Taken) -> str:
        """Return a text without what it quotes, perhaps cut short, of texts that stand where a number belongs."""
        for quoted in self._quoted:
            while (at := text.find(quoted[:_LONG])) >= 0:
                taken[VALUE] += 1
                same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(text[at:], quoted, strict=False)))
                text = f"{text[:at]}<value>{text[at + same :]}"
        return text

    def stand_in(self, sort: str, name: str) -> str:
        """Return what stands for a name everywhere in the report: ``<host-1>``."""
        numbers = self._numbers.setdefault(sort, {})
        return f"<{sort}-{numbers.setdefault(name, len(numbers) + 1)}>"

    def file(self, path: str, taken: Taken) -> str:
        """Return what stands for a path that is known to be one, whatever characters it holds."""
        shown = _replaced(self._roots, path, lambda match: self._paths[match[0]])
        return self._file(shown, taken)

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
        return "<this-host>" if name == self._here else self.stand_in(HOST, name.strip("[]").lower())

    def _path(self, path: str) -> str:
        return self.file(path, Counter())

    def _file(self, path: str, taken: Taken) -> str:
        end = len(path.rstrip("."))
        shown = file_path(path[:end], self.stand_in)
        taken.update({PATH: 1} if shown != path[:end] else {})
        return shown + path[end:]


def _spans(pattern: Pattern, text: str) -> Iterator[Span]:
    """Yield the places of a pattern that hold letters and digits."""
    for match in pattern.finditer(text):
        if any(map(str.isdigit, match[0])) and any(map(str.isalpha, match[0])):
            yield match.span()


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
