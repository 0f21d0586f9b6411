"""PROXY: rules about a YAML with which LiteLLM does not start."""

from __future__ import annotations

from collections.abc import Iterator

from stormdeck.model.finding import Finding, HopKind, Severity
from stormdeck.model.litellm import yaml_snippet
from stormdeck.model.litellm.config import Member, MissingInclude, Node, OtherKind, ProxyConfig
from stormdeck.model.litellm.placeholders import REFERENCE, is_open
from stormdeck.model.rules.facts import Facts
from stormdeck.model.rules.litellm.common import at, configs, own, place, runs, version, whole_configs
from stormdeck.model.rules.rule import Page, Rule, rule
from stormdeck.model.versions import at_least, below

_REFUSES_SINCE = "1.104.0"
_PUBLIC = "sk-1234"
_MASTER = "general_settings.master_key"
_PERMIT = "dangerously_permit_weak_or_unset_master_key"
_EXITS = "LiteLLM exits at the start."
_EXITS_LATER = "LiteLLM does not start again."
_OWN = "sk-write-a-key-of-your-own"


@rule(
    Page(
        code="PROXY801",
        title="no master key, or the one from the tutorials",
        what=(
            "Finds a general_settings.master_key that is blank or sk-1234, or missing while the YAML does not set "
            "LITELLM_MASTER_KEY either: then it may still be in LiteLLM's environment, so that is a warning."
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
    for config in whole_configs(facts):
        section = config.section("general_settings")
        member = section.member("master_key") if section is not None else None
        key = "" if member is None or member.node.value is None else str(member.node.value).strip()
        variables = config.section("environment_variables")
        elsewhere = variables is not None and variables.get("LITELLM_MASTER_KEY") is not None
        elsewhere = elsewhere or _misplaced_reference(config) is not None
        if (key and key != _PUBLIC) or (member is None and elsewhere) or config.may_be_on("general_settings", _PERMIT):
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
            Severity.ERROR if member is not None and not starts else Severity.WARNING,
            "the key of the tutorials" if key else "no master key",
            "It runs, but LiteLLM 1.104.0 and later refuse to start with this: an update may break it."
            if starts
            else "LiteLLM 1.104.0 and later refuse to start with this unless LITELLM_MASTER_KEY is in its environment."
            if member is None
            else "LiteLLM 1.104.0 and later refuse to start with a key that is empty or that everybody knows.",
            _MASTER,
            member or place(config, "general_settings"),
            applies="LiteLLM >=1.104.0",
            paste=new,
        )


def _misplaced_reference(config: ProxyConfig) -> Member | None:
    """Return a master key in ``litellm_settings`` that is a reference to the variable LiteLLM reads anyway."""
    member = own(config, "litellm_settings", "master_key")
    found = member is not None and str(member.node.value).strip() == f"{REFERENCE}LITELLM_MASTER_KEY"
    return member if found else None


@rule(
    Page(
        code="PROXY817",
        title="master_key in litellm_settings",
        what="Finds litellm_settings.master_key with the value os.environ/LITELLM_MASTER_KEY.",
        why=(
            "LiteLLM ignores master_key in litellm_settings. It works only because LiteLLM also reads the variable "
            "LITELLM_MASTER_KEY itself; where the variable is missing, it does not start."
        ),
        shown="",
        versions="LiteLLM 1.109.1 and 1.110.2",
        evidence="measured, LiteLLM 1.109.1 and 1.110.2",
        fix="Move it to general_settings.",
        example="general_settings:\n  master_key: os.environ/LITELLM_MASTER_KEY",
    )
)
def misplaced_key(facts: Facts) -> Iterator[Finding]:
    """Find a master key in the wrong section that works by its variable."""
    for config in configs(facts):
        member = _misplaced_reference(config)
        if member is None or own(config, "general_settings", "master_key") is not None:
            continue
        yield at(
            config,
            "PROXY817",
            Severity.WARNING,
            "works only by the variable",
            "LiteLLM ignores master_key in litellm_settings; it reads LITELLM_MASTER_KEY from its environment itself. "
            "Move it to general_settings.",
            "litellm_settings.master_key",
            member,
            paste=yaml_snippet.new_setting(
                config, "general_settings", "master_key", f"{REFERENCE}LITELLM_MASTER_KEY", "add it to general_settings"
            ),
        )


@rule(
    Page(
        code="PROXY813",
        title="LiteLLM cannot use its YAML",
        what=(
            "Finds a YAML that LiteLLM cannot load (not YAML, not UTF-8, an unknown tag, an unquoted {{ template }}), "
            "is empty, has no model_list, or has an entry without model_name or litellm_params.model, and a file in "
            "include that is missing or of that kind. In Helm values, Kubernetes manifests and compose files it looks "
            "for LiteLLM's part."
        ),
        why="LiteLLM exits at the start, or starts without models and answers 400 to every request.",
        shown="config validation failed: 'model'",
        versions="all versions",
        evidence="measured, LiteLLM 1.109.1 and 1.110.2",
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
    if config.other is not None:
        yield _of_another_kind(config, config.other)
        if not config.other.path or (config.root is None and config.error is None):
            return
    if config.error is not None or config.root is None:
        yield _unusable(config, is_running=runs(facts))
        return
    yield from _without_models(config, config.root)
    yield from (_not_included(config, one, is_running=runs(facts)) for one in config.missing if one.ends_start)
    for index, node in config.model_list():
        yield from _entry(config, index, node, is_running=runs(facts))


def _of_another_kind(config: ProxyConfig, other: OtherKind) -> Finding:
    where = (
        f"LiteLLM's YAML stands under {other.path}, and is checked there. LiteLLM itself is given that part only."
        if other.path
        else f"LiteLLM's YAML is not in it{f'; usually it stands {other.usual}' if other.usual else ''}."
    )
    return Finding(
        "PROXY813",
        Severity.INFO if other.path else Severity.WARNING,
        f"this is {other.name}",
        f"This is {other.name}, not LiteLLM's own YAML. {where}",
        other.path,
        evidence="source",
        file=config.file,
        line=other.line,
        column=1,
        hop=HopKind.PROXY,
    )


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


def _not_included(config: ProxyConfig, missing: MissingInclude, *, is_running: bool) -> Finding:
    """Return that LiteLLM does not start because of an entry of ``include``."""
    ends = "LiteLLM does not start again with it" if is_running else "LiteLLM does not start with it"
    place = missing.error if missing.file else missing.entry
    return Finding(
        "PROXY813",
        Severity.WARNING if is_running else Severity.ERROR,
        "an included file cannot be used",
        f"{ends}: {missing.error.message}.",
        "" if missing.file else "include",
        file=missing.file or missing.entry.file or config.file,
        line=place.line,
        column=place.column,
        hop=HopKind.PROXY,
    )


def _without_models(config: ProxyConfig, root: Node) -> Iterator[Finding]:
    models = root.get("model_list")
    if models is not None and (models.members or (models.value is not None and not is_open(models.value))):
        yield at(
            config,
            "PROXY813",
            Severity.ERROR,
            "model_list is not a list",
            "LiteLLM does not start with it. Each entry begins with a dash and a blank: `- model_name: ...`.",
            "model_list",
            root.member("model_list"),
        )
        return
    elsewhere = config.is_partly_read or config.may_be_on("general_settings", "store_model_in_db")
    if elsewhere or (models is not None and (models.items or is_open(models.value))):
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


def _entry(config: ProxyConfig, index: int, node: Node, *, is_running: bool) -> Iterator[Finding]:
    """Yield findings about an entry of model_list with which LiteLLM does not start."""
    severity = Severity.WARNING if is_running else Severity.ERROR
    exits = _EXITS_LATER if is_running else _EXITS
    path = f"model_list[{index}]"
    if node.members is None:
        yield at(
            config,
            "PROXY813",
            severity,
            "not an entry",
            f"An entry of model_list is not a mapping, with which {exits}",
            path,
            node,
        )
        return
    name, params = node.get("model_name"), node.get("litellm_params")
    if name is None:
        message = f"An entry of model_list has no model_name, with which {exits}"
        yield at(config, "PROXY813", severity, "no model_name", message, f"{path}.model_name", node)
    elif not str(name.value if name.value is not None else "").strip() or isinstance(name.value, bool):
        message = "An entry of model_list has a model_name that is empty or not text, so it cannot be requested."
        yield at(config, "PROXY813", Severity.WARNING, "no model_name", message, f"{path}.model_name", node)
    if params is None or not params.text("model"):
        message = f"An entry of model_list has no litellm_params.model, with which {exits}"
        yield at(config, "PROXY813", severity, "no model", message, f"{path}.litellm_params.model", node)


RULES: tuple[Rule, ...] = (no_master_key, unreadable, misplaced_key)
