"""What the settings alone decide about a feature: results of the canary that need no request."""

from __future__ import annotations

from collections.abc import Iterator

from stormdeck.model.canary.check import Check, Question, Verdict
from stormdeck.model.canary.response import Endpoint
from stormdeck.model.canary.shape import Shape
from stormdeck.model.finding import Finding, HopKind, Severity
from stormdeck.model.rules.client import auto_mode, context
from stormdeck.model.rules.facts import Facts
from stormdeck.model.rules.vllm import engine
from stormdeck.model.units import grouped

_PREFLIGHT = "skipWebFetchPreflight"
_MOST_LONG = 1_000_000


def conditions(facts: Facts, shape: Shape, endpoint: Endpoint) -> Iterator[Check]:
    """Yield what the settings and the client's version decide."""
    if not shape.loads_tools:
        message = "this client sends all tools from the start"
        yield _check(Question.TOOL_CHANGE, endpoint, Verdict.PASS, message)
    if "mid_conv_system" in shape.lacks:
        message = "CLAUDE_CODE_MODEL_CAPABILITIES turns them into user messages"
        yield _check(Question.LATE_SYSTEM, endpoint, Verdict.PASS, message)
    yield _room(facts, endpoint)
    yield _window(facts, endpoint)
    yield _auto_mode(facts, endpoint)
    yield _preflight(facts, endpoint)


def long_prompt(facts: Facts, share: float) -> int:
    """Return the size of a prompt that fills a share of the window, in tokens; 0 if the window is not known.

    The window is the server's, or the one that the settings name if that is smaller or the only one known.
    """
    known = [size for size in (context.served_window(facts), context.tokens(facts, context.WINDOW)) if size]
    return min(int(min(known) * share), _MOST_LONG) if known else 0


def _room(facts: Facts, endpoint: Endpoint) -> Check:
    """Return whether the first real request fits: those of the canary are small."""
    found = [*engine.tiny_window.find(facts), *context.output.find(facts)]
    refused = next((finding for finding in found if finding.severity is Severity.ERROR), None)
    if refused is not None:
        message = f"{refused.title}; {refused.message}"
        return _check(Question.ROOM, endpoint, Verdict.WARN, message, _change(refused), refused.code)
    if context.served_window(facts) is None:
        message = "the server's context window is not known; those requests are small"
        return _check(Question.ROOM, endpoint, Verdict.SKIP, message)
    return _check(Question.ROOM, endpoint, Verdict.PASS, "prompt and answer fit into the server's window")


def _window(facts: Facts, endpoint: Endpoint) -> Check:
    found = next(iter(context.window.find(facts)), None)
    served = context.served_window(facts)
    if found is not None:
        return _check(
            Question.WINDOW, endpoint, Verdict.WARN, f"{found.title}; {found.message}", _change(found), found.code
        )
    if served is None:
        return _check(
            Question.WINDOW,
            endpoint,
            Verdict.UNKNOWN,
            "the server's context window is not known, so it is not known whether Claude Code compacts in time",
            '"CLAUDE_CODE_MAX_CONTEXT_TOKENS" in env: the window that the server was started with',
        )
    message = f"the server's window has {grouped(served)} tokens, and Claude Code compacts before it is full"
    return _check(Question.WINDOW, endpoint, Verdict.PASS, message)


def _auto_mode(facts: Facts, endpoint: Endpoint) -> Check:
    """Return whether auto mode stops a turn; between 2.1.112 and 2.1.329 that was not measured."""
    found = next(iter(auto_mode.auto_mode.find(facts)), None)
    if found is not None:
        return _check(Question.AUTO_MODE, endpoint, Verdict.WARN, found.message, _change(found), found.code)
    is_chosen = facts.text(auto_mode.MODE) not in {"", "auto"} or any(
        facts.text(path) == "disable" for path in auto_mode.DISABLED
    )
    is_measured = facts.known_version and (facts.since("2.1.329") or not facts.since("2.1.113"))
    if facts.complete and (is_chosen or is_measured):
        return _check(Question.AUTO_MODE, endpoint, Verdict.PASS, "no turn is stopped for a check by the hosted API")
    message = "whether a session starts in auto mode, which stops sub-agents, is not known for this Claude Code"
    return _check(Question.AUTO_MODE, endpoint, Verdict.UNKNOWN, message, f'"{auto_mode.MODE}": "acceptEdits"')


def _preflight(facts: Facts, endpoint: Endpoint) -> Check:
    if facts.text(_PREFLIGHT).lower() == "true":
        return _check(Question.PREFLIGHT, endpoint, Verdict.PASS, f"{_PREFLIGHT} is on: claude.ai is not asked")
    message = (
        "before it reads a page, Claude Code asks claude.ai whether the address is safe; stormdeck does not, so it is "
        "not known whether that works from here"
    )
    return _check(Question.PREFLIGHT, endpoint, Verdict.UNKNOWN, message, f'"{_PREFLIGHT}": true')


def _check(
    question: Question, endpoint: Endpoint, verdict: Verdict, message: str, change: str = "", code: str | None = None
) -> Check:
    return Check(question, endpoint.route, HopKind.CLIENT, verdict, message, code, sent=False, change=change)


def _change(finding: Finding) -> str:
    edits = finding.fix.edits if finding.fix is not None else ()
    return next((f'"{edit.path.removeprefix("env.")}": "{edit.value}"' for edit in edits), "")
