"""What Claude Code does when a request is refused with 400: it sends the request again without some parts.

Measured with 2.1.329 and 2.1.332 behind a server that refused one part at a time, each with the words below. By name it
gives up edits of the context, a beta, the context of plan mode, late system messages and effort; whatever the words, it
gives up the display of thinking and tools that are loaded later. It gives up nothing else: thinking itself, metadata,
the marks of the prompt cache and images end in an API error, and so does a late system message that is refused with
the words of a chat template.
"""

from __future__ import annotations

import re

from stormdeck.model.canary.shape import Shape

SINCE = "2.1.329"
_GIVES_UP = tuple(
    (re.compile(pattern, re.IGNORECASE), what)
    for pattern, what in (
        (r"unexpected value.*anthropic-beta", "without that beta"),
        (r"context_management\W{0,3}: extra inputs", "without edits of the context"),
        (r"safeguards\W{0,3}: extra inputs", "without its context of plan mode"),
        (r"thinking\.display\W{0,3}: extra inputs", "without the display of thinking"),
        (r"defer_loading\W{0,3}: extra inputs|'tool_reference'", "with all tools from the start"),
        (r"should be 'user' or 'assistant'|unexpected role .{0,3}system", "with a user message in its place"),
        (r"does not support the effort parameter", "without effort"),
    )
)


def recovery(error: str, shape: Shape) -> str | None:
    """Return how the client sends a request again that was refused with these words; ``None`` if it does not."""
    if not shape.betas or not shape.since(SINCE):
        return None
    return next((what for pattern, what in _GIVES_UP if pattern.search(error)), None)
