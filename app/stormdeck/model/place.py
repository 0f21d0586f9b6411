"""The part of a URL that tells servers apart."""

from __future__ import annotations

from urllib.parse import urlsplit


def place(url: str) -> str:
    """Return the part of a URL that tells servers apart: ``:8000`` here, ``gpu-box:8000`` elsewhere."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return ""
    host = parts.hostname or ""
    return f":{port}" if host in {"localhost", "127.0.0.1", "::1"} else f"{host}:{port}"
