"""Read the kind of model that vLLM was started with from the model's folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from stormdeck.sources.io.bounded_read import read_bounded
from stormdeck.sources.processes.command_line import option
from stormdeck.sources.processes.namespaces import HERE, inside

_LARGEST = 256 * 1024


def model_type(argv: Sequence[str], root: Path = HERE) -> str:
    """Return ``model_type`` of the model's ``config.json``, empty where it cannot be read. Never raises.

    Only absolute paths are used: vLLM's working folder is not known here. ``root`` is that of its process.
    """
    start = next((index for index, word in enumerate(argv) if word == "serve"), None)
    given = argv[start + 1 : start + 2] if start is not None else ()
    folder = option(argv, "--model") or next((word for word in given if not word.startswith("-")), "")
    if not folder.startswith("/"):
        return ""
    file = inside(root, f"{folder}/config.json")
    try:
        read = json.loads(read_bounded(file, _LARGEST)) if file is not None else None
    except (OSError, ValueError, RecursionError):
        return ""
    kind = read.get("model_type") if isinstance(read, dict) else None
    return kind if isinstance(kind, str) and kind.isidentifier() else ""
