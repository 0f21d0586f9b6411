"""PROXY: rules about the model ids that Claude Code requests from LiteLLM."""

from __future__ import annotations

from collections.abc import Iterator

from stormdeck.model.finding import Edit, Finding, Fix, Severity
from stormdeck.model.litellm import yaml_snippet
from stormdeck.model.litellm.config import Deployment, ProxyConfig
from stormdeck.model.litellm.coverage import Cover, cover, cuts, names, passes_on, requested_of
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
            "LiteLLM answers 400, not 404. anthropic/* matches ids of the form claude-NAME-NUMBER: claude-opus-4-6 "
            "matches, claude-3-5-sonnet and your own ids do not. claude-* matches all Claude ids, but with "
            "hosted_vllm/* behind it vLLM is asked for what the star stands for: opus-4-6. * matches everything; with "
            "openai/* or hosted_vllm/* behind it, LiteLLM asks vLLM for the Claude id and gets 404. The longest "
            "pattern counts. One article maps a single Claude id and forgets haiku; its background requests end in 400."
        ),
        shown=REFUSED_MODEL,
        versions="LiteLLM 1.80.5 to 1.110.2",
        evidence="measured, LiteLLM 1.109.1 and 1.110.2",
        fix="Map all tiers to a model_name in the YAML, or add entries for the Claude ids.",
        example='"env": { "ANTHROPIC_DEFAULT_HAIKU_MODEL": "Qwen3.5-27B" }',
    )
)
def no_match(facts: Facts) -> Iterator[Finding]:
    """Find ids that match no ``model_name``."""
    for config in configs(facts):
        if not any(deployment.name for deployment in config.deployments()):
            continue
        if not facts.complete or not leads_to_proxy(facts):
            yield from _wildcards(config)
            continue
        seen: set[str] = set()
        for path, asked in asked_ids(facts):
            covered = cover(config, asked)
            fine = covered in {Cover.TAKEN, Cover.UNREAD} or (covered is Cover.PASSED_ON and is_own(asked))
            if asked and asked not in seen and not fine and not _is_served(facts, config, asked, covered):
                seen.add(asked)
                yield _refused(facts, config, path, asked, covered)


def _is_served(facts: Facts, config: ProxyConfig, asked: str, covered: Cover) -> bool:
    """Return whether vLLM is known to serve what a wildcard asks it for."""
    vllm = facts.live.vllm
    served = {model.id for model in vllm.models} if vllm is not None else set()
    return covered in {Cover.PASSED_ON, Cover.CUT} and requested_of(config, asked) in served


def _refused(facts: Facts, config: ProxyConfig, path: str, asked: str, covered: Cover) -> Finding:
    words = {
        Cover.UNKNOWN: ("matches it: LiteLLM answers 400", f"no model_list entry matches {asked}"),
        Cover.CUT: (
            f"but a wildcard matches it and asks the server for `{requested_of(config, asked)}`",
            f"the server is asked for {requested_of(config, asked)}",
        ),
        Cover.PASSED_ON: (
            "but a wildcard matches it and asks vLLM for the same id: 404",
            f"{asked} is passed to vLLM unchanged",
        ),
    }
    why, title = words[covered]
    name = path.removeprefix("env.")
    source = f"{name} is {asked}" if facts.text(path) else f"{name} is not set, so it requests {asked}"
    members = config.root.member("model_list") if config.root is not None else None
    first = next(iter(config.deployments()))
    fix = _mapped(facts, config, path, asked)
    return at(
        config,
        "PROXY806",
        Severity.WARNING if covered is Cover.CUT else Severity.ERROR,
        title,
        f"Claude Code will request it ({source}); no model_name {why}.",
        "model_list",
        members,
        fix=fix,
        paste=None if fix else yaml_snippet.same_under(config, first, asked, f"add an entry for {asked}"),
    )


def _mapped(facts: Facts, config: ProxyConfig, path: str, asked: str) -> Fix | None:
    """Return a fix that requests a name from the YAML: the main model's, or the only one."""
    offered = names(config.deployments())
    main = next((model for _, model in asked_ids(facts)), "")
    name = main if main in offered else offered[0] if len(offered) == 1 else None
    if name is None or name == asked:
        return None
    if path in _MAPPINGS:
        return Fix(f"map it to {name}", (Edit(path, name),))
    tier = "sonnet"
    edits = (Edit("model", tier), *(Edit(mapping(one), name) for one in TIER_IDS))
    own = choice(facts).path
    return Fix(f"select {tier} and map all tiers to {name}", (*((Edit(own, None),) if own != "model" else ()), *edits))


def _wildcards(config: ProxyConfig) -> Iterator[Finding]:
    """Yield findings about wildcards, used if it is not known which ids Claude Code requests."""
    for deployment in config.deployments():
        if deployment.name == "anthropic/*":
            severity, title = Severity.INFO, "matches Claude ids of the newer form only"
            why = (
                "anthropic/* matches ids such as claude-opus-4-6: claude-3-5-sonnet and your own ids get 400. claude-* "
                "matches all Claude ids."
            )
        elif "*" in deployment.name and passes_on(deployment) and cuts(deployment):
            severity, title = Severity.WARNING, "asks the server for a part of the id"
            example = deployment.name.replace("*", "opus-4-6")
            why = (
                f"For {example} LiteLLM asks {deployment.provider}/ for opus-4-6, what the star stands for. Write the "
                f"prefix there too, or a model_name without a star."
            )
        elif "*" in deployment.name and passes_on(deployment):
            severity, title = Severity.WARNING, "asks vLLM for the same id"
            why = (
                f"{deployment.name} matches a Claude id and requests the same id from {deployment.provider}/; vLLM "
                "answers 404 unless it serves that id."
            )
        else:
            continue
        member = deployment.node.member("model_name")
        yield at(config, "PROXY806", severity, title, why, f"{deployment.path}.model_name", member)


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
    """Find a proxy behind a proxy."""
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
            "LiteLLM sends requests to itself, and every request ends in an error."
            if loop
            else "Two proxies in a row multiply their retries, and one turns the other's errors into different ones.",
            f"{deployment.path}.litellm_params.api_base",
            param(deployment, "api_base", "base_url") or param(deployment, "model"),
            evidence="measured" if facts.live.proxies else "docs",
        )


def _proxy_behind(facts: Facts, deployment: Deployment) -> str | None:
    """Return the proxy behind a deployment; empty for this proxy itself, ``None`` if there is none."""
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


RULES: tuple[Rule, ...] = (no_match, in_series)
