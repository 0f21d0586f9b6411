"""PROXY: rules about the files that LiteLLM's YAML includes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from stormdeck.model.finding import Finding, Severity
from stormdeck.model.litellm.config import ProxyConfig, Replaced
from stormdeck.model.rules.facts import Facts
from stormdeck.model.rules.litellm.common import at, configs
from stormdeck.model.rules.rule import Page, Rule, rule
from stormdeck.model.units import plural

_NAMED = 3
"""Lost keys that are named; the others are counted."""


@rule(
    Page(
        code="PROXY820",
        title="an included file replaces a whole section",
        what=(
            "Finds a section, such as litellm_settings, general_settings or router_settings, with keys that are not in "
            "effect, because a file in include has the same section without them."
        ),
        why=(
            "LiteLLM joins only lists, such as model_list. Any other value of an included file takes the place of the "
            "one before: the keys of the first section are lost, without a message. With a lost master_key LiteLLM "
            "1.104.0 and later do not start."
        ),
        shown="",
        versions="LiteLLM 1.80.5, 1.109.1 and 1.110.2",
        evidence="measured, LiteLLM 1.80.5, 1.109.1 and 1.110.2",
        fix="Write each section in one file only: move the keys that are named to the included file's section.",
        example="# in the included file\nlitellm_settings:\n  drop_params: true\n  num_retries: 0",
    )
)
def replaced_section(facts: Facts) -> Iterator[Finding]:
    """Find sections that an included file replaces."""
    for config in configs(facts):
        for one in config.replaced:
            if one.lost:
                yield _finding(config, one)


def _finding(config: ProxyConfig, one: Replaced) -> Finding:
    section, named = one.member.key, ", ".join(one.lost[:_NAMED])
    others = f" and {len(one.lost) - _NAMED} more" if len(one.lost) > _NAMED else ""
    by = PurePath(one.by.file or config.file).name
    have, them = ("has", "it") if len(one.lost) == 1 else ("have", "them")
    return at(
        config,
        "PROXY820",
        Severity.WARNING,
        f"replaced by {by}, {plural(len(one.lost), 'key')} lost",
        f"{by} is included and has {section} too: LiteLLM takes that one only, so {named}{others} of this one "
        f"{have} no effect. Write {them} into {section} of {by}.",
        section,
        one.member,
    )


RULES: tuple[Rule, ...] = (replaced_section,)
