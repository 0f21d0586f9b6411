"""AUTH: whether the server takes what the client sends."""

from __future__ import annotations

from collections.abc import Iterator

from stormdeck.model.finding import Edit, Finding, Fix, Severity
from stormdeck.model.litellm.config import REFERENCE
from stormdeck.model.rules.client.auth import API_KEY, BEARER, HELPER
from stormdeck.model.rules.facts import Facts
from stormdeck.model.rules.litellm.common import leads_to_proxy
from stormdeck.model.rules.rule import Page, Rule, rule
from stormdeck.model.snapshots.probe import Probe
from stormdeck.model.snapshots.server import ServerKind

_EXAMPLE = '"env": { "ANTHROPIC_AUTH_TOKEN": "sk-the-master-key" }'
_REFUSED = {400, 401, 403}


def _refused(facts: Facts) -> Probe | None:
    """Return the probe when the server refuses what the client sends."""
    probe = facts.live.probe
    return probe if probe is not None and probe.credential in _REFUSED and not facts.text(HELPER) else None


def _sent(facts: Facts) -> str:
    """Return the setting whose value is sent."""
    return BEARER if facts.text(BEARER) or not facts.text(API_KEY) else API_KEY


def _master_key(facts: Facts) -> str | None:
    """Return the master key that stands in the proxy's YAML, unless a database may hold other keys."""
    config = facts.proxy_config
    if config is None or config.setting("general_settings", "database_url") is not None:
        return None
    node = config.setting("general_settings", "master_key")
    key = str(node.value).strip() if node is not None and node.value is not None else ""
    return key if key and not key.startswith(REFERENCE) else None


@rule(
    Page(
        code="AUTH204",
        title="the proxy does not know the token",
        what="The proxy refuses the token, or the token is not the master key of its YAML.",
        why=(
            'LiteLLM without a database answers 400 "No connected db." to a wrong key, and not 401; a missing key '
            "gets 401. Articles use any text as a token: that holds only for a proxy without a master key, which "
            "LiteLLM from 1.104.0 on refuses to start."
        ),
        shown='API Error: 400 {"error":{"message":"No connected db.","type":"no_db_connection",...}}',
        versions="LiteLLM; 1.104.0 and later always want a key",
        evidence="measured, LiteLLM 1.80.5 and 1.109.1",
        fix="Write the proxy's master key, general_settings.master_key, as ANTHROPIC_AUTH_TOKEN.",
        example=_EXAMPLE,
    )
)
def proxy_refuses(facts: Facts) -> Iterator[Finding]:
    """Find a token that the proxy does not know."""
    probe, master = _refused(facts), _master_key(facts)
    live = probe is not None and probe.kind is ServerKind.LITELLM
    sent = facts.text(BEARER) or facts.text(API_KEY)
    wrong = bool(master and sent and sent != master and leads_to_proxy(facts)) and not _accepted(facts)
    if not live and not wrong:
        return
    known = master if master != sent else None
    yield Finding(
        "AUTH204",
        Severity.ERROR,
        "the proxy refuses it" if live else "not the proxy's master key",
        'LiteLLM answers 400 "No connected db." to a wrong key, and 401 to none; every request ends so.',
        _sent(facts),
        fix=Fix("set the token to the proxy's master key", (Edit(BEARER, known),)) if known else None,
    )


def _accepted(facts: Facts) -> bool:
    """Say whether the live server took what the client sends: then a YAML on disk is not its own."""
    return facts.live.probe is not None and facts.live.probe.credential == 200


@rule(
    Page(
        code="AUTH205",
        title="vLLM refuses the token",
        what="vLLM was started with --api-key and answers 401 to the token.",
        why=(
            "The client sends a refused request eleven times, over three minutes, before it says so. vLLM takes the "
            "key as `Authorization: Bearer` only: the right key as ANTHROPIC_API_KEY gets 401 too."
        ),
        shown=(
            'Failed to authenticate. API Error: 401 {"error":"Unauthorized"}\n'
            'Up to 2.0.76: API Error: 401 {"error":"Unauthorized"} · Please run /login'
        ),
        versions="all; asked live",
        evidence="measured, 1.0.128 to 2.1.329; vLLM 0.32",
        fix="Write the text of --api-key as ANTHROPIC_AUTH_TOKEN.",
        example='"env": { "ANTHROPIC_AUTH_TOKEN": "the text of --api-key" }',
    )
)
def server_refuses(facts: Facts) -> Iterator[Finding]:
    """Find a token that vLLM does not know."""
    probe = _refused(facts)
    if probe is None or probe.kind not in {ServerKind.VLLM, None}:
        return
    if not facts.text(BEARER) and facts.text(API_KEY):
        return
    yield Finding(
        "AUTH205",
        Severity.ERROR,
        "the server refuses it",
        f"It answers {probe.credential}; the client sends each request eleven times before it says so.",
        BEARER,
    )


RULES: tuple[Rule, ...] = (proxy_refuses, server_refuses)
