"""Find whether a project folder is trusted: by Claude Code's own record, and by what the user agreed to in the panel.

Claude Code stores ``projects[folder].hasTrustDialogAccepted`` in ``.claude.json``. A record applies to the real path of
the folder and to the folders above it, up to the root of its git repository; in a linked worktree, that of the main
repository applies too (measured, 2.1.332).
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from stormdeck.model.settings.scope import FolderTrust
from stormdeck.model.urls import origin_of, with_scheme
from stormdeck.paths import UserPaths
from stormdeck.sources.client.state import read_client_state
from stormdeck.sources.io.atomic_write import atomic_write
from stormdeck.sources.io.bounded_read import read_bounded

_LARGEST_OWN = 256 * 1024
_LARGEST_LINK = 4096
_MOST_AGREED = 500


def read_trust(paths: UserPaths, urls: Iterable[str | None] = ()) -> FolderTrust:
    """Return the trust in the project folder; ``urls`` are servers that the user named by flags.

    Blocking. Never raises: an unreadable file means no trust.
    """
    folder = os.path.realpath(paths.project)
    named = {origin_of(with_scheme(url)) for url in urls if url} - {None}
    agreed = {origin for trusted, origin in _agreed(paths.trusted) if trusted == folder}
    own = os.path.realpath(paths.project / ".claude") == os.path.realpath(paths.claude)
    return FolderTrust(folder, own or _client_trusts(folder, paths), frozenset(filter(None, named | agreed)))


def agree(path: Path, folder: str, origin: str) -> str:
    """Store that a folder may send the user's credentials to an origin; return why that failed, or an empty text."""
    kept = [one for one in _agreed(path) if one != (folder, origin)][1 - _MOST_AGREED :]
    entries = [{"folder": one, "origin": other} for one, other in (*kept, (folder, origin))]
    text = json.dumps({"version": 1, "trusted": entries}, indent=2)
    try:
        atomic_write(path, f"{text}\n".encode())
    except (OSError, ValueError) as error:
        return f"{path}: {(error.strerror if isinstance(error, OSError) else None) or error}"
    return ""


def _agreed(path: Path) -> list[tuple[str, str]]:
    """Return the (folder, origin) pairs in our own file; a file that others may write is ignored."""
    with contextlib.suppress(OSError, ValueError, RecursionError):
        status = path.lstat()
        if status.st_uid != os.geteuid() or status.st_mode & 0o022:
            return []
        found = json.loads(read_bounded(path, _LARGEST_OWN))
        entries = found.get("trusted") if isinstance(found, dict) else None
        listed = entries if isinstance(entries, list) else []
        pairs = [(one.get("folder"), one.get("origin")) for one in listed if isinstance(one, dict)]
        return [(folder, origin) for folder, origin in pairs if isinstance(folder, str) and isinstance(origin, str)]
    return []


def _client_trusts(folder: str, paths: UserPaths) -> bool:
    trusted = read_client_state(paths).trusted
    return any(path in trusted for path in _counted(folder))


def _counted(folder: str) -> Iterator[str]:
    """Yield the folders whose record applies."""
    for here in (Path(folder), *Path(folder).parents):
        yield str(here)
        if os.path.lexists(here / ".git"):
            main = _main_repository(here)
            if main is not None:
                yield main
            return


def _main_repository(root: Path) -> str | None:
    """Return the main repository of a linked worktree, if the repository names the worktree in turn.

    Any folder can claim to be a worktree of a repository, but cannot write into the repository.
    """
    with contextlib.suppress(OSError, ValueError):
        link = read_bounded(root / ".git", _LARGEST_LINK).decode().strip()
        kept = Path(os.path.realpath(root / link.removeprefix("gitdir:").strip()))
        named = kept / read_bounded(kept / "gitdir", _LARGEST_LINK).decode().strip()
        if link.startswith("gitdir:") and kept.parent.name == "worktrees" and kept.parent.parent.name == ".git":
            # Compare the folder, not the file: the file could be a link.
            same = named.name == ".git" and os.path.realpath(named.parent) == os.path.realpath(root)
            return str(kept.parent.parent.parent) if same else None
    return None
