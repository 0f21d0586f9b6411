"""MODEL: rules about the model ids in the settings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from functools import lru_cache

from stormdeck.model.finding import Edit, Finding, Fix, Severity
from stormdeck.model.rules.audience import ANY_SERVER
from stormdeck.model.rules.facts import CUSTOM_OPTION, FABLE_ID, TIER_IDS, Facts
from stormdeck.model.rules.model_choice import (
    SMALL_FAST,
    answers_any_id,
    choice,
    mapping,
    may_be_hidden,
    refuses_unlisted,
    serves,
    unknown_model_status,
    without_window,
)
from stormdeck.model.rules.rule import NOT_LOGGED_IN, WRONG_MODEL, Page, Rule, rule

SUBAGENT = "env.CLAUDE_CODE_SUBAGENT_MODEL"
_MAPPED = (*TIER_IDS.values(), FABLE_ID)
_VARIABLE = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
_TIER_WORDS = {"", "sonnet", "opus", "haiku", "fable", "opusplan", "best", "default", "inherit"}
_EXAMPLE = '"env": { "ANTHROPIC_DEFAULT_SONNET_MODEL": "Qwen3.5-27B" }'


def _ids(facts: Facts) -> Iterator[tuple[str, str]]:
    """Yield each setting with a model id that will be requested, and the id."""
    chosen = choice(facts)
    paths = dict.fromkeys((*((chosen.path,) if chosen.text else ()), *_MAPPED, SUBAGENT, SMALL_FAST))
    for path in paths:
        model = without_window(facts.text(path))
        if model.lower() not in _TIER_WORDS:
            yield path, model


def _bare(model: str) -> str:
    return model.rpartition("/")[2]


def _slash_twin(model: str, others: tuple[str, ...]) -> str | None:
    """Return the id that differs only by an owner before a slash."""
    twins = (one for one in others if one != model and _bare(one) == _bare(model))
    return next((one for one in twins if ("/" in one) != ("/" in model)), None)


@lru_cache(maxsize=16)
def _nearest(model: str, served: tuple[str, ...]) -> str | None:
    """Return the served id that is most similar; cached, since a search in ten thousand ids takes 0.2 s (measured)."""
    by_case = {one.lower(): one for one in served}
    close = get_close_matches(model.lower(), by_case, n=1, cutoff=0.6)
    return by_case[close[0]] if close else None


def _windowed(facts: Facts, path: str) -> str:
    return " The suffix [1m] is never sent." if facts.text(path).lower().endswith("[1m]") else ""


@rule(
    Page(
        code="MODEL303",
        title="the server does not serve this model id",
        what="Finds a mapped or selected model id that is not in the server's /v1/models. Case matters.",
        why="The server answers 404. A suffix [1m] is not part of the id: Claude Code never sends it.",
        shown=f"{WRONG_MODEL}\nUp to 2.0.76: API Error: 404",
        versions="all versions",
        evidence="measured, 1.0.128 to 2.1.329",
        fix="Write the id exactly as served: vLLM's --served-model-name, or the proxy's model_name.",
        example=_EXAMPLE,
    ),
    ANY_SERVER,
)
def not_served(facts: Facts) -> Iterator[Finding]:
    """Find ids that the server does not serve."""
    served = facts.served or ()
    for path, model in _ids(facts) if served and not answers_any_id(facts) else ():
        if serves(facts, model) or _slash_twin(model, served):
            continue
        near = _nearest(model, served)
        target = near or (served[0] if len(served) == 1 and "*" not in served[0] else None)
        guess = f"did you mean `{near}`?" if near else f"it serves {', '.join(served[:3])}."
        hidden = may_be_hidden(facts, model)
        why = f"The server does not know `{model}` and answers {unknown_model_status(facts)}"
        if hidden:
            why = f"The proxy does not list `{model}`, and matches it only by a wildcard such as claude-*"
        elif not refuses_unlisted(facts):
            hidden = True
            why = f"The server does not list `{model}`; whether it answers to it shows only a canary"
        yield Finding(
            "MODEL303",
            Severity.WARNING if hidden else Severity.ERROR,
            "not listed" if hidden else "not served",
            f"{why}; {guess}{_windowed(facts, path)}",
            path,
            fix=Fix(f"set it to {target}", (Edit(path, target),)) if target else None,
        )


@rule(
    Page(
        code="MODEL304",
        title="an owner before the slash on one side only",
        what=(
            "Finds Qwen3.5-27B in the settings and Qwen/Qwen3.5-27B on the server, the other way round, or two tiers "
            "that differ in this way."
        ),
        why=(
            "Model ids must match exactly, otherwise the server answers 404. Articles advise against a slash; it is "
            "fine if both sides have it."
        ),
        shown=f"{WRONG_MODEL}\nUp to 2.0.76: API Error: 404",
        versions="all versions",
        evidence="measured, 1.0.128 to 2.1.329",
        fix="Write the id as served, or start vLLM with --served-model-name.",
        example=_EXAMPLE,
    ),
    ANY_SERVER,
)
def slash_mismatch(facts: Facts) -> Iterator[Finding]:
    """Find ids that differ only by the owner before the slash."""
    named = dict(_ids(facts))
    for path, model in named.items() if not answers_any_id(facts) else ():
        if serves(facts, model):
            continue
        served, status = _slash_twin(model, facts.served or ()), unknown_model_status(facts)
        if served:
            yield Finding(
                "MODEL304",
                Severity.ERROR if refuses_unlisted(facts) else Severity.WARNING,
                f"served as {served}",
                f"The server serves `{served}` and not `{model}`: it answers {status}.{_windowed(facts, path)}"
                if refuses_unlisted(facts)
                else f"The server lists `{served}` and not `{model}`; whether it answers to that shows only a canary.",
                path,
                fix=Fix(f"set it to {served}", (Edit(path, served),)),
            )
        elif not facts.served and "/" in model and (twin := _slash_twin(model, tuple(named.values()))):
            yield Finding(
                "MODEL304",
                Severity.WARNING,
                f"{twin} in another setting",
                f"For the server `{model}` and `{twin}` are two different ids; it probably serves only one of them.",
                path,
            )


@rule(
    Page(
        code="MODEL307",
        title="a variable at the top level instead of in env",
        what="Finds a name such as ANTHROPIC_BASE_URL at the top level of settings.json.",
        why="Claude Code ignores it without a message. It reads variables only from `env`.",
        shown=f"{NOT_LOGGED_IN}\nUp to 2.0.76: Invalid API key · Please run /login",
        versions="all versions",
        evidence="measured, 1.0.128 to 2.1.329",
        fix="Move it into env.",
        example='"env": { "ANTHROPIC_BASE_URL": "http://127.0.0.1:8000" }',
    ),
    ANY_SERVER,
)
def at_top_level(facts: Facts) -> Iterator[Finding]:
    """Find variables outside env, which Claude Code ignores."""
    for path, value in facts.values.items():
        if path[:4] == "env." or not _VARIABLE.fullmatch(path):
            continue
        inside = facts.values.get(f"env.{path}") is not None
        move = () if inside or value is None else (Edit(f"env.{path}", value),)
        yield Finding(
            "MODEL307",
            Severity.ERROR,
            "ignored: belongs in env",
            f"{path} is at the top level of the file, where Claude Code ignores it without a message.",
            path,
            fix=Fix("move it into env" if move else "remove it", (Edit(path, None), *move)),
        )


@rule(
    Page(
        code="MODEL308",
        title="a space at the start or end of a model id",
        what="Finds a mapped model id that begins or ends with a space.",
        why=(
            "1.0.128 and 2.1.41 to 2.1.112 send the space too, and the server answers 404; 2.1.42 and 2.1.112 do so "
            'only if the tier is selected by name, as with "model": "sonnet".'
        ),
        shown=WRONG_MODEL,
        versions="1.0.128, 2.1.41 to 2.1.112; 2.0.76 and 2.1.329 remove the space",
        evidence="measured, 1.0.128 to 2.1.329",
        fix="Remove the space.",
        example=_EXAMPLE,
    ),
    ANY_SERVER,
)
def surrounding_space(facts: Facts) -> Iterator[Finding]:
    """Find ids that begin or end with a space."""
    if facts.known_version and facts.since("2.1.329"):
        return
    for path in (*_MAPPED, SUBAGENT, SMALL_FAST, CUSTOM_OPTION):
        raw = facts.raw(path)
        if raw and raw.strip() and raw != raw.strip():
            yield Finding(
                "MODEL308",
                Severity.ERROR,
                "ends with a space" if raw != raw.rstrip() else "begins with a space",
                "Versions up to 2.1.112 send the space if the tier is selected by name, and the server answers 404.",
                path,
                applies="<=2.1.112",
                fix=Fix("remove the space", (Edit(path, raw.strip()),)),
            )


@rule(
    Page(
        code="MODEL310",
        title="a deprecated variable",
        what="Finds ANTHROPIC_SMALL_FAST_MODEL.",
        why="It is the old name for the model of background requests, and some of those requests ignore it.",
        shown="",
        versions="all versions; the warm-up requests of 2.0.76 ignore it",
        evidence="measured, 1.0.128 to 2.1.329",
        fix="Map haiku instead.",
        example='"env": { "ANTHROPIC_DEFAULT_HAIKU_MODEL": "Qwen3.5-27B" }',
    ),
    ANY_SERVER,
)
def old_name(facts: Facts) -> Iterator[Finding]:
    """Find the deprecated variable for the background model."""
    model = facts.text(SMALL_FAST)
    if not model:
        return
    haiku = mapping("haiku")
    move = () if facts.text(haiku) else (Edit(haiku, model),)
    yield Finding(
        "MODEL310",
        Severity.INFO,
        "deprecated: map haiku",
        "Some background requests ignore this old variable; all of them use the haiku mapping.",
        SMALL_FAST,
        fix=Fix("map haiku to it" if move else "remove it; haiku is mapped", (Edit(SMALL_FAST, None), *move)),
    )


RULES: tuple[Rule, ...] = (not_served, slash_mismatch, at_top_level, surrounding_space, old_name)
