"""PROXY: rules about LiteLLM's timeouts and retries."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from stormdeck.model.finding import Finding, Severity
from stormdeck.model.litellm import yaml_snippet
from stormdeck.model.litellm.config import Member, Node, ProxyConfig
from stormdeck.model.litellm.placeholders import is_open
from stormdeck.model.litellm.placement import is_chat
from stormdeck.model.rules.facts import Facts
from stormdeck.model.rules.litellm.common import at, configs, own, place, version, whole_configs
from stormdeck.model.rules.rule import Page, Rule, rule
from stormdeck.model.versions import below

_NEW = "1.109"
_DEFAULT_S = 6000
_CLIENT_S = 361
_RETRIES = 2
_WITHOUT_EFFECT = (("general_settings", "request_timeout"), ("router_settings", "request_timeout"))
_WITH_EFFECT = (("litellm_settings", "request_timeout"), ("router_settings", "timeout"))
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|")
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s*(ms|s|sec|secs|seconds|m|min|mins|minutes|h)")
_UNITS = {
    "ms": 0.001,
    "s": 1,
    "sec": 1,
    "secs": 1,
    "seconds": 1,
    "m": 60,
    "min": 60,
    "mins": 60,
    "minutes": 60,
    "h": 3600,
}
_CONVERTED = (
    "litellm_settings.request_timeout",
    ".litellm_params.timeout",
    ".litellm_params.request_timeout",
    ".litellm_params.stream_timeout",
)
"""Where LiteLLM answers 500 to text that is not a number (measured, 1.110.2); not router_settings.timeout."""
_PARAMS = ("timeout", "stream_timeout", "request_timeout")


def _params(config: ProxyConfig, *keys: str) -> Iterator[tuple[str, Member]]:
    """Yield the entries of the chat models' ``litellm_params`` that have one of the keys, with their paths."""
    for deployment in filter(is_chat, config.deployments()):
        for key in keys:
            member = deployment.params.member(key) if deployment.params is not None else None
            if member is not None:
                yield f"{deployment.path}.litellm_params.{key}", member


def _number(node: Node) -> float | None:
    try:
        number = float(str(node.value)) if not isinstance(node.value, bool) else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) else None


@rule(
    Page(
        code="PROXY803",
        title="a timeout that is ignored, or lower than the default",
        what=(
            "Finds request_timeout in general_settings or router_settings, and any timeout below the default of 6000 "
            "seconds. Finds a timeout that is not a number, too."
        ),
        why=(
            "In the wrong section it is ignored without a message. In the right one it lowers the limit: articles "
            "advise request_timeout: 600 against truncated answers, but the default is 6000. 1.80 counts the whole "
            "stream and cuts it without an error; 1.109 counts the time without a byte. A request that times out is "
            "tried three times."
        ),
        shown="1.80: an answer that ends mid-sentence\n1.109: API Error: litellm.Timeout: APITimeoutError",
        versions="LiteLLM 1.80.5 and 1.109.1",
        evidence="measured, LiteLLM 1.80.5 and 1.109.1",
        fix="Remove it, or set it in litellm_settings to more than your longest answer takes.",
        example="litellm_settings:\n  request_timeout: 6000",
    )
)
def timeouts(facts: Facts) -> Iterator[Finding]:
    """Find timeouts that are ignored or too low."""
    harmless_from = math.inf if below(version(facts), _NEW) else _CLIENT_S
    for config in configs(facts):
        for section, key in _WITHOUT_EFFECT:
            member = own(config, section, key)
            if member is not None:
                yield at(
                    config,
                    "PROXY803",
                    Severity.WARNING,
                    "has no effect here",
                    f"LiteLLM ignores {key} in {section} without a message; it belongs in litellm_settings.",
                    f"{section}.{key}",
                    member,
                    paste=yaml_snippet.without(config, member, "remove it"),
                )
        settings = [(f"{section}.{key}", own(config, section, key)) for section, key in _WITH_EFFECT]
        for path, member in (*settings, *_params(config, *_PARAMS)):
            if member is not None and path.endswith(_CONVERTED) and _is_no_number(member.node):
                yield _not_a_number(config, path, member)
            seconds = _number(member.node) if member is not None else None
            if member is not None and seconds is not None and 0 < seconds < _DEFAULT_S:
                severity = Severity.INFO if seconds >= harmless_from else Severity.WARNING
                yield _lowered(config, path, member, seconds, severity)


