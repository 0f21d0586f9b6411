"""What a canary would send where, made from what is known, before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from stormdeck.model.canary.check import Check, Question, Route, Verdict
from stormdeck.model.canary.client import headers, limit_of, own_headers, sendable, shape_of
from stormdeck.model.canary.judge import skipped
from stormdeck.model.canary.questions import Ask, Shape, asks
from stormdeck.model.canary.response import Way
from stormdeck.model.finding import HopKind
from stormdeck.model.rules.facts import BASE_URL, Facts
from stormdeck.model.settings.trust import withheld
from stormdeck.model.text import clean
from stormdeck.model.units import grouped, plural
from stormdeck.model.urls import host_of, is_hosted, origin_of, parts_of, same_place, with_scheme

_SAME_ID = "it asks for the id of the main model, as the plain request did"


@dataclass(frozen=True, slots=True)
class Target:
    """One way, and what is asked on it."""

    way: Way
    url: str = field(repr=False)
    """What the path of a request is put behind."""
    headers: Mapping[str, str] = field(repr=False)
    """With the credential; never shown."""
    asks: tuple[Ask, ...]

    def ask(self, question: Question) -> Ask | None:
        """Return the request of a question, ``None`` where it is not asked on this way."""
        return next((ask for ask in self.asks if ask.question is question), None)


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole canary."""

    shape: Shape
    targets: tuple[Target, ...]
    """The client's way first."""
    known: tuple[Check, ...] = ()
    """What is known without asking."""
    notes: tuple[str, ...] = ()
    limit_ms: int = 600_000
    """How long the client waits for a first token."""
    limit_why: str = "API_TIMEOUT_MS"

    @property
    def requests(self) -> int:
        """Return how many requests will be sent at most."""
        return sum(len(target.asks) for target in self.targets)

    @property
    def prompt_tokens(self) -> int:
        """Return about how many tokens their prompts have."""
        return sum(ask.prompt_tokens for target in self.targets for ask in target.asks)

    @property
    def max_tokens(self) -> int:
        """Return how many tokens the answers have at most."""
        return sum(ask.max_tokens for target in self.targets for ask in target.asks)

    @property
    def cost(self) -> str:
        """Return what it costs at most, in words: to be shown before it is run."""
        return (
            f"{plural(self.requests, 'request')}, about {grouped(self.prompt_tokens)} prompt tokens, "
            f"at most {grouped(self.max_tokens)} generated tokens"
        )


def plan_of(facts: Facts, version: str, session: str, direct_key: str | None = None) -> Plan:
    """Return the canary for what is known.

    ``version`` is our own, ``session`` a fresh id, ``direct_key`` the key that was configured for vLLM itself. The
    hosted API is never asked. What must be run to be known, ``apiKeyHelper``, is left out, and said.
    """
    shape = shape_of(facts)
    client = _client_way(facts)
    direct = _direct_way(facts, client[0] if client is not None else None)
    common, own = headers(facts, shape, version, session), own_headers(facts)
    known: list[Check] = []
    targets: list[Target] = []
    if client is None:
        known.append(_no_client_way(facts))
    elif not all(map(sendable, own.values())):
        known.append(_failed(client[0], "the token has characters that no HTTP header can carry"))
    else:
        way, url = client
        targets.append(Target(way, url, common | own, asks(shape, Route.CLIENT, alone=direct is None)))
        if shape.background == shape.model:
            known.append(skipped(Question.BACKGROUND, way, _SAME_ID))
        if _takes_everything(facts):
            targets[0], check = _spared(targets[0])
            known.append(check)
    if direct is not None:
        way, url = direct
        key = {"authorization": f"Bearer {direct_key}"} if direct_key and sendable(direct_key) else {}
        wanted = asks(shape, Route.DIRECT, alone=not targets, model=_served_id(facts, shape.model))
        targets.append(Target(way, url, common | key, wanted))
    limit_ms, why = limit_of(facts, shape)
    return Plan(shape, tuple(targets), tuple(known), tuple(_notes(facts)), limit_ms, why)


