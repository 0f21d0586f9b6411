"""Find the server that the recorder passes requests on to, as Claude Code would find it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from stormdeck.model.masking.lines import mask_text
from stormdeck.model.settings.cloud import SWITCHES, is_on
from stormdeck.model.settings.scope import Scope, SettingsSnapshot
from stormdeck.model.settings.trust import BASE_URL, is_trusted
from stormdeck.model.text import clean
from stormdeck.model.urls import host_of, is_hosted, is_loopback, origin_of, parts_of, why_no_url, with_scheme

_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY")


@dataclass(frozen=True, slots=True)
class Place:
    """The server behind the recorder."""

    base: str
    """The base URL as the client would use it, with its path."""
    proxy: str | None = None
    """The HTTP proxy that the client would use for it."""
    around_proxy: Mapping[str, str] | None = None
    """Variables that keep the client from using that proxy for the recorder's own address."""

    @property
    def path(self) -> str:
        """Return the path of the base URL, without a slash at its end, and its query: a gateway may want one."""
        parts = urlsplit(self.base)
        return parts.path.rstrip("/") + (f"?{parts.query}" if parts.query else "")


def place_of(settings: SettingsSnapshot, given: Mapping[str, object], to: str | None = None) -> Place | str:
    """Return the server, or why nothing can be recorded, as a sentence.

    ``given`` is ``env`` of the client's ``--settings``, which goes before all files but the managed ones; ``to`` is a
    URL that the user named.
    """
    if to is not None:
        return _checked(to, settings, given)
    managed = settings.effective.get(BASE_URL)
    if managed is not None and managed.scope is Scope.MANAGED:
        return "the managed settings set ANTHROPIC_BASE_URL and outrank everything else: nothing can be put between."
    switch = next((path for path in SWITCHES if is_on(_text(settings, given, path))), None)
    if switch is not None:
        return f"{switch.removeprefix('env.')} is on, so requests go to that cloud and not to a base URL."
    base = _text(settings, given, BASE_URL)
    if not base:
        return "no ANTHROPIC_BASE_URL is set: requests go to the hosted API, which is not recorded."
    if "ANTHROPIC_BASE_URL" not in given and not is_trusted(settings):
        return (
            f"only this folder's settings lead to {clean(mask_text(base))}: start claude here once and trust the "
            "folder, or name the server with --to URL."
        )
    return _checked(base, settings, given)


def _checked(url: str, settings: SettingsSnapshot, given: Mapping[str, object]) -> Place | str:
    base = with_scheme(url)
    wrong = why_no_url(base)
    if wrong:
        return f"{clean(mask_text(url))} is not a URL: its {wrong}."
    parts = parts_of(base)
    if parts is None or origin_of(base) is None:
        return f"{clean(mask_text(url))} is not a URL that begins with http:// or https:// and names a host."
    if is_hosted(host_of(base)):
        return "requests go to the hosted API, which is not recorded."
    return Place(base, *_proxy(base, settings, given))


def _proxy(
    base: str, settings: SettingsSnapshot, given: Mapping[str, object]
) -> tuple[str | None, Mapping[str, str] | None]:
    """Return the proxy for a URL, and the variables that keep the recorder's own address away from it."""
    set_ = {name: _either(settings, given, name) for name in (*_PROXIES, "NO_PROXY")}
    if not any(set_[name] for name in _PROXIES):
        return None, None
    around = ",".join(filter(None, (set_["NO_PROXY"], "127.0.0.1")))
    exceptions = {"NO_PROXY": around, "no_proxy": around}
    host = host_of(base)
    named = set_["HTTPS_PROXY" if base.lower().startswith("https:") else "HTTP_PROXY"]
    is_bypassed = is_loopback(host) or _is_bypassed(host, set_["NO_PROXY"])
    return (None if is_bypassed or not named else named), exceptions


def _is_bypassed(host: str, exceptions: str) -> bool:
    """Return whether ``NO_PROXY`` names a host: by itself, by a domain that it ends with, or all by an asterisk."""
    names = [name.strip().lower().removeprefix("*").partition(":")[0] for name in exceptions.split(",") if name.strip()]
    return any(not name or host == name.lstrip(".") or host.endswith(f".{name.lstrip('.')}") for name in names)


def _either(settings: SettingsSnapshot, given: Mapping[str, object], name: str) -> str:
    """Return a variable that is known in capitals and in small letters; the small one goes first."""
    return _text(settings, given, f"env.{name.lower()}") or _text(settings, given, f"env.{name}")


def _text(settings: SettingsSnapshot, given: Mapping[str, object], path: str) -> str:
    value = given.get(path.removeprefix("env."))
    return str(value) if value is not None else (settings.text(path) or "").strip()
