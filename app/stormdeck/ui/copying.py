"""Choose the text that is copied from a row. A secret is never copied."""

from __future__ import annotations

from typing import NamedTuple

from stormdeck.model.canary.check import Check
from stormdeck.model.finding import Finding
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.masking.values import mask_value
from stormdeck.model.settings.field import Field, Kind
from stormdeck.model.snapshots.discovery import Found, Missed
from stormdeck.model.text import clean
from stormdeck.ui.widgets.checks.list import Item


class Copy(NamedTuple):
    """A text for the clipboard and its name. If the text is empty, ``what`` says why."""

    text: str
    what: str


def of_item(item: Item | None) -> Copy:
    """Return what is copied from a row of the checks."""
    match item:
        case Finding():
            name = item.path.removeprefix("env.")
            text = [f"{item.code} {name}: {item.title}", item.message]
            text += [f"Fix: {item.fix.description}"] if item.fix is not None else []
            text += [f"{item.paste.description}\n{item.paste.text}"] if item.paste is not None else []
            return Copy(_safe("\n".join(text)), item.code)
        case Check():
            return Copy(_safe(f"canary {item.name}: {item.verdict.value}. {item.message}"), f"the canary's {item.name}")
        case Found():
            return Copy(_safe(item.url), "the URL")
        case Missed():
            return Copy(_safe(f"{item.what}: {item.why}"), _safe(item.what))
        case _:
            return Copy("", "Nothing to copy.")


def of_setting(field: Field, value: str | None) -> Copy:
    """Return what is copied from a row of the form."""
    if value is None:
        return Copy("", "Nothing to copy: it is not set.")
    if field.kind is Kind.SECRET or mask_value(field.path, value) != value:
        return Copy("", "Secrets are not copied.")
    return Copy(value, field.label)


def _safe(text: str) -> str:
    return "\n".join(mask_text(clean(line)) for line in text.split("\n"))
