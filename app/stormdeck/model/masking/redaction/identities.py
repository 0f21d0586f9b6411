"""Whose machine it is: the names by which a report would tell it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

OPEN_HOSTS = frozenset(
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
"""Hosts that everybody knows, and the word that stands for one."""
_NOBODY = frozenset(
    {"root", "user", "admin", "ubuntu", "node", "docker", "claude", "vllm", "litellm", "stormdeck", "home", "work"}
)
"""Names of users that name no person, and would be found in every second line."""


MOST_NAMES = 500
"""Own names that are looked for in texts: more are the work of somebody who wants to keep us busy."""


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What tells whose machine this is."""

    home: str = ""
    project: str = ""
    users: tuple[str, ...] = ()
    host: str = ""
    others: tuple[str, ...] = ()
    """Hosts that the settings and the YAML name."""
    paths: tuple[str, ...] = ()
    """Files and folders that are known by their whole name, blanks in it and all."""
    models: tuple[str, ...] = ()
    """The ids of models that settings, YAML and servers name."""
    texts: tuple[str, ...] = ()
    """Texts in settings that take a number or a switch: they may say anything, and findings quote them."""
    names: tuple[str, ...] = ()
    """Names of variables that are the user's own."""


def whereabouts(
    home: str,
    project: str,
    environ: Mapping[str, str],
    host: str,
    urls: Iterable[str],
    paths: Iterable[str] = (),
    models: Iterable[str] = (),
    texts: Iterable[str] = (),
    names: Iterable[str] = (),
) -> Whereabouts:
    """Return the names of this machine, its user, and the hosts of some URLs; the rest as given."""
    people = (home.rstrip("/").rpartition("/")[2], environ.get("USER", ""), environ.get("LOGNAME", ""))
    others = {named for url in urls if (named := _host(url)) and not is_open(named)}
    return Whereabouts(
        home,
        project,
        tuple(sorted(_people(people))),
        host,
        tuple(sorted(others)),
        tuple(sorted(paths)),
        tuple(sorted(models)),
        tuple(sorted(texts)),
        tuple(sorted(set(names)))[:MOST_NAMES],
    )


def is_open(host: str) -> bool:
    """Say whether a host may be named: it is this machine, or everybody's."""
    bare = host.strip("[]")
    if bare in OPEN_HOSTS:
        return True
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def is_word(host: str) -> bool:
    """Say whether a host's name is a plain word, such as ``vllm``: away from a URL it cannot be told from text."""
    return re.search(r"[.\d-]", host) is None


def _people(names: Iterable[str]) -> set[str]:
    return {name for name in names if len(name) >= 3 and name.lower() not in _NOBODY}


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
