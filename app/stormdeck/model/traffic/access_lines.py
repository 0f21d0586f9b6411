"""Detect a log without access lines: its server finishes requests that the log does not show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from stormdeck.model.deck import Deck
from stormdeck.model.logs.spec import LogSpec
from stormdeck.model.snapshots.discovery import ServerProcess
from stormdeck.model.snapshots.server import ServerKind
from stormdeck.model.traffic.counted_hop import counting_hop
from stormdeck.model.units import plural

SETTLED_S = 10.0
"""Seconds after a request's line until the server's figures include that request."""
GRACE_S = 5.0
"""Seconds that a line may come after the request was counted: it passes through a pipe or a collector."""
_QUIET_LEVELS = {"warning", "error", "critical"}
_NO_LINES = "this log has no access lines"


class AccessLines:
    """Compare the requests that a server has finished with the lines of its log.

    >>> lines = AccessLines()
    >>> for t, finished in ((0.0, 7), (20.0, 12), (30.0, 12)):
    ...     lines.take_figures(t, finished, running=0)
    >>> lines.missing(30.0)
    5
    """

    def __init__(self) -> None:
        self._last_line: float | None = None
        self._expected: int | None = None
        """The count of finished requests above which a request has had no line."""
        self._finished = 0
        self._missing_since: float | None = None

    def take_lines(self, at: float, lines: Iterable[str]) -> None:
        """Process lines that were just written. Any POST counts, also in a format that is not understood."""
        if any("POST" in line and "HTTP/" in line for line in lines):
            self._last_line = at
            self._expected = self._missing_since = None

    def take_figures(self, at: float, finished: int, running: int) -> None:
        """Process how many requests the server has finished since its start, and how many it has not."""
        if self._last_line is not None and at - self._last_line < SETTLED_S:
            return
        if self._expected is None or finished < self._finished:
            # Requests that run now have had their lines already.
            self._expected, self._missing_since = finished + running, None
        self._finished = finished
        if finished > self._expected and self._missing_since is None:
            self._missing_since = at

    def missing(self, now: float) -> int:
        """Return how many requests were finished without a line, 0 while their lines may still come."""
        if self._missing_since is None or self._expected is None or now - self._missing_since < GRACE_S:
            return 0
        return self._finished - self._expected

    def forget(self) -> None:
        """Start anew: another server's figures follow, or another log."""
        self._last_line = self._expected = self._missing_since = None


def uncounted_words(missing: int) -> str:
    """Return why requests cannot be counted, for a number of requests without a line; empty for none."""
    if not missing:
        return ""
    return f"{_NO_LINES}: {plural(missing, 'request')} ended, and it shows none"


def why_uncounted(deck: Deck) -> str:
    """Return why a 0 of requests and retries would mean nothing; empty if they are counted."""
    traffic, (name, option) = deck.traffic, _option(deck)
    if traffic is not None and traffic.retries_per_minute:
        # The client's transcripts show these.
        return ""
    if option and name != ServerKind.VLLM.value:
        return f"the log of {name} has no access lines: {option}"
    if option and (traffic is None or traffic.uncounted or not traffic.requests):
        return f"{_NO_LINES}: {option}"
    return traffic.uncounted if traffic is not None else ""


def how_to_count(deck: Deck) -> str:
    """Return how to make the log of a server show its requests."""
    name, option = _option(deck)
    if option:
        return f"Retries are counted from access lines. Start {name} without {option}."
    return (
        "Retries are counted from access lines. vLLM writes them unless --uvicorn-log-level or "
        "--disable-uvicorn-access-log turns them off."
    )


def _option(deck: Deck) -> tuple[str, str]:
    """Return the server nearest to the client whose access lines an option keeps away, and the option.

    The log of a server behind a proxy is no substitute: what the proxy itself answers never gets there, and what it
    tries again looks like retries. The option is empty if there is none.
    """
    proxy = deck.discovery.server(proxy=True)
    hidden = proxy.process.hides_access or _server_of(proxy.process) if proxy and proxy.process else ""
    if proxy is not None and hidden and deck.discovery.logs:
        is_counted = counting_hop(deck) == proxy.kind.value
        return proxy.kind.value, "" if is_counted else hidden
    server = deck.discovery.server(proxy=False)
    if server is None or not deck.discovery.logs:
        return ServerKind.VLLM.value, ""
    process = server.process
    place = next((one for one in deck.discovery.places if one.url == server.url), None)
    own: set[LogSpec | None] = {place.log} if place is not None else set()
    own |= {process.log, process.error_log} if process is not None else set()
    command = process.command if process is not None else place.command if place is not None else ()
    return ServerKind.VLLM.value, "" if set(deck.discovery.logs) - own else hiding_option(command)


def _server_of(process: ServerProcess) -> str:
    """Return the option by which LiteLLM runs another web server, which writes no access lines (measured, 1.109.1)."""
    is_granian = process.kind is ServerKind.LITELLM and _GRANIAN in process.command
    return _GRANIAN if is_granian else ""


_GRANIAN = "--run_granian"


def hiding_option(command: Sequence[str]) -> str:
    """Return the option of vLLM's command line that turns its access lines off; empty if there is none.

    >>> hiding_option(["vllm", "serve", "q", "--uvicorn-log-level=warning"])
    '--uvicorn-log-level warning'
    """
    found = ""
    for index, argument in enumerate(command):
        name, equals, value = argument.partition("=")
        name = name.replace("_", "-")
        following = value if equals else next(iter(command[index + 1 : index + 2]), "")
        if name == "--disable-uvicorn-access-log":
            return name
        if name == "--uvicorn-log-level":
            found = f"{name} {following}" if following in _QUIET_LEVELS else ""
    return found
