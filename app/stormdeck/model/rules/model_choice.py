"""Determine which models Claude Code requests, and how tiers can be mapped."""

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
"""The ids of unmapped tiers (measured: sonnet in 2.1.112, opus in 2.1.329, haiku in 2.1.41; others differ)."""
_HOSTED_ID = re.compile(r"(?i)(?:claude|~?anthropic/|arn:aws|(?:[a-z]{2,6}(?:-gov)?\.)?anthropic\.)")
"""Plain ids, ids of gateways, inference profiles, and Bedrock ids with or without a region."""
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
    """The model selected in the settings."""

    path: str
    """The setting that wins: ``ANTHROPIC_MODEL`` over ``model`` (measured, all versions)."""
    text: str
    """Empty if no model is set, so that the default tier applies."""
    tiers: tuple[str, ...]
    """The tiers that it resolves to; empty for a model id."""

    @property
    def is_own_id(self) -> bool:
        """Return whether it looks like a model id of the user's own server."""
        return bool(self.text) and not self.tiers and is_own(self.text) and self.text.lower() != "default"


def choice(facts: Facts) -> Choice:
    """Return the selected model; the default tier if ``availableModels`` does not allow it."""
    path, text = _selected(facts)
    if _is_restricted(facts, text):
        return Choice(path, "", _TIERS[default_tier(facts)])
    name = without_window(text).lower() or default_tier(facts)
    return Choice(path, text, _TIERS.get(name, ()))


def _selected(facts: Facts) -> tuple[str, str]:
    """Return the setting that selects the model, and its value."""
    path = MODEL_VARIABLE if facts.text(MODEL_VARIABLE) else MODEL
    return path, facts.text(path)


def restricted_model(facts: Facts) -> tuple[str, str] | None:
    """Return the setting and the selected model if ``availableModels`` does not allow it."""
    path, text = _selected(facts)
    return (path, text) if _is_restricted(facts, text) else None


def _is_restricted(facts: Facts, text: str) -> bool:
    """Return whether ``availableModels`` leaves out a model (measured, 2.1.332).

    The lists of all scopes count together. The default tier is always allowed, a tier also by the id that it is mapped
    to. An entry matches regardless of case, and ids that continue it after a dash. What was not measured counts as
    allowed.
    """
    allowed = _available(facts)
    if allowed is None or not text:
        return False
    name = without_window(text).lower()
    if name in _TIERS:
        tiers = _TIERS[name]
        if name not in TIER_IDS or name == default_tier(facts) or any(map(is_hosted_id, allowed)):
            return False
        names = (name, *(without_window(facts.text(mapping(tier))).lower() for tier in tiers))
    else:
        if is_hosted_id(name) or name == "default":
            return False
        names = (name,)
    return not any(_allows(entry, one) for entry in allowed for one in names if one)


def _allows(entry: str, name: str) -> bool:
    return bool(entry) and name.startswith(entry) and not name[len(entry) : len(entry) + 1].isalnum()


def _available(facts: Facts) -> tuple[str, ...] | None:
    """Return the entries of ``availableModels``; ``None`` without a list, or if how they match is not known."""
    values = [file.values for file in facts.settings.files] if facts.settings is not None and facts.complete else []
    lists = [one["availableModels"] for one in values if isinstance(one.get("availableModels"), list)]
    if not lists or any("availableModelsMatch" in one for one in values):
        return None
    entries = [entry for one in lists if isinstance(one, list) for entry in one]
    return tuple(without_window(entry.strip()).lower() for entry in entries if isinstance(entry, str))


def default_tier(facts: Facts) -> str:
    """Return the default tier: sonnet up to 2.1.112, opus in 2.1.329 (measured)."""
    return "opus" if facts.since("2.1.113") else "sonnet"


def mapping(tier: str) -> str:
    """Return the setting that maps a tier."""
    return TIER_IDS.get(tier, FABLE_ID)


def is_mapped(facts: Facts, tier: str) -> bool:
    """Return whether a tier is mapped, or the proxy is known to serve its Anthropic id."""
    return bool(facts.text(mapping(tier))) or serves(facts, HOSTED[tier])


