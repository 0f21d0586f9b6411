"""PROXY: rules about the provider and the api_base of a deployment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches

from stormdeck.model.finding import Finding, Severity
from stormdeck.model.litellm import known_names, yaml_snippet
from stormdeck.model.litellm.config import Deployment, Member, ProxyConfig
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.rules.facts import Facts
from stormdeck.model.rules.litellm.common import COOLDOWN, at, deployments
from stormdeck.model.rules.rule import Page, Rule, rule
from stormdeck.model.versions import below

OPENAI_LIKE = {"openai", "hosted_vllm", "custom_openai", "openai_like", "text-completion-openai"}
_ENDPOINT = re.compile(r"/+(?:chat/completions|completions|responses|messages|embeddings|models)/*$")
_V1 = re.compile(r"/+v1/*$")
_HOSTED = re.compile(r"(?i)(gpt-|o\d|chatgpt|claude|text-|dall-e|whisper|tts-|davinci|babbage|computer-use|codex)")
_RESPONSES_SINCE = "1.82"
EXAMPLE = (
    "model_list:\n  - model_name: Qwen3.5-27B\n    litellm_params:\n      model: hosted_vllm/Qwen3.5-27B\n"
    "      api_base: http://127.0.0.1:8000/v1"
)


def param(deployment: Deployment, *keys: str) -> Member | None:
    """Return the first entry of ``litellm_params`` that has one of the keys."""
    params = deployment.params
    found = (params.member(key) for key in keys) if params is not None else ()
    return next((member for member in found if member is not None), None)


def right_base(provider: str, base: str) -> str | None:
    """Return the correct ``api_base`` for a provider, ``None`` if this one is correct or it is not known."""
    path = base.strip().split("://", 1)[-1].partition("/")[2]
    trimmed = base.strip().rstrip("/")
    if provider in OPENAI_LIKE:
        root = _ENDPOINT.sub("", trimmed)
        while _V1.search(root) and _V1.search(_V1.sub("", root)):
            root = _V1.sub("", root)
        if not path.strip("/"):
            return f"{trimmed}/v1"
        wanted = root if _V1.search(root) or "/" in root.split("://", 1)[-1] else f"{root}/v1"
        return wanted if wanted != trimmed else None
    if provider == "anthropic" and _V1.search(trimmed):
        while _V1.search(trimmed):
            trimmed = _V1.sub("", trimmed)
        return trimmed
    return None


def is_unknown_provider(deployment: Deployment) -> bool:
    """Return whether LiteLLM does not know the provider."""
    if deployment.model == "*" or param(deployment, "custom_llm_provider"):
        return False
    if not deployment.provider:
        return not _HOSTED.match(deployment.model)
    return deployment.provider not in known_names.PROVIDERS


def asks_responses(config: ProxyConfig, deployment: Deployment, known: str | None) -> bool:
    """Return whether LiteLLM calls ``/v1/responses`` for a Claude request (measured, 1.109.1)."""
    if deployment.provider != "openai" or not deployment.api_base or below(known, _RESPONSES_SINCE):
        return False
    switch = param(deployment, "use_chat_completions_api")
    chat = deployment.upstream_id.startswith("chat_completions/")
    return (
        not chat and not (switch is not None and switch.node.value is True) and "api.openai." not in _base(deployment)
    )


def _base(deployment: Deployment) -> str:
    return deployment.api_base.lower()


@rule(
    Page(
        code="PROXY804",
        title="api_base does not fit the provider",
        what=(
            "Finds openai/ or hosted_vllm/ with an api_base that does not end in /v1, anthropic/ with one that does, "
            "and deployments without an api_base."
        ),
        why=(
            "LiteLLM appends its own path: /v1/v1/messages or /chat/completions get 404. If there is only one "
            "deployment, the first 404 puts it into cooldown, and the next requests get 429 without reaching vLLM."
        ),
        shown=f"There's an issue with the selected model (X). ...\nthen {COOLDOWN}",
        versions="LiteLLM 1.80.5 and 1.109.1",
        evidence="measured, LiteLLM 1.80.5 and 1.109.1",
        fix="End api_base in /v1 for openai/ and hosted_vllm/, and after the port for anthropic/.",
        example=EXAMPLE,
    )
)
def wrong_base(facts: Facts) -> Iterator[Finding]:
    """Find an api_base that does not fit the provider."""
    for config, deployment in deployments(facts):
        member = param(deployment, "api_base", "base_url")
        if member is None:
            yield from _hosted_instead(config, deployment)
            continue
        right = right_base(deployment.provider, deployment.api_base) if deployment.api_base else None
        if right is None:
            continue
        what = "must not end in /v1" if deployment.provider == "anthropic" else "must end in /v1"
        yield at(
            config,
            "PROXY804",
            Severity.ERROR,
            f"{deployment.provider}/ {what}",
            f"With {deployment.provider}/ the api_base {what}: LiteLLM gets 404, and then answers 429 itself.",
            f"{deployment.path}.litellm_params.{member.key}",
            member,
            paste=yaml_snippet.new_value(config, member, right, f"set it to {mask_text(right)}"),
        )


def _hosted_instead(config: ProxyConfig, deployment: Deployment) -> Iterator[Finding]:
    """Yield a finding for a local model without api_base: LiteLLM requests it from the hosted service."""
    own = not _HOSTED.match(deployment.upstream_id) and "*" not in deployment.model
    if deployment.provider not in {"openai", "anthropic", "hosted_vllm"} or not own:
        return
    if param(deployment, "litellm_credential_name") is not None:
        return
    yield at(
        config,
        "PROXY804",
        Severity.WARNING,
        "no api_base",
        "Without api_base, or a variable for it, the request goes to the provider's hosted service.",
        f"{deployment.path}.litellm_params.model",
        param(deployment, "model"),
        evidence="docs",
    )


@rule(
    Page(
        code="PROXY805",
        title="LiteLLM does not know the provider",
        what=(
            "Finds a litellm_params.model without a provider before its first slash, or with one that LiteLLM does "
            "not know."
        ),
        why=(
            "LiteLLM starts, lists the model, and answers 400 to every request for it. Only one line in its log, at "
            "the start, gives the reason."
        ),
        shown=(
            "API Error: 400 You passed in model=.... There are no healthy deployments for this model\n"
            "In LiteLLM's log: LLM Provider NOT provided. Pass in the LLM provider you are trying to call."
        ),
        versions="LiteLLM 1.80.5 and 1.109.1",
        evidence="measured, LiteLLM 1.80.5 and 1.109.1; the providers: source",
        fix="Write hosted_vllm/ before the id, with an api_base that ends in /v1.",
        example=EXAMPLE,
    )
)
def no_provider(facts: Facts) -> Iterator[Finding]:
    """Find models whose provider LiteLLM does not know."""
    for config, deployment in deployments(facts):
        if not is_unknown_provider(deployment):
            continue
        member, provider = param(deployment, "model"), deployment.provider
        near = get_close_matches(provider.lower(), sorted(known_names.PROVIDERS), n=1, cutoff=0.8) if provider else []
        right = f"{near[0]}/{deployment.upstream_id}" if near else f"hosted_vllm/{deployment.model}"
        yield at(
            config,
            "PROXY805",
            Severity.ERROR,
            f"{provider}/ is not a provider" if provider else "no provider before the id",
            "LiteLLM starts and lists the model, but answers 400 to every request for it."
            + (f" Did you mean {near[0]}/?" if near else ""),
            f"{deployment.path}.litellm_params.model",
            member,
            paste=yaml_snippet.new_value(config, member, right, f"write {right}") if member is not None else None,
        )


RULES: tuple[Rule, ...] = (wrong_base, no_provider)
