"""PROXY: rules about a YAML with which LiteLLM does not start."""

from __future__ import annotations

from collections.abc import Iterator

from stormdeck.model.finding import Finding, HopKind, Severity
from stormdeck.model.litellm import yaml_snippet
from stormdeck.model.litellm.config import Node, ProxyConfig
from stormdeck.model.rules.facts import Facts
from stormdeck.model.rules.litellm.common import at, configs, place, runs, version
from stormdeck.model.rules.rule import Page, Rule, rule
from stormdeck.model.versions import at_least, below

_REFUSES_SINCE = "1.104.0"
_PUBLIC = "sk-1234"
_MASTER = "general_settings.master_key"
_PERMIT = "dangerously_permit_weak_or_unset_master_key"
_OWN = "sk-write-a-key-of-your-own"


@rule(
    Page(
        code="PROXY801",
        title="no master key, or the one from the tutorials",
        what=(
            "Finds a general_settings.master_key that is missing, blank or sk-1234, while the YAML does not set "
            "LITELLM_MASTER_KEY either."
        ),
        why=(
            "LiteLLM 1.104.0 and later refuse to start: exit code 3, after 340 lines of traceback. Older versions "
            "start, and without a key they serve anyone who can reach the port. The configuration in the articles is "
            "like this."
        ),
        shown=(
            "LiteLLM proxy refused to start: no master key is set, so every request would be accepted without "
            "authentication."
        ),
        versions="LiteLLM 1.104.0 and later; if the proxy runs anyway, it has the variable",
        evidence="measured, LiteLLM 1.80.5 and 1.109.1; sk-1234: source",
        fix="Choose a key, write it here, and set ANTHROPIC_AUTH_TOKEN to the same key.",
        example="general_settings:\n  master_key: sk-write-a-key-of-your-own",
    )
)
def no_master_key(facts: Facts) -> Iterator[Finding]:
    """Find a missing or well-known master key."""
    for config in configs(facts):
        section = config.section("general_settings")
        member = section.member("master_key") if section is not None else None
        key = "" if member is None or member.node.value is None else str(member.node.value).strip()
        variables = config.section("environment_variables")
        elsewhere = variables is not None and variables.get("LITELLM_MASTER_KEY") is not None
        if (key and key != _PUBLIC) or (not key and elsewhere) or config.is_on("general_settings", _PERMIT):
            continue
        known = version(facts)
        if runs(facts) and at_least(known, _REFUSES_SINCE):
            continue
        starts = runs(facts) or below(known, _REFUSES_SINCE)
        new = (
            yaml_snippet.new_value(config, member, _OWN, "replace the key")
            if member is not None
            else yaml_snippet.new_setting(config, "general_settings", "master_key", _OWN, "add a key")
        )
        yield at(
            config,
            "PROXY801",
            Severity.WARNING if starts else Severity.ERROR,
            f"{_PUBLIC} is the key of the tutorials" if key else "no master key",
            "It runs, but LiteLLM 1.104.0 and later refuse to start with this: an update may break it."
            if starts
            else "LiteLLM 1.104.0 and later refuse to start with this unless LITELLM_MASTER_KEY is in its environment.",
            _MASTER,
            member or place(config, "general_settings"),
            applies="LiteLLM >=1.104.0",
            paste=new,
        )


@rule(
    Page(
        code="PROXY813",
        title="LiteLLM cannot use its YAML",
        what=(
            "Finds a YAML that does not parse, is empty, has no model_list, or has an entry without model_name or "
            "litellm_params.model."
        ),
        why="LiteLLM exits at the start, or starts without models and answers 400 to every request.",
        shown="config validation failed: 'model'",
        versions="all versions",
        evidence="measured, LiteLLM 1.109.1",
        fix="Correct the line shown.",
        example=(
            "model_list:\n  - model_name: Qwen3.5-27B\n    litellm_params:\n      model: hosted_vllm/Qwen3.5-27B\n"
            "      api_base: http://127.0.0.1:8000/v1"
        ),
    )
)
def unreadable(facts: Facts) -> Iterator[Finding]:
    """Find a YAML that LiteLLM cannot use."""
    config = facts.proxy_config
    if config is None:
        return
    if config.error is not None or config.root is None:
        yield _unusable(config, is_running=runs(facts))
        return
    yield from _without_models(config, config.root)
    models = config.root.get("model_list")
    for index, node in enumerate(models.items or () if models is not None else ()):
        params = node.get("litellm_params")
        path = f"model_list[{index}]"
        if not node.text("model_name"):
            yield _missing(facts, config, path, "model_name", node)
        if params is None or not params.text("model"):
            yield _missing(facts, config, f"{path}.litellm_params", "model", node)


def _unusable(config: ProxyConfig, *, is_running: bool) -> Finding:
    """Return that a YAML cannot be read, parsed, or is empty. What this program may not read, LiteLLM may."""
    error = config.error
    why = error.message if error is not None else "the file is empty"
    is_ours = error is not None and "Permission denied" in why
    severity = Severity.INFO if is_ours else Severity.WARNING if is_running else Severity.ERROR
    if is_ours:
        message = f"stormdeck knows nothing of its models and keys: {why}."
    elif is_running:
        message = f"LiteLLM runs all the same, with what it read before or from elsewhere: {why}."
    else:
        message = f"LiteLLM does not start with it: {why}."
    return Finding(
        "PROXY813",
        severity,
        "cannot be read" if error is not None else "is empty",
        message,
        "",
        file=config.file,
        line=error.line if error is not None else None,
        column=error.column if error is not None else None,
        hop=HopKind.PROXY,
    )


def _without_models(config: ProxyConfig, root: Node) -> Iterator[Finding]:
    models = root.get("model_list")
    elsewhere = root.get("include") is not None or config.is_on("general_settings", "store_model_in_db")
    if elsewhere or (models is not None and models.items):
        return
    yield at(
        config,
        "PROXY813",
        Severity.ERROR,
        "no models",
        "model_list is missing or empty: LiteLLM answers 400 to every request.",
        "model_list",
        root.member("model_list"),
    )


def _missing(facts: Facts, config: ProxyConfig, path: str, key: str, place: Node) -> Finding:
    again = "does not start again with it" if runs(facts) else "exits at the start"
    return at(
        config,
        "PROXY813",
        Severity.WARNING if runs(facts) else Severity.ERROR,
        f"no {key}",
        f"An entry of model_list has no litellm_params.model: LiteLLM {again}."
        if key == "model"
        else "An entry of model_list has no model_name, so it cannot be requested.",
        f"{path}.{key}",
        place,
    )


RULES: tuple[Rule, ...] = (no_master_key, unreadable)
