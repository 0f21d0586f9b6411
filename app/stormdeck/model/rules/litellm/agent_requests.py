"""PROXY: rules about late system messages and repeated prompts, which only an agent sends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from stormdeck.model.finding import Edit, Finding, Fix, Severity
from stormdeck.model.litellm import yaml_snippet
from stormdeck.model.litellm.config import Deployment, Node, ProxyConfig
from stormdeck.model.litellm.placeholders import is_open
from stormdeck.model.litellm.placement import bare_upstream_id, is_chat
from stormdeck.model.rules.facts import Facts
from stormdeck.model.rules.litellm.common import at, configs, deployments, leads_to_proxy, own, version
from stormdeck.model.rules.litellm.models import asks_responses, param
from stormdeck.model.rules.model_choice import asked_ids
from stormdeck.model.rules.rule import Page, Rule, rule
from stormdeck.model.rules.vllm.families import family_of
from stormdeck.model.urls import same_place
from stormdeck.model.versions import at_least, below

_LATE_SYSTEM_SINCE = "2.1.154"
_KEEPS_SINCE = "1.80.6"
"""1.80.5 leaves late system messages out (measured)."""
_CONVERTS_SINCE = "1.109.1"
"""From here on LiteLLM sends them to chat completions as user messages (measured, 1.109.1 and 1.110.2)."""
_CAPABILITIES = "env.CLAUDE_CODE_MODEL_CAPABILITIES"
_WITHOUT_LATE_SYSTEM = "-mid_conv_system,-mid_conv_tool_change"
_STRICT = re.compile(r"(?i)(?<!distill-)(?<![a-z])(?:qwen|qwq)")
"""Models whose chat template takes a system message at the beginning only."""


_CHAT_CALLS = {"anthropic_messages", "completion", "acompletion", "responses", "aresponses"}
"""Call types of messages; hosted_vllm/ uses ``acompletion`` for them (measured, 1.110.2)."""


@rule(
    Page(
        code="PROXY818",
        title="late system messages meet a strict chat template",
        what=(
            "Finds hosted_vllm/ or openai/ with chat completions, a chat template that takes a system message at the "
            "beginning only, and a Claude Code that sends them later too. The family comes from the model's name or "
            "from vLLM; where it is not known, this is reported only for the model that your settings request. It is a "
            "warning for a running LiteLLM between 1.80.5 and 1.109.1, and an info where its version is not known."
        ),
        why=(
            "Claude Code 2.1.154 and later sends system messages between the others. LiteLLM 1.109.1 and later turns "
            "them into user messages for chat completions, 1.80.5 leaves them out; a version in between may pass them "
            "on, and Qwen's template answers 400 to them. vLLM's own /v1/messages accepts them. "
            "CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS=1 does not help."
        ),
        shown="API Error: 400 ... System message must be at the beginning.",
        versions="Claude Code 2.1.154 and later; LiteLLM after 1.80.5 and before 1.109.1",
        evidence=(
            "measured: vLLM 0.32 (chat/completions 400, messages 200); LiteLLM 1.80.5, 1.109.1 and 1.110.2 (none "
            "passes them on), 1.110.2 with Claude Code 2.1.332; versions in between: report"
        ),
        fix=(
            "Use anthropic/ with an api_base without /v1, or let Claude Code send user messages instead with "
            "CLAUDE_CODE_MODEL_CAPABILITIES."
        ),
        example=f'"env": {{ "CLAUDE_CODE_MODEL_CAPABILITIES": "qwen*={_WITHOUT_LATE_SYSTEM}" }}',
    )
)
def late_system(facts: Facts) -> Iterator[Finding]:
    """Find chat completions before a strict chat template."""
    running = version(facts)
    if not facts.since(_LATE_SYSTEM_SINCE) or at_least(running, _CONVERTS_SINCE) or below(running, _KEEPS_SINCE):
        return
    requested = {model for _, model in asked_ids(facts)} if facts.complete and leads_to_proxy(facts) else set()
    for config, deployment in deployments(facts):
        member = param(deployment, "model")
        names = _names(facts, deployment)
        family = family_of(names)
        strict = any(_STRICT.search(name) for name in names) and (family is None or _STRICT.search(family.name))
        is_requested = deployment.name in requested
        if not _uses_chat_completions(facts, config, deployment) or (family is not None and not strict):
            continue
        if not (strict or is_requested) or (requested and not is_requested) or _is_avoided(facts, deployment.name):
            continue
        template = "Qwen's chat template" if strict else "a strict chat template, such as Qwen's,"
        yield at(
            config,
            "PROXY818",
            Severity.INFO if running is None else Severity.WARNING,
            "late system messages may be refused",
            f"Claude Code {_LATE_SYSTEM_SINCE} and later sends system messages between the others. LiteLLM "
            f"{_CONVERTS_SINCE} and later turns them into user messages; an older one may pass them on, and {template} "
            "answers 400 to them. anthropic/ without /v1 uses vLLM's own Messages API, which accepts them.",
            f"{deployment.path}.litellm_params.model",
            member,
            applies=f">={_LATE_SYSTEM_SINCE}",
            fix=_fix(facts, deployment.name) if is_requested else None,
        )


def _uses_chat_completions(facts: Facts, config: ProxyConfig, deployment: Deployment) -> bool:
    if not is_chat(deployment) or is_open(deployment.model) or param(deployment, "api_base", "base_url") is None:
        return False
    if deployment.provider == "hosted_vllm":
        return True
    local = deployment.provider == "openai" and bool(deployment.api_base)
    return local and not asks_responses(config, deployment, version(facts))


def _names(facts: Facts, deployment: Deployment) -> list[str]:
    """Return the names of a deployment's model: what it requests, what vLLM serves under it, and its own name."""
    asked, vllm = bare_upstream_id(deployment), facts.live.vllm
    here = vllm is not None and bool(deployment.api_base) and same_place(vllm.url, deployment.api_base)
    roots = [one.root for one in vllm.models if one.id == asked and one.root] if vllm is not None and here else []
    return [*roots, asked, deployment.name]


