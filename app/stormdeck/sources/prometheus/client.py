"""Send queries to one Prometheus, bounded in bytes, values and time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import urlencode

from stormdeck import __version__
from stormdeck.model.fleet.access import PrometheusAccess
from stormdeck.model.fleet.series import NOT_AN_ANSWER, Result, read_result
from stormdeck.model.fleet.snapshot import FleetState
from stormdeck.sources.io.background import run_in_thread
from stormdeck.sources.net.failure import Failure
from stormdeck.sources.net.http import HttpClient
from stormdeck.sources.prometheus.secrets import UnreadableError, read_credentials
from stormdeck.sources.prometheus.troubles import Trouble, of_answer, of_error, of_failure

LIMIT = 4 * 1024 * 1024
"""Largest answer in bytes: 2,000 instances with 40 labels each; parsing it blocks other threads for 50 ms."""
DEADLINE_S = 10.0
"""For one answer: a Prometheus of a large fleet takes seconds."""
_MOST_VALUES = 600_000


class PrometheusClient:
    """Queries over kept connections. Credentials are read again after a refusal: tokens in files are renewed."""

    def __init__(self, access: PrometheusAccess, environ: Mapping[str, str], deadline_s: float = DEADLINE_S) -> None:
        self.access = access
        self._environ = environ
        self._deadline_s = deadline_s
        self._http = HttpClient(__version__, parses=False)
        self._headers: Mapping[str, str] | None = None

    async def query(self, text: str, at: float | None = None) -> Result | Trouble:
        """Evaluate a query at a moment of the server's clock, now if none is given."""
        asked = {"query": text, "timeout": f"{self._deadline_s:g}s"}
        return await self._ask("query", asked if at is None else {**asked, "time": f"{at:.3f}"})

    async def query_range(self, text: str, since: float, until: float, step: float) -> Result | Trouble:
        """Evaluate a query at each ``step`` seconds from ``since`` to ``until``."""
        asked = {"query": text, "timeout": f"{self._deadline_s:g}s"}
        span = {"start": f"{since:.3f}", "end": f"{until:.3f}", "step": f"{step:g}"}
        return await self._ask("query_range", {**asked, **span})

    async def aclose(self) -> None:
        """Close the kept connections."""
        await self._http.aclose()

    async def _ask(self, path: str, asked: Mapping[str, str]) -> Result | Trouble:
        if self._headers is None:
            try:
                credentials = await run_in_thread(read_credentials, self.access, self._environ)
            except UnreadableError as error:
                return Trouble(FleetState.DENIED, str(error), "set it, and start stormdeck again if it is a variable")
            self._http.trust((credentials.authority,) if credentials.authority else ())
            self._headers = credentials.headers
        url = f"{self.access.url}/api/v1/{path}?{urlencode(asked)}"
        answer = await self._http.get(url, None, LIMIT, self._deadline_s, self._headers)
        if isinstance(answer, Failure):
            return of_failure(answer)
        if answer.status in {401, 403}:
            self._headers = None
        result = await run_in_thread(_read, answer.body)
        if not result.is_answer:
            return of_answer(answer, self.access)
        if result.error:
            return (
                of_answer(answer, self.access) if answer.status in {401, 403} else of_error(result.error, answer.status)
            )
        return result


def _read(body: bytes) -> Result:
    if sum(map(body.count, (b",", b"[", b"{"))) > _MOST_VALUES:
        return NOT_AN_ANSWER
    try:
        return read_result(json.loads(body))
    except (ValueError, RecursionError):
        return NOT_AN_ANSWER
