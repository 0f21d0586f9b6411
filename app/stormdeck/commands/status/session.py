"""What Claude Code tells its status line of the session that it stands in: one JSON object on standard input."""

from __future__ import annotations

import json
import os
import sys
import threading

_MOST_BYTES = 256 * 1024
_PATIENCE_S = 0.3
"""Claude Code writes at once; whoever runs the command by hand is not kept waiting."""


def read_session() -> tuple[str, str]:
    """Return the session's id and its model's name, each empty where nothing tells it; never waits for long."""
    if sys.stdin is None or sys.stdin.closed or sys.stdin.isatty():
        return "", ""
    text: list[bytes] = []
    reader = threading.Thread(target=lambda: text.append(_standard_input()), name="stdin", daemon=True)
    reader.start()
    reader.join(_PATIENCE_S)
    try:
        told = json.loads(text[0]) if text else None
    except (ValueError, RecursionError):
        return "", ""
    if not isinstance(told, dict):
        return "", ""
    model = told.get("model")
    name = (model.get("display_name") or model.get("id")) if isinstance(model, dict) else None
    session = told.get("session_id")
    return session if isinstance(session, str) else "", name if isinstance(name, str) else ""


def _standard_input() -> bytes:
    """Read to the end; not through the stream, whose lock would take the interpreter down as it ends."""
    text = b""
    try:
        while len(text) < _MOST_BYTES and (piece := os.read(sys.stdin.fileno(), _MOST_BYTES)):
            text += piece
    except (OSError, ValueError, AttributeError):
        return b""
    return text
