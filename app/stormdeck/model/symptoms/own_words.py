"""Recognise symptoms in the user's own words: which things and which faults a short text names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from stormdeck.model.symptoms.concepts import CONCEPTS
from stormdeck.model.symptoms.message import Message
from stormdeck.model.symptoms.server_errors import unescaped

_MOST_WORDS = 40
"""A longer text is an excerpt of a log or an answer, not a description."""


@dataclass(frozen=True, slots=True)
class Symptom:
    """One symptom: the concepts that a description of it has, and its causes."""

    name: str
    concepts: tuple[tuple[str, ...], ...]
    """Alternatives; of each alternative every concept must be there."""
    codes: tuple[str, ...]
    advice: str = ""
    if_found: tuple[str, ...] = ()
    """Rules that count only where something was found for them."""


SYMPTOMS: tuple[Symptom, ...] = (
    Symptom(
        "tool calls come as text", (("tool", "text"), ("tool", "not"), ("tool", "5xx")), ("SERVER901", "SERVER902")
    ),
    Symptom("it waits for a tool call that never comes", (("tool", "hang"),), ("SERVER902", "SERVER901", "SERVER905")),
    Symptom(
        "400 for some requests",
        (("400", "sometimes"), ("400", "update"), ("400", "litellm")),
        ("PROXY802", "TRAFFIC403", "PROXY807", "SERVER903", "CTX602"),
    ),
    Symptom("an answer ends early", (("cut",),), ("PROXY803", "SERVER905", "CTX602")),
    Symptom(
        "slower since an update",
        (("slow", "update"),),
        ("TRAFFIC402", "TRAFFIC403", "SERVER907", "CTX601", "TIME504"),
    ),
    Symptom("everything is slow", (("slow",),), ("TRAFFIC402", "SERVER907", "TIME504", "PROXY809")),
    Symptom("the prefix cache does not help", (("cache", "not"), ("cache", "slow")), ("TRAFFIC402", "SERVER907")),
    Symptom(
        "it asks for a login",
        (("login", "update", "asks"), ("login", "start", "asks")),
        ("AUTH207", "AUTH201", "FILE701", "FILE702", "MODEL307", "AUTH209"),
    ),
    Symptom(
        "it asks for a login, or says that authentication failed",
        (("login", "asks"), ("login", "not"), ("401",)),
        ("AUTH201", "AUTH207", "AUTH205", "FILE701", "FILE702", "MODEL307", "AUTH202", "AUTH209", "URL102"),
        if_found=("AUTH204",),
    ),
    Symptom(
        "it does not compact in time",
        (("compact", "not"), ("compact", "hang"), ("compact", "retry"), ("compact",)),
        ("CTX601", "SERVER904", "CTX602"),
    ),
    Symptom(
        "the context window that Claude Code assumes is not the server's",
        (("context", "mismatch"),),
        ("CTX601", "SERVER904", "CTX602"),
    ),
    Symptom("the context does not fit", (("context", "not"), ("context", "400")), ("CTX601", "CTX602", "SERVER904")),
    Symptom(
        "requests are sent again and again",
        (("retry",),),
        ("SERVER905", "PROXY808", "URL105", "AUTH205", "TRAFFIC403", "TIME504"),
    ),
    Symptom(
        "model not found",
        (("model", "404"),),
        ("MODEL303", "MODEL304", "SERVER906", "MODEL301", "URL101"),
    ),
    Symptom(
        "the client rejects the model",
        (("validation",),),
        ("MODEL306", "MODEL301", "MODEL303", "MODEL304", "MODEL305", "URL101"),
    ),
    Symptom(
        "the model is rejected now and then",
        (("validation", "sometimes"),),
        ("MODEL305", "TRAFFIC401", "MODEL301", "MODEL303", "PROXY808"),
    ),
    Symptom(
        "the server answers others, but not Claude Code",
        (("curl",),),
        ("URL101", "MODEL303", "AUTH202", "URL106", "TRAFFIC404", "MODEL301"),
    ),
    Symptom(
        "the server answers 404",
        (("404", "connect"), ("404", "litellm"), ("404", "path")),
        ("URL101", "PROXY804", "URL106"),
    ),
    Symptom(
        "an entry in the model picker is not enough",
        (("picker",),),
        ("MODEL306", "MODEL301", "MODEL302"),
    ),
    Symptom(
        "another model than yours is asked for",
        (("model", "switch"),),
        ("MODEL305", "MODEL301", "MODEL303", "PROXY806"),
    ),
    Symptom("requests reach the hosted API", (("hosted",),), ("URL102", "URL109", "MODEL301", "AUTH209", "TRAFFIC401")),
    Symptom(
        "it fails now and then",
        (("sometimes",),),
        ("MODEL305", "PROXY808", "SERVER905", "TRAFFIC401", "PROXY802", "SERVER907"),
    ),
    Symptom(
        "too many requests",
        (("429",),),
        ("PROXY808", "SERVER907"),
    ),
    Symptom("the server fails", (("5xx",),), ("SERVER905", "PROXY804", "SERVER907")),
    Symptom(
        "settings have no effect",
        (("settings", "ignored"), ("settings", "not"), ("settings", "update")),
        ("FILE701", "MODEL307", "FILE703", "FILE706", "FILE702", "FILE708"),
    ),
    Symptom(
        "auto mode or a permission stops it",
        (("automode",),),
        ("TRAFFIC405",),
        'Set permissions.defaultMode to "acceptEdits".',
    ),
    Symptom(
        "subagents fail or hang",
        (("agent", "hang"), ("agent", "not"), ("agent", "5xx"), ("agent", "404")),
        ("MODEL305", "TRAFFIC405", "SERVER907", "PROXY806"),
    ),
    Symptom(
        "images are not understood",
        (("image", "not"), ("image", "400"), ("image", "ignored")),
        (),
        "Serve a model that takes images; stormdeck check --canary shows what the server takes.",
    ),
    Symptom(
        "web search does not work",
        (("search", "not"), ("search", "400"), ("search", "hang")),
        (),
        'Web search runs on the hosted API only; deny it with permissions.deny ["WebSearch"].',
    ),
    Symptom(
        "thinking does not work as expected",
        (("think", "not"), ("think", "400"), ("think", "text"), ("think", "hang")),
        ("SERVER902", "TRAFFIC403"),
        "Start vLLM with --reasoning-parser of the model's family, or set MAX_THINKING_TOKENS to 0.",
    ),
    Symptom(
        "plan mode does not work",
        (("plan",),),
        ("SERVER901", "SERVER902", "TRAFFIC405"),
        "stormdeck check --canary tries plan mode and shows what fails.",
    ),
    Symptom("the certificate or TLS is the problem", (("tls",),), ("URL111", "URL104")),
    Symptom(
        "the server cannot be reached",
        (("connect", "not"), ("connect", "start"), ("errno",)),
        ("URL105", "URL112", "URL103", "TRAFFIC404"),
    ),
    Symptom(
        "the GPU has nothing to do",
        (("gpu", "idle"),),
        ("URL105", "URL102", "MODEL305", "MODEL301", "SERVER905"),
    ),
    Symptom(
        "the GPU's memory is full",
        (("gpu", "not"), ("gpu", "slow"), ("gpu", "5xx"), ("gpu",)),
        ("SERVER907", "SERVER905"),
    ),
    Symptom(
        "LiteLLM does not start",
        (("litellm", "start", "not"), ("litellm", "start", "exits")),
        ("PROXY801", "PROXY813", "PROXY810"),
    ),
    Symptom("answers are empty or nonsense", (("empty", "answer"),), ("SERVER905", "SERVER902", "URL106", "PROXY803")),
    Symptom(
        "no answer and no error",
        (("hang",),),
        ("URL105", "URL112", "URL104", "URL103", "SERVER905", "TIME502", "TRAFFIC405"),
    ),
    Symptom(
        "it broke after an update",
        (("update", "not"), ("update", "5xx"), ("update", "hang"), ("update", "400")),
        ("SERVER903", "TRAFFIC403", "CTX601", "TRAFFIC405"),
    ),
)


def symptoms_in(text: str) -> tuple[Message, ...]:
    """Return the symptoms that a short description names, those with the most concepts first.

    A symptom is left out if another explains its concepts and more.
    """
    plain = " ".join(unescaped(text).lower().replace("’", "'").split())
    if not any(map(str.isalpha, plain)) or len(plain.split()) > _MOST_WORDS or "{" in plain:
        return ()
    named = {name for name, pattern in _patterns().items() if pattern.search(plain)}
    found = []
    for symptom in SYMPTOMS:
        whole = [set(one) for one in symptom.concepts if named.issuperset(one)]
        if whole:
            found.append((symptom, max(whole, key=len)))
    kept = [(symptom, concepts) for symptom, concepts in found if not any(concepts < other for _, other in found)]
    kept.sort(key=lambda one: -len(one[1]))
    return tuple(Message(one.name, (), one.codes, one.if_found, one.advice) for one, _ in kept[:_MOST])


@lru_cache(maxsize=1)
def _patterns() -> dict[str, re.Pattern[str]]:
    return {name: re.compile("|".join(alternatives)) for name, alternatives in CONCEPTS.items()}


_MOST = 2
"""Number of symptoms that a description is taken for."""
