"""Read LiteLLM's model groups: from its YAML, or from what its ``/model/info`` lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from stormdeck.model.litellm.config import Deployment, Node, ProxyConfig
from stormdeck.model.litellm.placeholders import REFERENCE
from stormdeck.model.routes.table import MOST_ENTRIES, ModelGroup, RoutingTable, Upstream, distinct, upstream
from stormdeck.model.text import clean

Resolve = Callable[[str], str | None]
"""Returns the value of a variable of the proxy's process, ``None`` if it is not known."""

_LONGEST_NAME = 200
_ADDRESS_VARIABLES = {
    "hosted_vllm": ("HOSTED_VLLM_API_BASE",),
    "openai": ("OPENAI_BASE_URL", "OPENAI_API_BASE"),
    "anthropic": ("ANTHROPIC_API_BASE", "ANTHROPIC_BASE_URL"),
}
"""Variables that a provider takes its address from where an entry has none (LiteLLM 1.110.2, source)."""
_SELF_HOSTED = {
    *(
        "hosted_vllm",
        "vllm",
        "ollama",
        "ollama_chat",
        "lm_studio",
        "llamafile",
        "xinference",
        "oobabooga",
        "openai_like",
    ),
    *("custom_openai", "litellm_proxy", "triton", "infinity", "docker_model_runner"),
}
"""Providers that are no hosted API."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """One deployment."""

    name: str
    base: str
    """Its ``api_base``, empty without one."""
    unknown: str = ""
    """The variable that holds the address, if its value is not known."""
    provider: str = ""
    weight: float | None = None
    order: float | None = None


def from_yaml(config: ProxyConfig, resolve: Resolve) -> RoutingTable:
    """Return the groups of a YAML. Names that a file defines which was not read are missing."""
    entries = [_of_deployment(one, resolve) for one in config.deployments()]
    return _table(
        entries,
        aliases=(*_model_aliases(config), *_group_aliases(config)),
        fallbacks=tuple(_fallbacks(config)),
        source=config.file,
    )


def from_model_info(rows: Sequence[object]) -> RoutingTable:
    """Return the groups that ``/model/info`` lists (1.109.1 and 1.110.2: with ``api_base``, without aliases)."""
    entries = [entry for row in rows if isinstance(row, dict) and (entry := _of_row(row)) is not None]
    return replace(_table(entries, source="/model/info"), is_reported=True)


def with_reported(table: RoutingTable, reported: RoutingTable) -> RoutingTable:
    """Return the groups of a YAML as the running proxy lists them.

    It knows more: models that were added to its database, and addresses in its variables. The YAML knows the aliases,
    which the proxy lists like groups of their own (measured, 1.110.2), and addresses that a provider takes from a
    variable, which it does not list.
    """
    listed = {group.name: group for group in reported.groups}
    known = {*(group.name for group in table.groups), *(alias for alias, _ in table.aliases)}
    groups = [listed[one.name] if _is_complete(listed.get(one.name)) else one for one in table.groups]
    groups += [group for group in reported.groups if group.name not in known]
    wild = dict.fromkeys((*table.patterns, *(one for one in reported.patterns if one[1] not in known)))
    return replace(table, groups=tuple(groups), patterns=_by_length(name for name, _ in wild))


def _is_complete(group: ModelGroup | None) -> bool:
    return group is not None and all(one.url or one.is_hosted for one in group.servers)


def _by_length(names: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return wildcard names as patterns, the most specific first, which wins."""
    return tuple((name, name) for name in sorted(names, key=lambda name: (-len(name.replace("*", "")), name)))


def _table(
    entries: Sequence[_Entry],
    aliases: tuple[tuple[str, str], ...] = (),
    fallbacks: tuple[tuple[str, tuple[str, ...]], ...] = (),
    source: str = "",
) -> RoutingTable:
    groups: dict[str, list[_Entry]] = {}
    for one in entries[:MOST_ENTRIES]:
        groups.setdefault(one.name, []).append(one)
    return RoutingTable(
        tuple(ModelGroup(name, _servers(found)) for name, found in groups.items()),
        aliases,
        # anthropic/* matches more than its text says, so it is not followed.
        _by_length(name for name in groups if "*" in name),
        fallbacks,
        source,
        left_out=max(0, len(entries) - MOST_ENTRIES),
    )


