"""Derive the headers, model ids and timeouts of Claude Code's requests from its version and settings."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from typing import Any

from stormdeck.model.canary.shape import Shape
from stormdeck.model.rules.facts import NEWEST, Facts
from stormdeck.model.rules.model_choice import asked_ids
from stormdeck.model.settings.schema import timeout_ms
from stormdeck.model.settings.trust import API_KEY, TOKEN, may_send

MARK = "stormdeck-canary"
"""Part of the user agent of each request, before stormdeck's version."""
_NATIVE_SINCE = "2.1.113"
_NODE_LIMIT_MS, _NATIVE_LIMIT_MS, _IDLE_AT_MOST_MS = 300_000, 361_000, 1_800_000
"""After so long without a byte the client drops a request, even with a longer API_TIMEOUT_MS (measured: the first up
to 2.1.112, the second 2.1.329)."""
_TIMEOUT_DEFAULT_MS = 600_000
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_RESERVED = frozenset({"host", "content-length", "content-type", "transfer-encoding", "connection", "user-agent"})
_OFF = frozenset({"", "0", "false", "no", "off"})
_CAPABILITIES = "env.CLAUDE_CODE_MODEL_CAPABILITIES"
_EFFORTS = {"unset": "", "low": "low", "medium": "medium", "high": "high"}
_RUNTIME = {
    "accept": "application/json",
    "anthropic-dangerous-direct-browser-access": "true",
    "anthropic-version": "2023-06-01",
    "x-app": "cli",
    "x-stainless-arch": "x64",
    "x-stainless-lang": "js",
    "x-stainless-os": "Linux",
    "x-stainless-package-version": "0.128.0",
    "x-stainless-retry-count": "0",
    "x-stainless-runtime": "node",
    "x-stainless-runtime-version": "v26.12.1",
}
"""Headers of each request, with the values of 2.1.332 on Linux (recorded)."""
_NODE_ONLY = {"accept-language": "*", "sec-fetch-mode": "cors"}
"""What the builds on Node, up to 2.1.112, send too (recorded)."""


def shape_of(facts: Facts, session: str = "") -> Shape:
    """Return the shape of the client's requests; without a base URL, they ask for the first model that is served."""
    ids = asked_ids(facts)
    main = ids[0][1] or _first_served(facts)
    haiku = next((sent for path, sent in ids if "HAIKU" in path), main)
    thinks = facts.text("env.MAX_THINKING_TOKENS") != "0" and not _is_on(facts, "env.CLAUDE_CODE_DISABLE_THINKING")
    return Shape(
        version=facts.client_version or NEWEST,
        model=main if facts.has_base_url else _first_served(facts) or main,
        background=haiku if facts.has_base_url else _first_served(facts) or main,
        betas=not _is_on(facts, "env.CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS"),
        thinks=thinks,
        extra=_object(_sent(facts, "env.CLAUDE_CODE_EXTRA_BODY")),
        caches=not _is_on(facts, "env.DISABLE_PROMPT_CACHING"),
        attributes=facts.text("env.CLAUDE_CODE_ATTRIBUTION_HEADER").lower() not in _OFF - {""},
        million=not _is_on(facts, "env.CLAUDE_CODE_DISABLE_1M_CONTEXT"),
        searches_tools=facts.text("env.ENABLE_TOOL_SEARCH").lower() not in _OFF - {""},
        effort=_EFFORTS.get(facts.text("env.CLAUDE_CODE_EFFORT_LEVEL").lower(), "high"),
        lacks=lacking(facts.text(_CAPABILITIES), main),
        session=session,
    )


def lacking(capabilities: str, model: str) -> frozenset[str]:
    """Return what ``CLAUDE_CODE_MODEL_CAPABILITIES`` takes from a model.

    >>> sorted(lacking("qwen*=-effort,-mid_conv_system; x=-effort", "Qwen3.5-27B"))
    ['effort', 'mid_conv_system']
    """
    found: set[str] = set()
    for part in capabilities.split(";"):
        pattern, equals, names = part.partition("=")
        if equals and fnmatchcase(model.lower(), pattern.strip().lower()):
            found |= {name.strip()[1:] for name in names.split(",") if name.strip().startswith("-")}
    return frozenset(found)


def headers(facts: Facts, shape: Shape, version: str, session: str) -> dict[str, str]:
    """Return the headers of each request to any server but its betas; the user agent identifies stormdeck."""
    sent = {
        **_RUNTIME,
        **({} if shape.since(_NATIVE_SINCE) else _NODE_ONLY),
        "user-agent": f"claude-cli/{shape.version} (external, cli) {MARK}/{version}",
        "x-stainless-timeout": str(_timeout_ms(facts) // 1000),
    }
    if shape.dialect.session_header:
        sent["x-claude-code-session-id"] = session
    return sent


def own_headers(facts: Facts) -> dict[str, str]:
    """Return the headers for the base URL only: credentials and custom headers."""
    sent = {}
    if token := _sent(facts, TOKEN):
        sent["authorization"] = f"Bearer {token}"
    if key := _sent(facts, API_KEY):
        sent["x-api-key"] = key
    return sent | _custom(facts)


def _custom(facts: Facts) -> dict[str, str]:
    """Return the custom headers, one a line, except those that would change how a request is sent."""
    found = {}
    for line in _sent(facts, "env.ANTHROPIC_CUSTOM_HEADERS").splitlines():
        name, colon, value = line.partition(":")
        if colon and _HEADER_NAME.fullmatch(name.strip()) and sendable(value.strip()):
            found[name.strip().lower()] = value.strip()
    return {name: value for name, value in found.items() if name not in _RESERVED}


def _sent(facts: Facts, path: str) -> str:
    """Return a value that may be secret, or an empty text if it must not go to the server in the settings."""
    return facts.text(path) if facts.settings is None or may_send(facts.settings, path) else ""


def sendable(value: str) -> bool:
    """Return whether a value can be sent in a header."""
    return value.isascii() and value.isprintable()


def limit_of(facts: Facts, shape: Shape) -> tuple[int, str]:
    """Return how long the client waits for a byte, in ms, and the name of the setting that decides it."""
    own = _timeout_ms(facts)
    if not shape.since(_NATIVE_SINCE):
        return min((own, "API_TIMEOUT_MS"), (_NODE_LIMIT_MS, "its own limit"))
    if facts.text("env.API_FORCE_IDLE_TIMEOUT") == "0":
        return own, "API_TIMEOUT_MS"
    idle = facts.text("env.CLAUDE_STREAM_IDLE_TIMEOUT_MS")
    if idle.isascii() and idle.isdigit() and len(idle) < 10:
        bounded = min(max(int(idle), _NODE_LIMIT_MS), _IDLE_AT_MOST_MS)
        return min((own, "API_TIMEOUT_MS"), (bounded, "CLAUDE_STREAM_IDLE_TIMEOUT_MS"))
    return min((own, "API_TIMEOUT_MS"), (_NATIVE_LIMIT_MS, "its own limit"))


def _first_served(facts: Facts) -> str:
    return facts.live.vllm.models[0].id if facts.live.vllm is not None and facts.live.vllm.models else ""


def _timeout_ms(facts: Facts) -> int:
    configured = timeout_ms(facts.text("env.API_TIMEOUT_MS"))
    return _TIMEOUT_DEFAULT_MS if configured is None else configured


def _is_on(facts: Facts, path: str) -> bool:
    return facts.text(path).lower() not in _OFF


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
