"""Runs one write in a child that kills itself before or after its n-th system call, for each n in turn.

``python killing.py FOLDER``; prints a JSON list with what each kill left behind.
"""

import functools
import itertools
import json
import os
import shutil
import signal
import sys
from pathlib import Path

from stormdeck.sources.settings import write
from stormdeck.sources.settings.read import digest_of
from stormdeck.sources.settings.write import write_settings

CALLS = (
    *("chmod", "close", "fchmod", "fchown", "fsync", "link", "listxattr", "mkdir", "open", "read", "removexattr"),
    *("rename", "replace", "rmdir", "setxattr", "stat", "unlink", "write"),
)
OLD = '{"env": {"ANTHROPIC_AUTH_TOKEN": "old-token"}}\n'
NEW = '{"env": {"ANTHROPIC_AUTH_TOKEN": "new-token"}}\n'


def killing(at, when):
    """Patch the system calls so that the process dies at one of them."""
    counter = itertools.count()

    def patched(call):
        @functools.wraps(call)
        def wrapper(*args, **kwargs):
            hit = next(counter) == at
            if hit and when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            if hit and when == "within":
                call(args[0], bytes(args[1])[: len(args[1]) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            result = call(*args, **kwargs)
            if hit:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return wrapper

    for name in ("write",) if when == "within" else CALLS:  # no other call can be done by half
        setattr(os, name, patched(getattr(os, name)))


def once(folder, at, when, existing, unnamed):
    """Kill one write; return what is there afterwards, or None when it came to its end."""
    shutil.rmtree(folder, ignore_errors=True)
    file, backups = folder / "repo" / ".claude" / "settings.json", folder / "state" / "backups"
    folder.mkdir()
    if existing:
        file.parent.mkdir(parents=True)
        file.write_text(OLD)
        file.chmod(0o644)
    digest = digest_of(OLD.encode()) if existing else ""
    pid = os.fork()
    if pid == 0:
        try:
            if not unnamed:
                write.NewFile._open_unnamed = lambda self: -1
            killing(at, when)
            write_settings(file, NEW, digest, backups)
            os._exit(0)
        except BaseException:
            os._exit(3)
    status = os.waitpid(pid, 0)[1]
    if os.WIFEXITED(status):
        assert os.WEXITSTATUS(status) == 0
        return None
    beside = [one.name for one in file.parent.iterdir() if one != file] if file.parent.exists() else []
    copies = [one for one in backups.iterdir() if not one.name.startswith(".")] if backups.exists() else []
    text = file.read_text() if file.exists() else None
    found = {
        "text": {OLD: "old", NEW: "new", None: "none"}.get(text, "broken"),
        "beside": beside,
        "half_copies": [one.name for one in copies if one.read_text() != OLD],
    }
    now = file.read_text() if file.exists() else ""
    again = write_settings(file, "{}\n", digest_of(now.encode()) if file.exists() else "", backups)
    found["again"] = type(again).__name__
    every = [one for folder in (file.parent, backups) if folder.exists() for one in folder.iterdir()]
    found["after"] = [one.name for one in every if one.name.startswith(".")]
    return found


def main(folder):
    results = []
    for existing, unnamed in itertools.product((True, False), repeat=2):
        for when in ("before", "within", "after"):
            for at in itertools.count():
                found = once(folder, at, when, existing, unnamed)
                if found is None:
                    break
                results.append({"at": at, "when": when, "existing": existing, "unnamed": unnamed, **found})
    sys.stdout.write(json.dumps(results))


if __name__ == "__main__":
    main(Path(sys.argv[1]) / "killed")
