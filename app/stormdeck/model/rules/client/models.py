"""MODEL: rules about the selected model and the tiers."""

from __future__ import annotations

from collections.abc import Iterator

from stormdeck.model.finding import Edit, Finding, Fix, Severity
from stormdeck.model.rules.audience import ANY_SERVER
from stormdeck.model.rules.facts import TIER_IDS, Facts
from stormdeck.model.rules.model_choice import (
    HOSTED,
    MODEL,
    MODEL_VARIABLE,
    SMALL_FAST,
    Choice,
    answers_any_id,
    choice,
    is_mapped,
    is_refused,
    map_all,
    mapping,
    own_id,
    restricted_model,
)
from stormdeck.model.rules.rule import WRONG_MODEL, Page, Rule, rule

_EXAMPLE = (
    '"model": "sonnet",\n"env": {\n  "ANTHROPIC_DEFAULT_SONNET_MODEL": "Qwen3.5-27B",\n'
    '  "ANTHROPIC_DEFAULT_OPUS_MODEL": "Qwen3.5-27B",\n  "ANTHROPIC_DEFAULT_HAIKU_MODEL": "Qwen3.5-27B"\n}'
)
_SHOWN = "There's an issue with the selected model"
_OPTION = "ANTHROPIC_CUSTOM_MODEL_OPTION"


def _unmapped(facts: Facts) -> tuple[str, ...]:
    """Return the selected tiers that are not mapped; none without a base URL."""
    if not facts.complete or not facts.has_base_url:
        return ()
    return tuple(tier for tier in choice(facts).tiers if not is_mapped(facts, tier))


def _only_an_option(facts: Facts) -> bool:
    """Return whether only the model picker row names a model."""
    mapped = any(facts.text(mapping(tier)) for tier in (*TIER_IDS, "fable"))
    option = facts.root_or_env(_OPTION)
    return facts.complete and bool(option) and not mapped and bool(choice(facts).tiers) and facts.since("2.1.78")


def _tier_words(chosen: Choice) -> str:
    if chosen.text:
        return f"`{chosen.path.removeprefix('env.')}` is {chosen.text}"
    return f"No model is selected, so Claude Code uses {chosen.tiers[0]}"


@rule(
    Page(
        code="MODEL301",
        title="the selected tier is not mapped to your model",
        what="Finds a `model` that is a tier, or not set, while ANTHROPIC_DEFAULT_*_MODEL of that tier is not set.",
        why=(
            "Claude Code requests an Anthropic model id such as claude-opus-5-5 from your server and gets 404. "
            "Without `model`, the tier is sonnet up to 2.1.112 and opus in 2.1.329: settings that worked break with "
            "the update."
        ),
        shown=f"{WRONG_MODEL}\nUp to 2.0.76: API Error: 404",
        versions="all versions; the default tier depends on the version",
        evidence="measured, 1.0.128 to 2.1.329",
        fix="Map this tier to the model id that your server serves, and map the other tiers too.",
        example=_EXAMPLE,
    )
)
def chosen_tier(facts: Facts) -> Iterator[Finding]:
    """Find a selected tier that requests an Anthropic model."""
    missing = _unmapped(facts)
    if answers_any_id(facts) or not missing or _only_an_option(facts):
        return
    chosen, tier, model = choice(facts), missing[0], own_id(facts)
    name = mapping(tier).removeprefix("env.")
    shown = _SHOWN if facts.since("2.1.41") else "API Error: 404"
    listed = is_refused(facts)
    answer = "which it does not serve: 404" if listed else "and answers 404 unless it serves or maps that id"
    default = "" if chosen.text else (">=2.1.329" if tier == "opus" else "<=2.1.112")
    yield Finding(
        "MODEL301",
        Severity.ERROR if listed else Severity.INFO,
        f"{tier} requests an Anthropic model",
        f"{_tier_words(chosen)}, and {name} is not set: Claude Code requests {HOSTED[tier]} from your server, "
        f'{answer}, shown as "{shown}".',
        mapping(tier),
        applies=default or None,
        fix=Fix(f"map it to {model}", map_all(facts, model, *missing)) if model else None,
    )


