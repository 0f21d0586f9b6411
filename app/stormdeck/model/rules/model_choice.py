"""Which model the client asks for, and what could stand for a tier."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase

from stormdeck.model.finding import Edit
from stormdeck.model.litellm.coverage import Cover, cover
from stormdeck.model.rules.facts import FABLE_ID, TIER_IDS, Facts
from stormdeck.model.snapshots.server import ServerKind
from stormdeck.model.urls import same_place

MODEL = "model"
MODEL_VARIABLE = "env.ANTHROPIC_MODEL"
SMALL_FAST = "env.ANTHROPIC_SMALL_FAST_MODEL"
HOSTED = {
    "sonnet": "claude-sonnet-4-6",
    "opus": "claude-opus-5-5",
    "haiku": "claude-haiku-4-5-20251001",
    "fable": "a hosted id",
}
"""What an unmapped tier asks for (measured: 2.1.112 sonnet, 2.1.329 opus, 2.1.41 haiku; other versions differ)."""
_HOSTED_ID = re.compile(r"(?i)(?:claude|~?anthropic/|arn:aws|(?:[a-z]{2,6}(?:-gov)?\.)?anthropic\.)")
"""Plain, as a gateway spells it, as an inference profile, and as Bedrock does with or without a region."""
_TIERS = {
    "sonnet": ("sonnet",),
    "opus": ("opus",),
    "haiku": ("haiku",),
    "fable": ("fable",),
    "opusplan": ("opus", "sonnet"),
    "best": ("opus",),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """The model that the client was told to use."""

    path: str
    """The setting that decides: ``ANTHROPIC_MODEL`` beats ``model`` (measured, all versions)."""
    text: str
    """Empty: none is set, and the default tier counts."""
    tiers: tuple[str, ...]
    """The tiers that it resolves to; empty for an id."""

    @property
    def is_own_id(self) -> bool:
        """Say whether it is an id of one's own server, by its look."""
        return bool(self.text) and not self.tiers and is_own(self.text) and self.text.lower() != "default"


def choice(facts: Facts) -> Choice:
    """Return what the client was told to use."""
    path = MODEL_VARIABLE if facts.text(MODEL_VARIABLE) else MODEL
    text = facts.text(path)
    name = without_window(text).lower() or default_tier(facts)
    return Choice(path, text, _TIERS.get(name, ()))


def default_tier(facts: Facts) -> str:
    """Return the tier of a client that was told no model: sonnet up to 2.1.112, opus in 2.1.329 (measured)."""
    return "opus" if facts.since("2.1.113") else "sonnet"


def mapping(tier: str) -> str:
    """Return the setting that maps a tier."""
    return TIER_IDS.get(tier, FABLE_ID)


def is_mapped(facts: Facts, tier: str) -> bool:
    """Say whether a tier asks for a model of one's own, or the proxy is known to take its hosted id."""
    return bool(facts.text(mapping(tier))) or serves(facts, HOSTED[tier])


def asked_ids(facts: Facts) -> tuple[tuple[str, str], ...]:
    """Return what the client will ask for, main model first: the setting that decides, and the id as sent.

    An unmapped tier asks for a hosted id. Background requests are part of it, those of 2.1.329 too: it sends them
    where the extra traffic is on.
    """
    chosen = choice(facts)
    asked: dict[str, str] = {}
    if chosen.tiers:
        for tier in chosen.tiers:
            asked[mapping(tier)] = without_window(facts.text(mapping(tier))) or HOSTED[tier]
    else:
        asked[chosen.path] = without_window(chosen.text)
    background = facts.text(mapping("haiku")) or facts.text(SMALL_FAST) or HOSTED["haiku"]
    asked.setdefault(mapping("haiku"), without_window(background))
    for tier in TIER_IDS:
        if facts.text(mapping(tier)):
            asked.setdefault(mapping(tier), without_window(facts.text(mapping(tier))))
    return tuple(asked.items())


def serves(facts: Facts, model: str) -> bool:
    """Say whether the server is known to serve an id: letter for letter, or by a proxy's ``claude-*``.

    LiteLLM 1.109 leaves ``claude-*`` out of its ``/v1/models``, 1.80 lists it (measured): its YAML tells both.
    """
    listed = any(model == entry or ("*" in entry and fnmatchcase(model, entry)) for entry in facts.served or ())
    fate = _fate(facts, model)
    return listed or fate is Cover.TAKEN or (fate is Cover.PASSED_ON and is_own(model))


def unknown_model_status(facts: Facts) -> int:
    """Return how the server at the base URL answers an id that it does not know: LiteLLM by 400, vLLM by 404."""
    proxy, base = facts.live.proxy, facts.text("env.ANTHROPIC_BASE_URL")
    if proxy is None or proxy.kind is not ServerKind.LITELLM:
        return 404
    return 400 if not base or same_place(proxy.url, base) else 404


def may_be_hidden(facts: Facts, model: str) -> bool:
    """Say whether a LiteLLM may take a hosted id that it does not list, by a wildcard of its YAML."""
    proxy = facts.live.proxy
    if proxy is None or proxy.kind is not ServerKind.LITELLM or is_own(model):
        return False
    return _fate(facts, model) is not Cover.UNKNOWN


def _fate(facts: Facts, model: str) -> Cover | None:
    """Return what the YAML of the proxy makes of an id, ``None`` where it is not known."""
    config = facts.proxy_config
    if facts.live.proxy is None or config is None or config.root is None:
        return None
    return cover(config, model)


def is_own(model: str) -> bool:
    """Say whether an id is one of the user's own, by its look."""
    return not is_hosted_id(model)


def is_hosted_id(model: str) -> bool:
    """Return whether an id is one that the hosted API, or a cloud that has the same models, knows."""
    return _HOSTED_ID.match(model) is not None


def is_tier(word: str) -> bool:
    """Return whether a word stands for a tier or for what the client chooses itself, and is no id."""
    return without_window(word).lower() in {*_TIERS, "default", "inherit"}


def without_window(model: str) -> str:
    """Return an id without the suffix that asks for a window of a million tokens; it is never sent (measured)."""
    return model[:-4].rstrip() if model.lower().endswith("[1m]") else model


def own_id(facts: Facts) -> str | None:
    """Return the id that the settings name already, or the only one that is served."""
    named = (facts.text(path) for path in (*TIER_IDS.values(), FABLE_ID))
    chosen = choice(facts)
    direct = chosen.text if chosen.is_own_id else ""
    found = next((text for text in (*named, direct) if text), "") or facts.root_or_env("ANTHROPIC_CUSTOM_MODEL_OPTION")
    if found:
        return found
    return facts.served[0] if facts.served and len(facts.served) == 1 and "*" not in facts.served[0] else None


def map_all(facts: Facts, model: str, *also: str) -> tuple[Edit, ...]:
    """Return the edits that map each tier without a mapping, and those of ``also``, to one id."""
    wanted = [tier for tier in TIER_IDS if not facts.text(mapping(tier))]
    wanted += [tier for tier in also if tier not in wanted and facts.text(mapping(tier)) != model]
    return tuple(Edit(mapping(tier), model) for tier in wanted)
