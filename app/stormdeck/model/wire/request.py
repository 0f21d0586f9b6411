"""Read what a request tells of itself, without keeping any of its text."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

MESSAGES = "/v1/messages"
COUNT = f"{MESSAGES}/count_tokens"
COMPLETIONS = "/v1/chat/completions"
MOST_BYTES = 32 * 1024 * 1024
"""Longest body that is read as JSON: the hosted API accepts no longer one."""
_SESSION_HEADER = "x-claude-code-session-id"
_BILLING = "x-anthropic-billing-header"
_AGENT_HEADER = "x-claude-code-agent-id"
"""Sent with the requests of subagents (measured, 2.1.329 and 2.1.332)."""
_DELEGATES = frozenset({"Task", "Agent"})
"""Tools that start a subagent: only the main thread has them (measured, 2.1.332)."""
_LONGEST = 200
"""Characters of a name that is kept."""


class Kind(StrEnum):
    """What a request is for."""

    MAIN = "main"
    """A turn, of the main thread or of a subagent: it offers tools."""
    AUXILIARY = "auxiliary"
    """A title, a topic or a probe of the quota: no tools, or one token at most."""
    COUNT_TOKENS = "count_tokens"
    COMPLETION = "completion"
    """A request in OpenAI's form, by a proxy or another client."""
    OTHER = "other"
    """Not a request for a message: a probe, a list of models."""


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """What is known of a request; texts are kept as hashes only."""

    kind: Kind
    session: str = ""
    thread: str = ""
    """``main`` or ``subagent``; empty where nothing tells."""
    agent: str = ""
    """The subagent, as in its transcript; empty with clients up to 2.1.112."""
    key: str = ""
    """Equal for all attempts of a turn: SHA-256 of model, messages, system and tools."""
    question: str = ""
    """SHA-256 of the last message of the user: a client that is refused changes the rest of its request."""
    body: str = ""
    """SHA-256 of the bytes as sent."""
    model: str = ""
    stream: bool = False
    max_tokens: int | None = None


def kind_by_path(method: str, path: str) -> Kind:
    """Return what a request can be by method and path: ``MAIN`` for any request for a message."""
    bare = path.partition("?")[0].rstrip("/")
    if method != "POST":
        return Kind.OTHER
    if bare.endswith(COUNT):
        return Kind.COUNT_TOKENS
    if bare.endswith(COMPLETIONS):
        return Kind.COMPLETION
    return Kind.MAIN if bare.endswith(MESSAGES) else Kind.OTHER


def read_request(method: str, path: str, headers: Mapping[str, str], body: bytes, digest: str = "") -> RequestFacts:
    """Return the facts of a request. ``headers`` have names in lower case. Any body is accepted.

    ``digest`` is the SHA-256 of the body, if it is known already.
    """
    kind = kind_by_path(method, path)
    digest = digest or hashlib.sha256(body).hexdigest()
    session = headers.get(_SESSION_HEADER, "")[:_LONGEST]
    fields = _object(body) if kind is not Kind.OTHER else None
    if fields is None:
        return RequestFacts(kind, session, body=digest)
    tools = fields.get("tools")
    most = fields.get("max_tokens")
    if kind is Kind.MAIN and (not tools or most == 1):
        kind = Kind.AUXILIARY
    messages, system = fields.get("messages"), _without_billing(fields.get("system"))
    return RequestFacts(
        kind,
        session or _session_of(fields),
        _thread(headers, tools) if kind is Kind.MAIN else "",
        headers.get(_AGENT_HEADER, "")[:_LONGEST],
        _hash([fields.get("model"), messages, system, tools]),
        _hash(_last_question(messages)),
        digest,
        str(fields.get("model", ""))[:_LONGEST],
        fields.get("stream") is True,
        most if isinstance(most, int) and not isinstance(most, bool) else None,
    )


def _object(body: bytes) -> dict[str, Any] | None:
    if len(body) > MOST_BYTES:
        return None
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _session_of(fields: Mapping[str, Any]) -> str:
    """Return the session named in the metadata, as JSON (2.1.86 and newer) or as a suffix; a proxy may move it."""
    metadata = fields.get("metadata")
    user = metadata.get("user_id") if isinstance(metadata, dict) else fields.get("user")
    if not isinstance(user, str):
        return ""
    try:
        named = json.loads(user)
    except (ValueError, RecursionError):
        return user.rpartition("session_")[2][:_LONGEST] if "session_" in user else ""
    session = named.get("session_id") if isinstance(named, dict) else None
    return session[:_LONGEST] if isinstance(session, str) else ""


def _thread(headers: Mapping[str, str], tools: object) -> str:
    """Return whose request it is by its header or its tools; empty where neither tells, as with older clients."""
    if headers.get(_AGENT_HEADER):
        return "subagent"
    if not isinstance(tools, list):
        return ""
    names = {tool.get("name") for tool in tools if isinstance(tool, dict) and isinstance(tool.get("name"), str)}
    return "main" if names & _DELEGATES else ""


def _without_billing(system: object) -> object:
    """Return the system prompt without the leading billing block, which differs from request to request."""
    if isinstance(system, list) and system and isinstance(system[0], dict):
        text = system[0].get("text")
        if isinstance(text, str) and text.startswith(_BILLING):
            return system[1:]
    return system


def _last_question(messages: object) -> object:
    if not isinstance(messages, list):
        return None
    asked = [one for one in messages if isinstance(one, dict) and one.get("role") == "user"]
    content = asked[-1].get("content") if asked else None
    if isinstance(content, list):
        return [part.get("text") if isinstance(part, dict) else part for part in content]
    return content


def _hash(value: object) -> str:
    try:
        text = json.dumps(value, sort_keys=True)
    except (ValueError, RecursionError):
        return ""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
