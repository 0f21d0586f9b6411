"""Summarise the checks: which hop is at fault, and which features of Claude Code work."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from stormdeck.model.canary.check import Check, Question, Route, Verdict
from stormdeck.model.canary.features import Feature, client_checks, features_of
from stormdeck.model.finding import HopKind
from stormdeck.model.units import grouped, plural


@dataclass(frozen=True, slots=True)
class Blame:
    """The hop at fault for a check that did not pass, found by comparing with the same request to vLLM."""

    question: Question
    hop: HopKind
    message: str
    code: str | None = None


@dataclass(frozen=True, slots=True)
class CanaryReport:
    """The results of a canary."""

    checks: tuple[Check, ...] = ()

    @property
    def ok(self) -> bool:
        """Return whether nothing failed at the client's endpoint, or at the only one that was tested."""
        return not any(check.verdict is Verdict.FAIL for check in client_checks(self.checks))

    @property
    def requests(self) -> int:
        """Return the number of requests sent."""
        return sum(check.count for check in self.checks if check.sent)

    @property
    def input_tokens(self) -> int:
        """Return the prompt tokens that the servers reported."""
        return sum(check.input_tokens for check in self.checks)

    @property
    def output_tokens(self) -> int:
        """Return the generated tokens that the servers reported."""
        return sum(check.output_tokens for check in self.checks)

    @property
    def cost(self) -> str:
        """Return the cost in words, without requests that broke off."""
        return (
            f"{plural(self.requests, 'request')}, {grouped(self.input_tokens)} prompt tokens, "
            f"{grouped(self.output_tokens)} generated tokens"
        )

    @property
    def features(self) -> tuple[Feature, ...]:
        """Return which features of Claude Code work."""
        return features_of(self.checks)

    @property
    def blames(self) -> tuple[Blame, ...]:
        """Return the hop at fault for each check at the client's endpoint that did not pass."""
        return tuple(
            _blame(check, self.checks)
            for check in client_checks(self.checks)
            if (check.verdict is Verdict.FAIL and check.question not in _NOT_ASKED)
            or (check.verdict is Verdict.WARN and check.question not in _NOT_ASKED | _OPTIONAL)
        )

    @property
    def summary(self) -> str:
        """Return the result in a sentence or two."""
        features = self.features
        works = [one.name for one in features if one.verdict is Verdict.PASS]
        broken = [one.name for one in features if one.verdict is Verdict.FAIL]
        doubtful = [one.name for one in features if one.verdict is Verdict.WARN]
        unknown = [one.name for one in features if one.verdict in {Verdict.UNKNOWN, Verdict.SKIP}]
        if len(broken) == len(features):
            return f"nothing works: {features[0].message}"
        parts = []
        if broken:
            parts.append(f"does not work: {', '.join(broken)}")
        if doubtful:
            parts.append(f"works with a limit: {', '.join(doubtful)}")
        if works:
            parts.append(f"works: {', '.join(works)}")
        if parts and unknown:
            parts.append(f"not known: {', '.join(unknown)}")
        return "; ".join(parts) or "no result"


_NOT_ASKED = frozenset({Question.FIRST_TOKEN, Question.ROOM, Question.WINDOW, Question.AUTO_MODE, Question.PREFLIGHT})
_OPTIONAL = frozenset({Question.IMAGE, Question.WEB_SEARCH, Question.WEB_PAGE})
"""No hop is at fault for a model without images or a server without web search; a page shares its cause with others."""


def _blame(check: Check, checks: Iterable[Check]) -> Blame:
    """Compare with the same question to vLLM directly."""
    direct = next(
        (one for one in checks if one.route is Route.DIRECT and one.question is check.question and one is not check),
        None,
    )
    if check.route is Route.DIRECT or direct is None or check.hop is HopKind.CLIENT:
        return Blame(check.question, check.hop, check.message, check.code)
    if direct.verdict is Verdict.PASS:
        message = f"vLLM itself passes, through the proxy it fails: {check.message}"
        return Blame(check.question, HopKind.PROXY, message, check.code)
    if direct.verdict in {Verdict.FAIL, Verdict.WARN}:
        message = f"vLLM itself does the same: {direct.message}"
        return Blame(check.question, HopKind.SERVER, message, direct.code or check.code)
    return Blame(check.question, check.hop, check.message, check.code)
