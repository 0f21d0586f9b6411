"""Parse the values of options, in the same way for flags, environment variables and the file."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from stormdeck.model.desktop_notification import PROTOCOLS
from stormdeck.model.exporter.address import EXPECTED, ListenAddress, read_address
from stormdeck.model.fleet.access import PrometheusAccess, parse_access, split_accesses
from stormdeck.model.logs.spec import LogSpec, is_ssh_host, parse_log, split_logs
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.overview_layout import PANELS
from stormdeck.model.theme_names import THEME_NAMES

_LONGEST_QUOTE = 80
_THEMES = f"there are {', '.join(THEME_NAMES)}"
_ON = frozenset({"on", "true", "yes", "1"})
_OFF = frozenset({"off", "false", "no", "0"})


@dataclass(frozen=True, slots=True)
class Place:
    """What relative paths and ``~`` in a text are resolved against."""

    folder: Path
    home: Path


@dataclass(frozen=True, slots=True)
class Kind:
    """One type of option."""

    metavar: str
    expected: str
    """What a text must be; follows "expected" in an error message."""
    reader: Callable[[str, Place], object]
    many: bool = False
    """Whether the option is a list; its reader takes one item."""
    switch: bool = False
    """Whether its flag takes no value and has a ``--no-`` twin."""
    pairs: bool = False
    """Whether an item is ``NAME=TEXT``, which the file writes as ``NAME: TEXT``."""
    split: Callable[[str], list[str]] | None = None
    """Splits the items of a list in a variable; by default at each colon, as in PATH."""
    distinct: Callable[[Sequence[Any]], Sequence[Any]] | None = None
    """Drops the items of a list that mean the same as an earlier one."""
    agree: Callable[[Sequence[Any]], None] | None = None
    """Raises ValueError if the items of a list conflict."""

    def read(self, text: str, place: Place) -> object:
        """Parse a text, or one item if the kind is a list. Raises ValueError with what is wrong.

        >>> SWITCH.read("yes", Place(Path("/"), Path("/home/me")))
        True
        """
        if not text or any(_is_control(character) for character in text):
            raise ValueError(self.unexpected(text))
        try:
            return self.reader(text, place)
        except _UnexpectedError:
            raise ValueError(self.unexpected(text)) from None

    def unexpected(self, text: str) -> str:
        """Return the error message for a text that is not of this kind."""
        return f"expected {self.expected}, found {quoted(text) if text else 'nothing'}"


class _UnexpectedError(Exception):
    """A text is not of its kind, and ``Kind.unexpected`` is the whole message."""


def printable(text: str) -> str:
    """Return a text with every character that a terminal might interpret written as an escape."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def quoted(text: str) -> str:
    """Return a text in quotes, printable, shortened and with secrets masked."""
    text = mask_text(text)
    end = "..." if len(text) > _LONGEST_QUOTE else ""
    return f'"{printable(text[:_LONGEST_QUOTE])}{end}"'


