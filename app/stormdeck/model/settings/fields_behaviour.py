"""List the fields about extra requests, timeouts and the context window.

Names, types and defaults: facts/claude-code.md 7 (measured, 1.0.128 to 2.1.329). All values of ``env`` are text.
"""

from __future__ import annotations

from stormdeck.model.settings.field import Field, Group, Kind

TRAFFIC = (
    Field(
        "env.CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC",
        "Telemetry, updates",
        Kind.SWITCH,
        Group.TRAFFIC,
        "1: Claude Code does not contact hosted services, and sends fewer background requests. There are no update "
        "checks and no model discovery then.",
        "on",
        disables=True,
    ),
    Field(
        "env.CLAUDE_CODE_ATTRIBUTION_HEADER",
        "Attribution block",
        Kind.SWITCH,
        Group.TRAFFIC,
        "Since 2.1.41 a changing block precedes the system prompt. 0 removes it, so that vLLM's prefix cache works.",
        "on",
        off="0",
    ),
    Field(
        "env.CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS",
        "Beta fields",
        Kind.SWITCH,
        Group.TRAFFIC,
        "1: requests have fewer new fields. In 2.1.329 a request that gets 400 is sent once, not six or eight times.",
        "on",
        disables=True,
    ),
    Field(
        "permissions.defaultMode",
        "Permission mode",
        Kind.TEXT,
        Group.TRAFFIC,
        "The mode of new sessions in a terminal. The check of auto mode, the default of 2.1.329, runs on Anthropic's "
        "server: behind yours it stops the turn. acceptEdits asks for commands, default also for edits.",
        "auto in 2.1.329, default before",
        suggested=("acceptEdits", "default", "plan"),
    ),
    Field(
        "disableAutoMode",
        "Auto mode",
        Kind.SWITCH,
        Group.TRAFFIC,
        "disable: sessions start in manual mode instead of auto mode, and Claude Code does not offer auto mode.",
        "on",
        disables=True,
        on="disable",
    ),
    Field(
        "env.DISABLE_PROMPT_CACHING",
        "Cache marks",
        Kind.SWITCH,
        Group.TRAFFIC,
        "1: requests contain no cache_control marks. vLLM ignores them and caches prefixes anyway.",
        "on",
        disables=True,
    ),
    Field(
        "env.CLAUDE_CODE_EXTRA_BODY",
        "Extra body",
        Kind.JSON,
        Group.TRAFFIC,
        "A JSON object that is merged into the body of each request.",
        "none",
    ),
)

TIME = (
    Field(
        "env.API_TIMEOUT_MS",
        "Request timeout",
        Kind.MILLISECONDS,
        Group.TIME,
        "How long to wait for the first byte. Values above five minutes also need a higher Stream idle limit.",
        "600000, ten minutes",
        unit="ms",
    ),
    Field(
        "env.CLAUDE_CODE_MAX_RETRIES",
        "Retries",
        Kind.COUNT,
        Group.TIME,
        "How often a failed request is retried, 0 to 15. With 0 each failure is shown at once.",
        "10",
        unit="retries",
    ),
    Field(
        "env.CLAUDE_STREAM_IDLE_TIMEOUT_MS",
        "Stream idle limit",
        Kind.MILLISECONDS,
        Group.TIME,
        "In 2.1.329, how long a request may receive no byte, 300000 to 1800000. Needed for a long timeout.",
        "300000, five minutes",
        unit="ms",
    ),
    Field(
        "env.CLAUDE_STREAM_FIRST_BYTE_TIMEOUT_MS",
        "First byte limit",
        Kind.MILLISECONDS,
        Group.TIME,
        "In 2.1.329, how long to wait for the first byte of a stream.",
        "chosen by Claude Code",
        unit="ms",
    ),
    Field(
        "env.API_FORCE_IDLE_TIMEOUT",
        "Force idle limit",
        Kind.SWITCH,
        Group.TIME,
        "In 2.1.329, 0 removes the limit of about six minutes without a byte.",
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
        "Your model's context window: vLLM's max_model_len. For a model that it does not know, 2.1.329 assumes a "
        "million tokens and compacts too late.",
        "200000; 1000000 in 2.1.329",
        unit="tokens",
    ),
    Field(
        "env.CLAUDE_CODE_MAX_OUTPUT_TOKENS",
        "Max output tokens",
        Kind.COUNT,
        Group.CONTEXT,
        "max_tokens of each request. Prompt and answer must fit into the window together, or vLLM answers 400.",
        "32000",
        unit="tokens",
    ),
    Field(
        "env.CLAUDE_CODE_AUTO_COMPACT_WINDOW",
        "Auto-compact window",
        Kind.COUNT,
        Group.CONTEXT,
        "The context window for auto-compaction; at least 100000.",
        "the context window",
        unit="tokens",
    ),
    Field(
        "env.CLAUDE_AUTOCOMPACT_PCT_OVERRIDE",
        "Auto-compact percent",
        Kind.COUNT,
        Group.CONTEXT,
        "Compact the conversation when this much of the window is used.",
        "chosen by Claude Code",
        unit="percent",
    ),
    Field(
        "env.CLAUDE_CODE_DISABLE_1M_CONTEXT",
        "1M window",
        Kind.SWITCH,
        Group.CONTEXT,
        "1: 2.1.329 assumes 200000 tokens instead of a million for a model that it does not know.",
        "on",
        disables=True,
    ),
    Field(
        "env.MAX_THINKING_TOKENS",
        "Thinking tokens",
        Kind.COUNT,
        Group.CONTEXT,
        "Token limit for thinking; with 0 requests do not ask for thinking.",
        "chosen by Claude Code",
        unit="tokens",
    ),
    Field(
        "env.CLAUDE_CODE_DISABLE_THINKING",
        "Thinking",
        Kind.SWITCH,
        Group.CONTEXT,
        "1: requests do not ask for thinking, which many models do not support.",
        "on",
        disables=True,
    ),
)

_TIER_ROWS = (("SONNET", "Sonnet"), ("OPUS", "Opus"), ("HAIKU", "Haiku"), ("FABLE", "Fable"))
_CLOUDS = tuple(
    Field(
        f"env.CLAUDE_CODE_USE_{name}",
        label,
        Kind.SWITCH,
        Group.OTHER,
        f"1: everything is sent to {cloud}, and the base URL is not used at all.",
        "off",
    )
    for name, label, cloud in (
        ("BEDROCK", "Use Bedrock", "Amazon Bedrock"),
        ("VERTEX", "Use Vertex AI", "Google Vertex AI"),
        ("FOUNDRY", "Use Foundry", "Microsoft Foundry"),
        ("MANTLE", "Use Mantle", "Amazon Bedrock (Mantle)"),
        ("ANTHROPIC_AWS", "Use Claude on AWS", "the Claude Platform on AWS"),
        ("ANTHROPIC_GOOGLE_CLOUD", "Use Claude on Google", "the Claude Platform on Google Cloud"),
    )
)
_NAMES = tuple(
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
        ("ANTHROPIC_CUSTOM_MODEL_OPTION", "/model row"),
    )
    for suffix, word, what in (
        ("NAME", "name", "The name"),
        ("DESCRIPTION", "text", "The description"),
        ("SUPPORTED_CAPABILITIES", "abilities", "The capabilities, in Claude Code's terms,"),
    )
)
OTHER = (*_NAMES, *_CLOUDS)
