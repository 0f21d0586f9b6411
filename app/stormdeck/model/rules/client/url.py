"""URL: rules about the text of the base URL."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stormdeck.model.finding import Edit, Finding, Fix, Severity
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.rules.audience import ALWAYS
from stormdeck.model.rules.destination import Destination, cloud_switch, destination, leads_to_own_server
from stormdeck.model.rules.facts import BASE_URL, Facts
from stormdeck.model.rules.rule import WRONG_MODEL, Page, Rule, rule
from stormdeck.model.urls import parts_of, why_no_url

_SCHEME = re.compile(r"(?i)(https?):/*")
"""The client takes any number of slashes (measured, 2.1.42 to 2.1.332)."""
_ONLY_SLASHES = re.compile(r"(?i)(https?:/*[^/?#]+)//+")
_TAIL = re.compile(r"(?i)(?:/+v1(?:/+(?:messages(?:/count_tokens)?|chat/completions|completions|models))?)+/*$")
_HOST = re.compile(r"(?i)(https?://(?:[^/@\s]*@)?)(0\.0\.0\.0|\[::\]|\*)(?=[:/]|$)")
_LONGEST = 2048
"""Longer texts are no URLs; searching for an API path in them would take long."""
_EXAMPLE = '"env": { "ANTHROPIC_BASE_URL": "http://127.0.0.1:8000" }'


def repaired(url: str) -> str:
    """Return a corrected base URL: scheme, host and port, without query, ``/v1`` or wildcard host.

    Everything else is kept, including a path prefix before ``/v1``::

        repaired("localhost:8000/v1")  # "http://localhost:8000"
    """
    url = url[:_LONGEST].strip().strip("\"'`<>").strip()
    if not _SCHEME.match(url):
        host = url.partition("://")[2] if "://" in url else url.lstrip("/")
        url = f"http://{host}"
    url = _two_slashes(url)
    url = re.split(r"[?#]", url, maxsplit=1)[0]
    url = _TAIL.sub("", url) if _TAIL.search(url) else url
    return _HOST.sub(lambda found: found.group(1) + ("[::1]" if found.group(2) == "[::]" else "127.0.0.1"), url)


def _two_slashes(url: str) -> str:
    """Return a URL with two slashes before its host."""
    return _SCHEME.sub(r"\1://", url, count=1)


def _fix(url: str, description: str) -> Fix:
    return Fix(description, (Edit(BASE_URL, repaired(url)),))


@rule(
    Page(
        code="URL101",
        title="the base URL includes an API path",
        what="Finds an ANTHROPIC_BASE_URL that ends in /v1, /v1/ or /v1/messages, or has a query string.",
        why=(
            "Claude Code appends /v1/messages itself. Requests go to /v1/v1/messages, every turn is tried twice, and "
            "the server answers 404."
        ),
        shown=f"{WRONG_MODEL}\nUp to 2.0.76: API Error: 404",
        versions="all versions; the misleading message since 2.1.41",
        evidence="measured, 1.0.128 to 2.1.329",
        fix="End the URL after host and port.",
        example=_EXAMPLE,
    )
)
def api_path(facts: Facts) -> Iterator[Finding]:
    """Find a base URL that includes an API path or a query."""
    url = facts.text(BASE_URL)
    if len(url) > _LONGEST:
        return
    tail = _TAIL.search(re.split(r"[?#]", url.strip("\"'`<>"), maxsplit=1)[0])
    if not tail and "?" not in url and "#" not in url:
        return
    shown = "API Error: 404" if not facts.since("2.1.41") else "There's an issue with the selected model"
    where = "/v1/v1/messages" if tail else "a wrong path"
    yield Finding(
        "URL101",
        Severity.ERROR,
        f"ends in {tail.group().rstrip('/')}" if tail else f"has a {'query string' if '?' in url else 'fragment'}",
        f'Claude Code appends /v1/messages itself; requests go to {where} and fail, shown as "{shown}".',
        BASE_URL,
        fix=_fix(url, f"set it to {mask_text(repaired(url))}"),
    )


@rule(
    Page(
        code="URL102",
        title="no base URL",
        what=(
            "Finds an ANTHROPIC_BASE_URL that is empty, or that is missing although a tier is mapped to a model of "
            "your own."
        ),
        why=(
            "Prompts and code go to api.anthropic.com, together with your token, and that API does not know your model."
        ),
        shown="",
        versions="all versions",
        evidence="measured, 1.0.128 to 2.1.329: an empty text counts as no URL",
        fix="Set ANTHROPIC_BASE_URL to the address of vLLM or of the proxy.",
        example=_EXAMPLE,
    )
)
def no_base_url(facts: Facts) -> Iterator[Finding]:
    """Find settings with which prompts go to the hosted API."""
    empty = BASE_URL in facts.values and not facts.text(BASE_URL)
    missing = facts.complete and not facts.has_base_url and destination(facts) is Destination.OWN
    if not empty and not missing:
        return
    yield Finding(
        "URL102",
        Severity.ERROR,
        "empty: prompts go to api.anthropic.com" if empty else "not set: prompts go to api.anthropic.com",
        "Without a base URL Claude Code sends prompts to api.anthropic.com, which does not know your model.",
        BASE_URL,
        fix=Fix(
            "set it to vLLM's default address, http://127.0.0.1:8000; change the port if your server has another",
            (Edit(BASE_URL, "http://127.0.0.1:8000"),),
        ),
    )


@rule(
    Page(
        code="URL103",
        title="the base URL lacks http:// or contains a backslash",
        what="Finds an ANTHROPIC_BASE_URL that does not begin with http:// or https://, or that contains a backslash.",
        why=(
            "Claude Code rejects 127.0.0.1:8000 at once. With localhost:8000, versions up to 2.1.42 retry for three "
            "minutes without a message; 2.1.329 accepts it. Claude Code reads the text after a backslash as a path, "
            "other programs may read it as the host: stormdeck sends nothing to such a URL."
        ),
        shown="API Error: Invalid URL",
        versions="all versions for an IP address; up to 2.1.42 for a host name",
        evidence="measured, 1.0.128 to 2.1.329; the backslash: 2.1.332",
        fix="Put http:// in front, and remove the backslash.",
        example=_EXAMPLE,
    ),
    ALWAYS,
)
def no_scheme(facts: Facts) -> Iterator[Finding]:
    """Find a base URL without http:// or https://, or with a backslash."""
    url = facts.text(BASE_URL)
    if _SCHEME.match(url) and "\\" in url:
        yield Finding(
            "URL103",
            Severity.ERROR,
            "contains a backslash",
            "Claude Code reads the text after it as a path, and every turn ends in 404; other programs read it as the "
            "host. stormdeck sends nothing to it.",
            BASE_URL,
        )
    if not url or _SCHEME.match(url):
        return
    bare_name = re.match(r"[A-Za-z][A-Za-z0-9.\-]*(:\d+)?(/|$)", url) is not None
    if bare_name and facts.known_version and facts.since("2.1.329"):
        return
    message = 'Claude Code rejects it at once: "API Error: Invalid URL".'
    if bare_name:
        message = "Up to 2.1.42 Claude Code retries for three minutes without a message; 2.1.329 uses http."
    yield Finding(
        "URL103",
        Severity.ERROR,
        "no http:// before the host" if not _has_other_scheme(url) else "not an http URL",
        message,
        BASE_URL,
        applies="<=2.1.42" if bare_name else None,
        fix=_fix(url, f"set it to {mask_text(repaired(url))}"),
    )


