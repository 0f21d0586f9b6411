"""Judge why a query has no result, and say what to do next."""

from __future__ import annotations

from typing import NamedTuple

from stormdeck.model.fleet.access import PrometheusAccess
from stormdeck.model.fleet.snapshot import FleetState
from stormdeck.sources.net.answers import describe_answer, is_html
from stormdeck.sources.net.failure import Failure, FailureKind
from stormdeck.sources.net.http import Answer

_OVER_LIMIT = ("too many", "exceed", "limit", "too large", "maxsamples", "max samples")
_IN_TIME = ("timeout", "timed out", "deadline")
_NARROW = "narrow it with only=LABEL=VALUE after the URL, for instance only=cluster=prod"
_CHECK_URL = "check the URL: it is what comes before /api/v1/query (Mimir's ends in /prometheus)"
_NO_TENANT = b"no org id"
"""Mimir's and Cortex's whole answer to a request without a tenant (source: weaveworks/common/user)."""
_STATES = {
    FailureKind.REFUSED: FleetState.REFUSED,
    FailureKind.TIMEOUT: FleetState.SLOW,
    FailureKind.TOO_BIG: FleetState.TOO_MANY,
    FailureKind.NOT_HTTP: FleetState.NOT_PROMETHEUS,
    FailureKind.BAD_URL: FleetState.NOT_PROMETHEUS,
    FailureKind.HOSTED: FleetState.NOT_PROMETHEUS,
}
_STEPS = {
    FailureKind.REFUSED: "start it, or check host and port",
    FailureKind.TIMEOUT: f"ask it in its own page how long queries take; {_NARROW}",
    FailureKind.TOO_BIG: _NARROW,
    FailureKind.UNTRUSTED: "name its authority with ca=FILE after the URL",
    FailureKind.CERTIFICATE: "renew the certificate, or use the name that it is for",
    FailureKind.TLS: "check the port: it does not speak TLS; begin the URL with http://",
    FailureKind.UNRESOLVED: "check the host's name",
    FailureKind.LOOKUP: "check the name server of this machine",
    FailureKind.NOT_HTTP: _CHECK_URL,
    FailureKind.BAD_URL: "check the URL and its headers",
    FailureKind.HOSTED: "name a Prometheus of your own",
    FailureKind.OURS: "raise the limit of open files",
}


class Trouble(NamedTuple):
    """Why there is no result."""

    state: FleetState
    note: str
    next_step: str
    is_lasting: bool = True
    """Whether other queries would fail in the same way."""


def of_failure(failure: Failure) -> Trouble:
    """Return the trouble of a request without an answer."""
    state = _STATES.get(failure.kind, FleetState.UNREACHABLE)
    step = _STEPS.get(failure.kind, "check that it runs and that this machine can reach it")
    return Trouble(state, failure.text, step)


def of_answer(answer: Answer, access: PrometheusAccess) -> Trouble:
    """Return the trouble of an answer that is not one of the query API."""
    words = describe_answer(answer)
    if answer.status in {400, 401} and answer.body.strip() == _NO_TENANT:
        return Trouble(FleetState.DENIED, "it wants to know the tenant", "name it with tenant=ID after the URL")
    if answer.status == 401 or (answer.status == 403 and not is_html(answer)):
        return Trouble(FleetState.DENIED, f"it refuses with status {answer.status}", _login_step(access))
    if 300 <= answer.status < 400:
        return Trouble(FleetState.NOT_PROMETHEUS, f"it answers with {words}", "name the URL that it redirects to")
    if answer.status == 429:
        return Trouble(FleetState.SLOW, "it answers 429: too many queries", "wait, or raise its limit of queries")
    if answer.status in {502, 504} or (answer.status == 503 and not is_html(answer)):
        step = "wait until it has started, or look at its log"
        return Trouble(
            FleetState.UNREACHABLE, f"it answers {answer.status}: it, or what is behind it, is not ready", step
        )
    if is_html(answer):
        step = f"{_CHECK_URL}; a page to log in needs bearer=, or user= and password="
        return Trouble(FleetState.NOT_PROMETHEUS, f"it answers with {words}", step)
    return Trouble(FleetState.NOT_PROMETHEUS, f"it answers with {words}, not as the query API does", _CHECK_URL)


def of_error(error: str, status: int) -> Trouble:
    """Return the trouble of a query that Prometheus itself refused, in its words."""
    lower = error.lower()
    if any(word in lower for word in _IN_TIME):
        return Trouble(FleetState.SLOW, f"it gave up on a query: {error}", _NARROW, is_lasting=False)
    if status in {400, 422, 413, 429, 503} and any(word in lower for word in _OVER_LIMIT):
        return Trouble(FleetState.TOO_MANY, f"it refuses a query: {error}", _NARROW, is_lasting=False)
    return Trouble(
        FleetState.PARTLY, f"it refuses a query: {error}", "report this query as a bug of stormdeck", is_lasting=False
    )


def _login_step(access: PrometheusAccess) -> str:
    if access.bearer is not None:
        return f"check the token in {access.bearer}"
    if access.password is not None:
        return f"check user= and the password in {access.password}"
    return "name a token with bearer=env:VARIABLE after the URL, or user= and password="
