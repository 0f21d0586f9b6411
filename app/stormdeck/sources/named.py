"""What the user named: servers by flag, the base URL by the client's settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stormdeck.model.rules.hosts import with_scheme
from stormdeck.model.settings.scope import Scope, SettingsSnapshot
from stormdeck.sources.address import address

_NAME = "env.ANTHROPIC_BASE_URL"


@dataclass(frozen=True, slots=True)
class Named:
    """What flags and options name; they win over all that is found."""

    vllm: str | None = None
    proxy: str | None = None
    logs: tuple[Path, ...] = ()
    litellm_config: Path | None = None


@dataclass(frozen=True, slots=True)
class BaseUrl:
    """The client's base URL as a server to ask."""

    url: str
    """The origin alone."""
    how: str
    """Where it is set, and what was left out or added to ask it."""
    hosted: bool
    """It is the hosted API, which is not asked."""


def base_url(settings: SettingsSnapshot) -> BaseUrl | None:
    """Return the base URL in force, ``None`` where there is none that names a server."""
    text = (settings.text(_NAME) or "").strip()
    target = address(with_scheme(text))
    if target is None:
        return None
    note = "" if "://" in text else "it has no scheme, http:// assumed"
    if target.path:
        note = "; ".join(part for part in (note, f"its path {target.path[:40]} left out") if part)
    how = f"ANTHROPIC_BASE_URL {_place(settings)}" + (f" ({note})" if note else "")
    return BaseUrl(target.origin, how, target.is_hosted)


def _place(settings: SettingsSnapshot) -> str:
    """Return where the base URL is set, in words."""
    scope = settings.effective[_NAME].scope
    file = settings.file(scope)
    if scope is Scope.SHELL or file is None:
        return "of the shell" if scope is Scope.SHELL else f"in the {scope.value} settings"
    home = Path.home()
    shown = f"~/{file.path.relative_to(home)}" if file.path.is_relative_to(home) else str(file.path)
    return f"in {shown}"
