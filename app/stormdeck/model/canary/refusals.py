"""What an error proves: which hop, which rule, in plain words. Texts as measured (facts/vllm.md, facts/proxies.md)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from stormdeck.model.canary.check import Verdict
from stormdeck.model.canary.response import Gone, Outcome, Way
from stormdeck.model.finding import HopKind

_BEHIND = re.compile(r"\b\w+Exception - ")
"""LiteLLM passes an error on that came from the server behind it."""
_QUOTED = 160


@dataclass(frozen=True, slots=True)
class Ruling:
    """A judgement without its numbers."""

    verdict: Verdict
    words: str
    code: str | None = None
    hop: HopKind | None = None
    """``None``: whoever answers on that way."""


@dataclass(frozen=True, slots=True)
class _Sign:
    """Words of an error, and what they mean."""

    pattern: re.Pattern[str]
    words: str
    code: str | None
    hop: HopKind | None
    verdict: Verdict = Verdict.FAIL


def _sign(pattern: str, words: str, code: str | None, hop: HopKind | None, verdict: Verdict = Verdict.FAIL) -> _Sign:
    return _Sign(re.compile(pattern, re.IGNORECASE), words, code, hop, verdict)


_SIGNS = (
    _sign("no connected db", "the proxy does not know the client's token", "AUTH204", HopKind.CLIENT),
    _sign("no api key passed", "the proxy wants a key and got none", "AUTH204", HopKind.CLIENT),
    _sign(
        "no deployments available|are in cooldown",
        "the proxy sends nothing on for some seconds, since the server behind it answered an error before",
        "PROXY808",
        HopKind.PROXY,
    ),
    _sign("invalid model name passed", "no model_name of the proxy takes this id", "PROXY806", HopKind.PROXY),
    _sign("no healthy deployments", "the proxy knows the id and has no server for it", "PROXY805", HopKind.PROXY),
    _sign(
        "tool choice requires --enable-auto-tool-choice",
        "vLLM was started without --enable-auto-tool-choice and --tool-call-parser: Claude Code cannot use its tools",
        "SERVER901",
        HopKind.SERVER,
    ),
    _sign(
        r"system message must be at the beginning|should be 'user' or 'assistant'",
        "a system message after the first is refused",
        "SERVER903",
        None,
    ),
    _sign(
        "anthropiccontentblock.*valid dictionary",
        "the call was parsed, and the model wrote arguments that are no JSON object",
        None,
        HopKind.SERVER,
        Verdict.WARN,
    ),
    _sign("drop_params|does not support parameters", "the proxy refuses a parameter", "PROXY802", HopKind.PROXY),
    _sign("extra inputs are not permitted", "fields of the client's betas are refused", "TRAFFIC403", None),
    _sign(
        "maximum context length|max_model_len|context window",
        "the window is too small even for this",
        "SERVER904",
        HopKind.SERVER,
    ),
    _sign(r"engine ?core|engine ?dead", "the engine is dead behind its API server", "SERVER905", HopKind.SERVER),
    _sign(
        "cannot connect to host|connection refused|all connection attempts failed",
        "the proxy cannot reach the server behind it",
        None,
        HopKind.SERVER,
    ),
    _sign("timed? ?out", "the proxy waited in vain for the server behind it", "SERVER905", HopKind.SERVER),
)


def refusal(outcome: Outcome, way: Way) -> Ruling:
    """Return what an answer with an error status proves."""
    found = next((sign for sign in _SIGNS if sign.pattern.search(outcome.error)), None)
    if found is not None:
        return Ruling(found.verdict, _said(outcome, found.words), found.code, found.hop)
    return _by_status(outcome, way)


def broken_stream(error: str) -> Ruling:
    """Return what an ``event: error`` under a 200 proves: the client drops the answer and asks again."""
    found = next((sign for sign in _SIGNS if sign.pattern.search(error)), None)
    why = f"{found.words} ({quoted(error)})" if found is not None else quoted(error)
    code, hop = (found.code, found.hop) if found is not None else (None, None)
    return Ruling(Verdict.FAIL, f"the stream ended with an error, under a status of 200: {why}", code, hop)


def no_answer(outcome: Outcome, way: Way) -> Ruling:
    """Return what the missing of an answer proves, or of its end."""
    direct = way.hop is HopKind.SERVER
    match outcome.gone:
        case Gone.REFUSED | Gone.UNREACHABLE | Gone.UNRESOLVED:
            return Ruling(Verdict.FAIL, f"{way.place}: {outcome.detail}", "URL105", way.hop)
        case Gone.TLS:
            return Ruling(Verdict.FAIL, outcome.detail, "URL104", HopKind.CLIENT)
        case Gone.BAD_URL:
            return Ruling(Verdict.FAIL, outcome.detail, "URL103", HopKind.CLIENT)
        case Gone.NOT_HTTP:
            return Ruling(Verdict.FAIL, outcome.detail, "URL106", HopKind.CLIENT)
        case Gone.TOO_BIG:
            return Ruling(Verdict.FAIL, f"the answer does not end: {outcome.detail}")
        case Gone.TIMEOUT if outcome.status is None:
            whose = "the engine hangs" if direct else "the proxy or the engine behind it hangs"
            return Ruling(Verdict.FAIL, f"{outcome.detail}: {whose}, or is busy with long prompts", "SERVER905")
        case Gone.TIMEOUT:
            return Ruling(Verdict.FAIL, f"the answer began and stopped: {outcome.detail}", "SERVER905")
    if outcome.streamed:
        return Ruling(Verdict.FAIL, f"the stream was cut: {outcome.detail}; the client drops the answer and asks again")
    return Ruling(Verdict.FAIL, outcome.detail)


def _by_status(outcome: Outcome, way: Way) -> Ruling:
    status, behind = outcome.status or 0, _BEHIND.search(outcome.error) is not None
    is_proxy = way.hop is HopKind.PROXY
    if 300 <= status < 400:
        return _fail(outcome, "a redirect, which no client follows with its prompt", "URL106", HopKind.CLIENT)
    if status in {401, 403}:
        if behind:
            return _fail(outcome, "the server behind the proxy refuses the proxy's own key", None, HopKind.PROXY)
        who, code = ("the proxy", "AUTH204") if is_proxy else ("vLLM", "AUTH205")
        return _fail(outcome, f"{who} refuses the client's token", code, HopKind.CLIENT)
    if status in {404, 405}:
        return _not_found(outcome, way, behind=behind)
    if status == 429:
        return _fail(outcome, "too many requests", None, None)
    if status in {408, 504}:
        return _fail(outcome, "the proxy waited in vain for the server behind it", "SERVER905", HopKind.SERVER)
    if status >= 500 and behind:
        return _fail(outcome, "the server behind the proxy fails", None, HopKind.SERVER)
    return _fail(outcome, "the server fails" if status >= 500 else "the request is refused", None, None)


def _not_found(outcome: Outcome, way: Way, *, behind: bool) -> Ruling:
    if "does not exist" in outcome.error:
        if behind:
            return _fail(outcome, "the server behind the proxy does not serve the id", "PROXY815", HopKind.PROXY)
        return _fail(outcome, "this id is not served", "MODEL303", HopKind.CLIENT)
    if behind:
        return _fail(outcome, "the proxy asks the server behind it at a wrong path", "PROXY804", HopKind.PROXY)
    if way.has_path:
        return _fail(outcome, "the base URL ends in a path, and requests go below it", "URL101", HopKind.CLIENT)
    return _fail(outcome, "there is no messages API here", "URL106", HopKind.CLIENT)


def _fail(outcome: Outcome, words: str, code: str | None, hop: HopKind | None) -> Ruling:
    return Ruling(Verdict.FAIL, _said(outcome, words), code, hop)


def _said(outcome: Outcome, words: str) -> str:
    quote = "an HTML page" if outcome.html else quoted(outcome.error)
    return f"{outcome.status}: {words}" + (f" ({quote})" if quote else "")


def quoted(text: str) -> str:
    """Return the beginning of a server's words."""
    return text if len(text) <= _QUOTED else text[: _QUOTED - 1] + "…"
