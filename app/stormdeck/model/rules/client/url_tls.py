"""URL: rules about TLS at the base URL."""

from __future__ import annotations

from collections.abc import Iterator

from stormdeck.model.finding import Edit, Finding, Fix, Severity
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.rules.facts import BASE_URL, Facts
from stormdeck.model.rules.rule import Page, Rule, rule
from stormdeck.model.snapshots.probe import Reach
from stormdeck.model.urls import host_of, is_loopback

_AUTHORITIES = "env.NODE_EXTRA_CA_CERTS"
_IN_SHELL = "env.SSL_CERT_FILE"
_UNCHECKED = "env.NODE_TLS_REJECT_UNAUTHORIZED"


@rule(
    Page(
        code="URL104",
        title="https:// to a port that speaks plain HTTP",
        what="Finds an ANTHROPIC_BASE_URL that begins with https:// although the server does not use TLS.",
        why=(
            "vLLM and the proxies use plain HTTP unless they were started with a certificate. Claude Code retries for "
            "three minutes without a message, then shows a TLS error. The rule speaks only if the same port answers "
            "plain HTTP with success, asked without the token."
        ),
        shown="API Error: Connection error.\n2.1.329: SSL error (ERR_SSL_WRONG_VERSION_NUMBER); between: (EPROTO)",
        versions="all versions; tested against the running server",
        evidence="measured, 1.0.128 to 2.1.329",
        fix=(
            "On this machine, write http://. For another machine, start the server with a certificate or use a tunnel "
            "(ssh -L): http:// would send the token unencrypted."
        ),
        example='"env": { "ANTHROPIC_BASE_URL": "http://127.0.0.1:8000" }',
    )
)
def plain_http(facts: Facts) -> Iterator[Finding]:
    """Find https:// to a server without TLS. Only on loopback there is a fix: elsewhere the token would go in clear."""
    probe, url = facts.live.probe, facts.text(BASE_URL).strip()
    if probe is None or probe.reach is not Reach.PLAIN_HTTP or not url.lower().startswith("https://"):
        return
    plain = f"http://{url[8:]}"
    is_here = is_loopback(host_of(url))
    tunnel = "" if is_here else " http:// would send the token unencrypted: use a certificate or a tunnel (ssh -L)."
    yield Finding(
        "URL104",
        Severity.ERROR,
        "the server speaks plain HTTP",
        "Claude Code retries for three minutes without a message, then shows a connection or SSL error." + tunnel,
        BASE_URL,
        fix=Fix(f"set it to {mask_text(plain)}", (Edit(BASE_URL, plain),)) if is_here else None,
    )


@rule(
    Page(
        code="URL113",
        title="http:// to a port that speaks TLS",
        what="Finds an ANTHROPIC_BASE_URL that begins with http:// although the server there uses TLS.",
        why=(
            "The server answers 400 in plain HTTP, or closes the connection. The token has been sent unencrypted by "
            "then. The rule speaks only if the same port completes a TLS handshake, or shows a certificate."
        ),
        shown="API Error: 400 Client sent an HTTP request to an HTTPS server.\nAPI Error: Connection error.",
        versions="all versions; tested against the running server",
        evidence="measured: caddy 2.6, nginx 1.22, and TLS servers of Python",
        fix="Write https://.",
        example='"env": { "ANTHROPIC_BASE_URL": "https://llm.example.org:8443" }',
    )
)
def tls_port(facts: Facts) -> Iterator[Finding]:
    """Find http:// to a port that speaks TLS."""
    probe, url = facts.live.probe, facts.text(BASE_URL).strip()
    if probe is None or probe.reach is not Reach.TLS_ONLY or not url.lower().startswith("http://"):
        return
    secure = f"https://{url[7:]}"
    yield Finding(
        "URL113",
        Severity.ERROR,
        "the server speaks TLS",
        "Requests in plain HTTP fail there, and the token is sent unencrypted.",
        BASE_URL,
        fix=Fix(f"set it to {mask_text(secure)}", (Edit(BASE_URL, secure),)),
    )


