"""PROXY: whether the proxy takes what the client asks for, and where it sends it."""

from __future__ import annotations

from collections.abc import Iterator

from stormdeck.model.finding import Edit, Finding, Fix, Severity
from stormdeck.model.litellm import yaml_snippet
from stormdeck.model.litellm.config import Deployment, ProxyConfig
from stormdeck.model.litellm.coverage import Cover, cover, names, passes_on
from stormdeck.model.rules.facts import FABLE_ID, TIER_IDS, Facts
from stormdeck.model.rules.litellm.common import REFUSED_MODEL, at, configs, deployments, leads_to_proxy
from stormdeck.model.rules.litellm.models import param
from stormdeck.model.rules.model_choice import asked_ids, choice, is_own, mapping
from stormdeck.model.rules.rule import Page, Rule, rule
from stormdeck.model.urls import host_of, is_loopback, port_of, same_place

_PROXY_PORTS = {4000: "LiteLLM", 8082: "claude-code-proxy", 3456: "claude-code-router"}
_MAPPINGS = {*TIER_IDS.values(), FABLE_ID}


@rule(
    Page(
        code="PROXY806",
        title="no model_list entry matches a requested model",
        what=(
            "Compares the model ids that Claude Code will request (main model, and haiku for background requests) "
            "with the model_name entries."
        ),
        why=(
            "LiteLLM answers 400, not 404. anthropic/* matches only ids that LiteLLM's price list knows as "
            "Anthropic's: claude-haiku-4-5 and claude-sonnet-4 match, claude-3-5-sonnet and your own ids do not. "
            "claude-* matches all Claude ids. * matches everything; with openai/* or hosted_vllm/* behind it, LiteLLM"
            " asks vLLM for the Claude id and gets 404. One article maps a single Claude id and forgets haiku; its "
            "background requests end in 400."
        ),
        shown=REFUSED_MODEL,
        versions="LiteLLM 1.80.5 and 1.109.1",
        evidence="measured, LiteLLM 1.109.1",
        fix="Map all tiers to a model_name in the YAML, or add entries for the Claude ids.",
        example='"env": { "ANTHROPIC_DEFAULT_HAIKU_MODEL": "Qwen3.5-27B" }',
    )
)
def not_taken(facts: Facts) -> Iterator[Finding]:
    """Find ids that the proxy refuses."""
    for config in configs(facts):
        if not any(deployment.name for deployment in config.deployments()):
            continue
        if not facts.complete or not leads_to_proxy(facts):
            yield from _wildcards(config)
            continue
        told: set[str] = set()
        for path, asked in asked_ids(facts):
            fate = cover(config, asked)
            passed_well = fate is Cover.PASSED_ON and is_own(asked)
            if asked and asked not in told and fate is not Cover.TAKEN and not passed_well:
                told.add(asked)
                yield _refused(facts, config, path, asked, fate)


def _refused(facts: Facts, config: ProxyConfig, path: str, asked: str, fate: Cover) -> Finding:
    words = {
        Cover.UNKNOWN: ("takes it: LiteLLM answers 400", f"no model_name takes {asked}"),
        Cover.PERHAPS: ("but anthropic/* takes it, if LiteLLM's price list knows it", f"{asked} may be refused"),
        Cover.PASSED_ON: (
            "but a wildcard takes it, and asks vLLM for the same id: 404",
            f"{asked} goes to vLLM as it is",
        ),
    }
    why, title = words[fate]
    name = path.removeprefix("env.")
    source = f"{name} is {asked}" if facts.text(path) else f"{name} is not set, so it asks for {asked}"
    members = config.root.member("model_list") if config.root is not None else None
    first = next(iter(config.deployments()))
    fix = _mapped(facts, config, path, asked)
    return at(
        config,
        "PROXY806",
        Severity.WARNING if fate is Cover.PERHAPS else Severity.ERROR,
        title,
        f"The client will send it ({source}); no model_name {why}.",
        "model_list",
        members,
        fix=fix,
        paste=None if fix else yaml_snippet.same_under(config, first, asked, f"take {asked} too"),
    )


