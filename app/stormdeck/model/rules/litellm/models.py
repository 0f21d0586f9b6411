"""PROXY: rules about the provider and the api_base of a deployment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches

from stormdeck.model.finding import Finding, Severity
from stormdeck.model.litellm import known_models, yaml_snippet
from stormdeck.model.litellm.config import Deployment, Member, ProxyConfig
from stormdeck.model.litellm.placeholders import is_open, is_template, shell_variable
from stormdeck.model.litellm.placement import Provider, is_chat, is_hosted_model, is_own_base, provider_of
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.rules.facts import Facts
from stormdeck.model.rules.litellm.common import COOLDOWN, at, deployments, lists_cover
from stormdeck.model.rules.rule import Page, Rule, rule
from stormdeck.model.versions import below

OPENAI_LIKE = {"openai", "hosted_vllm", "custom_openai", "openai_like", "text-completion-openai"}
_WITH_V1 = OPENAI_LIKE | {"lm_studio", "xinference", "llamafile"}
_WITHOUT_V1 = {"anthropic", "ollama", "ollama_chat"}
_TAKES_ENDPOINT = "hosted_vllm"
"""It recognises a base that already ends in /chat/completions (measured, 1.110.2)."""
_ENDPOINT = re.compile(r"/+(?:chat/completions|completions|responses|messages|embeddings|models)/*$")
_V1 = re.compile(r"/+v1/*$")
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
    if provider == _TAKES_ENDPOINT and trimmed.endswith("/v1/chat/completions"):
        return None
    if provider in _WITH_V1:
        root = _ENDPOINT.sub("", trimmed)
        while _V1.search(root) and _V1.search(_V1.sub("", root)):
            root = _V1.sub("", root)
        if not path.strip("/"):
            return f"{trimmed}/v1"
        wanted = root if _V1.search(root) or "/" in root.split("://", 1)[-1] else f"{root}/v1"
        return wanted if wanted != trimmed else None
    if provider in _WITHOUT_V1 and _V1.search(trimmed):
        while _V1.search(trimmed):
            trimmed = _V1.sub("", trimmed)
        return trimmed
    return None


def wrong_own_base(deployment: Deployment) -> str | None:
    """Return the correct ``api_base`` of a chat model on the user's own server, ``None`` if nothing is wrong."""
    if not is_own_base(deployment.api_base) or not is_chat(deployment) or is_open(deployment.model):
        return None
    return right_base(deployment.provider, deployment.api_base)


def asks_responses(config: ProxyConfig, deployment: Deployment, known: str | None) -> bool:
    """Return whether LiteLLM calls ``/v1/responses`` for a Claude request (measured, 1.109.1)."""
    answers = bool(deployment.api_base) and is_chat(deployment)
    if deployment.provider != "openai" or not answers or below(known, _RESPONSES_SINCE):
        return False
    switch = param(deployment, "use_chat_completions_api")
    chat = deployment.upstream_id.startswith("chat_completions/")
    return (
        not chat
        and not (switch is not None and switch.node.value is True)
        and "api.openai." not in deployment.api_base.lower()
    )


@rule(
    Page(
        code="PROXY804",
        title="api_base does not fit the provider",
        what=(
            "Finds openai/, hosted_vllm/, lm_studio/, llamafile/ or xinference/ with an api_base that does not end in "
            "/v1, anthropic/, ollama/ or ollama_chat/ with one that does, ${NAME} in an api_base, and deployments "
            "without one. Looks only at chat models, and at addresses of this machine or a private network."
        ),
        why=(
            "LiteLLM appends its own path: /v1/v1/messages or /chat/completions get 404. If there is only one "
            "deployment, the first 404 puts it into cooldown, and the next requests get 429 without reaching vLLM."
        ),
        shown=f"There's an issue with the selected model (X). ...\nthen {COOLDOWN}",
        versions="LiteLLM 1.80.5 to 1.110.2",
        evidence="measured, LiteLLM 1.80.5, 1.109.1 and 1.110.2",
        fix="End api_base in /v1 for openai/ and hosted_vllm/, and after the port for anthropic/ and ollama_chat/.",
        example=EXAMPLE,
    )
)
def wrong_base(facts: Facts) -> Iterator[Finding]:
    """Find an api_base that does not fit the provider."""
    for config, deployment in deployments(facts):
        if not is_chat(deployment):
            continue
        member = param(deployment, "api_base", "base_url")
        if member is None:
            yield from _hosted_instead(config, deployment)
            continue
        if is_template(member.node.value):
            yield from _not_expanded(config, deployment, member)
            continue
        right = wrong_own_base(deployment)
        if right is None:
            continue
        what = "must not end in /v1" if deployment.provider in _WITHOUT_V1 else "must end in /v1"
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


