"""Summarise the checks: which hop is at fault, and which features of Claude Code work."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stormdeck.model.canary.check import Check, Question, Route, Verdict
from stormdeck.model.finding import HopKind
from stormdeck.model.units import grouped, plural


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature of Claude Code."""

    name: str
    verdict: Verdict
    message: str


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
        return not any(check.verdict is Verdict.FAIL for check in _main(self.checks))

    @property
    def requests(self) -> int:
        """Return the number of requests sent."""
        return sum(check.sent for check in self.checks)

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
        return tuple(_feature(name, questions, self.checks) for name, questions in _FEATURES)

    @property
    def blames(self) -> tuple[Blame, ...]:
        """Return the hop at fault for each check at the client's endpoint that did not pass."""
        not_passed = [check for check in _main(self.checks) if check.verdict in {Verdict.FAIL, Verdict.WARN}]
        return tuple(_blame(check, self.checks) for check in not_passed if check.question is not Question.FIRST_TOKEN)

    @property
    def summary(self) -> str:
        """Return the result in a sentence or two."""
        features = self.features
        works = [one.name for one in features if one.verdict is Verdict.PASS]
        broken = [one.name for one in features if one.verdict is Verdict.FAIL]
        doubtful = [one.name for one in features if one.verdict is Verdict.WARN]
        parts = []
        if broken:
            parts.append(f"does not work: {', '.join(broken)}")
        if doubtful:
            parts.append(f"works with a limit: {', '.join(doubtful)}")
        if works:
            parts.append(f"works: {', '.join(works)}")
        return "; ".join(parts) or "no result"


_FEATURES: tuple[tuple[str, tuple[Question, ...]], ...] = (
    ("answers", (Question.PLAIN,)),
    ("streaming", (Question.STREAM, Question.FIRST_TOKEN)),
    ("mid-session instructions", (Question.LATE_SYSTEM,)),
    ("thinking", (Question.THINKING,)),
    ("tools", (Question.TOOL_FORCED, Question.TOOL_FREE)),
    ("token counting", (Question.COUNT_TOKENS,)),
    ("background requests", (Question.BACKGROUND,)),
)
_WORST = (Verdict.FAIL, Verdict.WARN, Verdict.PASS, Verdict.UNKNOWN, Verdict.SKIP)


def _main(checks: Iterable[Check]) -> list[Check]:
    """Return the checks at the client's endpoint; if it was not tested, all of them."""
    checks = list(checks)
    own = [check for check in checks if check.route is Route.CLIENT]
    return own if any(check.verdict is not Verdict.SKIP for check in own) else checks


def _feature(name: str, questions: tuple[Question, ...], checks: Sequence[Check]) -> Feature:
    main = _main(checks)
    found = [check for question in questions for check in main if check.question is question]
    if questions == (Question.BACKGROUND,) and all(check.verdict is Verdict.SKIP for check in found):
        found = [check for check in main if check.question is Question.PLAIN]
    worst = min(found, key=lambda check: _WORST.index(check.verdict), default=None)
    if worst is None:
        return Feature(name, Verdict.UNKNOWN, "not asked")
    free = next((check for check in found if check.question is Question.TOOL_FREE), None)
    if worst.verdict is Verdict.PASS and free is not None and free.verdict is not Verdict.PASS:
        return Feature(name, Verdict.UNKNOWN, f"a forced call works; a free one: {free.message}")
    if worst.verdict is Verdict.SKIP and _broken(main):
        return Feature(name, Verdict.FAIL, "no request is answered")
    return Feature(name, worst.verdict, worst.message)


def _broken(checks: Iterable[Check]) -> bool:
    return any(check.question is Question.PLAIN and check.verdict is Verdict.FAIL for check in checks)


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
