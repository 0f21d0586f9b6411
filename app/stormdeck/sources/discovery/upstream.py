"""Find where a proxy sends its requests, and with which key: in its configuration, or by asking it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from stormdeck.model.json_edit.repair import repair
from stormdeck.model.litellm.config import Node
from stormdeck.model.litellm.placeholders import REFERENCE
from stormdeck.model.routes.litellm import Resolve, from_model_info, from_yaml, with_reported
from stormdeck.model.routes.other_proxies import from_claude_code_proxy, from_claude_code_router
from stormdeck.model.routes.table import RoutingTable
from stormdeck.model.snapshots.discovery import ServerProcess
from stormdeck.sources.io.background import with_timeout
from stormdeck.sources.io.bounded_read import read_bounded
from stormdeck.sources.litellm_yaml import read_proxy_config
from stormdeck.sources.net.http import PAGE_LIMIT, Answer, HttpClient, json_object
from stormdeck.sources.processes.environment import home_of, variables_of

PATIENCE_S = 10.0
"""Timeout for reading a file: a drive that does not answer must not block the search."""
_REFUSED_S = 300.0
"""How long LiteLLM is not asked again for what it refused: each refusal is three lines in its log (measured)."""
_LARGEST = 1024 * 1024


@dataclass(frozen=True, slots=True, repr=False)
class ProxyRoutes:
    """Where a proxy sends its requests. Never shown: it has keys."""

    table: RoutingTable = field(default_factory=RoutingTable)
    how: str = ""
    """Where it was read: ``api_base in /etc/litellm.yaml``."""
    keys: tuple[tuple[str, str], ...] = ()
    """The keys of the servers, by ``api_base``."""
    master_key: str | None = None
    """The proxy's own key."""
    error: str = ""
    """Why no server is known; empty if there is one."""


def read_litellm_config(path: Path, resolve: Resolve = lambda _: None) -> ProxyRoutes:
    """Return the groups and keys in LiteLLM's YAML; a file that cannot be read or parsed sets ``error``.

    ``resolve`` gives the value of a variable of the proxy, which addresses may refer to; keys are taken as written.
    """
    config, how = read_proxy_config(path), f"api_base in {path}"
    if config.error is not None:
        return ProxyRoutes(how=how, error=config.error.message)
    keys = []
    for deployment in config.deployments():
        key = _literal(deployment.params, "api_key")
        if key and deployment.api_base:
            keys.append((deployment.api_base, key))
    table = from_yaml(config, resolve)
    master_key = _literal(config.section("general_settings"), "master_key")
    ends = [one for group in table.groups for one in group.servers]
    unknown = next((one.skipped for one in ends if one.skipped and not one.is_hosted), "no model has an api_base")
    is_known = any(one.url or (one.is_hosted and "no api_base" not in one.skipped) for one in ends)
    return ProxyRoutes(table, how, tuple(keys), master_key, "" if is_known else unknown)


class RouteReader:
    """Read the routes of proxies, search after search. What a proxy refuses is not asked again so soon."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._refused: dict[str, float] = {}

    async def of_litellm(
        self,
        url: str,
        path: Path | None,
        process: ServerProcess | None,
        key: str | None,
        http: HttpClient,
        wait_s: float,
    ) -> ProxyRoutes:
        """Return the routes of a LiteLLM: from its YAML, and with a key from its ``/model/info``."""
        read = ProxyRoutes(how="the server behind LiteLLM", error="its YAML is not known")
        if path is not None:
            late = ProxyRoutes(how=f"api_base in {path}", error=f"not read within {PATIENCE_S:.0f} s")
            read = await with_timeout(PATIENCE_S, late, read_litellm_config, path, variables_of(process))
        # A key that the YAML shows to be wrong would only fill its log.
        is_wrong = read.master_key is not None and key != read.master_key
        reported = await self._model_info(url, key, http, wait_s) if key and not is_wrong else RoutingTable()
        if reported.servers and read.error:
            return ProxyRoutes(reported, "/model/info of LiteLLM", read.keys, read.master_key)
        if reported.groups:
            return replace(read, table=with_reported(read.table, reported))
        if path is None:
            return ProxyRoutes(how=read.how, error=f"{read.error}: name it with --litellm-config FILE")
        return read

    async def _model_info(self, url: str, key: str, http: HttpClient, wait_s: float) -> RoutingTable:
        since = self._refused.get(url)
        if since is not None and self._clock() - since < _REFUSED_S:
            return RoutingTable()
        answer = await http.get(f"{url}/model/info", key=key, limit=PAGE_LIMIT, deadline_s=wait_s)
        rows = (json_object(answer) or {}).get("data")
        if not isinstance(answer, Answer) or answer.status != 200 or not isinstance(rows, list):
            self._refused[url] = self._clock()
            return RoutingTable()
        return from_model_info(rows)


async def claude_code_proxy_routes(url: str, http: HttpClient, deadline_s: float) -> ProxyRoutes:
    """Return where a claude-code-proxy sends its requests, as it reports on ``/`` (read from its source)."""
    config = (json_object(await http.get(url + "/", deadline_s=deadline_s)) or {}).get("config")
    return ProxyRoutes(from_claude_code_proxy(config), "OPENAI_BASE_URL")


async def claude_code_router_routes(process: ServerProcess | None) -> ProxyRoutes:
    """Return the routes in the configuration of a claude-code-router of this machine."""
    if process is None:
        return ProxyRoutes()
    return await with_timeout(PATIENCE_S, ProxyRoutes(), _read_claude_code_router, process)


def _read_claude_code_router(process: ServerProcess) -> ProxyRoutes:
    home = home_of(process)
    if home is None:
        return ProxyRoutes()
    path = home / ".claude-code-router" / "config.json"
    how = f"api_base_url in {path}"
    if path.with_name("config.sqlite").exists():  # version 3 (source, 3.1.1); the JSON beside it is an old one
        return ProxyRoutes(how=how, error="its configuration is in config.sqlite, which is not read")
    try:
        text = read_bounded(path, _LARGEST).decode("utf-8", "replace")
    except OSError as error:
        return ProxyRoutes(how=how, error=f"cannot be read: {error.strerror}")
    config = _json5(text)
    if config is None:
        return ProxyRoutes(how=how, error="neither JSON nor JSON5 that stormdeck can read")
    if not isinstance(config, Mapping):
        return ProxyRoutes(how=how, error="not a JSON object")
    table = from_claude_code_router(config, str(path), variables_of(process))
    return ProxyRoutes(table, how, error="" if table.groups else "it has no route with a known provider")


def _json5(text: str) -> object:
    """Return what a text in JSON5 holds, as claude-code-router reads it; ``None`` if it cannot be read."""
    for one in (text, plain.text if (plain := repair(text)) is not None else ""):
        with suppress(ValueError, RecursionError):
            return json.loads(one)
    return None


def _literal(node: Node | None, name: str) -> str | None:
    """Return a literal value; the value of a variable of the proxy is not known here."""
    value = node.text(name) if node is not None else None
    return value if value and not value.startswith(REFERENCE) else None
