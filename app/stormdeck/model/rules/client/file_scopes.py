"""FILE: rules about overridden values, readable secrets, and changes while Claude Code is running."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from stormdeck.model.finding import Finding, Severity
from stormdeck.model.masking.json_text import json_secrets
from stormdeck.model.masking.shapes import looks_real
from stormdeck.model.masking.values import mask_value
from stormdeck.model.rules.audience import ANY_SERVER
from stormdeck.model.rules.facts import BASE_URL, FABLE_ID, TIER_IDS, Facts
from stormdeck.model.rules.model_choice import MODEL
from stormdeck.model.rules.rule import Page, Rule, rule
from stormdeck.model.settings.merge import entries, has_entry, value_at
from stormdeck.model.settings.scope import Scope, SettingsFile, SettingsSnapshot
from stormdeck.model.versions import at_least, below

_MAPPINGS = {*TIER_IDS.values(), FABLE_ID}
_OURS = {Scope.PROJECT, Scope.LOCAL}


@rule(
    Page(
        code="FILE706",
        title="a value that another scope overrides",
        what="Finds a key that is set to different values in two scopes.",
        why=(
            "The order is managed, --settings, local, project, user, and last an exported variable. Articles advise "
            "to export ANTHROPIC_BASE_URL again and to check with `env | grep`; that misleads, because the settings "
            "file wins over the shell."
        ),
        shown="",
        versions="all versions",
        evidence="measured, 1.0.128 to 2.1.329",
        fix="Change the value in the scope that wins, or remove it there.",
        example='"env": { "ANTHROPIC_BASE_URL": "http://127.0.0.1:8000" }',
    ),
    ANY_SERVER,
)
def shadowed(facts: Facts) -> Iterator[Finding]:
    """Find values that another scope overrides."""
    settings = facts.settings
    if settings is None:
        return
    for at_rank, file in enumerate(settings.files):
        for path, value in _contested(settings.files[:at_rank], file):
            winner = settings.effective[path]
            if winner.scope is file.scope or winner.value == value:
                continue
            line, column = (file.position(path) if file.error is None else None) or (None, None)
            yield _loses(settings, path, file.scope, str(file.path), line, column)
    for name, text in settings.shell.items():
        path = f"env.{name}"
        if settings.effective[path].scope is not Scope.SHELL and settings.text(path) != text:
            yield _loses(settings, path, Scope.SHELL)


_VALUE_IN = {Scope.SHELL: "the exported variable", Scope.CLIENT: "the value in Claude Code's own state"}


def _contested(stronger: Sequence[SettingsFile], file: SettingsFile) -> Iterator[tuple[str, object]]:
    """Yield the entries of a file that a stronger file may also set. Iterates over the smaller of the two."""
    lengths = [_length(one.values) for one in stronger]
    if _length(file.values) <= sum(lengths):
        yield from entries(file.values)
        return
    for path in dict.fromkeys(path for one in stronger for path, _ in entries(one.values)):
        if has_entry(file.values, path):
            yield path, value_at(file.values, path)


def _length(values: Mapping[str, object]) -> int:
    env = values.get("env")
    return len(values) + (len(env) if isinstance(env, dict) else 0)


def _loses(
    settings: SettingsSnapshot,
    path: str,
    scope: Scope,
    file: str | None = None,
    line: int | None = None,
    column: int | None = None,
) -> Finding:
    winner = settings.effective[path]
    name, value = path.removeprefix("env."), mask_value(path, settings.text(path) or "null")
    where = _VALUE_IN.get(scope, f"the value in the {scope.value} settings")
    return Finding(
        "FILE706",
        Severity.WARNING,
        f"no effect: the {winner.scope.value} settings win" if file else f"the {winner.scope.value} settings win",
        f"{name} is {value[:60]} in the {winner.scope.value} settings; {where} has no effect.",
        path,
        file=file,
        line=line,
        column=column,
    )


@rule(
    Page(
        code="FILE707",
        title="a secret that others can read",
        what=(
            "Finds a settings file with a token or key that looks real, if git tracks the file or every user of the "
            "machine can read it."
        ),
        why="A push publishes the secret, and it stays in the history; on a shared machine every user can use it.",
        shown="",
        versions="all versions",
        evidence="source: reads the file's mode and git's index; runs no program",
        fix=(
            "Move the secret to settings.local.json, keep that file out of git, and chmod 600 it. Then replace the "
            "secret with a new one."
        ),
        example='"apiKeyHelper": "/usr/local/bin/print-token"',
    )
)
def readable_secret(facts: Facts) -> Iterator[Finding]:
    """Find secrets in files that others can read."""
    exposed = {exposure.file: exposure for exposure in facts.exposures}
    for file in facts.settings.files if facts.settings is not None else ():
        exposure = exposed.get(file.path)
        tracked = exposure is not None and exposure.tracked and file.scope in _OURS
        path = _secret(file) if exposure is not None and (tracked or exposure.world_readable) else None
        if path is None:
            continue
        line, column = file.position(path) or (None, None)
        yield Finding(
            "FILE707",
            Severity.WARNING,
            "a secret in a file that git tracks" if tracked else "a secret that every user can read",
            "A push publishes it. Move it to settings.local.json, keep that out of git, and replace the secret."
            if tracked
            else "Every user of this machine can read the file: run chmod 600 on it.",
            path,
            evidence="source",
            file=str(file.path),
            line=line,
            column=column,
        )


def _secret(file: SettingsFile) -> str | None:
    """Return the path of the first entry that looks like a real secret, ``None`` if there is none."""
    secrets = _real_secrets(file.text)
    if not secrets:
        return None
    texts = ((path, value) for path, value in entries(file.values) if isinstance(value, str))
    named = next((path for path, value in texts if any(secret in value for secret in secrets)), None)
    return named if named is not None else ""


@lru_cache(maxsize=8)
def _real_secrets(text: str) -> frozenset[str]:
    """Return the texts in a file that look like real secrets. Cached: the text is the same while fixes are tried."""
    return frozenset(filter(looks_real, json_secrets(text)))


@rule(
    Page(
        code="FILE708",
        title="a running Claude Code does not use the new value",
        what="Finds values that changed while Claude Code was running.",
        why=(
            "1.0.128 does not pick up any change. Since 2.0.76 a new base URL and token are used from the next "
            "request on, and since 2.1.112 also the mapping of the selected tier. `model` is read only at the start, "
            "and a variable that was removed stays in effect until Claude Code exits."
        ),
        shown="",
        versions="depends on the version",
        evidence="measured, 1.0.128 to 2.1.329; removal: docs too",
        fix="Restart Claude Code: /exit, then `claude --continue`.",
        example='"model": "sonnet"',
    )
)
def not_picked_up(facts: Facts) -> Iterator[Finding]:
    """Find changes that a running client does not pick up."""
    for path in sorted(facts.changed) if facts.running else ():
        late = [client for client in facts.running if not _picks_up(client.version, path, facts.values)]
        if not late:
            continue
        who = ", ".join(str(client.pid) for client in late[:3])
        yield Finding(
            "FILE708",
            Severity.INFO,
            "a running Claude Code keeps the old value",
            f"Claude Code (process {who}) does not pick up {path.removeprefix('env.')}: restart it.",
            path,
        )


def _picks_up(version: str | None, path: str, values: Mapping[str, str | None]) -> bool:
    """Return whether a running client picks up a change; an unknown version counts as the newest."""
    if below(version, "2.0") or path == MODEL:
        return False
    if path not in values:
        return False
    if path in _MAPPINGS:
        return version is None or at_least(version, "2.1.112")
    return path == BASE_URL or path.startswith("env.")


RULES: tuple[Rule, ...] = (shadowed, readable_secret, not_picked_up)
