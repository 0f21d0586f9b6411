"""PROXY: a rule about keys in the YAML that LiteLLM does not know."""

from __future__ import annotations

from collections.abc import Iterator

from stormdeck.model.finding import Finding, Severity
from stormdeck.model.litellm import known_names, yaml_snippet
from stormdeck.model.litellm.config import SECTIONS, Member, Node, ProxyConfig
from stormdeck.model.rules.facts import Facts
from stormdeck.model.rules.litellm.common import at, configs
from stormdeck.model.rules.rule import Page, Rule, rule
from stormdeck.model.rules.spelling import closest_name

_KNOWN = {
    "litellm_settings": known_names.LITELLM,
    "general_settings": known_names.GENERAL,
    "router_settings": known_names.ROUTER,
}
_ENTRY = frozenset({"model_name", "litellm_params", "model_info"})
_OTHER_RULES = {"request_timeout"}
_MOST = 40


@rule(
    Page(
        code="PROXY810",
        title="LiteLLM does not know a key",
        what="Finds a misspelled key in the YAML, a key in the wrong section, and a section that appears twice.",
        why=(
            "LiteLLM ignores it without a message, and --validate_config does not report it. One article lost its "
            "underscores on the web: dropparams, requesttimeout, litellmsettings."
        ),
        shown="",
        versions="LiteLLM 1.80.5 and 1.109.1; the known names are those of 1.109.1",
        evidence="measured: ignored; the names: source",
        fix="Write the name as LiteLLM knows it.",
        example="litellm_settings:\n  drop_params: true",
    )
)
def unknown_keys(facts: Facts) -> Iterator[Finding]:
    """Find keys that LiteLLM ignores."""
    for config in configs(facts):
        if config.root is None:
            continue
        yield from _unknown(config, config.root, "", known_names.ROOT)
        yield from _duplicate_sections(config, config.root)
        for member in config.root.members or ():
            section = member.key if member.key in SECTIONS else closest_name(member.key, SECTIONS)
            if section is not None and member.node.members is not None:
                yield from _unknown(config, member.node, section, _KNOWN[section])
        for deployment in list(config.deployments())[:_MOST]:
            yield from _misspelled(config, deployment.node, deployment.path, _ENTRY)
            if deployment.params is not None:
                yield from _misspelled(
                    config, deployment.params, f"{deployment.path}.litellm_params", known_names.PARAMS
                )


def _unknown(config: ProxyConfig, node: Node, section: str, known: frozenset[str]) -> Iterator[Finding]:
    """Yield findings for unknown keys of a section. Keys with ``x-``, a dot or ``_`` in front may hold anchors."""
    for member in (node.members or ())[:_MOST]:
        if member.key in known | _OTHER_RULES or member.key.startswith(("x-", ".", "_")):
            continue
        name = closest_name(member.key, known)
        home = next((one for one in SECTIONS if one != section and member.key in _KNOWN[one]), None)
        if name is not None:
            yield _did_you_mean(config, member, section, name)
        elif home is not None:
            yield _in_wrong_section(config, member, section, home)
        else:
            yield at(
                config,
                "PROXY810",
                Severity.WARNING,
                "not known to LiteLLM 1.109.1",
                f"LiteLLM 1.109.1 does not know {member.key} here and ignores it without a message.",
                _path(section, member.key),
                member,
                evidence="source",
            )


def _duplicate_sections(config: ProxyConfig, root: Node) -> Iterator[Finding]:
    """Yield findings for sections that a later one of the same name replaces."""
    for index, member in enumerate(root.members or ()):
        later = next((one for one in (root.members or ())[index + 1 :] if one.key == member.key), None)
        if later is not None and member.line < later.line:
            yield at(
                config,
                "PROXY810",
                Severity.ERROR,
                f"appears again in line {later.line}",
                f"Of two sections named {member.key} only the last one counts; this one has no effect.",
                member.key,
                member,
            )


def _misspelled(config: ProxyConfig, node: Node, section: str, known: frozenset[str]) -> Iterator[Finding]:
    """Yield findings for keys that resemble a known one; LiteLLM passes other keys on to the server."""
    for member in (node.members or ())[:_MOST]:
        name = closest_name(member.key, known) if member.key not in known else None
        if name is not None:
            yield _did_you_mean(config, member, section, name)


def _did_you_mean(config: ProxyConfig, member: Member, section: str, name: str) -> Finding:
    return at(
        config,
        "PROXY810",
        Severity.ERROR,
        f"did you mean {name}?",
        f"LiteLLM does not know {member.key} and ignores it without a message.",
        _path(section, member.key),
        member,
        paste=yaml_snippet.renamed(config, member, name, f"write {name}"),
    )


def _in_wrong_section(config: ProxyConfig, member: Member, section: str, home: str) -> Finding:
    here = f"in {section}" if section else "at the top level"
    return at(
        config,
        "PROXY810",
        Severity.ERROR,
        f"belongs in {home}",
        f"LiteLLM reads {member.key} in {home}, and ignores it {here} without a message.",
        _path(section, member.key),
        member,
        evidence="source",
    )


def _path(section: str, key: str) -> str:
    return f"{section}.{key}" if section else key


RULES: tuple[Rule, ...] = (unknown_keys,)
