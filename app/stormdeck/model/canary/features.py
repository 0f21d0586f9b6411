"""Which features of Claude Code work: each rests on the answers to some questions, and on what the settings decide."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stormdeck.model.canary.check import Check, Question, Route, Verdict

_Q = Question


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature of Claude Code."""

    name: str
    verdict: Verdict
    message: str
    code: str | None = None
    """The rule whose page explains it."""
    change: str = ""
    """What to change, or how to find out; empty if it works or that is not known."""

    @property
    def works(self) -> bool | None:
        """Return whether it works, ``None`` if it is not known."""
        if self.verdict in {Verdict.UNKNOWN, Verdict.SKIP}:
            return None
        return self.verdict is not Verdict.FAIL

    @property
    def state(self) -> str:
        """Return in a few words whether it works."""
        words = {Verdict.PASS: "works", Verdict.WARN: "works with a limit", Verdict.FAIL: "does not work"}
        return words.get(self.verdict, "not known")


@dataclass(frozen=True, slots=True)
class _Basis:
    """What a feature rests on."""

    name: str
    asked: tuple[Question, ...]
    """Each must pass."""
    settings: tuple[Question, ...] = ()
    """What the settings decide: anything but a pass stops the feature, or leaves it unknown."""
    is_tool: bool = False
    """Whether it needs that the model calls tools."""


_FEATURES = (
    _Basis("answers", (_Q.PLAIN, _Q.TURN), (_Q.ROOM,)),
    _Basis("streaming", (_Q.STREAM, _Q.FIRST_TOKEN)),
    _Basis("mid-session instructions", (_Q.LATE_SYSTEM,)),
    _Basis("thinking", (_Q.THINKING,)),
    _Basis("tools", (_Q.TOOL_FORCED, _Q.TOOL_FREE, _Q.TOOL_RESULT)),
    _Basis("tools added later", (_Q.TOOL_CHANGE,)),
    _Basis("token counting", (_Q.COUNT_TOKENS,)),
    _Basis("background requests", (_Q.BACKGROUND,)),
    _Basis("plan mode", (_Q.PLAN_MODE, _Q.TOOL_CHANGE), is_tool=True),
    _Basis("subagents", (_Q.SUBAGENTS,), (_Q.AUTO_MODE,), is_tool=True),
    _Basis("compaction", (_Q.COMPACTION, _Q.LONG), (_Q.WINDOW,)),
    _Basis("images", (_Q.IMAGE,), is_tool=True),
    _Basis("web fetch", (_Q.WEB_PAGE, _Q.TOOL_CHANGE), (_Q.PREFLIGHT,), is_tool=True),
    _Basis("web search", (_Q.WEB_SEARCH,), is_tool=True),
)
_TOOLS = _FEATURES[4]
_WORST = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.WARN, Verdict.PASS, Verdict.SKIP)
_EXACT = frozenset({_Q.IMAGE, _Q.WEB_PAGE, _Q.WEB_SEARCH})
"""Questions whose warning means that the feature does not work, though all others may."""
_AGAIN = "run the canary again, or try it in Claude Code"
_MAY_LACK = frozenset({_Q.TOOL_CHANGE, _Q.LONG, _Q.FIRST_TOKEN})
"""Questions that are not always asked: a feature does not wait for them."""


def client_checks(checks: Iterable[Check]) -> list[Check]:
    """Return the checks at the client's endpoint; if it was not tested, all of them."""
    checks = list(checks)
    own = [check for check in checks if check.route is Route.CLIENT]
    return own if any(check.verdict is not Verdict.SKIP for check in own) else checks


def features_of(checks: Iterable[Check]) -> tuple[Feature, ...]:
    """Return each feature, in a fixed order."""
    main = client_checks(checks)
    return tuple(_feature(basis, main) for basis in _FEATURES)


