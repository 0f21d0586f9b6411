"""Find why an engine died: the exception of its process, to which the server's own error only points."""

from __future__ import annotations

import re

from stormdeck.model.logs.reasons import reason

_SEARCHED = 2000
_RAISED = re.compile(r"(?<![\w.])(?:[A-Za-z_]\w{0,60}\.){0,8}\w{0,60}(?:Error|Exception): \S")
_OF_ENGINE = re.compile(r"EngineCore|Worker|Executor|CUDA|NCCL|HIP|torch\.")
"""Lines of the processes that compute, or of what they compute with."""
_POINTS = re.compile(
    r"EngineDeadError|EngineGenerateError|EngineCore encountered an issue|Engine core initialization failed"
)
"""An error of the server in front of the engine, which only says that the engine has failed."""
_DIED = re.compile(
    r"Engine ?Core (?:encountered an issue|died|proc\w* \w+ died)|Engine core initialization failed|EngineDeadError"
)


def deep_cause(text: str) -> str:
    """Return the exception that ended an engine, in a few words; empty if the line has none.

    >>> deep_cause("(EngineCore pid=104) torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 50.00 MiB.")
    'CUDA out of memory'
    """
    found = _RAISED.search(text, 0, _SEARCHED)
    if found is None or _OF_ENGINE.search(text, 0, _SEARCHED) is None or _POINTS.search(text, 0, _SEARCHED):
        return ""
    return reason(text[found.start() :])


def points_to_engine(why: str) -> bool:
    """Return whether a reason only says that the engine has failed."""
    return _DIED.search(why) is not None
