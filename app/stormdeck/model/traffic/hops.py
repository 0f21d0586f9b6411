"""Tell which of several logs, or servers in one log, is nearer to the client, so that each request counts once."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from stormdeck.model.retries.chain import Request

TOGETHER_S = 600.0
"""Two logs show the same traffic only where both have requests within this time of each other."""
PAIRED_PART = 0.9
"""The part of a log's requests that another log must show as well."""
BEFORE_S = 2.0
"""How long before the proxy's line the server's may be: the proxy's answer begins after the server's."""
AFTER_S = 1.0
SEARCHED = 400
"""Characters of a line that are searched."""
MOST_SEARCHED = 2000
"""Lines of a server that are searched for words of its kind: all servers introduce themselves when they start."""


class Rank(IntEnum):
    """How far from the client a server is."""

    FRONT = 0
    """nginx, Caddy, a load balancer."""
    PROXY = 1
    """LiteLLM and other gateways, which have a log of their own kind."""
    SERVER = 2
    """An inference server."""


_NAMES = (
    (Rank.FRONT, re.compile(r"nginx|caddy|traefik|haproxy|envoy|apache|httpd|ingress", re.IGNORECASE)),
    (Rank.PROXY, re.compile(r"litellm|proxy|gateway|router|(?<![a-z])ccr(?![a-z])", re.IGNORECASE)),
    (Rank.SERVER, re.compile(r"vllm|sglang|llama|ollama|lmdeploy|engine", re.IGNORECASE)),
)
_CONTENTS = (
    (
        Rank.PROXY,
        re.compile(
            r"\d\d:\d\d:\d\d - LiteLLM[\w .]{0,40}:|LiteLLM: Proxy initialized|\"component\": \"LiteLLM|\"reqId\":"
        ),
    ),
    (
        Rank.SERVER,
        re.compile(
            r"\((?:APIServer|EngineCore\w*|Worker\w*) pid=\d+|[A-Z]{4,8} \d\d-\d\d [\d:]{8} \[[\w./-]+\.py:\d+\]"
            r"|vLLM API server version|log_server_r|\[GIN\]|Avg prompt throughput"
        ),
    ),
)


@dataclass(slots=True)
class _Hop:
    """What is known about one server's lines."""

    rank: Rank | None
    by_content: bool = False
    searched: int = 0
    """How many of its lines were searched for words of its kind."""
    has_requests: bool = False
    last: float | None = None
    """When its newest request was, in unix seconds; ``None`` where its lines have no times."""


class Hops:
    """The servers whose lines are read.

    >>> hops = Hops()
    >>> for name in ("litellm-1", "vllm-1"):
    ...     hops.take(name, (), [1000.0], is_front=False)
    >>> hops.is_behind("vllm-1"), hops.is_behind("litellm-1")
    (True, False)
    """

    def __init__(self) -> None:
        self._hops: dict[str, _Hop] = {}

    def note(self, name: str, lines: Sequence[str]) -> None:
        """Take a server's lines, by which its kind is recognised; until then its name counts."""
        hop = self._hop(name)
        if not hop.by_content and hop.searched < MOST_SEARCHED:
            hop.searched += len(lines)
            rank = next((one for line in lines if (one := _rank_of(line[:SEARCHED])) is not None), None)
            if rank is not None:
                hop.rank, hop.by_content = rank, True

    def take(self, name: str, lines: Sequence[str], times: Sequence[float | None], *, is_front: bool) -> None:
        """Take lines of a server with requests for tokens, and the times of these."""
        self.note(name, lines)
        hop = self._hop(name)
        if is_front:
            hop.rank, hop.by_content = Rank.FRONT, True
        if times:
            hop.has_requests = True
            hop.last = max((time for time in times if time is not None), default=hop.last)

    def pair(self, heads: Mapping[str, Sequence[Request]]) -> None:
        """Rank logs whose kind is not known by their first requests: those that another log shows as well.

        ``heads`` are the first main requests of each log, in the order in which the logs were named.
        """
        names = [name for name in heads if heads[name]]
        for at, name in enumerate(names):
            if self._hop(name).rank is not None:
                continue
            for after, other in enumerate(names):
                rank = self._hop(other).rank
                if other == name or rank is Rank.FRONT or rank is Rank.PROXY or (rank is None and after < at):
                    continue
                if shows_the_same(heads[name], heads[other], is_server=rank is Rank.SERVER):
                    self._hop(name).rank = Rank.PROXY
                    self._hop(other).rank = Rank.SERVER

    def is_behind(self, name: str, t: float | None = None) -> bool:
        """Return whether the requests of a server are those of a nearer one once more.

        ``t`` is when they were, in unix seconds; without it the newest of both count.
        """
        hop = self._hop(name)
        last = t if t is not None else hop.last
        return any(other.has_requests and _together(last, other.last) for other in self._nearer(hop))

    def may_be_behind(self, name: str) -> bool:
        """Return whether there is a nearer server, which may write its own line of a request a moment later."""
        return any(True for _ in self._nearer(self._hop(name)))

    def _nearer(self, hop: _Hop) -> Iterator[_Hop]:
        """Yield the servers that are nearer to the client."""
        if hop.rank is not None:
            yield from (other for other in self._hops.values() if other.rank is not None and other.rank < hop.rank)

    def _hop(self, name: str) -> _Hop:
        hop = self._hops.get(name)
        if hop is None:
            # The innermost name: a container's, or a file's.
            own = name.rpartition("\n")[2].rpartition("/")[2]
            hop = self._hops[name] = _Hop(next((rank for rank, word in _NAMES if word.search(own)), None))
        return hop


def shows_the_same(near: Sequence[Request], far: Sequence[Request], *, is_server: bool) -> bool:
    """Return whether the requests of one log are those of another once more, by their times, or else their statuses.

    Without times, logs of the same kind must have the same answers in the same order, and a failure among them; those
    of a server behind may have more, since a proxy retries.
    """
    if all(request.t is not None for request in (*near, *far)):
        times = sorted(request.t or 0.0 for request in far)
        paired = sum(_is_near(times, request.t or 0.0) for request in near)
        return paired >= PAIRED_PART * len(near) and len(far) >= PAIRED_PART * len(near)
    if is_server:
        answers = iter(request.failed for request in far)
        return all(request.failed in answers for request in near)
    same = [request.status for request in near] == [request.status for request in far]
    return same and any(request.failed for request in near)


def _is_near(times: Sequence[float], t: float) -> bool:
    at = bisect_left(times, t - BEFORE_S)
    return at < len(times) and times[at] <= t + AFTER_S


def _rank_of(line: str) -> Rank | None:
    return next((rank for rank, words in _CONTENTS if words.search(line)), None)


def _together(one: float | None, other: float | None) -> bool:
    return one is None or other is None or abs(one - other) <= TOGETHER_S
