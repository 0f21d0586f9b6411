"""Collect the names that would identify this machine and its user in a report."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

PUBLIC_HOSTS = frozenset(
    {
        "localhost",
        "HOST",
        "api.anthropic.com",
        "code.claude.com",
        "docs.anthropic.com",
        "docs.litellm.ai",
        "docs.vllm.ai",
        "github.com",
        "json.schemastore.org",
    }
)
"""Public hosts, and the stand-in for a host."""
_GENERIC_USERS = frozenset(
    {"root", "user", "admin", "ubuntu", "node", "docker", "claude", "vllm", "litellm", "stormdeck", "home", "work"}
)
"""Generic user names: they identify nobody and occur in ordinary text."""


MAX_NAMES = 500
"""The most own names that are searched for: the bound keeps hostile settings cheap."""


@dataclass(frozen=True, slots=True)
class Identities:
    """Names that identify this machine, its user and its servers."""

    home: str = ""
    project: str = ""
    users: tuple[str, ...] = ()
    host: str = ""
    others: tuple[str, ...] = ()
    """Hosts in the settings and the YAML."""
    paths: tuple[str, ...] = ()
    """Known files and folders, which may contain spaces."""
    models: tuple[str, ...] = ()
    """Model ids in settings, YAML and servers."""
    texts: tuple[str, ...] = ()
    """Texts in settings that expect a number or a switch: they may contain anything, and findings quote them."""
    names: tuple[str, ...] = ()
    """Names of the user's own variables."""


def identities_of(
    home: str,
    project: str,
    environ: Mapping[str, str],
    host: str,
    urls: Iterable[str],
    paths: Iterable[str] = (),
    models: Iterable[str] = (),
    texts: Iterable[str] = (),
    names: Iterable[str] = (),
) -> Identities:
    """Return the names of this machine, its user, and the hosts of some URLs; the rest is passed through."""
    people = (home.rstrip("/").rpartition("/")[2], environ.get("USER", ""), environ.get("LOGNAME", ""))
    others = {named for url in urls if (named := _host(url)) and not is_public(named)}
    return Identities(
        home,
        project,
        tuple(sorted(_people(people))),
        host,
        tuple(sorted(others)),
        tuple(sorted(paths)),
        tuple(sorted(models)),
        tuple(sorted(texts)),
        tuple(sorted(set(names)))[:MAX_NAMES],
    )


def is_public(host: str) -> bool:
    """Return whether a host may be shown: it is public, or the loopback."""
    bare = host.strip("[]")
    if bare in PUBLIC_HOSTS:
        return True
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def is_word(host: str) -> bool:
    """Return whether a host name is a plain word, such as ``vllm``, which outside a URL looks like text."""
    return re.search(r"[.\d-]", host) is None


def _people(names: Iterable[str]) -> set[str]:
    return {name for name in names if len(name) >= 3 and name.lower() not in _GENERIC_USERS}


def _host(url: str) -> str:
    """Return the host of a URL, also of one that ``model.urls`` calls ambiguous: it must not be shown either."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
