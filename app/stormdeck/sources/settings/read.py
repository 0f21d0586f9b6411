"""Read Claude Code's settings files, and merge them into the settings in force."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from stormdeck.model.json_edit.document import FileError
from stormdeck.model.settings.merge import loaded, merged
from stormdeck.model.settings.scope import Scope, SettingsFile, SettingsSnapshot
from stormdeck.model.settings.trust import depends_on_trust
from stormdeck.paths import UserPaths
from stormdeck.sources.client.state import read_client_env
from stormdeck.sources.client.trust import read_trust
from stormdeck.sources.io.bounded_read import read_bounded
from stormdeck.sources.net.failure import NO_DESCRIPTORS, is_out_of_descriptors
from stormdeck.sources.settings.rights import write_caveats

LARGEST = 5 * 1024 * 1024
"""Bytes; a settings file has a few kilobytes, and a larger file is something else."""
_SHELL = re.compile(
    r"(?:ANTHROPIC_|CLAUDE_|OTEL_)\w+|API_TIMEOUT_MS|API_FORCE_IDLE_TIMEOUT|MAX_THINKING_TOKENS|DISABLE_PROMPT_CACHING\w*"
    r"|(?i:https?_proxy|no_proxy|all_proxy)|NODE_EXTRA_CA_CERTS|NODE_TLS_REJECT_UNAUTHORIZED|ENABLE_TOOL_SEARCH"
)


def settings_paths(
    paths: UserPaths, settings_file: Path | None = None, *, managed: Path | None = None, flag: Path | None = None
) -> tuple[tuple[Scope, Path], ...]:
    """Return the files to read and to watch, strongest scope first.

    With ``settings_file`` that file is the user scope and the only one. In the home folder the project's file is the
    user's own, and is listed once.
    """
    if settings_file is not None:
        return ((Scope.USER, settings_file),)
    named = [(Scope.MANAGED, managed or paths.managed), (Scope.LOCAL, paths.local_settings)]
    if flag is not None:
        named.insert(1, (Scope.FLAG, flag))
    if target_of(paths.project_settings) != target_of(paths.user_settings):
        named.append((Scope.PROJECT, paths.project_settings))
    return (*named, (Scope.USER, paths.user_settings))


def read_settings(
    paths: UserPaths,
    environ: Mapping[str, str],
    settings_file: Path | None = None,
    *,
    managed: Path | None = None,
    flag: Path | None = None,
    named: Iterable[str | None] = (),
) -> SettingsSnapshot:
    """Return every scope and the settings in force; a file that is unreadable or broken carries its error.

    Blocking, a few milliseconds. ``flag`` is the file that the client was started with as ``--settings``. With
    ``settings_file`` nothing else is read, not even the shell. ``named`` are the servers that flags name.

    >>> read_settings(user_paths(os.environ), os.environ).text("env.ANTHROPIC_BASE_URL")
    'http://127.0.0.1:4000'
    """
    listed = settings_paths(paths, settings_file, managed=managed, flag=flag)
    files = [read_file(scope, path) for scope, path in listed]
    if settings_file is None:
        files += read_client_scope(paths)
    return with_trust(merged(files, variables(environ, settings_file)), paths, named)


def read_client_scope(paths: UserPaths) -> tuple[SettingsFile, ...]:
    """Return ``env`` of ``~/.claude.json`` as a read-only scope, nothing if it sets no variable.

    Only the variables are kept: the file may have megabytes, and Claude Code rewrites it often.
    """
    env = read_client_env(paths)
    if not env:
        return ()
    text = json.dumps({"env": env}, indent=2, ensure_ascii=False)
    file = SettingsFile(Scope.CLIENT, paths.client_state, exists=True, writable=False, digest=digest_of(text.encode()))
    return (loaded(file, text),)


def with_trust(settings: SettingsSnapshot, paths: UserPaths, named: Iterable[str | None] = ()) -> SettingsSnapshot:
    """Return settings with the trust in their project folder, where its files name a server or an authority."""
    return replace(settings, trust=read_trust(paths, named)) if depends_on_trust(settings) else settings


def variables(environ: Mapping[str, str], settings_file: Path | None = None) -> Mapping[str, str]:
    """Return the shell variables that the client reads, none with a single settings file."""
    return {} if settings_file is not None else {n: v for n, v in environ.items() if _SHELL.fullmatch(n)}


def read_file(scope: Scope, path: Path) -> SettingsFile:
    """Return one settings file; a missing file is not an error."""
    file = SettingsFile(scope, path, writable=scope is not Scope.MANAGED and may_write(path))
    try:
        data = read_bounded(path, LARGEST)
    except FileNotFoundError:
        return file
    except OSError as error:
        if is_out_of_descriptors(error):
            return replace(file, exists=True, error=FileError(NO_DESCRIPTORS, ours=True)) if path.exists() else file
        return replace(file, exists=True, error=FileError(_why(path, error)))
    file = replace(file, exists=True, digest=digest_of(data), caveats=write_caveats(path))
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        message = "the file is not UTF-8 text"
        return replace(file, error=FileError(message, data.count(b"\n", 0, error.start) + 1))
    return loaded(file, text)


def digest_of(data: bytes) -> str:
    """Return the SHA-256 of a file's bytes, as in ``SettingsFile.digest``."""
    return hashlib.sha256(data).hexdigest()


def may_write(path: Path) -> bool:
    """Return whether a file can be written, or created with its folders.

    A read-only mode counts for root too: somebody set it on purpose.
    """
    folder = target_of(path).parent
    try:
        if path.exists() and not _writable(path):
            return False
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
        return folder.is_dir() and _writable(folder)
    except OSError:
        return False


def target_of(path: Path) -> Path:
    """Return the file that links lead to. Never fails: a link to itself is returned as it is."""
    return Path(os.path.realpath(path))


def _writable(path: Path) -> bool:
    return os.access(path, os.W_OK) and bool(path.stat().st_mode & 0o222)


_REASONS = {
    errno.EISDIR: "it is a folder, not a file",
    errno.EINVAL: "it is not a regular file",
    errno.EFBIG: f"the file is larger than {LARGEST // 1024 // 1024} MB, so it is not a settings file",
    errno.ELOOP: "the link leads back to itself",
    errno.ENOTDIR: "its folder is a file",
    errno.EACCES: "no permission to read the file",
    errno.EPERM: "no permission to read the file",
}


def _why(path: Path, error: OSError) -> str:
    """Return why a file cannot be read, in plain words."""
    if error.errno == errno.EACCES and not os.access(path.parent, os.X_OK):
        return f"no permission to enter the folder {path.parent}"
    return _REASONS.get(error.errno or 0, f"the file cannot be read: {error.strerror or error}")
