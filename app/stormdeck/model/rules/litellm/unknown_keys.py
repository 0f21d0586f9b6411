"""PROXY: a rule about keys in the YAML that LiteLLM does not know."""

from __future__ import annotations

from collections.abc import Iterator

from stormdeck import __version__
from stormdeck.model.finding import Finding, Severity
from stormdeck.model.litellm import known_names, yaml_snippet
from stormdeck.model.litellm.config import SECTIONS, Member, Node, ProxyConfig
from stormdeck.model.litellm.placeholders import is_reference
from stormdeck.model.rules.facts import Facts
from stormdeck.model.rules.litellm.common import at, configs, is_newer_than_lists, lists_cover
from stormdeck.model.rules.rule import Page, Rule, rule
from stormdeck.model.rules.spelling import closest_name, words_of

_KNOWN = {
    "": known_names.ROOT,
    "litellm_settings": known_names.LITELLM,
    "general_settings": known_names.GENERAL,
    "router_settings": known_names.ROUTER,
}
_ENTRY = frozenset({"model_name", "litellm_params", "model_info"})
_OTHER_RULES = {"request_timeout"}
_OTHER_RULE_PLACES = {("litellm_settings", "master_key")}
_SECTION_NAMES = frozenset(SECTIONS)
_MEANT = {"rpm_limit": "rpm", "tpm_limit": "tpm"}
"""Wrong words for parameters."""
_OWN_PARAMS = {"api_base", "api_key", "base_url", "custom_llm_provider", "drop_params", "max_retries", "max_tokens"}
"""Parameters that are LiteLLM's own in any spelling."""
_MOST = 40


@rule(
    Page(
        code="PROXY810",
        title="LiteLLM does not know a key",
        what=(
            "Finds a misspelled key in the YAML, a key in the wrong section, and a section that appears twice. What "
            "may be a name of another version is a warning, or a note where the running LiteLLM is newer than the list."
        ),
        why=(
            "LiteLLM ignores it without a message, and --validate_config does not report it. One article lost its "
            "underscores on the web: dropparams, requesttimeout, litellmsettings."
        ),
        shown="",
        versions=f"all versions; the known names are those of LiteLLM {known_names.VERSION}",
        evidence="measured: ignored; the names: source",
        fix="Write the name as LiteLLM knows it.",
        example="litellm_settings:\n  drop_params: true",
    )
)
def unknown_keys(facts: Facts) -> Iterator[Finding]:
    """Find keys that LiteLLM ignores."""
    for config, root in ((one, one.root) for one in configs(facts) if one.root is not None):
        keys = _Keys(facts, config)
        yield from keys.unknown(root, "", known_names.ROOT)
        yield from _duplicate_sections(config, root)
        for member in root.members or ():
            section = member.key if member.key in SECTIONS else closest_name(member.key, _SECTION_NAMES)
            if section is not None and member.node.members is not None:
                yield from keys.unknown(member.node, section, _KNOWN[section])
        for deployment in list(config.deployments())[:_MOST]:
            yield from keys.misspelled(deployment.node, deployment.path, _ENTRY)
            if deployment.params is not None:
                yield from keys.parameters(deployment.params, f"{deployment.path}.litellm_params")