def asked_ids(facts: Facts) -> tuple[tuple[str, str], ...]:
    """Return the ids that will be requested, main model first, as pairs of setting and id.

    An unmapped tier requests an Anthropic id. Background requests are included, also for 2.1.329, which sends them
    if extra traffic is on.
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


def refuses_unlisted(facts: Facts) -> bool:
    """Return whether the server is known to refuse ids that it does not list: vLLM, the proxies, Ollama.

    Others may load or ignore the id (docs/facts/servers.md).
    """
    kind = facts.live.lister(facts.text("env.ANTHROPIC_BASE_URL"))
    return kind is None or kind.is_proxy or kind in {ServerKind.VLLM, ServerKind.OLLAMA}


def is_refused(facts: Facts) -> bool:
    """Return whether the server is known to refuse an id that it does not list, and has a list."""
    return bool(facts.served) and refuses_unlisted(facts)


def answers_any_id(facts: Facts) -> bool:
    """Return whether the server answers with its one model whatever id is requested."""
    kind = facts.live.lister(facts.text("env.ANTHROPIC_BASE_URL"))
    return kind in {ServerKind.LLAMA_SERVER, ServerKind.TGI} and len(facts.served or ()) == 1


def serves(facts: Facts, model: str) -> bool:
    """Return whether the server is known to serve an id, exactly or by a proxy's ``claude-*``.

    LiteLLM 1.109 does not list ``claude-*`` in its ``/v1/models``, 1.80 does (measured); the YAML has both.
    """
    listed = any(model == entry or ("*" in entry and fnmatchcase(model, entry)) for entry in facts.served or ())
    if not listed and facts.live.lister(facts.text("env.ANTHROPIC_BASE_URL")) is ServerKind.OLLAMA:
        # Ollama adds the default tag, and compares without case.
        listed = any(entry.lower() in {model.lower(), f"{model.lower()}:latest"} for entry in facts.served or ())
    found = _coverage(facts, model)
    return listed or found is Cover.TAKEN or (found is Cover.PASSED_ON and is_own(model))


def unknown_model_status(facts: Facts) -> int:
    """Return the status for an unknown id at the base URL: 400 from LiteLLM, 404 from vLLM."""
    proxy, base = facts.live.proxy, facts.text("env.ANTHROPIC_BASE_URL")
    if proxy is None or proxy.kind is not ServerKind.LITELLM:
        return 404
    return 400 if not base or same_place(proxy.url, base) else 404


def may_be_hidden(facts: Facts, model: str) -> bool:
    """Return whether LiteLLM may match an Anthropic id that it does not list, by a wildcard in its YAML."""
    proxy = facts.live.proxy
    if proxy is None or proxy.kind is not ServerKind.LITELLM or is_own(model):
        return False
    return _coverage(facts, model) is not Cover.UNKNOWN


def _coverage(facts: Facts, model: str) -> Cover | None:
    """Return how the proxy's YAML matches an id, ``None`` if there is no YAML."""
    config = facts.proxy_config
    if facts.live.proxy is None or config is None or config.root is None:
        return None
    return cover(config, model)


def is_own(model: str) -> bool:
    """Return whether an id looks like a model of the user's own server."""
    return not is_hosted_id(model)


def is_hosted_id(model: str) -> bool:
    """Return whether an id belongs to the hosted API, or to a cloud with the same models."""
    return _HOSTED_ID.match(model) is not None


def is_tier(word: str) -> bool:
    """Return whether a word is a tier or a keyword such as ``inherit``, not a model id."""
    return without_window(word).lower() in {*_TIERS, "default", "inherit"}


def without_window(model: str) -> str:
    """Return an id without the suffix ``[1m]`` (a window of a million tokens), which is never sent (measured)."""
    return model[:-4].rstrip() if model.lower().endswith("[1m]") else model


def own_id(facts: Facts) -> str | None:
    """Return the model id that the settings already name, or the only one that is served."""
    named = (facts.text(path) for path in (*TIER_IDS.values(), FABLE_ID))
    chosen = choice(facts)
    direct = chosen.text if chosen.is_own_id else ""
    found = next((text for text in (*named, direct) if text), "") or facts.root_or_env("ANTHROPIC_CUSTOM_MODEL_OPTION")
    if found:
        return found
    return facts.served[0] if facts.served and len(facts.served) == 1 and "*" not in facts.served[0] else None


def map_all(facts: Facts, model: str, *also: str) -> tuple[Edit, ...]:
    """Return the edits that map the unmapped tiers, and those in ``also``, to one id."""
    wanted = [tier for tier in TIER_IDS if not facts.text(mapping(tier))]
    wanted += [tier for tier in also if tier not in wanted and facts.text(mapping(tier)) != model]
    return tuple(Edit(mapping(tier), model) for tier in wanted)
