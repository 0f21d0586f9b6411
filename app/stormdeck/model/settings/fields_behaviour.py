"""The fields that say what else is sent, how long the client waits, and how much it says.

Names, types and defaults: facts/claude-code.md 7 (measured, 1.0.128 to 2.1.329). Every value of ``env`` is text.
"""

from __future__ import annotations

from stormdeck.model.settings.field import Field, Group, Kind

TRAFFIC = (
    Field(
        "env.CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC",
        "No extra traffic",
        Kind.SWITCH,
        Group.TRAFFIC,
        "On: no contact with hosted services and fewer background requests. Its price: no update checks, no model "
        "discovery.",
        "off",
    ),
    Field(
        "env.CLAUDE_CODE_ATTRIBUTION_HEADER",
        "Attribution block",
        Kind.SWITCH,
        Group.TRAFFIC,
        "From 2.1.41 on, puts a changing block before the system prompt. Off keeps vLLM's prefix cache useful.",
        "on",
        off="0",
    ),
    Field(
        "env.CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS",
        "No experiments",
        Kind.SWITCH,
        Group.TRAFFIC,
        "On: fewer new request fields. In 2.1.329 it makes one request of the six that follow a 400.",
        "off",
    ),
    Field(
        "env.DISABLE_PROMPT_CACHING",
        "No cache marks",
        Kind.SWITCH,
        Group.TRAFFIC,
        "On: requests carry no cache_control marks. vLLM ignores them and caches prefixes anyway.",
        "off",
    ),
    Field(
        "env.CLAUDE_CODE_EXTRA_BODY",
        "Extra body",
        Kind.JSON,
        Group.TRAFFIC,
        "A JSON object that is merged into the body of every request.",
        "none",
    ),
)

TIME = (
    Field(
        "env.API_TIMEOUT_MS",
        "Request timeout",
        Kind.MILLISECONDS,
        Group.TIME,
        "How long to wait for the first byte. Above five minutes it does not hold by itself: see Stream idle limit.",
        "600000, ten minutes",
        unit="ms",
    ),
    Field(
        "env.CLAUDE_CODE_MAX_RETRIES",
        "Retries",
        Kind.COUNT,
        Group.TIME,
        "How often a failed request is sent again, 0 to 15. 0 shows every failure at once.",
        "10",
        unit="retries",
    ),
    Field(
        "env.CLAUDE_STREAM_IDLE_TIMEOUT_MS",
        "Stream idle limit",
        Kind.MILLISECONDS,
        Group.TIME,
        "In 2.1.329, how long a request may stay without a byte, 300000 to 1800000. Needed beside a long timeout.",
        "300000, five minutes",
        unit="ms",
    ),
    Field(
        "env.CLAUDE_STREAM_FIRST_BYTE_TIMEOUT_MS",
        "First byte limit",
        Kind.MILLISECONDS,
        Group.TIME,
        "In 2.1.329, how long to wait for the first byte of a stream.",
        "the client's own choice",
        unit="ms",
    ),
    Field(
        "env.API_FORCE_IDLE_TIMEOUT",
        "Idle limit",
        Kind.SWITCH,
        Group.TIME,
        "In 2.1.329, off lifts the limit of about six minutes without a byte.",
        "on",
        off="0",
    ),
)

CONTEXT = (
    Field(
        "env.CLAUDE_CODE_MAX_CONTEXT_TOKENS",
        "Context window",
        Kind.COUNT,
        Group.CONTEXT,
        "The window of your model, as vLLM's max_model_len says. For a model it does not know, 2.1.329 assumes a "
        "million tokens and never compacts in time.",
        "200000; 1000000 in 2.1.329",
        unit="tokens",
    ),
    Field(
        "env.CLAUDE_CODE_MAX_OUTPUT_TOKENS",
        "Longest answer",
        Kind.COUNT,
        Group.CONTEXT,
        "The max_tokens of a request. Prompt and answer must fit in the window together, or vLLM answers 400.",
        "32000",
        unit="tokens",
    ),
    Field(
        "env.CLAUDE_CODE_AUTO_COMPACT_WINDOW",
        "Compact at",
        Kind.COUNT,
        Group.CONTEXT,
        "The window that auto-compaction reckons with; at least 100000.",
        "the context window",
        unit="tokens",
    ),
    Field(
        "env.CLAUDE_AUTOCOMPACT_PCT_OVERRIDE",
        "Compact at percent",
        Kind.COUNT,
        Group.CONTEXT,
        "Compacts when this much of the window is used.",
        "the client's own choice",
        unit="percent",
    ),
    Field(
        "env.CLAUDE_CODE_DISABLE_1M_CONTEXT",
        "No 1M window",
        Kind.SWITCH,
        Group.CONTEXT,
        "On: 2.1.329 assumes 200000 tokens for a model it does not know, instead of a million.",
        "off",
    ),
    Field(
        "env.MAX_THINKING_TOKENS",
        "Thinking tokens",
        Kind.COUNT,
        Group.CONTEXT,
        "How much the model may think; 0 takes thinking out of the request.",
        "the client's own choice",
        unit="tokens",
    ),
    Field(
        "env.CLAUDE_CODE_DISABLE_THINKING",
        "No thinking",
        Kind.SWITCH,
        Group.CONTEXT,
        "On: requests do not ask for thinking, which many served models do not know.",
        "off",
    ),
)

_TIER_ROWS = (("SONNET", "Sonnet"), ("OPUS", "Opus"), ("HAIKU", "Haiku"), ("FABLE", "Fable"))
OTHER = tuple(
    Field(
        f"env.{name}_{suffix}",
        f"{label} {word}",
        Kind.TEXT,
        Group.OTHER,
        f"{what} of {label} in the /model picker.",
        "none",
    )
    for name, label in (
        *((f"ANTHROPIC_DEFAULT_{tier}_MODEL", word) for tier, word in _TIER_ROWS),
        ("ANTHROPIC_CUSTOM_MODEL_OPTION", "Extra row"),
    )
    for suffix, word, what in (
        ("NAME", "name", "The name"),
        ("DESCRIPTION", "text", "The description"),
        ("SUPPORTED_CAPABILITIES", "can do", "The capabilities, as the client names them,"),
    )
)
