"""Prints a status in the form that a script, tmux or Claude Code takes, whoever looked."""

from __future__ import annotations

import json
from collections.abc import Mapping

from stormdeck.commands.exit_codes import FAILURE, NEGATIVE, SUCCESS
from stormdeck.commands.output import put
from stormdeck.model.status.bar import Bar, ascii_only, client_line, tmux_line

JSON = "json"
TMUX = "tmux"
STATUSLINE = "statusline"
FORMATS = (TMUX, STATUSLINE, JSON)

EXITS = {"ok": SUCCESS, "degraded": NEGATIVE, "down": FAILURE}
"""The exit code for each state of a status."""


def show(
    bar: Bar,
    status: Mapping[str, object],
    shape: str,
    environ: Mapping[str, str],
    *,
    session: str = "",
    model: str = "",
    as_ascii: bool | None = None,
) -> int:
    """Print a status in one of ``FORMATS`` and return the exit code: 0 all well, 1 it needs a look, 2 it is broken.

    ``session`` and ``model`` are those that Claude Code tells its status line, empty elsewhere.
    Claude Code shows nothing of a command that ends with another code than 0 (measured, 2.1.112 and 2.1.329): for
    ``statusline`` it is 0 whatever is told.
    """
    coloured = not environ.get("NO_COLOR")
    plain = ascii_only(environ) if as_ascii is None else as_ascii
    if shape == STATUSLINE:
        put(client_line(bar, session=session, model=model, coloured=coloured, only_ascii=plain))
        return SUCCESS
    if shape == TMUX:
        put(tmux_line(bar, coloured=coloured, only_ascii=plain))
    else:
        put(json.dumps(status, indent=2, ensure_ascii=False))
    return EXITS.get(str(status.get("state")), FAILURE)