def _has_other_scheme(url: str) -> bool:
    return "://" in url or url.startswith(('"', "'", "`", "<"))


@rule(
    Page(
        code="URL107",
        title="a listen address used as the base URL",
        what="Finds 0.0.0.0, [::] or * as the host of ANTHROPIC_BASE_URL.",
        why=(
            "These addresses tell a server to listen on all interfaces. As a destination they work on some systems, "
            "and never in a container."
        ),
        shown="",
        versions="all versions",
        evidence="docs: RFC 1122 allows 0.0.0.0 only as a source address",
        fix="Use 127.0.0.1, or the name of the server's machine.",
        example=_EXAMPLE,
    )
)
def wildcard_host(facts: Facts) -> Iterator[Finding]:
    """Find a listen address that is used as the base URL."""
    url = facts.text(BASE_URL)
    with_scheme = _two_slashes(url) if _SCHEME.match(url) else f"http://{url}"
    found = _HOST.match(with_scheme)
    if not url or not found:
        return
    yield Finding(
        "URL107",
        Severity.WARNING,
        f"{found.group(2)} is a listen address",
        "A server listens on it; as a destination it works only on some systems, and never in a container.",
        BASE_URL,
        evidence="docs",
        fix=_fix(url, f"set it to {mask_text(repaired(url))}"),
    )


@rule(
    Page(
        code="URL109",
        title="a cloud switch overrides the base URL",
        what=(
            "Finds CLAUDE_CODE_USE_BEDROCK, _VERTEX, _FOUNDRY, _MANTLE, _ANTHROPIC_AWS or _ANTHROPIC_GOOGLE_CLOUD "
            "switched on, in any scope, ~/.claude.json or the shell, together with an ANTHROPIC_BASE_URL."
        ),
        why="Claude Code sends everything to that cloud. Your server gets no request, and no message says so.",
        shown=(
            "Could not load AWS credentials\nCould not load Google Cloud credentials\n"
            "Must provide one of the `baseURL` or `resource` arguments\n"
            "No workspace ID found. Set `workspaceId` in the constructor ...\n"
            "No project was given and it could not be resolved from Google credentials."
        ),
        versions="all versions; _FOUNDRY, _MANTLE and _ANTHROPIC_AWS: 2.1.329; _ANTHROPIC_GOOGLE_CLOUD: 2.1.332",
        evidence=(
            "measured, 2.1.112 to 2.1.332: no request reached the server; on are 1, true, yes and on in any "
            "capitals, everything else is off"
        ),
        fix="Remove the switch where it is set, or set it to 0.",
        example='"env": { "CLAUDE_CODE_USE_BEDROCK": "0" }',
    ),
    ALWAYS,
)
def cloud(facts: Facts) -> Iterator[Finding]:
    """Find a base URL that a cloud switch overrides."""
    switch = cloud_switch(facts)
    if switch is None or not facts.text(BASE_URL):
        return
    name = switch.removeprefix("env.")
    yield Finding(
        "URL109",
        Severity.ERROR if leads_to_own_server(facts) else Severity.INFO,
        "the base URL is not used",
        f"{name} is on, so Claude Code sends everything to that cloud and nothing to ANTHROPIC_BASE_URL. "
        "Remove it, or set it to 0.",
        switch,
    )


