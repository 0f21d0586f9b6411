"""Collect what speaks for or against a cause on this machine now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from stormdeck.model.deck import Deck
from stormdeck.model.finding import Finding, HopKind
from stormdeck.model.rules.collect import facts_of, live_of
from stormdeck.model.rules.registry import is_not_applicable, page_of
from stormdeck.model.snapshots.server import ServerState
from stormdeck.model.symptoms.blame import proxy_name
from stormdeck.model.symptoms.log_traces import Trace
from stormdeck.model.symptoms.server_errors import server_error_in
from stormdeck.model.urls import place, same_place


class Standing(StrEnum):
    """How sure a cause is, the surest first."""

    FOUND = "found here"
    POSSIBLE = "possible"
    """It cannot be checked."""
    UNLIKELY = "checked, not found here"


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause of a message."""

    code: str
    """The rule that explains it; empty if no rule is about it."""
    title: str
    standing: Standing
    hop: HopKind | None = None
    evidence: tuple[str, ...] = ()
    """What was found: lines of files, models, log records; for a possible cause, what could not be checked."""
    change: str = ""
    """The line to change and its new value; for a possible cause, what is right."""


def as_json(causes: Sequence[Cause]) -> list[dict[str, object]]:
    """Return causes as ``explain --json`` prints them."""
    return [
        {
            "code": one.code or None,
            "title": one.title,
            "standing": one.standing.name.lower(),
            "hop": one.hop.value if one.hop is not None else None,
            "evidence": list(one.evidence),
            "change": one.change,
        }
        for one in causes
    ]


BASE_URL = "env.ANTHROPIC_BASE_URL"
_LIVE = {"MODEL303", "MODEL304", "CTX601", "CTX602", "SERVER903", "SERVER904", "SERVER907", "TIME504", "SERVER906"}
"""Rules that need the ids that are served."""
_REACHED = {"URL104", "URL105", "URL106", "URL111", "URL112", "URL113", "URL114", "AUTH204", "AUTH205"}
"""Rules that need an answer from the base URL."""
_COMMAND = {"SERVER901", "SERVER902"}
_NEEDS_TIMING = {"SERVER905"}
"""A successful check proves nothing; only a timed request does."""
_NOT_JUDGED = "no server of your own is configured, so this rule does not apply here"
_AWAY = {ServerState.DOWN, ServerState.STARTING}


def weigh(
    code: str, deck: Deck, model: str | None, seen: Sequence[Trace], *, has_error_text: bool = False
) -> Cause | None:
    """Return a cause with its evidence; ``None`` if it is impossible: a rule about a proxy without one.

    ``has_error_text``: the message has an error text of a proxy, so that a proxy exists, even if none was found.
    """
    page = page_of(code)
    proxy_rule = code.startswith("PROXY")
    proxy = has_error_text or not deck.discovery.done or deck.proxy is not None or deck.proxy_config is not None
    if page is None or (proxy_rule and not proxy):
        return None
    findings = [one for one in deck.findings if one.code == code]
    stated = [*(_describe(one) for one in findings[:3]), *_from_servers(code, deck), *_from_model(code, deck, model)]
    logged = [*_from_logs(code, seen), *_from_traffic(code, deck)]
    hop = findings[0].hop if findings else _HOPS.get(page.code.rstrip("0123456789"), HopKind.CLIENT)
    if stated or logged:
        change = _change(findings[0]) if findings else page.fix
        return Cause(code, page.title, Standing.FOUND, hop, (*stated, *logged), change)
    silent = is_not_applicable(code, facts_of(deck))
    checked = None if silent else _checked(code, deck)
    if checked is not None:
        return Cause(code, page.title, Standing.UNLIKELY, hop, (checked,), page.fix)
    return Cause(
        code, page.title, Standing.POSSIBLE, hop, (_NOT_JUDGED if silent else _why_unchecked(code, deck),), page.fix
    )


_HOPS = {"PROXY": HopKind.PROXY, "SERVER": HopKind.SERVER}


def _describe(finding: Finding) -> str:
    where = ":".join(str(part) for part in (finding.file, finding.line) if part is not None)
    name = finding.path.removeprefix("env.")
    return f"{where}{'  ' if where else ''}{name}: {finding.message}"


def _change(finding: Finding) -> str:
    where = ":".join(str(part) for part in (finding.file, finding.line) if part is not None)
    if finding.fix is not None:
        edits = ", ".join(
            f"remove {edit.path}" if edit.value is None else f"{edit.path} = {edit.value}" for edit in finding.fix.edits
        )
        return f"{where}{'  ' if where else ''}{finding.fix.description}" + (
            f" ({edits})" if not _secret(edits) else ""
        )
    if finding.paste is not None:
        return f"{where}{'  ' if where else ''}{finding.paste.description}"
    page = page_of(finding.code)
    return page.fix if page is not None else ""