def _is_avoided(facts: Facts, name: str) -> bool:
    """Return whether the client is set to send no late system message for a model."""
    return any(
        fnmatchcase(name.lower(), pattern.strip().lower()) and "-mid_conv_system" in what
        for pattern, equals, what in (part.partition("=") for part in facts.text(_CAPABILITIES).split(";"))
        if equals
    )


def _fix(facts: Facts, name: str) -> Fix | None:
    if facts.text(_CAPABILITIES):
        return None
    return Fix("send user messages instead", (Edit(_CAPABILITIES, f"{name}={_WITHOUT_LATE_SYSTEM}"),))


@rule(
    Page(
        code="PROXY819",
        title="a response cache answers an agent",
        what="Finds litellm_settings.cache: true that is not limited to other kinds of calls.",
        why=(
            "LiteLLM answers a repeated prompt with the old answer and its old tool call, without asking vLLM: a retry "
            "gets the same bad answer again. A semantic cache answers prompts that are merely similar, so an agent "
            "gets an answer to another question."
        ),
        shown="The same answer again; nothing in vLLM's log",
        versions="LiteLLM 1.110.2",
        evidence="measured, LiteLLM 1.110.2 with type local; semantic caches: source",
        fix="Switch it off, or set cache_params.mode to default_off, so that only requests that ask for it use it.",
        example="litellm_settings:\n  cache: false",
    )
)
def response_cache(facts: Facts) -> Iterator[Finding]:
    """Find a cache that answers Claude Code."""
    for config in configs(facts):
        member = own(config, "litellm_settings", "cache")
        params = config.setting("litellm_settings", "cache_params")
        chats = any(is_chat(one) for one in config.deployments())
        if member is None or member.node.value is not True or _is_limited(params) or not chats:
            continue
        kind = (params.text("type") if params is not None else None) or "redis"
        semantic = "semantic" in kind
        yield at(
            config,
            "PROXY819",
            Severity.WARNING,
            "similar prompts get an old answer" if semantic else "a repeated prompt gets the old answer",
            "The semantic cache answers a prompt that is only similar with the answer and the tool call of another."
            if semantic
            else "LiteLLM answers the same prompt from its cache, with the old tool call, and vLLM is not asked.",
            "litellm_settings.cache",
            member,
            evidence="source" if semantic else "measured",
            paste=yaml_snippet.new_value(config, member, "false", "switch it off"),
        )


def _is_limited(params: Node | None) -> bool:
    """Return whether the cache answers no message unless a request asks for it."""
    if params is None:
        return False
    kinds = params.get("supported_call_types")
    if kinds is not None and kinds.items is not None:
        return not any(str(one.value) in _CHAT_CALLS or is_open(one.value) for one in kinds)
    return params.text("mode") == "default_off" or is_open(params.text("mode"))


RULES: tuple[Rule, ...] = (late_system, response_cache)
