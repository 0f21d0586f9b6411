"""The requests that the recording server got, and which of them are attempts of the same turn.

A request is a retry when its session sent the same one before and did not get the whole answer (facts/claude-code.md,
"Exact passive rule"); nothing of stormdeck is used here.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256

MAIN, AUXILIARY, COUNT_TOKENS, CHECK, OTHER = "main", "auxiliary", "count_tokens", "check", "other"
AFTER_4XX_S = 3.0
"""A client that is refused changes its request and sends it again within this time (2.1.329)."""
_BILLING = "x-anthropic-billing-header"


@dataclass
class Asked:
    """One request; the server fills in how it ended."""

    t: float
    method: str
    path: str
    port: int
    headers: dict
    body: bytes
    status: int | None = None
    """As sent; ``None``: no answer began, and there is no access line."""
    whole: bool = False
    """The whole answer went out."""
    fields: dict = field(init=False)

    def __post_init__(self) -> None:
        try:
            fields = json.loads(self.body)
        except ValueError:
            fields = {}
        self.fields = fields if isinstance(fields, dict) else {}

    @property
    def kind(self) -> str:
        """Tell main from auxiliary requests and from those that are none for a message."""
        bare = self.path.partition("?")[0]
        if self.method == "HEAD":
            return CHECK
        if self.method == "POST" and bare.endswith("/v1/messages/count_tokens"):
            return COUNT_TOKENS
        if self.method != "POST" or not bare.endswith("/v1/messages"):
            return OTHER
        return MAIN if self.fields.get("tools") and self.fields.get("max_tokens") != 1 else AUXILIARY

    @property
    def digest(self) -> str:
        """Return the digest of the body as it came."""
        return sha256(self.body).hexdigest()[:16]

    @property
    def session(self) -> str:
        """Return the session that sent it, empty where nothing shows it."""
        session = self.headers.get("x-claude-code-session-id")
        if session:
            return session
        user = str((self.fields.get("metadata") or {}).get("user_id", ""))
        try:
            return str(json.loads(user)["session_id"])
        except (ValueError, KeyError, TypeError):
            return user.rpartition("session_")[2]

    @property
    def key(self) -> tuple[str, str]:
        """Return what all attempts of a turn share: the session, and what is asked."""
        return self.session, _hash([self.fields.get("model"), *self._prompt(), self.fields.get("tools")])

    @property
    def question(self) -> tuple[str, str]:
        """Return the session and the last words of the user."""
        messages = [one for one in self.fields.get("messages") or [] if one.get("role") == "user"]
        content = messages[-1]["content"] if messages else ""
        return self.session, content if isinstance(content, str) else _hash([part.get("text") for part in content])

    def _prompt(self) -> list[object]:
        system = self.fields.get("system")
        if isinstance(system, list) and system and str(system[0].get("text", "")).startswith(_BILLING):
            system = system[1:]
        return [self.fields.get("messages"), system]


def turns_of(requests: Sequence[Asked]) -> list[list[Asked]]:
    """Return the requests for messages by turn, each with its attempts in their order."""
    turns: list[list[Asked]] = []
    for request in requests:
        if request.kind not in {MAIN, AUXILIARY}:
            continue
        before = next((turn for turn in reversed(turns) if _goes_on(turn[-1], request)), None)
        if before is None:
            turns.append([request])
        else:
            before.append(request)
    return turns


def retries_of(requests: Sequence[Asked]) -> int:
    """Return the attempts beyond the first, of all turns."""
    return sum(len(turn) - 1 for turn in turns_of(requests))


def kinds_of(requests: Sequence[Asked]) -> Counter[str]:
    """Return how many requests there were of each kind."""
    return Counter(request.kind for request in requests)


def _goes_on(before: Asked, request: Asked) -> bool:
    if (before.whole and before.status == 200) or before.kind != request.kind:
        return False
    if before.key == request.key:
        return True
    refused = before.status is not None and 400 <= before.status < 500
    return refused and request.t - before.t < AFTER_4XX_S and before.question == request.question


def _hash(value: object) -> str:
    return sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
