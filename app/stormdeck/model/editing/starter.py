"""Generate complete settings for a server.

They correct the settings of the first article by measurements: no /v1, all tiers mapped to one served model, a token,
a timeout that takes effect, and the server's context window.
"""

from __future__ import annotations

from dataclasses import dataclass

from stormdeck.model.finding import Edit
from stormdeck.model.rules.facts import BASE_URL, CUSTOM_OPTION, FABLE_ID, NEWEST, TIER_IDS
from stormdeck.model.settings.scope import SettingsSnapshot
from stormdeck.model.snapshots.server import ProxySnapshot, VllmSnapshot
from stormdeck.model.versions import version_key

ANY_TOKEN = "dummy"  # noqa: S105 - no secret: a server without keys accepts any text
_WITH_LIMITS = "2.1.329"
"""The first measured version with an idle limit, a context window, a switch for betas, and auto mode."""
_LONGEST_MS = "1800000"
"""In milliseconds; the maximum of the idle limit (measured, 2.1.329)."""
_OUTPUT = 32_000
"""The default ``max_tokens`` (measured)."""
_ASSUMED = 200_000
"""The smallest context window that Claude Code assumes, in tokens."""
_OF_OWN = (
    BASE_URL,
    CUSTOM_OPTION,
    FABLE_ID,
    "model",
    "apiKeyHelper",
    "env.ANTHROPIC_MODEL",
    "env.ANTHROPIC_AUTH_TOKEN",
    "env.ANTHROPIC_API_KEY",
    *TIER_IDS.values(),
)


@dataclass(frozen=True, slots=True)
class Target:
    """The server that the settings are for."""

    url: str
    """Scheme, host and port."""
    model: str
    """The model id exactly as served."""
    window: int | None = None
    """In tokens; ``None`` if it is not known."""
    token: str = ANY_TOKEN
    others: tuple[str, ...] = ()
    """Further ids that it serves."""


def is_blank(settings: SettingsSnapshot) -> bool:
    """Return whether no scope and no shell variable sets a server, a credential or a model."""
    return not any(path in settings.effective for path in _OF_OWN) and all(
        file.error is None for file in settings.files
    )


def target(vllm: VllmSnapshot | None, proxy: ProxySnapshot | None, token: str = "") -> Target | None:
    """Return the server to use: the proxy if it lists models, else vLLM; ``None`` if neither lists any."""
    window = next((model.max_model_len for model in vllm.models), None) if vllm is not None else None
    if proxy is not None:
        ids = tuple(name for name in proxy.models if "*" not in name)
        if ids:
            return Target(proxy.url, ids[0], window, token or ANY_TOKEN, ids[1:])
    if vllm is not None and vllm.models:
        first, *rest = vllm.models
        return Target(vllm.url, first.id, first.max_model_len, token or ANY_TOKEN, tuple(one.id for one in rest))
    return None


def working_block(server: Target, client_version: str | None = None) -> tuple[Edit, ...]:
    """Return the edits that make empty settings work with a server; an unknown version counts as the newest.

    Auto mode is disabled, not replaced: with another mode, Claude Code offers to make auto mode the default.
    """
    limits = version_key(client_version or NEWEST) >= version_key(_WITH_LIMITS)
    block: dict[str, str] = {
        "model": "sonnet",
        BASE_URL: server.url,
        "env.ANTHROPIC_AUTH_TOKEN": server.token,
        TIER_IDS["opus"]: server.model,
        TIER_IDS["sonnet"]: server.model,
        TIER_IDS["haiku"]: server.model,
    }
    if limits:
        block[FABLE_ID] = server.model
        block["env.API_TIMEOUT_MS"] = _LONGEST_MS
        block["env.CLAUDE_STREAM_IDLE_TIMEOUT_MS"] = _LONGEST_MS
    block["env.CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"] = "1"
    block["env.CLAUDE_CODE_ATTRIBUTION_HEADER"] = "0"
    if limits:
        block["env.CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS"] = "1"
        block["disableAutoMode"] = "disable"
    block.update(_window_settings(server.window, knows_window=limits))
    return tuple(Edit(path, value) for path, value in block.items())


def _window_settings(window: int | None, *, knows_window: bool) -> dict[str, str]:
    """Return the settings for a small context window: its size, and the maximum length of an answer."""
    settings: dict[str, str] = {}
    if window is not None and knows_window:
        settings["env.CLAUDE_CODE_MAX_CONTEXT_TOKENS"] = str(window)
    if window is not None and window < _ASSUMED and window // 4 < _OUTPUT:
        settings["env.CLAUDE_CODE_MAX_OUTPUT_TOKENS"] = str(window // 4)
    return settings