@rule(
    Page(
        code="MODEL302",
        title="a model id directly in `model`",
        what="Finds a `model` or ANTHROPIC_MODEL that is a model id of your server instead of a tier.",
        why=(
            "Since 2.1.41 this works; articles that blame it for a validation error describe another problem. 1.0.128 "
            "changes the id to lower case, and 2.0.76 with -p ignores `model` and requests an Anthropic id."
        ),
        shown="Up to 2.0.76: API Error: 404",
        versions="a problem only before 2.1.41",
        evidence="measured, 1.0.128 to 2.1.329",
        fix="Select a tier and map the tiers to the id: this works in every version.",
        example=_EXAMPLE,
    )
)
def direct_id(facts: Facts) -> Iterator[Finding]:
    """Find a model id where a tier is safer."""
    chosen = choice(facts)
    if not chosen.is_own_id:
        return
    old = facts.known_version and not facts.since("2.1.41")
    lowered = old and not facts.since("2.0") and chosen.text != chosen.text.lower()
    ignored = old and facts.since("2.0") and chosen.path == MODEL
    edits = (Edit(MODEL, "sonnet"), *map_all(facts, chosen.text, "sonnet"))
    if chosen.path == MODEL_VARIABLE:
        edits = (Edit(MODEL_VARIABLE, None), *edits)
    yield Finding(
        "MODEL302",
        Severity.ERROR if lowered or ignored else Severity.INFO,
        "a model id instead of a tier",
        "1.0.128 requests it in lower case and gets 404."
        if lowered
        else "2.0.76 with -p ignores it and requests an Anthropic model."
        if ignored
        else "Works since 2.1.41. Older versions change or ignore it; a mapped tier works in all versions.",
        chosen.path,
        applies="<2.1.41",
        fix=Fix(f"select sonnet and map it to {chosen.text}", edits),
    )


@rule(
    Page(
        code="MODEL305",
        title="some tiers are not mapped to your model",
        what="Finds opus, sonnet or haiku without a mapping, while the selected model is your own.",
        why=(
            "Claude Code uses these tiers for titles, topics and sub-agents. Those requests carry Anthropic model ids "
            "and get 404, which fills the log; background requests fail without a message."
        ),
        shown="",
        versions="all versions; 2.1.329 sends fewer background requests",
        evidence="measured, 1.0.128 to 2.1.329",
        fix="Map all tiers to one model id.",
        example=_EXAMPLE,
    )
)
def other_tiers(facts: Facts) -> Iterator[Finding]:
    """Find tiers that request Anthropic models in the background."""
    model = own_id(facts)
    if not facts.complete or not facts.has_base_url or _unmapped(facts) or model is None or answers_any_id(facts):
        return
    covered = {"haiku"} if facts.text(SMALL_FAST) else set()
    missing = [tier for tier in ("haiku", "opus", "sonnet") if not is_mapped(facts, tier) and tier not in covered]
    if not missing:
        return
    hosted = ", ".join(HOSTED[tier] for tier in missing)
    fails = "fails unless your server knows it." if len(missing) == 1 else "fail unless your server knows them."
    answer = "which your server does not serve." if is_refused(facts) else f"which {fails}"
    yield Finding(
        "MODEL305",
        Severity.WARNING if is_refused(facts) else Severity.INFO,
        f"{', '.join(missing)} not mapped",
        f"Background requests or sub-agents will request {hosted}, {answer}",
        mapping(missing[0]),
        fix=Fix(f"map to {model}", tuple(Edit(mapping(tier), model) for tier in missing)),
    )


