"""Plan a canary: what to send where, and what it costs, before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from stormdeck.model.canary.check import Check, Question, Route, Verdict
from stormdeck.model.canary.client import headers, limit_of, own_headers, sendable, shape_of
from stormdeck.model.canary.conditions import conditions, long_prompt
from stormdeck.model.canary.judge import skipped
from stormdeck.model.canary.questions import LONG_SHARE, SENT, WHOLE_TURNS, CanaryRequest, requests_for
from stormdeck.model.canary.response import Endpoint
from stormdeck.model.canary.shape import Shape
from stormdeck.model.finding import HopKind
from stormdeck.model.rules.facts import BASE_URL, Facts
from stormdeck.model.settings.trust import withheld
from stormdeck.model.text import clean
from stormdeck.model.units import grouped, plural
from stormdeck.model.urls import host_of, is_hosted, origin_of, parts_of, same_place, why_no_url, with_scheme

EACH_S = 20.0
TOTAL_S = 180.0
LONG_S = 300.0
"""For the long prompt alone, which comes on top of the rest."""
_SAME_ID = "it has the same model id as the plain request"
_NO_WINDOW = "the context window is not known: name vLLM with --vllm, or set CLAUDE_CODE_MAX_CONTEXT_TOKENS"


@dataclass(frozen=True, slots=True)
class Target:
    """One endpoint and the requests to send to it."""

    endpoint: Endpoint
    url: str = field(repr=False)
    """The path of a request is appended to it."""
    headers: Mapping[str, str] = field(repr=False)
    """Including credentials; never shown."""
    requests: tuple[CanaryRequest, ...]

    def request(self, question: Question) -> CanaryRequest | None:
        """Return the request of a question, or ``None`` if it is not sent here."""
        return next((request for request in self.requests if request.question is question), None)


@dataclass(frozen=True, slots=True)
class Plan:
    """All requests of a canary."""

    shape: Shape
    targets: tuple[Target, ...]
    """The client's endpoint first."""
    known: tuple[Check, ...] = ()
    """Results that need no request."""
    notes: tuple[str, ...] = ()
    limit_ms: int = 600_000
    """How long the client waits for a first token."""
    limit_why: str = "API_TIMEOUT_MS"

    @property
    def requests(self) -> int:
        """Return the maximum number of requests."""
        return sum(request.count for target in self.targets for request in target.requests)

    @property
    def prompt_tokens(self) -> int:
        """Return the approximate number of prompt tokens."""
        return sum(request.prompt_tokens for target in self.targets for request in target.requests)

    @property
    def max_tokens(self) -> int:
        """Return the maximum number of generated tokens."""
        return sum(request.max_tokens for target in self.targets for request in target.requests)

    @property
    def in_doubt(self) -> int:
        """Return the number of requests to vLLM that are sent only where the same one to the proxy does not pass."""
        return sum(
            request.count
            for target in self.targets[1:]
            for request in target.requests
            if request.question in WHOLE_TURNS
        )

    @property
    def cost(self) -> str:
        """Return the maximum cost in words, to show before it runs."""
        most = "at most " if self.in_doubt else ""
        return (
            f"{most}{plural(self.requests, 'request')}, about {grouped(self.prompt_tokens)} prompt tokens, "
            f"at most {grouped(self.max_tokens)} generated tokens"
        )


def pending(plan: Plan, checks: Sequence[Check]) -> Question | None:
    """Return the question that a running canary waits for, ``None`` if all are answered."""
    answered = {(check.question, check.route) for check in checks}
    passed = {check.question for check in checks if check.route is Route.CLIENT and check.verdict is Verdict.PASS}
    for question in SENT:
        for target in plan.targets:
            route = target.endpoint.route
            is_left_out = route is Route.DIRECT and question in WHOLE_TURNS and question in passed
            if target.request(question) and (question, route) not in answered and not is_left_out:
                return question
    return None


def plan_of(
    facts: Facts, version: str, session: str, direct_key: str | None = None, *, wants_long: bool = False
) -> Plan:
    """Return the canary for these facts.

    ``version`` is stormdeck's own, ``session`` a new id, ``direct_key`` the key that is configured for vLLM itself,
    ``wants_long`` adds a prompt that nearly fills the window. Nothing is sent to the hosted API. ``apiKeyHelper`` is
    not run; a note says so.
    """
    shape = shape_of(facts, session)
    long_tokens = long_prompt(facts, LONG_SHARE) if wants_long else 0
    client = _client_endpoint(facts)
    direct = _direct_endpoint(facts, client[0] if client is not None else None)
    common, own = headers(facts, shape, version, session), own_headers(facts)
    known: list[Check] = []
    targets: list[Target] = []
    if client is None:
        known.append(_no_client_endpoint(facts))
    elif not all(map(sendable, own.values())):
        known.append(_failed(client[0], "the token has characters that an HTTP header cannot contain"))
    else:
        endpoint, url = client
        wanted = requests_for(shape, Route.CLIENT, alone=direct is None, long_tokens=long_tokens)
        targets.append(Target(endpoint, url, common | own, wanted))
        known += conditions(facts, shape, endpoint)
        if wants_long and not long_tokens:
            known.append(skipped(Question.LONG, endpoint, _NO_WINDOW))
        if shape.background == shape.model:
            known.append(skipped(Question.BACKGROUND, endpoint, _SAME_ID))
        if _forwards_all_ids(facts):
            targets[0], check = _without_unknown_model(targets[0])
            known.append(check)
    if direct is not None:
        endpoint, url = direct
        key = {"authorization": f"Bearer {direct_key}"} if direct_key and sendable(direct_key) else {}
        wanted = requests_for(
            shape,
            Route.DIRECT,
            alone=not targets,
            model=_served_id(facts, shape.model),
            long_tokens=0 if targets else long_tokens,
        )
        targets.append(Target(endpoint, url, common | key, wanted))
    limit_ms, why = limit_of(facts, shape)
    return Plan(shape, tuple(targets), tuple(known), tuple(_notes(facts)), limit_ms, why)


