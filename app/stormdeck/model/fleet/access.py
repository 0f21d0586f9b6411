"""Name a Prometheus: its URL, where its secrets are, and which labels name what. Secrets themselves are never here.

Written as one text, the URL first: ``https://mimir.example/prometheus,bearer=env:MIMIR_TOKEN,tenant=ml``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

SECRET_FORMS = "env:VARIABLE or file:PATH"  # noqa: S105 - the form of a reference
TENANT_HEADER = "X-Scope-OrgID"
"""What names the tenant in Mimir, Cortex and Thanos's receivers."""
_KEYS = ("bearer", "user", "password", "header", "tenant", "ca", "only", "model", "instance", "host")
_SEVERAL = {"header", "only"}
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", re.ASCII)
_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_TENANT = re.compile(r"[A-Za-z0-9!_.*'()|-]+", re.ASCII)
"""The characters that Mimir takes, and ``|`` between several tenants (source: Mimir's documentation)."""
_RESERVED = {"host", "user-agent", "accept", "accept-encoding", "content-length", "connection", "transfer-encoding"}


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a secret is: in a variable of the environment, or in a file."""

    variable: str = ""
    file: Path | None = None

    def __str__(self) -> str:
        return f"env:{self.variable}" if self.variable else f"file:{self.file}"


@dataclass(frozen=True, slots=True)
class PrometheusAccess:
    """A Prometheus, or what speaks its query API, and how it is asked."""

    url: str
    """The base URL: ``/api/v1/query`` follows it."""
    bearer: Secret | None = None
    user: str = ""
    password: Secret | None = None
    headers: tuple[tuple[str, Secret], ...] = ()
    tenant: str = ""
    ca: Path | None = None
    """A file of certificate authorities to trust besides the usual ones."""
    only: tuple[tuple[str, str], ...] = ()
    """Labels and values that a series must have."""
    model: str = ""
    """The label that names the model; found if empty, like the next two."""
    instance: str = ""
    host: str = ""

    def __str__(self) -> str:
        named: list[tuple[str, object]] = [("bearer", self.bearer), ("user", self.user), ("password", self.password)]
        named += [("header", f"{name}:{secret}") for name, secret in self.headers]
        named += [("tenant", self.tenant), ("ca", self.ca)]
        named += [("only", f"{label}={value}") for label, value in self.only]
        named += [("model", self.model), ("instance", self.instance), ("host", self.host)]
        return ",".join([self.url, *(f"{key}={value}" for key, value in named if value)])


def split_accesses(text: str) -> list[str]:
    """Split the items of a variable: at white space that follows no comma.

    >>> split_accesses("http://a:9090 http://b:9090, tenant=x")
    ['http://a:9090', 'http://b:9090, tenant=x']
    """
    return re.split(r"(?<!,)\s+", text.strip())


def parse_access(text: str, url: Callable[[str], str], path: Callable[[str], Path]) -> PrometheusAccess:
    """Return the Prometheus that a text names. Raises ``ValueError`` with what is wrong; no value is quoted.

    ``url`` checks a URL, ``path`` resolves the name of a file.
    """
    base, *rest = [part.strip() for part in text.split(",")]
    given: dict[str, list[str]] = {}
    for part in rest:
        key, separator, value = part.partition("=")
        if key not in _KEYS:
            near = get_close_matches(key, _KEYS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(_KEYS)}"
            raise ValueError(
                f"after the URL, expected KEY=VALUE, found {'another key' if separator else 'no ='}; {hint}"
            )
        if not value:
            raise ValueError(f"{key}= has no value")
        if key in given and key not in _SEVERAL:
            raise ValueError(f"{key}= is given twice")
        given.setdefault(key, []).append(value)
    one = {key: values[0] for key, values in given.items()}
    if ("user" in one) != ("password" in one):
        raise ValueError("user= and password= belong together")
    if "bearer" in one and "user" in one:
        raise ValueError("give bearer=, or user= and password=, not both")
    if not _TENANT.fullmatch(one.get("tenant", "-")):
        raise ValueError("tenant= expects letters, digits and any of ! _ . * ' ( ) | -")
    if ":" in one.get("user", ""):
        raise ValueError("user= may not contain a colon")
    return PrometheusAccess(
        url(base),
        bearer=_secret("bearer", one["bearer"], path) if "bearer" in one else None,
        user=one.get("user", ""),
        password=_secret("password", one["password"], path) if "password" in one else None,
        headers=tuple(_header(value, path) for value in given.get("header", ())),
        tenant=one.get("tenant", ""),
        ca=path(one["ca"]) if "ca" in one else None,
        only=tuple(_only(value) for value in given.get("only", ())),
        **{key: _label(key, one[key]) for key in ("model", "instance", "host") if key in one},
    )


def _secret(key: str, text: str, path: Callable[[str], Path]) -> Secret:
    kind, _, name = text.partition(":")
    if kind == "env" and _VARIABLE.fullmatch(name):
        return Secret(variable=name)
    if kind == "file" and name:
        return Secret(file=path(name))
    raise ValueError(f"{key}= expects {SECRET_FORMS}: the secret itself does not belong here")


def _header(text: str, path: Callable[[str], Path]) -> tuple[str, Secret]:
    name, _, secret = text.partition(":")
    if not _HEADER.fullmatch(name):
        raise ValueError(f"header= expects NAME:SECRET, where SECRET is {SECRET_FORMS}")
    if name.lower() in _RESERVED:
        raise ValueError(f"header= cannot set {name}")
    return name, _secret(f"header={name}:", secret, path)


def _only(text: str) -> tuple[str, str]:
    label, separator, value = text.partition("=")
    if not separator:
        raise ValueError("only= expects LABEL=VALUE")
    return _label("only", label), value


def _label(key: str, text: str) -> str:
    if not _LABEL.fullmatch(text):
        raise ValueError(f"{key}= expects the name of a label, such as cluster")
    return text