def _client_way(facts: Facts) -> tuple[Way, str] | None:
    """Return the way to the base URL; ``None``: there is none, or it is no URL, or the hosted API."""
    text = with_scheme(facts.text(BASE_URL))
    parts, origin = parts_of(text), origin_of(text)
    if parts is None or origin is None or is_hosted(host_of(text)):
        return None
    url = f"{origin}{parts.path.rstrip('/')}"
    return Way(Route.CLIENT, _who(facts, url), clean(url), bool(parts.path.strip("/") or parts.query)), url


def _who(facts: Facts, url: str) -> HopKind:
    """Return who answers at a URL."""
    if facts.live.proxy is not None and same_place(url, facts.live.proxy.url):
        return HopKind.PROXY
    vllm = facts.live.vllm
    return HopKind.SERVER if vllm is None or same_place(url, vllm.url) else HopKind.PROXY


def _direct_way(facts: Facts, client: Way | None) -> tuple[Way, str] | None:
    vllm = facts.live.vllm
    if vllm is None or (client is not None and same_place(client.place, vllm.url)):
        return None
    url = vllm.url.rstrip("/")
    return Way(Route.DIRECT, HopKind.SERVER, clean(url)), url


def _no_client_way(facts: Facts) -> Check:
    way = Way(Route.CLIENT, HopKind.CLIENT, "")
    text = facts.text(BASE_URL)
    if text and not is_hosted(host_of(with_scheme(text))):
        return _failed(way, "ANTHROPIC_BASE_URL is no address that can be asked", "URL103")
    where = "names the hosted API" if text else "is not set: the client sends to the hosted API"
    return skipped(Question.PLAIN, way, f"ANTHROPIC_BASE_URL {where}, which is never asked")


def _failed(way: Way, words: str, code: str | None = None) -> Check:
    return Check(Question.PLAIN, way.route, HopKind.CLIENT, Verdict.FAIL, words, code, sent=False)


def _notes(facts: Facts) -> list[str]:
    kept = withheld(facts.settings) if facts.settings is not None else None
    if kept is not None:
        return [f"{kept.words[0].upper()}{kept.words[1:]}."]
    if facts.text("env.ANTHROPIC_AUTH_TOKEN") or facts.text("env.ANTHROPIC_API_KEY") or not facts.has_base_url:
        return []
    if facts.text("apiKeyHelper"):
        return ["apiKeyHelper is not run, so the requests carry no key."]
    return ["No token is configured, so the requests carry none."]


def _served_id(facts: Facts, model: str) -> str:
    """Return what vLLM calls the client's model: the same id, else what the proxy asks for, else its first."""
    served = [one.id for one in facts.live.vllm.models] if facts.live.vllm is not None else []
    deployments = list(facts.proxy_config.deployments()) if facts.proxy_config is not None else []
    behind = [one.upstream_id for one in deployments if one.name == model]
    return next((one for one in (model, *behind) if one in served), served[0] if served else model)


def _takes_everything(facts: Facts) -> bool:
    """Say whether the proxy is known to pass every id on."""
    names = list(facts.live.proxy.models) if facts.live.proxy is not None else []
    if facts.proxy_config is not None:
        names += [one.name for one in facts.proxy_config.deployments()]
    return "*" in names


def _spared(target: Target) -> tuple[Target, Check]:
    """Leave the unknown id out: passed on, it would be a 404 that puts the proxy into a cooldown for everybody."""
    left = tuple(ask for ask in target.asks if ask.question is not Question.UNKNOWN_MODEL)
    words = "the proxy passes every id on: a wrong one would stop it for five seconds (PROXY808)"
    return Target(target.way, target.url, target.headers, left), skipped(Question.UNKNOWN_MODEL, target.way, words)
