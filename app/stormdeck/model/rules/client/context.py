"""CTX: rules about the context window."""

from __future__ import annotations

from collections.abc import Iterator

from stormdeck.model.finding import Edit, Finding, Fix, Severity
from stormdeck.model.rules.facts import Facts
from stormdeck.model.rules.model_choice import asked_ids
from stormdeck.model.rules.rule import Page, Rule, rule
from stormdeck.model.versions import at_least, below

WINDOW = "env.CLAUDE_CODE_MAX_CONTEXT_TOKENS"
COMPACT = "env.CLAUDE_CODE_AUTO_COMPACT_WINDOW"
NO_MILLION = "env.CLAUDE_CODE_DISABLE_1M_CONTEXT"
OUTPUT = "env.CLAUDE_CODE_MAX_OUTPUT_TOKENS"
FIRST_PROMPT = 20_000
"""Tokens of Claude Code's system prompt and tools: the first request is never smaller."""
_OUTPUT_DEFAULT = 32_000
_TIGHT = 32_000
_LEAST_OUTPUT = 4_000
_CLAMPS_SINCE = "0.32"


def served_window(facts: Facts) -> int | None:
    """Return the context window of the requested model, in tokens."""
    asked = next((model for _, model in asked_ids(facts)), "")
    found = facts.live.model(asked)
    return found.max_model_len if found is not None else None


def tokens(facts: Facts, path: str) -> int | None:
    """Return a setting as a number of tokens, ``None`` if it is missing or not a number."""
    text = facts.text(path)
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 16 else None


def _assumed(facts: Facts) -> int:
    """Return the context window that Claude Code assumes, in tokens."""
    limits = [size for size in (tokens(facts, WINDOW), tokens(facts, COMPACT)) if size is not None]
    million = facts.since("2.1.329") and facts.text(NO_MILLION).lower() not in {"1", "true"}
    return min([*limits, 1_000_000 if million else 200_000])


@rule(
    Page(
        code="CTX601",
        title="Claude Code assumes a larger context window",
        what=(
            "Finds a max_model_len on the server that is smaller than the context window that Claude Code assumes: "
            "200 000 tokens, or in 2.1.329 a million for a model it does not know."
        ),
        why=(
            "Claude Code compacts a conversation when its assumed window is nearly full. If the server's window is "
            "smaller, that is too late, and long conversations end in errors."
        ),
        shown=(
            "Up to 2.1.112: API Error: 400 {...maximum context length...}\n"
            "2.1.329: Prompt is too long · the provider said: This model's maximum context length is 32768 tokens…"
        ),
        versions="all versions; CLAUDE_CODE_MAX_CONTEXT_TOKENS was measured in 2.1.329",
        evidence="measured, 2.1.329: with 32768 the notice about a 1M window disappears",
        fix="Set CLAUDE_CODE_MAX_CONTEXT_TOKENS to the server's max_model_len.",
        example='"env": { "CLAUDE_CODE_MAX_CONTEXT_TOKENS": "131072" }',
    )
)
def window(facts: Facts) -> Iterator[Finding]:
    """Find a context window that is smaller than Claude Code assumes."""
    served = served_window(facts)
    if served is None or not facts.complete or _assumed(facts) <= served:
        return
    yield Finding(
        "CTX601",
        Severity.ERROR if served < _TIGHT else Severity.WARNING,
        f"the server's window is {served} tokens",
        f"Claude Code assumes {_assumed(facts)} tokens and compacts too late: long conversations end in errors.",
        WINDOW,
        fix=Fix(f"set it to {served}", (Edit(WINDOW, str(served)),)),
    )


@rule(
    Page(
        code="CTX602",
        title="max_tokens leaves no room for the prompt",
        what=(
            "Finds a CLAUDE_CODE_MAX_OUTPUT_TOKENS (default 32000) that is larger than max_model_len minus a first "
            "prompt of 20 000 tokens."
        ),
        why=(
            "Every vLLM rejects a request whose max_tokens is larger than the whole window. If prompt and max_tokens "
            "together do not fit, vLLM before 0.32 rejects the request; 0.32 and later shorten the answer to what "
            "fits."
        ),
        shown='API Error: 400 {"type":"error","error":{"type":"BadRequestError",...}}',
        versions="vLLM before 0.32; every vLLM if it is larger than the window",
        evidence="measured, vLLM 0.28 and 0.32",
        fix="Lower CLAUDE_CODE_MAX_OUTPUT_TOKENS until both fit.",
        example='"env": { "CLAUDE_CODE_MAX_OUTPUT_TOKENS": "8000" }',
    )
)
def output(facts: Facts) -> Iterator[Finding]:
    """Find a ``max_tokens`` that leaves no room for the prompt."""
    served, version = served_window(facts), facts.live.vllm_version
    if served is None or not facts.complete or facts.live.is_other_engine:
        return
    own = tokens(facts, OUTPUT)
    wanted = own if own is not None else _OUTPUT_DEFAULT
    refused = wanted > served
    if not refused and (wanted + FIRST_PROMPT <= served or at_least(version, _CLAMPS_SINCE)):
        return
    room = (served - FIRST_PROMPT) // 1000 * 1000
    fits = room if room >= _LEAST_OUTPUT else None
    old = below(version, _CLAMPS_SINCE)
    yield Finding(
        "CTX602",
        Severity.ERROR if refused or old else Severity.WARNING,
        f"{wanted} tokens do not fit into {served}",
        f"Claude Code requests up to {wanted} output tokens with a prompt of 20 000 or more; the window is {served}, "
        + ("so vLLM answers 400." if refused or old else "so vLLM before 0.32 answers 400."),
        OUTPUT,
        fix=Fix(f"set it to {fits}", (Edit(OUTPUT, str(fits)),)) if fits else None,
    )


RULES: tuple[Rule, ...] = (window, output)