class _Keys:
    """Judge the keys of one file by the version of LiteLLM that runs."""

    def __init__(self, facts: Facts, config: ProxyConfig) -> None:
        self._config = config
        self._certain = lists_cover(facts)
        self._newer = is_newer_than_lists(facts)

    def unknown(self, node: Node, section: str, known: frozenset[str]) -> Iterator[Finding]:
        """Yield findings for unknown keys of a section. Keys with ``x-``, a dot or ``_`` may hold anchors."""
        for member in (node.members or ())[:_MOST]:
            if member.key in known | _OTHER_RULES or member.key.startswith(("x-", ".", "_")):
                continue
            if (section, member.key) in _OTHER_RULE_PLACES and is_reference(member.node.value):
                continue
            name = _similar(member.key, known)
            homes = [one for one in ("", *SECTIONS) if one != section and member.key in _KNOWN[one]]
            if name is not None and (not homes or _same_letters(member.key, name)):
                yield self._did_you_mean(member, section, name)
            elif homes:
                yield self._in_wrong_section(member, section, homes[0])
            else:
                yield self._not_known(member, section)

    def misspelled(self, node: Node, section: str, known: frozenset[str]) -> Iterator[Finding]:
        """Yield findings for keys that resemble a known one."""
        for member in (node.members or ())[:_MOST]:
            name = _similar(member.key, known) if member.key not in known else None
            if name is not None:
                yield self._did_you_mean(member, section, name)

    def parameters(self, node: Node, section: str) -> Iterator[Finding]:
        """Yield findings for parameters that resemble a known one. LiteLLM sends others to the server (measured)."""
        for member in (node.members or ())[:_MOST]:
            if member.key in known_names.PARAMS:
                continue
            name = _meant_parameter(member.key)
            certain = name is not None and _same_letters(member.key, name)
            if name is None or (self._newer and not certain):
                continue
            yield at(
                self._config,
                "PROXY810",
                Severity.ERROR if certain and not self._newer else Severity.WARNING,
                f"did you mean {name}?",
                f"LiteLLM does not know {member.key} here and sends it to the server with each request.",
                _path(section, member.key),
                member,
                paste=yaml_snippet.renamed(self._config, member, name, f"write {name}"),
            )

    def _not_known(self, member: Member, section: str) -> Finding:
        title = (
            f"not known to stormdeck {__version__}" if self._newer else f"not known to LiteLLM {known_names.VERSION}"
        )
        message = (
            f"stormdeck {__version__} knows the keys of LiteLLM {known_names.VERSION}; the one that runs is newer and "
            f"may know {member.key}."
            if self._newer
            else f"LiteLLM {known_names.VERSION} does not know {member.key} here and ignores it without a message."
        )
        severity = Severity.INFO if self._newer else Severity.WARNING
        path = _path(section, member.key)
        return at(self._config, "PROXY810", severity, title, message, path, member, evidence="source")

    def _did_you_mean(self, member: Member, section: str, name: str) -> Finding:
        certain = self._certain or _same_letters(member.key, name) or name in SECTIONS
        known = f"LiteLLM {known_names.VERSION}" if not certain else "LiteLLM"
        return at(
            self._config,
            "PROXY810",
            Severity.ERROR if certain and not (self._newer and name not in SECTIONS) else Severity.WARNING,
            f"did you mean {name}?",
            f"{known} does not know {member.key} and ignores it without a message.",
            _path(section, member.key),
            member,
            paste=yaml_snippet.renamed(self._config, member, name, f"write {name}"),
        )

    def _in_wrong_section(self, member: Member, section: str, home: str) -> Finding:
        here = f"in {section}" if section else "at the top level"
        there = f"in {home}" if home else "at the top level"
        return at(
            self._config,
            "PROXY810",
            Severity.WARNING if self._newer else Severity.ERROR,
            f"belongs {there}",
            f"LiteLLM reads {member.key} {there}, and ignores it {here} without a message.",
            _path(section, member.key),
            member,
            evidence="source",
        )


def _similar(key: str, known: frozenset[str]) -> str | None:
    """Return the name that a key is a misspelling of.

    A name in which words are missing is another name: ``batch_size`` is not ``..._cleanup_batch_size``.
    """
    name = closest_name(key, known)
    return name if name is not None and (_same_letters(key, name) or _same_words(key, name)) else None


def _meant_parameter(key: str) -> str | None:
    """Return the parameter that a key is a misspelling of, ``None`` if it may be one of the server's own.

    Servers have ``serviceTier`` and ``vector_store_ids`` beside LiteLLM's ``service_tier`` and ``vector_store_id``.
    """
    if key in _MEANT:
        return _MEANT[key]
    name = _similar(key, known_names.PARAMS)
    camel_case = key != key.lower() and "_" not in key
    if name is None or key.rstrip("s") == name.rstrip("s") or (camel_case and name not in _OWN_PARAMS):
        return None
    return name


def _same_words(key: str, name: str) -> bool:
    return len(words_of(key.replace("-", "_"))) == len(words_of(name)) or "_" not in key


def _same_letters(key: str, name: str) -> bool:
    return _bare(key) == _bare(name)


def _bare(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


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


def _path(section: str, key: str) -> str:
    return f"{section}.{key}" if section else key


RULES: tuple[Rule, ...] = (unknown_keys,)
