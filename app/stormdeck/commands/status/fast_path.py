"""Answer ``status`` for status bars from the state file of an open panel, before anything slow is imported.

It handles only the exact command lines that status bars use. All others, and those that no panel can answer, are left
to the command itself.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence

from stormdeck.commands.status.formats import FORMATS, JSON, STATUSLINE, show
from stormdeck.sources.state.panel_status import Question, published, stamp

_VARIABLES = "STORMDECK_"


def answered(argv: Sequence[str], environ: Mapping[str, str]) -> int | None:
    """Print what an open panel knows and return the exit code; ``None`` if nothing was printed."""
    shape = _shape(argv)
    if shape is None or any(name.startswith(_VARIABLES) and environ[name] for name in environ):
        return None
    try:
        project = os.getcwd()
    except OSError:
        return None
    home = os.path.expanduser("~")
    file = stamp(_inside(_xdg(environ, "XDG_CONFIG_HOME", home, ".config"), "config.yaml"))
    question = Question(
        environ,
        claude=environ.get("CLAUDE_CONFIG_DIR") or os.path.join(home, ".claude"),
        project=project,
        named={} if file is None else None,
        file=file,
        shape=shape,
    )
    panels = _inside(_xdg(environ, "XDG_STATE_HOME", home, os.path.join(".local", "state")), "panels")
    panel = published(panels, question, time.time())
    if panel is None:
        return None
    session = model = ""
    if shape == STATUSLINE:
        from stormdeck.commands.status.session import read_session

        session, model = read_session()
    return show(panel.bar, panel.status, shape, environ, session=session, model=model, as_ascii=panel.only_ascii)


def _shape(argv: Sequence[str]) -> str | None:
    """Return the requested format; ``None`` for any other command line."""
    match list(argv):
        case ["status", "--json"]:
            return JSON
        case ["status", "--format", shape] if shape in FORMATS:
            return shape
        case ["status", joined] if joined.startswith("--format="):
            shape = joined.removeprefix("--format=")
            return shape if shape in FORMATS else None
    return None


def _xdg(environ: Mapping[str, str], name: str, home: str, default: str) -> str:
    value = environ.get(name, "")
    return value if value.startswith("/") else os.path.join(home, default)


def _inside(folder: str, name: str) -> str:
    return os.path.join(folder, "stormdeck", name)
