"""State that a server gives no answer: late, mute, or with a certificate that is not accepted."""

from __future__ import annotations

from dataclasses import replace

from stormdeck.model.deck import Deck
from stormdeck.model.finding import HopKind, Severity
from stormdeck.model.request_path import is_mute, is_untrusted
from stormdeck.model.snapshots.failure import CUT_WORDS
from stormdeck.model.snapshots.probe import Probe, Reach
from stormdeck.model.symbols import Health
from stormdeck.model.urls import place
from stormdeck.model.verdict.statement import Statement, brief

_CERTIFICATE = "its certificate "
"""With this begins every description of a certificate that is not accepted."""


def no_answer(deck: Deck, base: Statement, name: str, url: str, why: str) -> Statement:
    """Return that a server did not answer in time.

    That is an error only if the server had as much time as a slow one needs.
    """
    step = f"look at its log, or: curl -m 10 {url}/v1/models"
    if is_untrusted(deck, url):
        return untrusted(deck, base, name, url)
    if _CERTIFICATE in why:
        return replace(
            base,
            health=Health.UNKNOWN,
            headline=f"{name} {place(url)} was not asked: its certificate is not accepted here",
            detail=f"{why}. Whether the program in front of it accepts it is unknown.",
            code=None,
            brief=brief(f"{name} {place(url)} was not asked", "its certificate is not accepted"),
            cause="unknown: stormdeck sends nothing to a server whose certificate it cannot check",
            evidence=why,
            step="stormdeck explain URL111",
        )
    if deck.probe is not None and is_mute(deck, url):
        return replace(_by_probe(base, deck.probe, name, place(url), step), evidence=why or base.evidence)
    if CUT_WORDS in why:
        return replace(
            base,
            health=Health.WARNING,
            headline=f"{name} {place(url)} closes the connection without a complete answer",
            detail=f"{why}.",
            code=None,
            brief=brief(f"{name} {place(url)}", "closes the connection without an answer"),
            cause=_CUT_CAUSE,
            evidence=why,
            step=step,
        )
    return replace(
        base,
        health=Health.UNKNOWN,
        headline=f"No answer yet from {place(url)}",
        detail=f"{name} may be slow, busy or out of reach{f': {why}' if why else ''}.",
        code=None,
        brief=brief(f"Asking {place(url)}", "no answer yet"),
        cause="unknown: no answer in time, no refusal",
        evidence=why or base.evidence,
        step=step,
    )


_CUT_CAUSE = "unknown: a port forward without its other end, or a server that is not up in its container, does so"


def _by_probe(base: Statement, probe: Probe, name: str, where: str, step: str) -> Statement:
    """Return what came of a connection to the base URL, which the client's requests meet too."""
    code = "URL112"
    headline = f"{name} at {where} accepts the connection and gives {probe.detail or 'no answer'}"
    short = "accepts the connection, no answer"
    cause = "unknown: it hangs, or it is a port forward whose other end is gone"
    match probe.reach:
        case Reach.CUT:
            headline = f"{name} at {where} accepts the connection and closes it without a complete answer"
            short, cause = "closes the connection", _CUT_CAUSE
        case Reach.NO_HTTP:
            headline, short = f"What answers at {where} does not speak HTTP/1.1", "does not speak HTTP/1.1"
            cause = "another program uses the port, or it wants another protocol, such as HTTP/2 alone"
        case Reach.NO_TLS:
            headline, short = f"No TLS connection to {where}, where Claude Code sends", "no TLS connection"
            cause = probe.detail
        case Reach.TLS_ONLY:
            headline, short = f"{name} at {where} speaks TLS, and the base URL begins with http://", "it speaks TLS"
            code, cause, step = "URL113", "the base URL should begin with https://", "stormdeck explain URL113"
        case Reach.PLAIN_HTTP:
            headline, short = f"{name} at {where} speaks plain HTTP, and the base URL begins with https://", "no TLS"
            code, cause, step = "URL104", "the port does not speak TLS", "stormdeck explain URL104"
    return replace(
        base,
        health=Health.ERROR,
        headline=headline,
        code=code,
        brief=brief(f"{name} at {where}:", short),
        cause=cause,
        step=step,
    )


def untrusted(deck: Deck, base: Statement, name: str, url: str) -> Statement:
    """Return that the client does not accept the certificate at its base URL."""
    probe = deck.probe
    why = probe.detail if probe is not None else ""
    ignored = any(one.code == "URL111" and one.severity is not Severity.ERROR for one in deck.findings)
    return replace(
        base,
        health=Health.UNKNOWN if ignored else Health.ERROR,
        headline=f"{name} at {place(url)}, where Claude Code sends, has a certificate that is not "
        + ("checked" if ignored else "accepted"),
        detail=f"{why[:1].upper()}{why[1:]}. Press 4 for what to do.",
        code="URL111",
        hop=HopKind.CLIENT,
        brief=brief(f"{place(url)}, where Claude Code sends:", "its certificate is not accepted"),
        cause=why or "its certificate is not accepted",
        evidence=why or base.evidence,
        step="stormdeck explain URL111",
    )


def why_missed(deck: Deck, url: str) -> str:
    """Return why the search found no server at a URL, as text."""
    return next((f"{url}: {missed.why}" for missed in deck.discovery.missed if missed.is_at(url)), "")


def url_code(deck: Deck) -> str | None:
    """Return the code of the rule that finds the base URL wrong, preferring those about a missing answer."""
    found = [one.code for one in deck.findings if one.code.startswith("URL")]
    return next((code for code in ("URL111", "URL105", "URL112") if code in found), next(iter(found), None))
