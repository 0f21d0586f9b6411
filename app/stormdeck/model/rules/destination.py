"""Determine where Claude Code's requests go: to the user's own server, a hosted gateway, the hosted API or a cloud."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from urllib.parse import urlsplit

from stormdeck.model.rules.facts import CUSTOM_OPTION, FABLE_ID, TIER_IDS, Facts
from stormdeck.model.rules.known_names import ALL_VARIABLES
from stormdeck.model.rules.model_choice import MODEL, MODEL_VARIABLE, SMALL_FAST, is_hosted_id, is_tier, without_window
from stormdeck.model.rules.vllm.families import family_of
from stormdeck.model.settings.cloud import SWITCHES, is_on
from stormdeck.model.snapshots.client_state import Login
from stormdeck.model.snapshots.server import ServerKind
from stormdeck.model.urls import is_near, same_host, same_place


class Destination(StrEnum):
    """Where requests go."""

    OWN = "own server"
    """A base URL on this machine or a private network, one that the user named with a flag, or a local model."""
    GATEWAY = "hosted gateway"
    """Any other base URL. It may serve or map Anthropic ids itself."""
    HOSTED = "hosted API"
    """No base URL, or that of the hosted API, and no local model."""
    CLOUD = "cloud"
    """A cloud switch is on: the base URL is not used at all (measured, 2.1.112 to 2.1.332)."""
    UNKNOWN = "unknown"
    """No settings and no login on this machine: Claude Code may run on another one."""


_NAMING_MODELS = (*TIER_IDS.values(), FABLE_ID, MODEL_VARIABLE, SMALL_FAST, "env.CLAUDE_CODE_SUBAGENT_MODEL")
_HOSTED_API = ("anthropic.com", "claude.com", "claude.ai")
_TEMPLATE = re.compile(r"\$[{(]?\w|\{\{|<[\w .-]+>(?!$)")
"""Placeholders that another program replaces."""
_LONGEST_NAME = 80
_URL_LIKE_NAME = re.compile(r"env\.\w*(?:ANTHROPIC|CLAUDE)\w*(?:URL|URI|BASE|HOST|ENDPOINT)\w*", re.IGNORECASE)


def destination(facts: Facts) -> Destination:
    """Return where requests go, from the settings, the named servers, and the running server."""
    if cloud_switch(facts) is not None:
        return Destination.CLOUD
    url = facts.root_or_env("ANTHROPIC_BASE_URL")
    if url:
        return _of_url(facts, url)
    if _names_own_model(facts) or _misspelt_base_url(facts):
        return Destination.OWN
    knows = has_settings(facts) or facts.login in {Login.ACCOUNT, Login.KEY}
    return Destination.HOSTED if knows else Destination.UNKNOWN


def why_not_applicable(facts: Facts) -> str:
    """Return, as a sentence, why rules about the user's own server do not apply; empty if they apply."""
    match destination(facts):
        case Destination.HOSTED:
            return "No own server is set: nothing to check."
        case Destination.CLOUD:
            name = (cloud_switch(facts) or "").removeprefix("env.")
            return f"{name} is on, so requests go to that cloud: no own server to check."
        case Destination.GATEWAY:
            return (
                f"Requests go to {base_host(facts)}, which looks like a hosted gateway: rules about your own server "
                "are skipped. If it is yours, name it with --vllm or --proxy."
            )
    return ""


def has_settings(facts: Facts) -> bool:
    """Return whether there are any settings."""
    files = facts.settings.files if facts.settings is not None else ()
    return bool(facts.values) or any(file.exists for file in files)


def cloud_switch(facts: Facts) -> str | None:
    """Return the cloud switch that is on."""
    return next((path for path in SWITCHES if is_on(facts.text(path))), None)


def base_host(facts: Facts) -> str:
    """Return the host of the base URL, empty if there is none."""
    return _host(facts.root_or_env("ANTHROPIC_BASE_URL"))


def leads_to_own_server(facts: Facts) -> bool:
    """Return whether the base URL alone leads to the user's own server."""
    url = facts.root_or_env("ANTHROPIC_BASE_URL")
    return bool(url) and _of_url(facts, url) is Destination.OWN


def _of_url(facts: Facts, url: str) -> Destination:
    host = _host(url)
    if host.endswith(_HOSTED_API) and any(host == one or host.endswith(f".{one}") for one in _HOSTED_API):
        return Destination.HOSTED
    if any(same_host(url, one) for one in facts.named) or _is_known_vllm(facts, url):
        return Destination.OWN
    if _TEMPLATE.search(url.strip("<>")):
        return Destination.GATEWAY
    return Destination.OWN if is_near(host) else Destination.GATEWAY


def _host(url: str) -> str:
    """Return the host of a base URL in any spelling; empty if there is none."""
    text = unicodedata.normalize("NFKC", url).replace("。", ".").strip().strip("\"'`<>").lower()
    rest = re.sub(r"^[a-z][a-z0-9+.-]*:/+", "", text)
    try:
        host = urlsplit(f"//{rest}").hostname or ""
    except ValueError:
        host = re.split(r"[:/?#]", rest.rpartition("@")[2], maxsplit=1)[0]
    return host.rstrip(".")


def _is_known_vllm(facts: Facts, url: str) -> bool:
    """Return whether the server at the base URL reports that it is vLLM."""
    probe, vllm = facts.live.probe, facts.live.vllm
    asked = probe is not None and probe.kind is ServerKind.VLLM and same_place(probe.url, url)
    return asked or (vllm is not None and bool(vllm.version) and same_place(vllm.url, url))


def _names_own_model(facts: Facts) -> bool:
    """Return whether a variable names a model that the hosted API does not have.

    For ``model`` and the model picker row, only names of known open families count: new hosted names may appear.
    """
    named = [without_window(facts.text(path)) for path in _NAMING_MODELS]
    if any(name and not is_hosted_id(name) and not is_tier(name) for name in named):
        return True
    others = (facts.text(MODEL), facts.root_or_env(CUSTOM_OPTION.removeprefix("env.")))
    return any(name and not is_hosted_id(name) and family_of([name]) is not None for name in others)


def _misspelt_base_url(facts: Facts) -> bool:
    """Return whether an unknown variable looks like a base URL and leads to a local server."""
    return any(
        _URL_LIKE_NAME.fullmatch(path) and path.removeprefix("env.") not in ALL_VARIABLES and is_near(_host(value))
        for path, value in facts.values.items()
        if value and len(path) <= _LONGEST_NAME and ("anthropic" in (low := path.lower()) or "claude" in low)
    )