@rule(
    Page(
        code="URL111",
        title="the server's certificate is not accepted",
        what=(
            "Finds an https:// base URL whose certificate is self-signed, signed by an authority that is not known, "
            "expired, or for another name. stormdeck trusts the usual authorities, those of the system, and the files "
            "in NODE_EXTRA_CA_CERTS and SSL_CERT_FILE of the settings and the shell. A certificate that only "
            "SSL_CERT_FILE of the settings makes trusted is found too: Claude Code does not read it there."
        ),
        why=(
            "Claude Code closes the connection before it sends anything, and retries. http:// is no way out: the "
            "token would be sent unencrypted, and the port does not take it."
        ),
        shown=(
            "2.1.112: API Error: Unable to connect to API: SSL certificate verification failed. Check your proxy or "
            "corporate SSL certificates\n"
            "2.1.332: API Error: Unable to connect to API: SSL certificate verification failed "
            "(UNABLE_TO_VERIFY_LEAF_SIGNATURE). ..."
        ),
        versions="all versions; SSL_CERT_FILE of the shell: 2.1.332, not 2.1.112",
        evidence="measured, 2.1.112 and 2.1.332",
        fix=(
            "Name the PEM file of the authority that signed it (of a self-signed certificate: the certificate itself) "
            "in NODE_EXTRA_CA_CERTS. An expired one must be renewed; one for another name needs a base URL with a "
            "name that it lists."
        ),
        example='"env": { "NODE_EXTRA_CA_CERTS": "/etc/ssl/our-authority.pem" }',
    )
)
def certificate(facts: Facts) -> Iterator[Finding]:
    """Find a certificate that the client does not accept."""
    probe = facts.live.probe
    is_named_again = facts.text(_AUTHORITIES) == facts.text(_IN_SHELL)
    if probe is not None and probe.needs_shell and not is_named_again and facts.text(_UNCHECKED).strip() != "0":
        yield _in_settings(facts)
    if probe is None or probe.reach not in {Reach.UNTRUSTED, Reach.BAD_CERTIFICATE}:
        return
    reason = f"{probe.detail[:1].upper()}{probe.detail[1:]}."
    if facts.text(_UNCHECKED).strip() == "0":
        yield Finding(
            "URL111",
            Severity.WARNING,
            "the certificate is not checked",
            f"{reason} NODE_TLS_REJECT_UNAUTHORIZED=0 lets Claude Code send its token there all the same, to whoever "
            "answers. stormdeck does not ask such a server.",
            _UNCHECKED,
        )
        return
    yield Finding("URL111", Severity.ERROR, *_what_to_do(facts, probe.reach, reason, probe.authorities))


def _in_settings(facts: Facts) -> Finding:
    """Return that the client does not read the file of authorities that makes the certificate right."""
    file = facts.text(_IN_SHELL)
    fix = Fix(f"set NODE_EXTRA_CA_CERTS to {mask_text(file)}", (Edit(_AUTHORITIES, file),))
    return Finding(
        "URL111",
        Severity.ERROR,
        "Claude Code does not read SSL_CERT_FILE of the settings",
        "The certificate is trusted only with SSL_CERT_FILE, which Claude Code reads from the shell or not at all: it "
        "sends nothing there. It reads NODE_EXTRA_CA_CERTS from the settings, too.",
        _IN_SHELL,
        fix=None if facts.text(_AUTHORITIES) else fix,
    )


def _what_to_do(facts: Facts, reach: Reach, reason: str, useless: str) -> tuple[str, str, str]:
    """Return title, message, and the setting to change."""
    if reach is Reach.BAD_CERTIFICATE:
        return (
            "its certificate is not accepted",
            f"{reason} Claude Code sends nothing there. Renew it, or write a name that it lists.",
            BASE_URL,
        )
    if not facts.text(_AUTHORITIES):
        name = "Name the PEM file of the authority that signed it in NODE_EXTRA_CA_CERTS."
        return "its certificate is not trusted", f"{reason} Claude Code sends nothing there. {name}", BASE_URL
    why = f"NODE_EXTRA_CA_CERTS {useless}" if useless else "NODE_EXTRA_CA_CERTS names another authority"
    return "its certificate is not trusted", f"{reason} {why}. Claude Code sends nothing there.", _AUTHORITIES


RULES: tuple[Rule, ...] = (plain_http, tls_port, certificate)