def _secret(edits: str) -> bool:
    return "TOKEN" in edits or "KEY" in edits


def _from_servers(code: str, deck: Deck) -> Iterator[str]:
    """Yield the server states that confirm a cause."""
    url = deck.settings.text(BASE_URL) or ""
    for server, name in ((deck.proxy, proxy_name(deck)), (deck.vllm, "vLLM")):
        if server is None:
            continue
        where, direct = f"{name} {place(server.url)}", same_place(server.url, url)
        if code == "URL105" and server.state in _AWAY and (direct or not url):
            yield f"{where} is {server.state.value}: {server.detail}"
        if code == "SERVER905" and server is deck.vllm and server.state is ServerState.DEGRADED:
            yield f"{where}: {server.detail}"
        if code == "AUTH204" and server is deck.proxy and server.state is ServerState.REFUSING and direct:
            yield f"{where}: {server.detail}"
        if code == "AUTH205" and server is deck.vllm and server.state is ServerState.REFUSING and direct:
            yield f"{where}: {server.detail}"


def _from_model(code: str, deck: Deck, model: str | None) -> Iterator[str]:
    """Yield what the model id in a message proves, compared with the ids that are served."""
    served = live_of(deck).served_at((deck.settings.text(BASE_URL) or "").strip())
    if model is None or code not in {"MODEL301", "MODEL303"}:
        return
    # The client shows the suffix but sends the id without it (measured, 2.1.329).
    model = model.removesuffix("[1m]")
    hosted = model.lower().startswith("claude")
    shown = ", ".join(served[:4]) if served else ""
    if code == "MODEL301" and hosted and (not served or model not in served):
        yield f"the message names {model}, an id of the hosted API: your settings do not map it"
    elif code == "MODEL303" and served and model not in served and not hosted and not any("*" in one for one in served):
        yield f"the message names {model}; served now: {shown}"


def _from_logs(code: str, seen: Sequence[Trace]) -> Iterator[str]:
    for trace in seen:
        if code in {*trace.error.codes[:1], *(trace.error.behind or ())[:1]}:
            yield f"log {trace}"


def _from_traffic(code: str, deck: Deck) -> Iterator[str]:
    """Yield the newest failure and the newest storm, if their error texts match this cause."""
    traffic, proxy = deck.traffic, deck.proxy is not None
    if traffic is None:
        return
    failure = traffic.failure
    if failure is not None and _matches(failure.reason, code, proxy=proxy):
        yield f"{failure.log}: a request got {failure.status}, {failure.reason}"
    for storm in traffic.storms[:1]:
        if _matches(storm.reason, code, proxy=proxy):
            yield f"{storm.log}: a storm of {storm.attempts} attempts, {storm.cause} {storm.reason}"


def _matches(reason: str, code: str, *, proxy: bool) -> bool:
    error = server_error_in(reason) if reason else None
    return error is not None and code in error.codes_at(proxy=proxy)[:1]


def _checked(code: str, deck: Deck) -> str | None:
    """Return what was checked without finding the cause, or ``None`` if it cannot be checked."""
    if code in _NEEDS_TIMING:
        return None
    if code in _REACHED:
        url = deck.settings.text(BASE_URL) or ""
        up = [one for one in (deck.proxy, deck.vllm) if one is not None and one.state is ServerState.UP]
        reached = next((one for one in up if same_place(one.url, url)), None)
        if reached is None or (code.startswith("AUTH") and not reached.models):
            return None
        return f"{place(reached.url)} answers now" + (" and accepts the token" if code.startswith("AUTH") else "")
    if code in _LIVE:
        served = live_of(deck).served_at((deck.settings.text(BASE_URL) or "").strip())
        if not served or not _has_settings(deck):
            return None
        return f"served now: {', '.join(served[:4])}" if code.startswith("MODEL") else "vLLM's answers do not show it"
    if code in _COMMAND:
        return "vLLM's command line has the options that are needed" if live_of(deck).command else None
    if code.startswith("PROXY"):
        return f"{deck.proxy_config.file} was read" if deck.proxy_config is not None else None
    return "your settings do not have this problem" if _has_settings(deck) else None


def _why_unchecked(code: str, deck: Deck) -> str:
    """Return why a cause could not be checked."""
    if code in _NEEDS_TIMING:
        return "only a timed request shows it: stormdeck check --canary"
    if code in _COMMAND:
        return "vLLM's command line is not known: its process is not on this machine, or was not found"
    if code.startswith("PROXY"):
        return "the proxy's YAML is not known: name it with --litellm-config FILE"
    if code in _REACHED | _LIVE:
        return "no server answered that could confirm it"
    return "no settings were found"


def _has_settings(deck: Deck) -> bool:
    return any(file.exists for file in deck.settings.files) or bool(deck.settings.shell)