def _feature(basis: _Basis, main: Sequence[Check]) -> Feature:
    found = [check for question in basis.asked for check in main if check.question is question]
    if basis.asked == (_Q.BACKGROUND,) and all(check.verdict is Verdict.SKIP for check in found):
        found = [check for check in main if check.question is _Q.PLAIN]
    if _is_dead(main):
        return Feature(basis.name, Verdict.FAIL, "no request is answered")
    if basis.name == "tools":
        return _tools(found)
    worst = min(found, key=_rank, default=None)
    if worst is None or worst.verdict is Verdict.SKIP:
        return _not_asked(basis.name, worst)
    if worst.is_passing and not any(check.question is _Q.PLAIN and check.is_passing for check in main):
        return Feature(basis.name, Verdict.UNKNOWN, f"failed this time: {worst.message}", worst.code, _AGAIN)
    stop = min((check for check in main if check.question in basis.settings), key=_rank, default=None)
    needed = _tools([check for check in main if check.question in _TOOLS.asked]) if basis.is_tool else None
    return (
        _broken(basis, worst, stop, needed)
        or _doubtful(basis, found, worst, stop, needed)
        or _of(basis.name, worst.verdict, worst)
    )


def _broken(basis: _Basis, worst: Check, stop: Check | None, needed: Feature | None) -> Feature | None:
    """Return a feature that does not work, and by what."""
    if worst.verdict is Verdict.FAIL or (worst.question in _EXACT and worst.verdict is Verdict.WARN):
        return _of(basis.name, Verdict.FAIL, worst)
    if stop is not None and stop.verdict in {Verdict.FAIL, Verdict.WARN}:
        return _of(basis.name, Verdict.FAIL, stop)
    if needed is not None and needed.verdict is Verdict.FAIL:
        return Feature(basis.name, Verdict.FAIL, f"tools do not work: {needed.message}", needed.code, needed.change)
    return None


def _doubtful(
    basis: _Basis, found: Sequence[Check], worst: Check, stop: Check | None, needed: Feature | None
) -> Feature | None:
    """Return a feature of which it is not known whether it works, and why."""
    doubt = next((one for one in (worst, stop) if one is not None and one.verdict is Verdict.UNKNOWN), None)
    if doubt is not None:
        return _of(basis.name, Verdict.UNKNOWN, doubt)
    if needed is not None and needed.works is None:
        return Feature(basis.name, Verdict.UNKNOWN, f"tools: {needed.message}", needed.code, needed.change or _AGAIN)
    if basis.asked == (_Q.BACKGROUND,):
        return None
    asked = {check.question: check for check in found}
    missing = [one for one in basis.asked if one not in _MAY_LACK]
    unsent = next((one for one in missing if one not in asked or asked[one].verdict is Verdict.SKIP), None)
    return None if unsent is None else _not_asked(basis.name, asked.get(unsent))


def _tools(found: Sequence[Check]) -> Feature:
    worst = min(found, key=_rank, default=None)
    if worst is None or worst.verdict is Verdict.SKIP:
        return _not_asked("tools", worst)
    if worst.is_passing:
        return Feature("tools", Verdict.UNKNOWN, f"failed this time: {worst.message}", worst.code, _AGAIN)
    free = next((check for check in found if check.question is _Q.TOOL_FREE), None)
    if free is not None and free.verdict is Verdict.UNKNOWN and worst.verdict is not Verdict.FAIL:
        forced = next((check for check in found if check.question is _Q.TOOL_FORCED), None)
        start = "a forced call works; a free one: " if forced is not None and forced.verdict is Verdict.PASS else ""
        return Feature("tools", Verdict.UNKNOWN, f"{start}{free.message}", free.code, _AGAIN)
    return _of("tools", worst.verdict, worst)


def _of(name: str, verdict: Verdict, check: Check) -> Feature:
    change = "" if verdict is Verdict.PASS else check.change
    return Feature(name, verdict, check.message, check.code if verdict is not Verdict.PASS else None, change)


def _not_asked(name: str, check: Check | None = None) -> Feature:
    return Feature(name, Verdict.UNKNOWN, check.message if check is not None else "not asked")


def _is_dead(checks: Iterable[Check]) -> bool:
    """Return whether the plain request failed, and the others were not sent for that."""
    plain = [check for check in checks if check.question is _Q.PLAIN]
    answered = [check for check in checks if check.sent and check.verdict is not Verdict.SKIP and check not in plain]
    return any(check.verdict is Verdict.FAIL for check in plain) and not answered


def _rank(check: Check) -> int:
    return _WORST.index(check.verdict)
