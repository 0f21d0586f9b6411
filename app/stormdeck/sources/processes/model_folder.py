"""Read the kind of model that vLLM was started with from the model's folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from stormdeck.sources.io.bounded_read import read_bounded
from stormdeck.sources.processes.command_line import option

_LARGEST = 256 * 1024


def model_type(argv: Sequence[str]) -> str:
    """Return ``model_type`` of the model's ``config.json``, empty where it cannot be read. Never raises.

    Only absolute paths are used: vLLM's working folder is not known here.
    """
    start = next((index for index, word in enumerate(argv) if word == "serve"), None)
    given = argv[start + 1 : start + 2] if start is not None else ()
    folder = option(argv, "--model") or next((word for word in given if not word.startswith("-")), "")
    if not folder.startswith("/"):
        return ""
    try:
        read = json.loads(read_bounded(Path(folder) / "config.json", _LARGEST))
    except (OSError, ValueError, RecursionError):
        return ""
    kind = read.get("model_type") if isinstance(read, dict) else None
    return kind if isinstance(kind, str) and kind.isidentifier() else ""