def shown(value: object) -> str:
    """Return an option's value as it would be written in a flag; an empty one as ``-``."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        value = ", ".join(str(item) for item in value)
    return printable(str(value)) if value not in {None, ""} else "-"


def _is_control(character: str) -> bool:
    """Return whether a character is a C0 or C1 control; an undecodable byte of a file name is not."""
    return character < " " or "\x7f" <= character <= "\x9f"


def _url(text: str, _place: Place) -> str:
    if "@" in text or "?" in text or "#" in text:
        raise ValueError("expected a URL without user, password, query or fragment: secrets do not belong here")
    scheme, separator, _ = text.partition("://")
    if not separator:
        if scheme.lower().startswith(("http:", "https:", "/")) or not _has_host(f"http://{text}"):
            raise _UnexpectedError
        raise ValueError(f"a URL begins with its scheme; add http://, as in {quoted(f'http://{text}')}")
    if scheme.lower() not in {"http", "https"} or not _has_host(text):
        raise _UnexpectedError
    return text.rstrip("/")


def _has_host(url: str) -> bool:
    """Return whether a URL has a host, and a valid port if any."""
    from stormdeck.model.urls import origin_of

    return not any(character.isspace() for character in url) and origin_of(url) is not None


def _path(text: str, place: Place) -> Path:
    """Return an absolute path; symlinks and ``..`` stay as written."""
    if text == "~" or text.startswith("~/"):
        return place.home / text[2:]
    return place.folder / text


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _file(text: str, place: Place) -> Path:
    path = _path(text, place)
    if _is_folder(path):
        raise ValueError(f"expected a file, {quoted(str(path))} is a folder")
    return path


def _log(text: str, place: Place) -> LogSpec:
    return parse_log(text, lambda file: _file(file, place))


def _distinct_logs(logs: Sequence[Any]) -> Sequence[Any]:
    from stormdeck.sources.logs.same_file import distinct

    return distinct(logs) if len(logs) > 1 else logs


def _host(text: str, _place: Place) -> str:
    if not is_ssh_host(text):
        raise _UnexpectedError
    return text


def _listen(text: str, _place: Place) -> ListenAddress:
    at = read_address(text)
    if at is None:
        raise _UnexpectedError
    return at


def _prometheus(text: str, place: Place) -> PrometheusAccess:
    def url(base: str) -> str:
        try:
            return _url(base, place)
        except _UnexpectedError:
            raise ValueError(URL.unexpected(base)) from None

    return parse_access(text, url, lambda file: _file(file, place))


def _folder(text: str, place: Place) -> Path:
    path = _path(text, place)
    if not _is_folder(path):
        raise ValueError(f"there is no folder {quoted(str(path))}")
    return path


def _version(text: str, _place: Place) -> str:
    if not re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+", text):
        raise _UnexpectedError
    return text


def _theme(text: str, _place: Place) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", text):
        raise _UnexpectedError
    if text.removeprefix("stormdeck-") not in THEME_NAMES:
        near = get_close_matches(text, THEME_NAMES, n=1)
        raise ValueError(f"there is no theme {quoted(text)}; " + (f"did you mean {near[0]}?" if near else _THEMES))
    return text


def _switch(text: str, _place: Place) -> bool:
    if text.lower() not in _ON | _OFF:
        raise _UnexpectedError
    return text.lower() in _ON


def _chosen(text: str, _place: Place) -> object:
    from stormdeck.model.keys.keymap import read_chosen

    return read_chosen(text)


def _check_chosen(chosen: Sequence[Any]) -> None:
    from stormdeck.model.keys.keymap import check_chosen

    check_chosen(chosen)


def _price(text: str, _place: Place) -> object:
    from stormdeck.model.usage.prices import read_price

    return read_price(text)


def _check_prices(prices: Sequence[Any]) -> None:
    from stormdeck.model.usage.prices import check_prices

    check_prices(prices)


def number(metavar: str, least: int, most: int) -> Kind:
    """Return the kind of a whole number from ``least`` to ``most``, inclusive."""

    def read(text: str, _place: Place) -> int:
        digits = text.replace("_", "")
        if not re.fullmatch("[0-9]{1,9}", digits) or not least <= int(digits) <= most:
            raise _UnexpectedError
        return int(digits)

    return Kind(metavar, f"a whole number from {least} to {most}", read)


URL = Kind("URL", "an http:// or https:// URL with a host", _url)
"""A base URL as text, without a trailing slash."""
URLS = Kind("URL", URL.expected, _url, many=True, split=lambda text: text.split(","))
"""Several base URLs; in a variable, separated by commas."""
FILE = Kind("FILE", "a file", _file)
"""An absolute path that is not a folder; it need not exist."""
LOGS = Kind("LOG", "a log", _log, many=True, split=split_logs, distinct=_distinct_logs)
"""A file or another place, such as ``docker:litellm``."""
HOSTS = Kind(
    "HOST",
    "a name of ssh's configuration, or user@host",
    _host,
    many=True,
    split=lambda text: text.split(","),
    distinct=lambda hosts: tuple(dict.fromkeys(hosts)),
)
"""Machines that ssh reaches."""
LISTEN = Kind("HOST:PORT", EXPECTED, _listen)
"""Where to listen; the host is 127.0.0.1 if it is left out."""
PROMETHEUS = Kind(
    "PROMETHEUS",
    "the URL of a Prometheus, perhaps with bearer=env:VARIABLE",
    _prometheus,
    many=True,
    split=split_accesses,
)
"""A Prometheus and how it is asked; its secrets are references."""
FOLDER = Kind("DIR", "a folder", _folder)
"""An absolute path to a folder that exists."""
VERSION = Kind("X.Y.Z", "a version of three numbers such as 2.1.112", _version)
THEME = Kind("THEME", "the name of a theme", _theme)
"""The name of a theme: stormdeck's own, with or without its prefix, or one of Textual's."""
SWITCH = Kind("on|off", "on or off", _switch, switch=True)
KEYS = Kind("ACTION=KEY", "a key for each action", _chosen, many=True, pairs=True, agree=_check_chosen)

PRICES = Kind(
    "KIND=PRICE",
    "a price for each of input, cached and output",
    _price,
    many=True,
    pairs=True,
    split=lambda text: text.split(","),
    agree=_check_prices,
)
"""What a million tokens of each kind cost."""


def choice(*words: str) -> Kind:
    """Return the kind of a text that is one of the given words."""

    def read(text: str, _place: Place) -> str:
        return _one(text, words)

    return Kind("|".join(words), " or ".join(words), read)


def several(metavar: str, words: tuple[str, ...]) -> Kind:
    """Return the kind of a comma-separated list of the given words, each at most once, in any order."""

    def read(text: str, _place: Place) -> tuple[str, ...]:
        named = tuple(_one(word.strip(), words) for word in text.split(","))
        twice = next((word for word in named if named.count(word) > 1), None)
        if twice is not None:
            raise ValueError(f"{quoted(twice)} is given twice")
        return named

    return Kind(metavar, f"names separated by commas, of {', '.join(words)}", read)


def _one(text: str, words: tuple[str, ...]) -> str:
    word = text.lower()
    if word in words:
        return word
    near = get_close_matches(word, words, n=1)
    suggestion = f"; did you mean {near[0]}?" if near else ""
    raise ValueError(f"expected {_either(words)}, found {quoted(text) if text else 'nothing'}{suggestion}")


def _either(words: tuple[str, ...]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"


PANEL_NAMES = several("NAMES", PANELS)
DENSITY = choice("normal", "compact")
NOTIFY = choice(*PROTOCOLS)
