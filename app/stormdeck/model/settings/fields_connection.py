"""The fields that say where requests go, as whom, and for which model.

Names, types and defaults: facts/claude-code.md 7 (measured, 1.0.128 to 2.1.329). Every value of ``env`` is text.
"""

from __future__ import annotations

from stormdeck.model.settings.field import Field, Group, Kind

WHERE = (
    Field(
        "env.ANTHROPIC_BASE_URL",
        "Base URL",
        Kind.URL,
        Group.WHERE,
        "Where requests go: scheme, host and port of vLLM or the proxy, without /v1, which the client adds itself.",
        "api.anthropic.com",
    ),
    Field(
        "env.ANTHROPIC_CUSTOM_HEADERS",
        "Custom headers",
        Kind.HEADERS,
        Group.WHERE,
        "Sent with every request, one `Name: value` a line. Useful to tag a session in a proxy's log.",
        "none",
    ),
)

WHO = (
    Field(
        "env.ANTHROPIC_AUTH_TOKEN",
        "Auth token",
        Kind.SECRET,
        Group.WHO,
        "Sent as `Authorization: Bearer`. A server without keys takes any text, `dummy` say; without one the client "
        "says it is not logged in.",
        "none",
    ),
    Field(
        "env.ANTHROPIC_API_KEY",
        "API key",
        Kind.SECRET,
        Group.WHO,
        "Sent as `x-api-key`. Prefer the token: for a key the client asks in a dialog whose default is No.",
        "none",
    ),
    Field(
        "apiKeyHelper",
        "API key command",
        Kind.COMMAND,
        Group.WHO,
        "A command that prints a key; it is sent both as Bearer and as x-api-key.",
        "none",
    ),
)

MODEL = (
    Field(
        "model",
        "Model",
        Kind.MODEL,
        Group.MODEL,
        "A tier (sonnet, opus, haiku), which is mapped below, or an id that the server serves. Running sessions keep "
        "the one that they started with.",
        "sonnet up to 2.1.112, opus in 2.1.329",
    ),
    Field(
        "env.ANTHROPIC_DEFAULT_SONNET_MODEL",
        "Sonnet is",
        Kind.TIER_ID,
        Group.MODEL,
        "The served id that stands for sonnet, letter for letter.",
        "a hosted id",
    ),
    Field(
        "env.ANTHROPIC_DEFAULT_OPUS_MODEL",
        "Opus is",
        Kind.TIER_ID,
        Group.MODEL,
        "The served id that stands for opus: the default tier of 2.1.329.",
        "a hosted id",
    ),
    Field(
        "env.ANTHROPIC_DEFAULT_HAIKU_MODEL",
        "Haiku is",
        Kind.TIER_ID,
        Group.MODEL,
        "The served id that stands for haiku: background requests such as titles and topics ask for it.",
        "a hosted id",
    ),
    Field(
        "env.ANTHROPIC_DEFAULT_FABLE_MODEL",
        "Fable is",
        Kind.TIER_ID,
        Group.MODEL,
        "The served id that stands for fable, a tier of the newest clients that sub-agents may ask for.",
        "a hosted id",
    ),
    Field(
        "env.ANTHROPIC_MODEL",
        "Model (variable)",
        Kind.MODEL,
        Group.MODEL,
        "Beats Model above. Leave it out unless one project needs another model.",
        "the Model above",
    ),
    Field(
        "env.CLAUDE_CODE_SUBAGENT_MODEL",
        "Sub-agents use",
        Kind.MODEL,
        Group.MODEL,
        "The model of sub-agents, whatever tier they ask for.",
        "the tier that a sub-agent names",
    ),
    Field(
        "env.ANTHROPIC_CUSTOM_MODEL_OPTION",
        "Extra picker row",
        Kind.TIER_ID,
        Group.MODEL,
        "Adds one row to the /model picker, from 2.1.78 on. It chooses no model and maps no tier.",
        "none",
    ),
    Field(
        "env.ANTHROPIC_SMALL_FAST_MODEL",
        "Small fast model",
        Kind.TIER_ID,
        Group.MODEL,
        "Deprecated: the old name of the model for background requests. Map haiku instead.",
        "what haiku is",
    ),
    Field(
        "env.CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY",
        "Discover models",
        Kind.SWITCH,
        Group.MODEL,
        "In 2.1.329, lists the server's models in the picker, but only ids that hold `claude` or `anthropic`.",
        "off",
    ),
)