@rule(
    Page(
        code="URL110",
        title="the base URL does not parse",
        what=(
            "Finds an ANTHROPIC_BASE_URL that is no URL: without a host, with a port that is no number or above 65535, "
            "with an open bracket, with an IPv6 zone, or with a character that no host has."
        ),
        why="Claude Code cannot send anything to it, and stormdeck cannot ask it either.",
        shown="API Error: Invalid URL",
        versions="all versions",
        evidence=(
            "docs: the URL standard (url.spec.whatwg.org), which Node and Bun follow; "
            "an IPv6 zone: measured, 2.1.42 to 2.1.332"
        ),
        fix="Write scheme, host and port.",
        example=_EXAMPLE,
    )
)
def no_url(facts: Facts) -> Iterator[Finding]:
    """Find a base URL that does not parse."""
    url = facts.text(BASE_URL).strip()
    why = why_no_url(url) if url and "\\" not in url else ""
    if why:
        yield Finding(
            "URL110",
            Severity.ERROR,
            "it does not parse as a URL",
            f'Its {why}. Claude Code can send nothing to it: "API Error: Invalid URL".',
            BASE_URL,
            evidence="docs",
        )


@rule(
    Page(
        code="URL115",
        title="several slashes at the end of the base URL",
        what="Finds an ANTHROPIC_BASE_URL that ends in // right after host and port.",
        why=(
            "Clients up to 2.1.112 take off one slash and send requests to //v1/messages, which vLLM and LiteLLM do "
            "not know. From 2.1.329 on the client sends them to /v1/messages."
        ),
        shown=f"{WRONG_MODEL}\nAPI Error: 404",
        versions="2.1.42 and 2.1.112, not 2.1.329 and 2.1.332; versions in between are not known",
        evidence="measured, 2.1.42 to 2.1.332; LiteLLM 1.110.2 answers 404",
        fix="End the URL after host and port.",
        example=_EXAMPLE,
    )
)
def slashes(facts: Facts) -> Iterator[Finding]:
    """Find a base URL that ends in several slashes."""
    url = facts.text(BASE_URL).strip()
    found = _ONLY_SLASHES.fullmatch(url) if len(url) <= _LONGEST else None
    if found is not None and _is_old(facts):
        yield Finding(
            "URL115",
            Severity.ERROR,
            "ends in several slashes",
            "Claude Code takes off one and sends requests to //v1/messages: vLLM and LiteLLM answer 404.",
            BASE_URL,
            applies="<=2.1.112",
            fix=_fix(found[1], f"set it to {mask_text(repaired(found[1]))}"),
        )


@rule(
    Page(
        code="URL116",
        title="a user in the base URL",
        what="Finds an ANTHROPIC_BASE_URL with a user, or a user and a password, before the host.",
        why=(
            "Clients up to 2.1.112 send nothing to such a URL. From 2.1.329 on the client sends requests without the "
            "user and the password."
        ),
        shown="API Error: Unable to connect to API. Check your internet connection",
        versions="2.1.42 and 2.1.112, not 2.1.329 and 2.1.332; versions in between are not known",
        evidence="measured, 2.1.42 to 2.1.332, with an ANTHROPIC_AUTH_TOKEN",
        fix="Take the user out of the URL. A gateway that wants a password gets it by ANTHROPIC_CUSTOM_HEADERS.",
        example=_EXAMPLE,
    )
)
def user_in_url(facts: Facts) -> Iterator[Finding]:
    """Find a base URL with a user."""
    url = facts.text(BASE_URL)
    parts = parts_of(url) if _SCHEME.match(url.strip()) and len(url) <= _LONGEST else None
    if parts is not None and parts.username is not None and _is_old(facts):
        yield Finding(
            "URL116",
            Severity.ERROR,
            "has a user",
            'Claude Code sends nothing to a URL with a user: "API Error: Unable to connect to API".',
            BASE_URL,
            applies="<=2.1.112",
        )


def _is_old(facts: Facts) -> bool:
    """Return whether the client is known to be older than those that normalise the URL themselves."""
    return facts.known_version and not facts.since("2.1.113")


RULES: tuple[Rule, ...] = (api_path, no_base_url, no_scheme, wildcard_host, cloud, no_url, slashes, user_in_url)