def _client_endpoint(facts: Facts) -> tuple[Endpoint, str] | None:
    """Return the endpoint of the base URL; ``None`` if it is missing, not a URL, or the hosted API."""
    text = with_scheme(facts.text(BASE_URL))
    parts, origin = parts_of(text), origin_of(text)
    if parts is None or origin is None or is_hosted(host_of(text)):
        return None
    url = f"{origin}{parts.path.rstrip('/')}"
    return Endpoint(Route.CLIENT, _hop_at(facts, url), clean(url), bool(parts.path.strip("/") or parts.query)), url


def _hop_at(facts: Facts, url: str) -> HopKind:
    """Return which hop answers at a URL."""
    if facts.live.proxy is not None and same_place(url, facts.live.proxy.url):
        return HopKind.PROXY
    vllm = facts.live.vllm
    return HopKind.SERVER if vllm is None or same_place(url, vllm.url) else HopKind.PROXY


def _direct_endpoint(facts: Facts, client: Endpoint | None) -> tuple[Endpoint, str] | None:
    vllm = facts.live.vllm
    if vllm is None or (client is not None and same_place(client.place, vllm.url)):
        return None
    url = vllm.url.rstrip("/")
    return Endpoint(Route.DIRECT, HopKind.SERVER, clean(url)), url


def _no_client_endpoint(facts: Facts) -> Check:
    endpoint = Endpoint(Route.CLIENT, HopKind.CLIENT, "")
    text = facts.text(BASE_URL)
    if text and not is_hosted(host_of(with_scheme(text))):
        return _failed(endpoint, "ANTHROPIC_BASE_URL is not a valid URL", "URL110" if why_no_url(text) else "URL103")
    where = "names the hosted API" if text else "is not set: the client sends to the hosted API"
    return skipped(Question.PLAIN, endpoint, f"ANTHROPIC_BASE_URL {where}; the canary sends nothing there")


def _failed(endpoint: Endpoint, message: str, code: str | None = None) -> Check:
    return Check(Question.PLAIN, endpoint.route, HopKind.CLIENT, Verdict.FAIL, message, code, sent=False)


def _notes(facts: Facts) -> list[str]:
    held_back = withheld(facts.settings) if facts.settings is not None else None
    if held_back is not None:
        return [f"{held_back.words[0].upper()}{held_back.words[1:]}."]
    if facts.text("env.ANTHROPIC_AUTH_TOKEN") or facts.text("env.ANTHROPIC_API_KEY") or not facts.has_base_url:
        return []
    if facts.text("apiKeyHelper"):
        return ["apiKeyHelper is not run, so the requests have no key."]
    return ["No token is configured, so the requests have none."]


def _served_id(facts: Facts, model: str) -> str:
    """Return vLLM's id for the client's model: the same, or the one that the proxy asks for, or the first served."""
    served = [one.id for one in facts.live.vllm.models] if facts.live.vllm is not None else []
    deployments = list(facts.proxy_config.deployments()) if facts.proxy_config is not None else []
    behind = [one.upstream_id for one in deployments if one.name == model]
    return next((one for one in (model, *behind) if one in served), served[0] if served else model)


def _forwards_all_ids(facts: Facts) -> bool:
    """Return whether the proxy is known to forward every model id."""
    names = list(facts.live.proxy.models) if facts.live.proxy is not None else []
    if facts.proxy_config is not None:
        names += [one.name for one in facts.proxy_config.deployments()]
    return "*" in names


def _without_unknown_model(target: Target) -> tuple[Target, Check]:
    """Drop the unknown model: forwarded, its 404 would put the proxy into a cooldown for all users."""
    left = tuple(request for request in target.requests if request.question is not Question.UNKNOWN_MODEL)
    message = "the proxy forwards every id: a wrong one would cause a cooldown of five seconds (PROXY808)"
    return Target(target.endpoint, target.url, target.headers, left), skipped(
        Question.UNKNOWN_MODEL, target.endpoint, message
    )