def _not_expanded(config: ProxyConfig, deployment: Deployment, member: Member) -> Iterator[Finding]:
    """Yield a finding for ``${NAME}``, which LiteLLM sends as it stands."""
    name = shell_variable(str(member.node.value))
    if name is None:
        return
    yield at(
        config,
        "PROXY804",
        Severity.WARNING,
        f"LiteLLM does not expand ${{{name}}}",
        f"LiteLLM reads variables as os.environ/{name} only. This works if another program replaces it before the "
        "start.",
        f"{deployment.path}.litellm_params.{member.key}",
        member,
        paste=yaml_snippet.new_value(config, member, f"os.environ/{name}", f"write os.environ/{name}")
        if shell_variable(str(member.node.value)) and str(member.node.value).strip("${}") == name
        else None,
    )


def _hosted_instead(config: ProxyConfig, deployment: Deployment) -> Iterator[Finding]:
    """Yield a finding for a local model without api_base: LiteLLM requests it from the hosted service."""
    own = not is_hosted_model(deployment) and "*" not in deployment.model and not is_open(deployment.model)
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
            "not know. Ids of LiteLLM's price map need none. A warning where the running LiteLLM is not known, or "
            "newer than stormdeck's list."
        ),
        why=(
            "LiteLLM starts, lists the model, and answers 400 to every request for it. Only one line in its log, at "
            "the start, gives the reason."
        ),
        shown=(
            "API Error: 400 You passed in model=.... There are no healthy deployments for this model\n"
            "In LiteLLM's log: LLM Provider NOT provided. Pass in the LLM provider you are trying to call."
        ),
        versions="LiteLLM 1.80.5 to 1.110.2",
        evidence="measured, LiteLLM 1.80.5, 1.109.1 and 1.110.2; the providers: source",
        fix="Write hosted_vllm/ before the id, with an api_base that ends in /v1.",
        example=EXAMPLE,
    )
)
def no_provider(facts: Facts) -> Iterator[Finding]:
    """Find models whose provider LiteLLM does not know."""
    for config, deployment in deployments(facts):
        found = provider_of(config, deployment)
        if found is Provider.KNOWN:
            continue
        member, provider = param(deployment, "model"), deployment.provider
        near = get_close_matches(provider.lower(), sorted(known_models.PROVIDERS), n=1, cutoff=0.8) if provider else []
        own = is_own_base(deployment.api_base)
        right = f"{near[0]}/{deployment.upstream_id}" if near else f"hosted_vllm/{deployment.model}" if own else None
        certain = found is Provider.NONE or lists_cover(facts)
        yield at(
            config,
            "PROXY805",
            Severity.ERROR if certain else Severity.WARNING,
            f"{provider}/ is not a provider" if provider else "no provider before the id",
            ("" if certain else f"LiteLLM {known_models.VERSION} does not know it; a newer one may. If it does not: ")
            + "LiteLLM starts and lists the model, but answers 400 to every request for it."
            + (f" Did you mean {near[0]}/?" if near else ""),
            f"{deployment.path}.litellm_params.model",
            member,
            evidence="measured" if certain else "source",
            paste=yaml_snippet.new_value(config, member, right, f"write {right}")
            if member is not None and right is not None and not param(deployment, "custom_llm_provider")
            else None,
        )


@rule(
    Page(
        code="PROXY816",
        title="vllm/ loads vLLM inside LiteLLM",
        what="Finds a model with the provider vllm/ and an api_base.",
        why=(
            "vllm/ makes LiteLLM import vLLM into its own process and ignores the api_base. Where vLLM is not "
            "installed beside LiteLLM, every request ends in 500. A vLLM that runs as a server is hosted_vllm/."
        ),
        shown="API Error: 500 ... No module named 'vllm'",
        versions="LiteLLM 1.109.1 and 1.110.2",
        evidence="measured, LiteLLM 1.109.1 and 1.110.2",
        fix="Write hosted_vllm/ in place of vllm/, with an api_base that ends in /v1.",
        example=EXAMPLE,
    )
)
def vllm_in_process(facts: Facts) -> Iterator[Finding]:
    """Find a server over HTTP behind the provider that loads vLLM itself."""
    for config, deployment in deployments(facts):
        base, member = param(deployment, "api_base", "base_url"), param(deployment, "model")
        if deployment.provider != "vllm" or base is None or member is None:
            continue
        right = f"hosted_vllm/{deployment.upstream_id}"
        yield at(
            config,
            "PROXY816",
            Severity.ERROR,
            "vllm/ is not for a server",
            "LiteLLM loads vLLM into its own process for vllm/ and does not use the api_base: 500, No module named "
            "'vllm'. For a server write hosted_vllm/.",
            f"{deployment.path}.litellm_params.model",
            member,
            paste=yaml_snippet.new_value(config, member, right, f"write {right}"),
        )


RULES: tuple[Rule, ...] = (wrong_base, no_provider, vllm_in_process)