def _is_no_number(node: Node) -> bool:
    """Return whether a timeout is text that LiteLLM cannot convert: ``30s`` (measured, 1.110.2)."""
    return isinstance(node.value, str) and not is_open(node.value) and not _NUMBER.fullmatch(node.value.strip())


def _not_a_number(config: ProxyConfig, path: str, member: Member) -> Finding:
    seconds = _DURATION.fullmatch(str(member.node.value).strip().lower())
    right = f"{float(seconds.group(1)) * _UNITS[seconds.group(2)]:g}" if seconds is not None else None
    of_all = path.startswith("litellm_settings")
    return at(
        config,
        "PROXY803",
        Severity.ERROR,
        f"{member.node.value} is not a number",
        f"LiteLLM wants seconds as a number: with this every request{'' if of_all else ' to this model'} ends in 500.",
        path,
        member,
        paste=yaml_snippet.new_value(config, member, right, f"write {right} seconds")
        if right is not None
        else yaml_snippet.without(config, member, "remove it"),
    )


def _lowered(config: ProxyConfig, path: str, member: Member, seconds: float, severity: Severity) -> Finding:
    return at(
        config,
        "PROXY803",
        severity,
        f"lowers the limit from {_DEFAULT_S} s to {seconds:g} s",
        "LiteLLM 1.80 cuts a stream after this total time, without an error; 1.109 after this time without a byte. "
        "Claude Code itself gives up after 301 to 361 s.",
        path,
        member,
        paste=yaml_snippet.without(config, member, "remove it"),
    )


@rule(
    Page(
        code="PROXY809",
        title="LiteLLM retries too",
        what="Finds a num_retries that is not 0; the default is 2.",
        why=(
            "After a 429, 5xx or timeout, each attempt of Claude Code becomes three requests to vLLM: up to 33 for "
            "one turn. Retries that succeed appear as one 200 in the log. max_retries: 0 in litellm_params does not "
            "switch this off."
        ),
        shown="",
        versions="LiteLLM 1.80.5 and 1.109.1",
        evidence="measured, LiteLLM 1.80.5 and 1.109.1",
        fix="Set num_retries: 0 in litellm_settings, so that only Claude Code retries.",
        example="litellm_settings:\n  num_retries: 0",
    )
)
def retries(facts: Facts) -> Iterator[Finding]:
    """Find retries that multiply those of Claude Code."""
    for config in whole_configs(facts):
        setting = own(config, "router_settings", "num_retries") or own(config, "litellm_settings", "num_retries")
        each = [member for _, member in _params(config, "num_retries")]
        if setting is not None and is_open(setting.node.value):
            continue
        count = _number(setting.node) if setting is not None else None
        each_own = [_number(member.node) for member in each]
        if count == 0 or (each_own and len(each_own) == len(list(config.deployments())) and not any(each_own)):
            continue
        times = int(count) if count is not None and 0 < count < 1000 else _RETRIES
        useless = next((member for _, member in _params(config, "max_retries") if _number(member.node) == 0), None)
        yield at(
            config,
            "PROXY809",
            Severity.INFO,
            "max_retries: 0 does not switch retries off" if useless else f"1 client attempt = {times + 1} requests",
            f"After a 429, 5xx or timeout LiteLLM retries {times} times itself, so Claude Code's attempts multiply.",
            "litellm_settings.num_retries",
            useless or setting or place(config, "litellm_settings"),
            paste=yaml_snippet.new_value(config, setting, "0", "let only Claude Code retry")
            if setting is not None
            else yaml_snippet.new_setting(config, "litellm_settings", "num_retries", "0", "let only Claude Code retry"),
        )


RULES: tuple[Rule, ...] = (timeouts, retries)