def _mapped(facts: Facts, config: ProxyConfig, path: str, asked: str) -> Fix | None:
    """Return the setting that asks for a name of the YAML instead: the main model's, else the only one."""
    taken = names(config.deployments())
    main = next((model for _, model in asked_ids(facts)), "")
    name = main if main in taken else taken[0] if len(taken) == 1 else None
    if name is None or name == asked:
        return None
    if path in _MAPPINGS:
        return Fix(f"map it to {name}", (Edit(path, name),))
    tier = "sonnet"
    edits = (Edit("model", tier), *(Edit(mapping(one), name) for one in TIER_IDS))
    own = choice(facts).path
    return Fix(f"choose {tier} and map all tiers to {name}", (*((Edit(own, None),) if own != "model" else ()), *edits))


def _wildcards(config: ProxyConfig) -> Iterator[Finding]:
    """Yield what wildcards really take, where nobody knows what the client asks for."""
    for deployment in config.deployments():
        if deployment.name == "anthropic/*":
            title = "takes few Claude ids"
            why = (
                "anthropic/* takes only ids that LiteLLM's price list knows as Anthropic's: claude-3-5-sonnet and ids "
                "of your own get 400. claude-* takes all Claude ids."
            )
        elif "*" in deployment.name and passes_on(deployment):
            title = "asks vLLM for the same id"
            why = (
                f"{deployment.name} takes a Claude id and asks {deployment.provider}/ for the same one, which vLLM "
                "answers with 404 unless it serves it."
            )
        else:
            continue
        member = deployment.node.member("model_name")
        yield at(config, "PROXY806", Severity.WARNING, title, why, f"{deployment.path}.model_name", member)


@rule(
    Page(
        code="PROXY812",
        title="two proxies in a row",
        what="Finds an api_base that leads to another proxy, or back to this one, instead of an inference server.",
        why=(
            "Each proxy has its own retries and timeouts: 3 attempts times 3 are 9 for each of Claude Code's 11. One "
            "proxy turns the other's errors into different ones."
        ),
        shown="",
        versions="all versions",
        evidence="measured: the attempts multiply; the usual ports: docs",
        fix="Let api_base point to vLLM.",
        example="litellm_params:\n  api_base: http://127.0.0.1:8000/v1",
    )
)
def in_series(facts: Facts) -> Iterator[Finding]:
    """Find a proxy before a proxy."""
    for config, deployment in deployments(facts):
        what = _proxy_behind(facts, deployment)
        if what is None:
            continue
        loop = what == ""
        yield at(
            config,
            "PROXY812",
            Severity.ERROR if loop else Severity.WARNING,
            "leads back to the proxy itself" if loop else f"leads to {what}",
            "LiteLLM asks itself, and every request ends in an error."
            if loop
            else "Two proxies in series multiply their retries, and an error of one comes out of the other as another.",
            f"{deployment.path}.litellm_params.api_base",
            param(deployment, "api_base", "base_url") or param(deployment, "model"),
            evidence="measured" if facts.live.proxies else "docs",
        )


def _proxy_behind(facts: Facts, deployment: Deployment) -> str | None:
    """Return which proxy stands behind a deployment, empty for this one itself, ``None`` for none."""
    base, live = deployment.api_base, facts.live
    if deployment.provider == "litellm_proxy":
        return "another LiteLLM"
    if not base or (live.vllm is not None and live.vllm.version and same_place(base, live.vllm.url)):
        return None
    if live.proxy is not None and same_place(base, live.proxy.url):
        return ""
    if any(same_place(base, url) for url in live.proxies):
        return "another proxy"
    port = port_of(base)
    name = _PROXY_PORTS.get(port or 0) if is_loopback(host_of(base)) else None
    return f"port {port}, where {name} usually listens" if name else None


RULES: tuple[Rule, ...] = (not_taken, in_series)
