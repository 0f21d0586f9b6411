"""Print a status for a script, for tmux or for Claude Code."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping

from stormdeck.commands.exit_codes import FAILURE, NEGATIVE, SUCCESS
from stormdeck.commands.output import write_out
from stormdeck.model.status.bar import Bar, ascii_only, client_line, tmux_line

JSON = "json"
TMUX = "tmux"
STATUSLINE = "statusline"
FORMATS = (TMUX, STATUSLINE, JSON)

EXITS = {"ok": SUCCESS, "degraded": NEGATIVE, "down": FAILURE}
"""Exit code by state."""


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
    """Print a status in one of ``FORMATS`` and return the exit code.

    ``session`` and ``model`` are what Claude Code passes to its status line, else empty. Claude Code ignores the output
    of a command that fails (measured, 2.1.112 and 2.1.329), so the exit code for ``statusline`` is always 0.
    """
    coloured = not environ.get("NO_COLOR")
    plain = ascii_only(environ) if as_ascii is None else as_ascii
    if shape == STATUSLINE:
        now = time.time()
        write_out(client_line(bar, session=session, model=model, coloured=coloured, only_ascii=plain, now=now))
        return SUCCESS
    if shape == TMUX:
        write_out(tmux_line(bar, coloured=coloured, only_ascii=plain))
    else:
        write_out(json.dumps(status, indent=2, ensure_ascii=False))
    return EXITS.get(str(status.get("state")), FAILURE)