@rule(
    Page(
        code="MODEL306",
        title="a model picker row does not select the model",
        what="Finds ANTHROPIC_CUSTOM_MODEL_OPTION while neither `model` nor a tier names your model.",
        why=(
            "Tutorials set only this variable. It adds a row to the /model picker and saves a test request for that "
            "id, but it selects nothing. Claude Code requests its default model, an Anthropic id, and your server "
            "answers 404."
        ),
        shown=WRONG_MODEL,
        versions="2.1.78 and later; older versions do not know the variable",
        evidence="measured, 2.1.112 and 2.1.329; the first version: docs",
        fix="Select a tier and map the tiers to the id.",
        example=_EXAMPLE,
    )
)
def picker_row(facts: Facts) -> Iterator[Finding]:
    """Find settings that only add a row to the model picker."""
    if not _only_an_option(facts) or answers_any_id(facts):
        return
    model, chosen = facts.root_or_env(_OPTION), choice(facts)
    answer = "gets 404" if is_refused(facts) else "gets 404 unless your server knows it"
    edits = map_all(facts, model, *chosen.tiers)
    if not chosen.text:
        edits = (Edit(MODEL, "sonnet"), *edits)
    yield Finding(
        "MODEL306",
        Severity.ERROR if is_refused(facts) else Severity.WARNING,
        "only adds a row to /model",
        f"It adds a row to /model and selects nothing: Claude Code requests {HOSTED[chosen.tiers[0]]} and {answer}, "
        f'shown as "{_SHOWN}".',
        f"env.{_OPTION}" if facts.text(f"env.{_OPTION}") else _OPTION,
        applies=">=2.1.78",
        fix=Fix(f"select {chosen.text or 'sonnet'} and map it to {model}", edits),
    )


@rule(
    Page(
        code="MODEL309",
        title="two settings select different models",
        what="Finds ANTHROPIC_MODEL and `model` with different values.",
        why="ANTHROPIC_MODEL wins. Changing `model` has no effect.",
        shown="",
        versions="all versions",
        evidence="measured, 1.0.128 to 2.1.329",
        fix="Keep one of them.",
        example='"model": "sonnet"',
    ),
    ANY_SERVER,
)
def two_choices(facts: Facts) -> Iterator[Finding]:
    """Find a ``model`` that ANTHROPIC_MODEL overrides."""
    wins, loses = facts.text(MODEL_VARIABLE), facts.text(MODEL)
    if wins and loses and wins != loses and restricted_model(facts) is None:
        yield Finding(
            "MODEL309",
            Severity.WARNING,
            "overrides `model`",
            f"ANTHROPIC_MODEL ({wins}) overrides `model` ({loses}), which has no effect.",
            MODEL_VARIABLE,
            fix=Fix("remove `model`, which has no effect", (Edit(MODEL, None),)),
        )


@rule(
    Page(
        code="MODEL311",
        title="`default` is not a tier",
        what='Finds "default" as the value of `model`.',
        why="1.0.128 and 2.1.41 to 2.1.329 send this word as the model id, and the server answers 404.",
        shown=WRONG_MODEL,
        versions="1.0.128, 2.1.41 to 2.1.329",
        evidence="measured, 1.0.128 to 2.1.329",
        fix="Write the name of a tier.",
        example=_EXAMPLE,
    ),
    ANY_SERVER,
)
def word_default(facts: Facts) -> Iterator[Finding]:
    """Find the word ``default``, which is sent as a model id."""
    chosen = choice(facts)
    fine = facts.known_version and facts.since("2.0") and not facts.since("2.1.41")
    if chosen.path != MODEL or chosen.text.lower() != "default" or fine:
        return
    yield Finding(
        "MODEL311",
        Severity.ERROR,
        "sent as a model id",
        'Claude Code requests a model named "default" from your server and gets 404.',
        MODEL,
        fix=Fix("select sonnet", (Edit(MODEL, "sonnet"),)),
    )


RULES: tuple[Rule, ...] = (chosen_tier, direct_id, other_tiers, picker_row, two_choices, word_default)
