"""FILE: rules about the text of settings files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from stormdeck import __version__
from stormdeck.model.finding import Edit, Finding, Fix, Severity
from stormdeck.model.json_edit.document import BOM, Document
from stormdeck.model.rules.audience import ALWAYS
from stormdeck.model.rules.facts import Facts
from stormdeck.model.rules.known_names import (
    ALL_VARIABLES,
    NEWEST_LISTED,
    RETIRED,
    ROOT_KEYS,
    TYPED_KEYS,
    VARIABLES,
    WRONG_WORDS,
    is_of_known_type,
    is_own_note,
    variable_at_root,
)
from stormdeck.model.rules.rule import NOT_LOGGED_IN, Page, Rule, rule
from stormdeck.model.rules.spelling import closest_name, resembling
from stormdeck.model.settings.scope import SettingsFile
from stormdeck.model.versions import version_key

_LOWER_TOO = {"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"}
_OF_THE_CLIENT = ("ANTHROPIC", "CLAUDE")
_MOST = 50
_COMPARED = 200
"""Maximum number of names of an object that are compared with all known names."""
_DROPPED = (
    f"{NOT_LOGGED_IN}\nUp to 2.0.76: Invalid API key · Please run /login\n"
    "TUI up to 2.1.112: Found 1 invalid settings file · /doctor for details\n"
    "2.1.329: These settings files did not load, so nothing in them is in effect, including hooks and permission rules."
)


def _files(facts: Facts) -> tuple[SettingsFile, ...]:
    return facts.settings.files if facts.settings is not None else ()


def _is_json(text: str) -> bool:
    """Return whether a text is valid JSON; then the error is about its types."""
    try:
        json.loads(text.removeprefix(BOM))
    except (ValueError, RecursionError):
        return False
    return True


@rule(
    Page(
        code="FILE701",
        title="a settings file is not valid JSON",
        what=(
            "Finds a settings file with a comment, a trailing comma or single quotes, one that is cut off, or one "
            "that cannot be read."
        ),
        why=(
            "Claude Code ignores the whole file, including hooks and permissions, and mentions it in a footer at "
            "most. Without the token in the file it is not logged in."
        ),
        shown=_DROPPED,
        versions="all versions",
        evidence="measured, 1.0.128 to 2.1.329",
        fix="Correct the line shown; `stormdeck check --fix` and the settings form suggest a repaired text.",
        example='"model": "sonnet"',
    ),
    ALWAYS,
)
def invalid_json(facts: Facts) -> Iterator[Finding]:
    """Find files that Claude Code cannot parse."""
    for file in _files(facts):
        if file.error is None or not file.dropped or _is_json(file.text):
            continue
        read = bool(file.text)
        yield Finding(
            "FILE701",
            Severity.ERROR,
            "Claude Code ignores the whole file",
            f"{file.error.message}. Nothing in this file is in effect; Claude Code mentions that in a footer at most.",
            "",
            file=str(file.path),
            line=file.error.line if read or file.error.line else None,
            column=file.error.column,
        )


@rule(
    Page(
        code="FILE702",
        title="a setting has the wrong JSON type",
        what=(
            "Finds a key such as model, env, permissions or spinnerTipsEnabled with a value of another type or null, "
            "or a file that holds a list."
        ),
        why=(
            "Claude Code ignores the whole file, as if it were not valid JSON. Numbers and booleans inside env are "
            "fine."
        ),
        shown=_DROPPED,
        versions="all versions; the types: 2.1.332",
        evidence="measured, 1.0.128 to 2.1.332; each known key with a number, a text, true and null: 2.1.332",
        fix="Write a value of the type shown.",
        example='"env": { "ANTHROPIC_BASE_URL": "http://127.0.0.1:8000" }',
    ),
    ALWAYS,
)
def wrong_type(facts: Facts) -> Iterator[Finding]:
    """Find files with a value of the wrong type."""
    for file in _files(facts):
        if file.error is not None and file.dropped and _is_json(file.text):
            yield Finding(
                "FILE702",
                Severity.ERROR,
                "Claude Code ignores the whole file",
                f"{file.error.message}. Nothing in this file is in effect.",
                "",
                file=str(file.path),
                line=file.error.line,
                column=file.error.column,
            )


@rule(
    Page(
        code="FILE703",
        title="a misspelled name",
        what=(
            "Finds an unknown name in env or at the top level that resembles a known one, with a typo or in other "
            "words."
        ),
        why="Claude Code accepts unknown names without a message and ignores them.",
        shown="",
        versions=f"all; only an info for a client newer than {NEWEST_LISTED}, which may know the name",
        evidence=(
            "measured, 1.0.128 to 2.1.329: unknown names are accepted; the known ones: the public schema, and the "
            f"released bundles up to {NEWEST_LISTED}, which are read again at each release"
        ),
        fix="Write the known name.",
        example='"env": { "API_TIMEOUT_MS": "600000" }',
    )
)
def misspelled(facts: Facts) -> Iterator[Finding]:
    """Find unknown names that resemble a known one."""
    for file in _files(facts):
        env = file.values.get("env")
        similar = resembling(env if isinstance(env, dict) else (), VARIABLES)
        for name in [name for name in similar if name not in ALL_VARIABLES][:_COMPARED]:
            known = WRONG_WORDS.get(name) or (None if _is_foreign(name) else closest_name(name, VARIABLES))
            if name in RETIRED:
                yield _retired(file, name)
            elif known is not None:
                yield _unknown(facts, file, f"env.{name}", f"env.{known}")
        for name in resembling(file.values, ROOT_KEYS)[:_COMPARED]:
            if name in ALL_VARIABLES or "." in name or is_own_note(name):
                continue
            known, variable = closest_name(name, ROOT_KEYS), variable_at_root(name)
            if known is not None and is_of_known_type(known, file.values[name]):
                yield _unknown(facts, file, name, known)
            elif variable is not None:
                yield _unknown(facts, file, name, f"env.{variable}")


def _is_foreign(name: str) -> bool:
    """Return whether a name belongs to other programs: a proxy in lower case, or not the name of a variable."""
    return name.upper() in _LOWER_TOO or "." in name


def _retired(file: SettingsFile, name: str) -> Finding:
    line, column = file.position(f"env.{name}") or (None, None)
    return Finding(
        "FILE703",
        Severity.INFO,
        f"no longer known to {NEWEST_LISTED}",
        f"Claude Code {NEWEST_LISTED} no longer knows {name}: it has no effect there.",
        f"env.{name}",
        file=str(file.path),
        line=line,
        column=column,
    )


def _unknown(facts: Facts, file: SettingsFile, path: str, known: str) -> Finding:
    """Return a finding for an unknown name; a client that is newer than the lists may know it."""
    if facts.known_version and version_key(facts.client_version or "") > version_key(NEWEST_LISTED):
        return _not_known(file, path, known)
    return _did_you_mean(facts, file, path, known)


def _not_known(file: SettingsFile, path: str, known: str) -> Finding:
    name, its = path.removeprefix("env."), known.removeprefix("env.")
    line, column = file.position(path) or (None, None)
    return Finding(
        "FILE703",
        Severity.INFO,
        f"not known to stormdeck {__version__}",
        f"stormdeck {__version__} knows the names of Claude Code {NEWEST_LISTED}; yours is newer and may know {name}. "
        f"If it does not, {its} may be meant.",
        path,
        file=str(file.path),
        line=line,
        column=column,
    )


def _did_you_mean(facts: Facts, file: SettingsFile, path: str, known: str) -> Finding:
    name, its = path.removeprefix("env."), known.removeprefix("env.")
    where = its if (known == its) == (path == name) else f"{its} in env"
    line, column = file.position(path) or (None, None)
    return Finding(
        "FILE703",
        Severity.WARNING,
        f"did you mean {where}?",
        f"Claude Code does not know {name} and ignores it without a message.",
        path,
        fix=_rename(facts, file, path, known),
        file=str(file.path),
        line=line,
        column=column,
    )


def _rename(facts: Facts, file: SettingsFile, path: str, known: str) -> Fix | None:
    """Return a fix that moves the JSON value to the correct name.

    ``None`` if the correct name is already set, if its type is unknown, or if the variable may belong to another
    program.
    """
    name, its = path.removeprefix("env."), known.removeprefix("env.")
    in_env = path != name
    values = file.values.get("env") if in_env else file.values
    value = values.get(name) if isinstance(values, Mapping) else None
    if value is None or facts.raw(known) is not None or its in file.values:
        return None
    if known != its and isinstance(value, dict | list):
        return None
    if in_env and not (name.upper().startswith(_OF_THE_CLIENT) or name.upper() == its):
        return None
    if known == its and known not in TYPED_KEYS:
        return None
    return Fix(
        f"rename it to {its}" if (known == its) != in_env else f"move it to {its} in env",
        (Edit(path, None), Edit(known, value)),
    )


@rule(
    Page(
        code="FILE704",
        title="a duplicate key",
        what="Finds an object in a settings file that contains the same key more than once.",
        why="The last one wins. Changing the others has no effect.",
        shown="",
        versions="all versions",
        evidence="measured, 1.0.128 to 2.1.329",
        fix="Keep one of them.",
        example='"model": "sonnet"',
    )
)
def duplicate_keys(facts: Facts) -> Iterator[Finding]:
    """Find keys that appear more than once."""
    for file in _files(facts):
        document = file.document if file.error is None else None
        if not isinstance(document, Document):
            continue
        for keys in document.duplicates[:_MOST]:
            line, column = document.position(keys) or (None, None)
            yield Finding(
                "FILE704",
                Severity.WARNING,
                "appears more than once",
                "The last one wins; the others have no effect.",
                ".".join(keys),
                file=str(file.path),
                line=line,
                column=column,
            )


@rule(
    Page(
        code="FILE705",
        title="a byte order mark (BOM)",
        what="Finds a settings file that begins with the mark that some editors write before UTF-8 text.",
        why="1.0.128 ignores the whole file; later versions accept it.",
        shown="Up to 1.0.128: Invalid API key · Please run /login",
        versions="1.0.128",
        evidence="measured, 1.0.128 to 2.1.329",
        fix="Save the file as UTF-8 without BOM.",
        example='"model": "sonnet"',
    ),
    ALWAYS,
)
def byte_order_mark(facts: Facts) -> Iterator[Finding]:
    """Find a byte order mark, which 1.0.128 cannot read."""
    for file in _files(facts):
        if file.text.startswith(BOM):
            yield Finding(
                "FILE705",
                Severity.ERROR if facts.known_version and not facts.since("2.0") else Severity.INFO,
                "a byte order mark (BOM) at the start",
                "Because of it 1.0.128 ignores the whole file; later versions accept it.",
                "",
                applies="<=1.0.128",
                file=str(file.path),
                line=1,
                column=1,
            )


RULES: tuple[Rule, ...] = (invalid_json, wrong_type, misspelled, duplicate_keys, byte_order_mark)
