"""Read what Claude Code passes to its status line: one JSON object about the session, on standard input."""

from __future__ import annotations

import json
import os
import sys
import threading

_MOST_BYTES = 256 * 1024
_PATIENCE_S = 0.3
"""Seconds to wait. Claude Code writes at once; a user who runs the command should not have to wait."""


def read_session() -> tuple[str, str]:
    """Return the session's id and the name of its model, each empty if unknown."""
    if sys.stdin is None or sys.stdin.closed or sys.stdin.isatty():
        return "", ""
    text: list[bytes] = []
    reader = threading.Thread(target=lambda: text.append(_standard_input()), name="stdin", daemon=True)
    reader.start()
    reader.join(_PATIENCE_S)
    try:
        sent = json.loads(text[0]) if text else None
    except (ValueError, RecursionError):
        return "", ""
    if not isinstance(sent, dict):
        return "", ""
    model = sent.get("model")
    name = (model.get("display_name") or model.get("id")) if isinstance(model, dict) else None
    session = sent.get("session_id")
    return session if isinstance(session, str) else "", name if isinstance(name, str) else ""


def _standard_input() -> bytes:
    """Read to the end, without the stream: its lock, held by a thread, would crash the interpreter at exit."""
    text = b""
    try:
        while len(text) < _MOST_BYTES and (piece := os.read(sys.stdin.fileno(), _MOST_BYTES)):
            text += piece
    except (OSError, ValueError, AttributeError):
        return b""
    return text
