"""State that a server gives no answer: late, mute, or with a certificate that is not accepted."""

from __future__ import annotations

from dataclasses import replace

from stormdeck.model.deck import Deck
from stormdeck.model.finding import HopKind, Severity
from stormdeck.model.request_path import is_mute, is_untrusted
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
        return replace(
            base,
            health=Health.ERROR,
            headline=f"{name} at {place(url)} accepts the connection and gives {deck.probe.detail or 'no answer'}",
            code="URL112",
            brief=brief(f"{name} does not answer", f"{place(url)} accepts the connection"),
            cause="unknown: it hangs, or it is a port forward whose other end is gone",
            evidence=why or base.evidence,
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
