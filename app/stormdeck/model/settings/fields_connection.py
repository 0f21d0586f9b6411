"""List the fields about the server, the credentials and the models.

Names, types and defaults: facts/claude-code.md 7 (measured, 1.0.128 to 2.1.329). All values of ``env`` are text.
"""

from __future__ import annotations

from stormdeck.model.settings.field import Field, Group, Kind

WHERE = (
    Field(
        "env.ANTHROPIC_BASE_URL",
        "Base URL",
        Kind.URL,
        Group.WHERE,
        "Where requests go: scheme, host and port of vLLM or the proxy, without /v1, which Claude Code appends.",
        "api.anthropic.com",
    ),
    Field(
        "env.ANTHROPIC_CUSTOM_HEADERS",
        "Custom headers",
        Kind.HEADERS,
        Group.WHERE,
        "Headers for each request, one `Name: value` per line. Useful to mark a session in a proxy's log.",
        "none",
    ),
)

WHO = (
    Field(
        "env.ANTHROPIC_AUTH_TOKEN",
        "Auth token",
        Kind.SECRET,
        Group.WHO,
        "Sent as `Authorization: Bearer`. A server without keys accepts any text, such as `dummy`; without a token "
        "Claude Code reports that it is not logged in.",
        "none",
    ),
    Field(
        "env.ANTHROPIC_API_KEY",
        "API key",
        Kind.SECRET,
        Group.WHO,
        "Sent as `x-api-key`. Prefer the token: Claude Code asks whether to use a key, and the default is No.",
        "none",
    ),
    Field(
        "apiKeyHelper",
        "API key command",
        Kind.COMMAND,
        Group.WHO,
        "A command that prints a key, which is sent both as Bearer and as x-api-key.",
        "none",
    ),
)

MODEL = (
    Field(
        "model",
        "Model",
        Kind.MODEL,
        Group.MODEL,
        "A tier (sonnet, opus, haiku) that is mapped below, or a model id that the server serves. Running sessions "
        "keep the model that they started with.",
        "sonnet up to 2.1.112, opus in 2.1.329",
    ),
    Field(
        "env.ANTHROPIC_DEFAULT_SONNET_MODEL",
        "Sonnet model",
        Kind.TIER_ID,
        Group.MODEL,
        "The model id for sonnet, exactly as served.",
        "an Anthropic model id",
    ),
    Field(
        "env.ANTHROPIC_DEFAULT_OPUS_MODEL",
        "Opus model",
        Kind.TIER_ID,
        Group.MODEL,
        "The model id for opus, the default tier of 2.1.329.",
        "an Anthropic model id",
    ),
    Field(
        "env.ANTHROPIC_DEFAULT_HAIKU_MODEL",
        "Haiku model",
        Kind.TIER_ID,
        Group.MODEL,
        "The model id for haiku, which background requests such as titles and topics use.",
        "an Anthropic model id",
    ),
    Field(
        "env.ANTHROPIC_DEFAULT_FABLE_MODEL",
        "Fable model",
        Kind.TIER_ID,
        Group.MODEL,
        "The model id for fable, a tier of the newest versions that sub-agents may use.",
        "an Anthropic model id",
    ),
    Field(
        "env.ANTHROPIC_MODEL",
        "Model (env)",
        Kind.MODEL,
        Group.MODEL,
        "Overrides Model above. Leave it out unless one project needs another model.",
        "same as Model",
    ),
    Field(
        "env.CLAUDE_CODE_SUBAGENT_MODEL",
        "Sub-agent model",
        Kind.MODEL,
        Group.MODEL,
        "The model for all sub-agents, whatever tier they name.",
        "the tier that the sub-agent names",
    ),
    Field(
        "env.ANTHROPIC_CUSTOM_MODEL_OPTION",
        "Extra /model row",
        Kind.TIER_ID,
        Group.MODEL,
        "Adds one row to the /model picker, since 2.1.78. It selects no model and maps no tier.",
        "none",
    ),
    Field(
        "env.ANTHROPIC_SMALL_FAST_MODEL",
        "Small fast model",
        Kind.TIER_ID,
        Group.MODEL,
        "Deprecated: the old variable for the background model. Map haiku instead.",
        "same as Haiku model",
    ),
    Field(
        "env.CLAUDE_CODE_MODEL_CAPABILITIES",
        "Model capabilities",
        Kind.TEXT,
        Group.MODEL,
        "What models can do, by name. For a strict chat template: `qwen*=-mid_conv_system,-mid_conv_tool_change` sends "
        "late system messages as user messages (2.1.329).",
        "chosen by Claude Code",
    ),
    Field(
        "env.CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY",
        "Discover models",
        Kind.SWITCH,
        Group.MODEL,
        "In 2.1.329, lists the server's models in the picker, but only ids that contain `claude` or `anthropic`.",
        "off",
    ),
)