def _servers(entries: Sequence[_Entry]) -> tuple[Upstream, ...]:
    # LiteLLM picks by weight as soon as one entry has a weight; one without a weight then counts as 0.
    # Of several orders it uses the lowest as long as one of its servers is left (measured, 1.110.2).
    weighted = any(one.weight for one in entries)
    first = min((one.order for one in entries if one.order is not None), default=None)
    return distinct(_server(one, is_idle=(weighted and not one.weight) or one.order != first) for one in entries)


def _server(entry: _Entry, *, is_idle: bool) -> Upstream:
    if entry.unknown:
        return Upstream("", f"its address is in the variable {entry.unknown} of the proxy", is_idle=is_idle)
    if entry.base:
        return upstream(entry.base, is_idle=is_idle)
    if entry.provider in _SELF_HOSTED or not entry.provider:
        return Upstream("", "it has no api_base", is_idle=is_idle)
    return Upstream("", f"no api_base: the API of {entry.provider}, not asked", is_hosted=True, is_idle=is_idle)


def _of_deployment(deployment: Deployment, resolve: Resolve) -> _Entry:
    params = deployment.params
    base = (params.text("api_base") or params.text("base_url") or "") if params is not None else ""
    base, unknown = _resolved(base, resolve)
    if not base and not unknown:
        variables = _ADDRESS_VARIABLES.get(deployment.provider, ())
        base = next((value for name in variables if (value := resolve(name))), "")
    # A number is a name too: LiteLLM answers to its text (measured, 1.110.2).
    name, hidden = _resolved(_text(deployment.node.get("model_name")), resolve)
    weight, order = (params.get(one) if params is not None else None for one in ("weight", "order"))
    return _Entry(
        "" if hidden else name[:_LONGEST_NAME],
        base,
        unknown,
        clean(deployment.provider)[:40],
        _number(weight.value if weight is not None else None),
        _number(order.value if order is not None else None),
    )


def _of_row(row: Mapping[str, object]) -> _Entry | None:
    name, params = row.get("model_name"), row.get("litellm_params")
    if not isinstance(name, str) or not name or not isinstance(params, dict):
        return None
    base, model = params.get("api_base") or params.get("base_url"), params.get("model")
    provider = params.get("custom_llm_provider") or (model.partition("/")[0] if isinstance(model, str) else "")
    return _Entry(
        name[:_LONGEST_NAME],
        base if isinstance(base, str) else "",
        provider=clean(str(provider))[:40],
        weight=_number(params.get("weight")),
        order=_number(params.get("order")),
    )


def _resolved(text: str, resolve: Resolve) -> tuple[str, str]:
    """Return a value with its variable resolved, and the variable if that is not possible."""
    if not text.startswith(REFERENCE):
        return text, ""
    variable = text.removeprefix(REFERENCE)
    value = resolve(variable)
    return (value.strip(), "") if value else ("", clean(variable)[:60])


def _model_aliases(config: ProxyConfig) -> Iterator[tuple[str, str]]:
    """Yield the aliases of ``litellm_settings.model_alias_map``, which LiteLLM applies first."""
    yield from _pairs(config.setting("litellm_settings", "model_alias_map"))


def _group_aliases(config: ProxyConfig) -> Iterator[tuple[str, str]]:
    """Yield the aliases of ``router_settings.model_group_alias``; a target may be a mapping with ``model``."""
    yield from _pairs(config.setting("router_settings", "model_group_alias"))


def _pairs(node: Node | None) -> Iterator[tuple[str, str]]:
    for member in (node.members or ()) if node is not None else ():
        target = _text(member.node) or _text(member.node.get("model"))
        if target:
            yield member.key, target


def _fallbacks(config: ProxyConfig) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield what a group falls back to, the router's settings first; ``*`` for the defaults."""
    for section in ("router_settings", "litellm_settings"):
        for entry in config.setting(section, "fallbacks") or ():
            for member in entry.members or ():
                yield member.key, tuple(_names(member.node))
    for section in ("router_settings", "litellm_settings"):
        defaults = config.setting(section, "default_fallbacks")
        if defaults is not None:
            yield "*", tuple(_names(defaults))


def _names(node: Node) -> Iterable[str]:
    return (name for item in node if (name := _text(item) or _text(item.get("model"))))


def _text(node: Node | None) -> str:
    value = node.value if node is not None else None
    return str(value).strip() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
