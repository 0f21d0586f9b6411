"""Load options (flags > environment > file > defaults) and report all errors at once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stormdeck.options.declared import BY_NAME, DECLARED, VARIABLE_PREFIX, Options, Origin, OriginKind
from stormdeck.options.file import Outcome, Problem, RawOption, read_file, unknown
from stormdeck.options.kinds import Kind, Place
from stormdeck.paths import user_paths

DEBUG = "STORMDECK_DEBUG"
"""It prints the traceback of an unexpected error, and is no option."""
REAL_CACHE = "STORMDECK_REAL_CACHE"
"""Where the tests keep the real programs; who sets it for good may use stormdeck in the same shell."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """The options and their problems. If there is a problem, do not use any value."""

    options: Options
    problems: tuple[Problem, ...]
    file: Path
    """The options file; it need not exist."""


def load(flags: Mapping[str, Sequence[str]], environ: Mapping[str, str], *, with_file: bool = True) -> Loaded:
    """Return the options for flags (texts by option name) and an environment.

    Relative paths are resolved against the current folder, in the file against the file's own folder. Errors of the
    user never raise, they become problems. Without ``with_file`` the options file is not read.
    """
    sources = [_read_environment(environ), _read_flags(flags)]
    # The project does not matter here, and the current folder may have been deleted.
    file = user_paths(environ, _home(given for source in sources for given in source[0]), Path()).config
    if with_file:
        sources.insert(0, read_file(file))
    given = [entry for source in sources for entry in source[0]]
    options, unreadable = _resolve(given)
    return Loaded(options, (*(problem for source in sources for problem in source[1]), *unreadable), file)


def _read_environment(environ: Mapping[str, str]) -> Outcome:
    """Return the options in the environment. Empty variables are ignored; a list is written like PATH."""
    by_variable = {declared.variable: declared for declared in DECLARED}
    given: list[RawOption] = []
    problems: list[Problem] = []
    for name, text in environ.items():
        if not name.startswith(VARIABLE_PREFIX) or name in {DEBUG, REAL_CACHE}:
            continue
        declared = by_variable.get(name)
        if declared is None:
            problems.append(Problem("environment", unknown("variable", name, [*by_variable, DEBUG])))
        elif text:
            texts = _items(text, declared.kind) if declared.kind.many else (text,)
            given.append(RawOption(declared, Origin(OriginKind.ENVIRONMENT, name), texts))
    return tuple(given), tuple(problems)


def _items(text: str, kind: Kind) -> tuple[str, ...]:
    return tuple(part for part in (kind.split(text) if kind.split is not None else text.split(os.pathsep)) if part)


def _read_flags(flags: Mapping[str, Sequence[str]]) -> Outcome:
    """Return the options in the flags. Unless the option is a list, the last flag wins."""
    given = []
    for name, texts in flags.items():
        declared = BY_NAME[name]
        counted = tuple(texts) if declared.kind.many else (texts[-1],)
        given.append(RawOption(declared, Origin(OriginKind.FLAG, declared.flag), counted))
    return tuple(given), ()


def _home(given: Iterable[RawOption]) -> Path | None:
    """Return the folder that replaces ``~``: the last valid one that was given."""
    homes = [_value(entry, Path.home()) for entry in given if entry.declaration.name == "home"]
    return next((home for home in reversed(homes) if isinstance(home, Path)), None)


def _resolve(given: Sequence[RawOption]) -> tuple[Options, tuple[Problem, ...]]:
    """Return the options for raw values in order of increasing priority, and the problems."""
    home = _home(given) or Path.home()
    values: dict[str, Any] = {}
    origins: dict[str, Origin] = {}
    problems: list[Problem] = []
    for entry in given:
        name = entry.declaration.name
        value = _value(entry, Path.home() if name == "home" else home)
        if isinstance(value, Problem):
            problems.append(value)
        else:
            values[name], origins[name] = value, entry.origin
    return Options(**values, origins=origins), tuple(problems)


def _here() -> Path:
    """Return the current folder; if it was deleted, an empty path, so that relative paths lead nowhere."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return Path()


def _value(entry: RawOption, home: Path) -> object:
    """Return the parsed value of an option, or the problem with it."""
    kind, origin = entry.declaration.kind, entry.origin
    in_file = origin.kind is OriginKind.FILE
    place = Place(Path(origin.name).parent if in_file else _here(), home)
    try:
        read = tuple(kind.read(text, place) for text in entry.texts)
        if kind.agree is not None:
            kind.agree(read)
        if kind.distinct is not None:
            read = tuple(kind.distinct(read))
    except ValueError as error:
        return Problem(str(origin), f"{entry.declaration.name}: {error}" if in_file else str(error))
    return read if kind.many else read[0]
