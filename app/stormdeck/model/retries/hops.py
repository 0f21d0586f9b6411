"""What becomes of the client's requests on their way: multiplied by a proxy, or left behind by a client that went."""

from __future__ import annotations

import re
from dataclasses import dataclass

from stormdeck.model.logs.access import Access
from stormdeck.model.server import ProxySnapshot, VllmSnapshot
from stormdeck.model.units import plural

_RETRIED = re.compile(r"LiteLLM Retried: (\d{1,3}) times")
_GENERATES = ("/v1/messages", "/v1/chat/completions", "/v1/responses", "/v1/completions")


@dataclass(frozen=True, slots=True)
class Amplification:
    """How many requests one turn became, hop by hop. ``None``: nothing tells."""

    turns: int
    requests: int
    """From the client to the proxy, or to vLLM where there is none."""
    upstream: int | None
    """From the proxy to vLLM."""

    @property
    def by_client(self) -> float | None:
        """Return requests per turn."""
        return self.requests / self.turns if self.turns else None

    @property
    def by_proxy(self) -> float | None:
        """Return the proxy's requests to vLLM per request of the client."""
        return self.upstream / self.requests if self.upstream is not None and self.requests else None

    @property
    def words(self) -> str:
        """Return it as a sentence: ``Claude Code shows 4 turns, the proxy answered 23 requests, vLLM saw 69``."""
        shown = f"Claude Code shows {plural(self.turns, 'turn')}"
        if self.upstream is None:
            return f"{shown}, the server answered {plural(self.requests, 'request')}"
        return f"{shown}, the proxy answered {plural(self.requests, 'request')}, vLLM saw {self.upstream}"


@dataclass(frozen=True, slots=True)
class Abandoned:
    """Requests that the server works on though their client has gone."""

    number: int
    evidence: str


def asks_for_tokens(access: Access) -> bool:
    """Tell whether a request makes an engine work, whatever API it speaks."""
    return access.method == "POST" and access.path.partition("?")[0].endswith(_GENERATES)


def proxy_retries(line: str) -> int | None:
    """Return how often LiteLLM says it tried a request again before it failed for good, ``None`` on other lines.

    The line follows its error record, twice per failure; it is not written where a retry succeeded. 1.109 counts right,
    1.80 says one less than it did (measured).
    """
    match = _RETRIED.search(line) if "LiteLLM Retried" in line else None
    return int(match[1]) if match is not None else None


def abandoned(vllm: VllmSnapshot | None, proxy: ProxySnapshot | None, waiting: int | None) -> Abandoned | None:
    """Tell which requests run without a client, ``None`` where nothing speaks for any.

    ``waiting``: requests that clients wait for an answer to, as the client's transcripts tell; ``None`` where they
    are not read. A client that leaves before the answer starts does not stop LiteLLM, nor vLLM behind it (measured,
    1.80 and 1.109): both go on, for 6000 s at most.
    """
    running = None if vllm is None or vllm.engine is None else vllm.engine.running + vllm.engine.waiting
    inside = None if proxy is None else proxy.in_flight
    if waiting is None or (inside is None and running is None):
        return _beside_the_proxy(running, inside)
    held, where = (inside, "the proxy has") if inside is not None else (running or 0, "vLLM has")
    if held <= waiting:
        return None
    told = f"{where} {plural(held, 'request')} in flight, clients wait for {waiting or 'none'}"
    return Abandoned(held - waiting, told)


def _beside_the_proxy(running: int | None, inside: int | None) -> Abandoned | None:
    """Tell what vLLM works on that did not come through the proxy, or that the proxy gave up on."""
    if running is None or inside is None or running <= inside:
        return None
    return Abandoned(
        running - inside,
        f"vLLM works on {plural(running, 'request')}, the proxy waits for {inside or 'none'}: "
        "the others were left behind, or came past the proxy",
    )
