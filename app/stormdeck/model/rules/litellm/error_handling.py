"""PROXY: rules about LiteLLM after an error, and after the client has disconnected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from stormdeck.model.finding import Finding, Severity
from stormdeck.model.litellm import yaml_snippet
from stormdeck.model.litellm.config import Node, ProxyConfig
from stormdeck.model.litellm.placement import Provider, is_chat, is_own, provider_of
from stormdeck.model.rules.facts import Facts
from stormdeck.model.rules.litellm.common import COOLDOWN, at, own, place, version, whole_configs
from stormdeck.model.rules.litellm.models import asks_responses, wrong_own_base
from stormdeck.model.rules.rule import Page, Rule, rule
from stormdeck.model.versions import at_least, below

_NEW = "1.109"


@rule(
    Page(
        code="PROXY802",
        title="drop_params is missing",
        what="Finds a litellm_settings.drop_params that is not true.",
        why=(
            "LiteLLM 1.80 answers 400 to requests with thinking, before it calls vLLM at all. Articles say that half "
            "of all requests fail; with 1.109 no request got a 400 without it. It does not help with a strict server "
            "that rejects context_management and output_config, which 1.80 passes on unchanged."
        ),
        shown=(
            "API Error: 400 does not support parameters: ['thinking'] ... To drop these, set litellm.drop_params=True"
        ),
        versions="LiteLLM 1.80.5; not 1.109.1",
        evidence="measured, LiteLLM 1.80.5 and 1.109.1",
        fix="Set it to true; newer versions do not mind.",
        example="litellm_settings:\n  drop_params: true",
    )
)
def no_drop(facts: Facts) -> Iterator[Finding]:
    """Find a missing drop_params, without which old versions reject requests."""
    known = version(facts)
    for config in whole_configs(facts):
        each = [deployment.params for deployment in config.deployments()]
        everywhere = bool(each) and all(node is not None and _is_true(node.get("drop_params")) for node in each)
        if config.may_be_on("litellm_settings", "drop_params") or everywhere or at_least(known, _NEW):
            continue
        old = below(known, _NEW)
        yield at(
            config,
            "PROXY802",
            Severity.WARNING if old else Severity.INFO,
            "not set",
            "Without it LiteLLM 1.80 answers 400 to requests with thinking; 1.109 no longer needs it.",
            "litellm_settings.drop_params",
            own(config, "litellm_settings", "drop_params") or place(config, "litellm_settings"),
            applies="LiteLLM <1.109",
            paste=yaml_snippet.new_setting(config, "litellm_settings", "drop_params", "true", "add it"),
        )


def _is_true(node: Node | None) -> bool:
    return node is not None and node.value is True


@rule(
    Page(
        code="PROXY808",
        title="one error causes five seconds of 429 (cooldown)",
        what="Finds a model_name with only one deployment, while router_settings.disable_cooldowns is not true.",
        why=(
            "One 401 or 404 from vLLM puts the only deployment into cooldown for five seconds. Every request in that "
            "time gets 429 within 10 ms and never reaches vLLM; Claude Code retries without a message, and the first "
            "error goes unnoticed. This is a warning if the YAML contains something that leads to such an error, "
            "otherwise a note."
        ),
        shown=COOLDOWN,
        versions="LiteLLM 1.80.5 and 1.109.1; disable_cooldowns: 1.109.1",
        evidence="measured, LiteLLM 1.80.5 and 1.109.1",
        fix="Set router_settings.disable_cooldowns to true.",
        example="router_settings:\n  disable_cooldowns: true",
    )
)
def cooldown(facts: Facts) -> Iterator[Finding]:
    """Find a proxy whose cooldown hides the first error."""
    for config in whole_configs(facts):
        counts = Counter(one.name for one in config.deployments() if one.model and is_chat(one) and is_own(one))
        if 1 not in counts.values() or config.may_be_on("router_settings", "disable_cooldowns"):
            continue
        yield at(
            config,
            "PROXY808",
            Severity.WARNING if _leads_to_errors(facts, config) else Severity.INFO,
            "one 401 or 404 causes 5 s of 429 (cooldown)",
            "After a single 401 or 404 from vLLM, LiteLLM answers 429 for five seconds without asking vLLM, which "
            "hides the first error.",
            "router_settings.disable_cooldowns",
            own(config, "router_settings", "disable_cooldowns") or place(config, "router_settings"),
            paste=yaml_snippet.new_setting(config, "router_settings", "disable_cooldowns", "true", "switch it off"),
        )


def _leads_to_errors(facts: Facts, config: ProxyConfig) -> bool:
    """Return whether a deployment in the YAML will get, or probably gets, a 401 or 404."""
    return any(
        wrong_own_base(deployment) is not None
        or provider_of(config, deployment) is not Provider.KNOWN
        or asks_responses(config, deployment, version(facts))
        for deployment in config.deployments()
        if deployment.model and deployment.api_base
    )


@rule(
    Page(
        code="PROXY811",
        title="abandoned requests keep the GPU busy",
        what="Finds a general_settings.cancel_on_disconnect that is not true.",
        why=(
            "If Claude Code hangs up before the first byte (timeout or Esc), LiteLLM does not cancel the request: "
            "vLLM goes on computing an answer that nobody reads, for up to 6000 s and without a log line. The retry "
            "then waits behind it."
        ),
        shown="",
        versions="LiteLLM 1.80.5 and 1.109.1; the setting: 1.109.1",
        evidence="measured, LiteLLM 1.80.5 and 1.109.1: with it, vLLM stopped within 0.1 s",
        fix="Set general_settings.cancel_on_disconnect to true.",
        example="general_settings:\n  cancel_on_disconnect: true",
    )
)
def no_cancel(facts: Facts) -> Iterator[Finding]:
    """Find a proxy that does not cancel abandoned requests."""
    old = below(version(facts), _NEW)
    for config in whole_configs(facts):
        if config.may_be_on("general_settings", "cancel_on_disconnect") or not serves_own_chat(config):
            continue
        yield at(
            config,
            "PROXY811",
            Severity.INFO if old else Severity.WARNING,
            "off: vLLM keeps working after a disconnect",
            "If Claude Code gives up or Esc is pressed before the first byte, vLLM keeps computing an unread answer.",
            "general_settings.cancel_on_disconnect",
            own(config, "general_settings", "cancel_on_disconnect") or place(config, "general_settings"),
            applies="LiteLLM >=1.109",
            paste=None
            if old
            else yaml_snippet.new_setting(config, "general_settings", "cancel_on_disconnect", "true", "switch it on"),
        )


def serves_own_chat(config: ProxyConfig) -> bool:
    """Return whether a chat model on a server of the user's own is, or may be, behind the proxy."""
    return any(is_own(one) and is_chat(one) for one in config.deployments())


RULES: tuple[Rule, ...] = (no_drop, cooldown, no_cancel)
