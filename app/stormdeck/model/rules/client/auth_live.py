"""AUTH: rules about servers that reject the credential."""

from __future__ import annotations

from collections.abc import Iterator

from stormdeck.model.finding import Edit, Finding, Fix, Severity
from stormdeck.model.litellm.placeholders import REFERENCE
from stormdeck.model.rules.client.auth import API_KEY, BEARER, HELPER
from stormdeck.model.rules.facts import Facts
from stormdeck.model.rules.litellm.common import leads_to_proxy
from stormdeck.model.rules.rule import Page, Rule, rule
from stormdeck.model.snapshots.probe import Probe
from stormdeck.model.snapshots.server import ServerKind

_EXAMPLE = '"env": { "ANTHROPIC_AUTH_TOKEN": "sk-the-master-key" }'
_REFUSED = {400, 401, 403}


def _refused(facts: Facts) -> Probe | None:
    """Return the probe if the server rejects the credential."""
    probe = facts.live.probe
    return probe if probe is not None and probe.credential in _REFUSED and not facts.text(HELPER) else None


def _sent(facts: Facts) -> str:
    """Return the key path of the credential that is sent."""
    return BEARER if facts.text(BEARER) or not facts.text(API_KEY) else API_KEY


def _master_key(facts: Facts) -> str | None:
    """Return the master key in the proxy's YAML; ``None`` if a database may hold other keys."""
    config = facts.proxy_config
    if config is None or config.setting("general_settings", "database_url") is not None:
        return None
    node = config.setting("general_settings", "master_key")
    key = str(node.value).strip() if node is not None and node.value is not None else ""
    return key if key and not key.startswith(REFERENCE) else None


@rule(
    Page(
        code="AUTH204",
        title="the proxy rejects the token",
        what="Finds a token that the proxy rejects, or that differs from the master key in the proxy's YAML.",
        why=(
            'LiteLLM without a database answers a wrong key with 400 "No connected db.", not with 401; only a missing'
            " key gets 401. Articles use any text as a token: that works only without a master key, and LiteLLM "
            "1.104.0 and later refuse to start without one."
        ),
        shown='API Error: 400 {"error":{"message":"No connected db.","type":"no_db_connection",...}}',
        versions="LiteLLM; 1.104.0 and later always need a key",
        evidence="measured, LiteLLM 1.80.5 and 1.109.1",
        fix="Set ANTHROPIC_AUTH_TOKEN to the proxy's general_settings.master_key.",
        example=_EXAMPLE,
    )
)
def proxy_refuses(facts: Facts) -> Iterator[Finding]:
    """Find a token that the proxy rejects."""
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
        "the proxy rejects it" if live else "not the proxy's master key",
        'LiteLLM answers a wrong key with 400 "No connected db.", a missing one with 401. Every request fails.',
        _sent(facts),
        fix=Fix("set the token to the proxy's master key", (Edit(BEARER, known),)) if known else None,
    )


def _accepted(facts: Facts) -> bool:
    """Return whether the running server accepted the credential; then the YAML belongs to another proxy."""
    return facts.live.probe is not None and facts.live.probe.credential == 200


@rule(
    Page(
        code="AUTH205",
        title="vLLM rejects the token",
        what="Finds a vLLM that was started with --api-key and answers 401 to your token.",
        why=(
            "Claude Code sends a rejected request eleven times, over three minutes, before it shows the error. vLLM "
            "accepts the key only as `Authorization: Bearer`: the right key in ANTHROPIC_API_KEY gets 401 too."
        ),
        shown=(
            'Failed to authenticate. API Error: 401 {"error":"Unauthorized"}\n'
            'Up to 2.0.76: API Error: 401 {"error":"Unauthorized"} · Please run /login'
        ),
        versions="all versions; tested against the running server",
        evidence="measured, 1.0.128 to 2.1.329; vLLM 0.32",
        fix="Set ANTHROPIC_AUTH_TOKEN to the value of --api-key.",
        example='"env": { "ANTHROPIC_AUTH_TOKEN": "the text of --api-key" }',
    )
)
def server_refuses(facts: Facts) -> Iterator[Finding]:
    """Find a token that the inference server rejects."""
    probe = _refused(facts)
    if probe is None or not (probe.kind is None or probe.kind.is_engine):
        return
    if not facts.text(BEARER) and facts.text(API_KEY):
        return
    yield Finding(
        "AUTH205",
        Severity.ERROR,
        "the server rejects it",
        f"It answers {probe.credential}. Claude Code sends each request eleven times before it shows the error.",
        BEARER,
    )


RULES: tuple[Rule, ...] = (proxy_refuses, server_refuses)
