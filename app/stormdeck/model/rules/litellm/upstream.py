"""PROXY: rules about LiteLLM's requests to vLLM."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from stormdeck.model.finding import Finding, Paste, Severity
from stormdeck.model.litellm import yaml_snippet
from stormdeck.model.litellm.config import Deployment, Member, ProxyConfig
from stormdeck.model.rules.facts import Facts
from stormdeck.model.rules.litellm.common import COOLDOWN, at, deployments, version
from stormdeck.model.rules.litellm.models import EXAMPLE, asks_responses, param
from stormdeck.model.rules.rule import Page, Rule, rule
from stormdeck.model.snapshots.server import ServerKind
from stormdeck.model.urls import same_place

_NATIVE = (
    "model_list:\n  - model_name: Qwen3.5-27B\n    litellm_params:\n      model: anthropic/Qwen3.5-27B\n"
    "      api_base: http://127.0.0.1:8000\n      api_key: dummy"
)


@rule(
    Page(
        code="PROXY807",
        title="openai/ uses /v1/responses",
        what="Finds a model of your own vLLM that is configured with openai/, as in the articles.",
        why=(
            "For Claude Code's requests LiteLLM calls the server's /v1/responses, not /v1/chat/completions. A server "
            "without it answers 404, while LiteLLM's /health tests the other path and stays green. Each token count "
            "gets 404. Articles call this configuration solid: it was, before 1.82."
        ),
        shown=f"There's an issue with the selected model (X). ...\nthen {COOLDOWN}",
        versions="LiteLLM 1.82 and later",
        evidence="measured, LiteLLM 1.109.1 against 1.80.5; 1.82: its release notes",
        fix=(
            "Use anthropic/ with an api_base without /v1, which calls vLLM's own /v1/messages; or hosted_vllm/ with "
            "/v1."
        ),
        example=_NATIVE,
    )
)
def responses(facts: Facts) -> Iterator[Finding]:
    """Find deployments that LiteLLM calls by /v1/responses."""
    known = version(facts)
    for config, deployment in deployments(facts):
        if not asks_responses(config, deployment, known):
            continue
        member = param(deployment, "model")
        mild = config.may_be_on("litellm_settings", "use_chat_completions_url_for_anthropic_messages")
        right = f"hosted_vllm/{deployment.upstream_id}"
        yield at(
            config,
            "PROXY807",
            Severity.INFO if mild else Severity.WARNING,
            "requests with thinking use /v1/responses" if mild else "uses /v1/responses",
            "Requests with thinking still go to /v1/responses; the others to /v1/chat/completions."
            if mild
            else "For Claude Code's requests LiteLLM calls the server's /v1/responses, but its /health tests another "
            "path and stays green. Better: anthropic/ without /v1, which uses vLLM's own Messages API.",
            f"{deployment.path}.litellm_params.model",
            member,
            applies="LiteLLM >=1.82",
            paste=yaml_snippet.new_value(config, member, right, f"write {right}") if member is not None else None,
        )


@rule(
    Page(
        code="PROXY814",
        title="openai/ without api_key",
        what="Finds a deployment with openai/ that has no api_key.",
        why="Answers work, but every token count ends in 401.",
        shown="In LiteLLM's log: No OpenAI API key is set for model ..., so tokens can't be counted.",
        versions="LiteLLM 1.109.1; OPENAI_API_KEY in LiteLLM's environment works too",
        evidence="measured, LiteLLM 1.109.1",
        fix="Write any text; vLLM without --api-key accepts it.",
        example="litellm_params:\n  api_key: dummy",
    )
)
def no_key(facts: Facts) -> Iterator[Finding]:
    """Find deployments whose token counts fail."""
    for config, deployment in deployments(facts):
        if deployment.provider != "openai" or not deployment.api_base:
            continue
        if param(deployment, "api_key", "litellm_credential_name") is None:
            yield at(
                config,
                "PROXY814",
                Severity.INFO,
                "no api_key",
                "Answers work, but each token count ends in 401 unless OPENAI_API_KEY is in LiteLLM's environment.",
                f"{deployment.path}.litellm_params.api_key",
                param(deployment, "model"),
            )


@rule(
    Page(
        code="PROXY815",
        title="vLLM does not serve the id that LiteLLM requests",
        what="Finds an id after the provider that is not in vLLM's /v1/models. Case matters.",
        why="vLLM answers 404, and for the next five seconds LiteLLM itself answers 429.",
        shown=f"There's an issue with the selected model (X). ...\nthen {COOLDOWN}",
        versions="all versions; tested against the running server",
        evidence="measured, LiteLLM 1.80.5 and 1.109.1",
        fix="Write the id as vLLM serves it: its --served-model-name.",
        example=EXAMPLE,
    )
)
def not_served_behind(facts: Facts) -> Iterator[Finding]:
    """Find deployments with an id that vLLM does not serve."""
    vllm = facts.live.vllm
    served = [model.id for model in vllm.models] if vllm is not None else []
    if vllm is None or vllm.kind is not ServerKind.VLLM or not served:
        return
    for config, deployment in deployments(facts):
        asked = deployment.upstream_id.removeprefix("chat_completions/")
        there = deployment.api_base and same_place(deployment.api_base, vllm.url)
        if not there or "*" in asked or asked in served:
            continue
        member = param(deployment, "model")
        near = get_close_matches(asked.rpartition("/")[2], served, n=1, cutoff=0.5)
        target = near[0] if near else served[0] if len(served) == 1 else None
        yield at(
            config,
            "PROXY815",
            Severity.ERROR,
            "not served",
            f"vLLM does not know `{asked}` and answers 404"
            + (f"; did you mean `{near[0]}`?" if near else f"; it serves {', '.join(served[:3])}."),
            f"{deployment.path}.litellm_params.model",
            member,
            paste=_with_id(config, deployment, member, target),
        )


def _with_id(config: ProxyConfig, deployment: Deployment, member: Member | None, target: str | None) -> Paste | None:
    if member is None or target is None:
        return None
    right = f"{deployment.provider}/{target}" if "/" in deployment.model else target
    return yaml_snippet.new_value(config, member, right, f"write {right}")


RULES: tuple[Rule, ...] = (responses, no_key, not_served_behind)
