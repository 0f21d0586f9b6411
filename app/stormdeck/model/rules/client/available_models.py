"""MODEL: the rule about ``availableModels``, which restricts what can be selected."""

from __future__ import annotations

from collections.abc import Iterator

from stormdeck.model.finding import Edit, Finding, Fix, Severity
from stormdeck.model.rules.audience import ANY_SERVER
from stormdeck.model.rules.facts import Facts
from stormdeck.model.rules.model_choice import default_tier, mapping, restricted_model
from stormdeck.model.rules.rule import Page, Rule, rule
from stormdeck.model.settings.scope import EDITABLE, SettingsFile

_KEY = "availableModels"


@rule(
    Page(
        code="MODEL312",
        title="availableModels leaves out the selected model",
        what="Finds a `model` or ANTHROPIC_MODEL that no entry of availableModels, in any scope, allows.",
        why=(
            "Claude Code does not request this model. It uses the default tier instead and says that your organization "
            "restricts the model, also where the list is your own. An entry allows a tier, an id, and ids that "
            "continue it after a dash; capitals do not matter. The lists of all scopes count together."
        ),
        shown='Model "X" is restricted by your organization\'s settings. Using Y instead.',
        versions="all versions that know availableModels; measured with 2.1.332",
        evidence="measured, 2.1.332: fifteen lists, by the id that the server received",
        fix="Add the id to availableModels, or select a model that the list contains.",
        example='"availableModels": ["sonnet", "Qwen3.5-27B"]',
    ),
    ANY_SERVER,
)
def restricted(facts: Facts) -> Iterator[Finding]:
    """Find a selected model that availableModels does not allow."""
    found = restricted_model(facts)
    if found is None or facts.settings is None:
        return
    path, model = found
    lists = [file for file in facts.settings.files if isinstance(file.values.get(_KEY), list)]
    file = next((one for one in lists if one.scope in EDITABLE), lists[-1])
    line, column = file.position(_KEY) or (None, None)
    tier = default_tier(facts)
    used = facts.text(mapping(tier)) or tier
    name = path.removeprefix("env.")
    yield Finding(
        "MODEL312",
        Severity.WARNING,
        f"{model} is not in availableModels",
        f"{name} is {model}, which availableModels does not contain: Claude Code says that it "
        f'"is restricted by your organization\'s settings" and uses {used} instead.',
        _KEY,
        fix=_added(file, model),
        file=str(file.path),
        line=line,
        column=column,
    )


def _added(file: SettingsFile, model: str) -> Fix | None:
    listed = file.values.get(_KEY)
    if file.scope not in EDITABLE or not isinstance(listed, list):
        return None
    return Fix(f"add {model} to it", (Edit(_KEY, [*listed, model]),))


RULES: tuple[Rule, ...] = (restricted,)
