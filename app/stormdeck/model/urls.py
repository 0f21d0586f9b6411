"""Parse and compare URLs: the one place that decides what host and port a URL means."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar
from urllib.parse import SplitResult, unquote, urlsplit

P = ParamSpec("P")
T = TypeVar("T")

_NEAR_NAMES = (
    *(".local", ".lan", ".internal", ".intranet", ".home", ".home.arpa", ".localdomain", ".test", ".corp"),
    *(".localhost", ".private", ".svc", ".ts.net"),
)
"""Suffixes that no public server has, including those of Kubernetes and Tailscale."""
_NEAR_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16", "100.64.0.0/10"),
        *("::1/128", "fc00::/7", "fe80::/10"),
    )
)
"""Loopback, private, link-local and shared (Tailscale, providers) networks."""
LOOPBACK_HOSTS = {"localhost", "127.0.0.1", "::1", "0.0.0.0", "::", ""}  # noqa: S104 - compared with, never bound
_HOSTED_NAMES = ("anthropic.com", "claude.com", "claude.ai")
_HOSTED_NETWORKS = (ipaddress.ip_network("160.79.104.0/23"), ipaddress.ip_network("2607:6bc0::/48"))
"""The addresses of api.anthropic.com, as its documentation lists them."""
_AMBIGUOUS = frozenset({"\\", "\x7f", *map(chr, range(32))})
"""Programs disagree on such a URL: after a backslash, browsers and Node see a path, others still the host."""
_API_TAIL = re.compile(r"(?:/+v1(?:/+(?:messages(?:/count_tokens)?|chat/completions|completions|models))?)?/*$")
"""The end of a URL that names an endpoint of the API instead of the server."""
_LONGEST_PATH = 24
"""Characters of a path that are shown."""
_ANY_SLASHES = re.compile(r"(?i)(https?):/*")
"""The client, as browsers do, takes any number of slashes before the host, none too (measured, 2.1.42 to 2.1.332)."""
_IPV4_NUMBERS = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)(?:\.(?:0x[0-9a-f]*|[0-9]+)){0,3}\.?")
_AUTHORITY = re.compile(r"(?i)https?:[/]*([^/?#\\\t\r\n]*)")
_NO_HOST = frozenset(" <>^|[]")
"""Characters that the URL standard forbids in a host; those that it strips or decodes first are not here."""
_LAST_PORT = 65535
_NOT_IN_HOSTS = frozenset(' /\\@?#<>^|"`{}%')
_KEPT = 512
_LONGEST_KEPT = 1024


def _kept(function: Callable[P, T]) -> Callable[P, T]:
    """Keep the last results of a function of texts, except for long texts.

    A panel compares the same few URLs with every snapshot: a fifth of its work (measured).
    """
    remembered = lru_cache(maxsize=_KEPT)(function)

    @wraps(function)
    def result(*texts: P.args, **named: P.kwargs) -> T:
        if named or max(map(len, texts)) > _LONGEST_KEPT:  # type: ignore[arg-type]
            return function(*texts, **named)
        return remembered(*texts)

    return result


@_kept
def parts_of(url: str) -> SplitResult | None:
    """Return the parts of a URL with a host; ``None`` for other text and for an ambiguous URL."""
    text = url.strip()
    text = with_scheme(text) if _ANY_SLASHES.match(text) else text
    if not _AMBIGUOUS.isdisjoint(text):
        return None
    try:
        parts = urlsplit(text)
        return parts if parts.hostname and parts.port != 0 and plain_host(parts.hostname) else None
    except ValueError:
        return None


def why_no_url(text: str) -> str:
    """Return why a base URL does not parse, in words that follow "its"; empty if it does, or if that is not certain.

    By the URL standard, which Claude Code's runtimes follow: further slashes before the host are skipped.

    >>> why_no_url("http://:8000"), why_no_url("http://a:70000"), why_no_url("http://[::1:8000")
    ('host is missing', 'port 70000 is above 65535', 'bracket is not closed')
    """
    found = _AUTHORITY.match(with_scheme(text))
    if found is None:
        return ""
    host = found[1].rpartition("@")[2]
    if host.startswith("["):
        inside, closed, rest = host[1:].partition("]")
        if not closed:
            return "bracket is not closed"
        try:
            address = ipaddress.IPv6Address(inside)
        except ValueError:
            return "text in brackets is no IPv6 address"
        if address.scope_id is not None:
            return "IPv6 address has a zone"
        return _why_no_port(rest.removeprefix(":")) if rest in {"", ":"} or rest.startswith(":") else "port is missing"
    name, _, port = host.partition(":")
    if not name:
        return "host is missing"
    wrong = next((one for one in name if one in _NO_HOST), None)
    if wrong is not None:
        return f"host contains {wrong!r}" if wrong != " " else "host contains a blank"
    return _why_no_port(port)


def _why_no_port(port: str) -> str:
    if not port:
        return ""
    if not (port.isascii() and port.isdigit()):
        return "port is no number"
    return f"port {port[:12]} is above 65535" if len(port.lstrip("0")) > len("65535") or int(port) > _LAST_PORT else ""


@_kept
def plain_host(host: str) -> str:
    """Return a host as name servers know it, or an empty text if it is not a host.

    In lower case and ASCII, without percent-encoding, full-width or invisible characters. A dot at the end stays: it
    stops name servers from trying other names.

    >>> plain_host("ｅxample.ORG"), plain_host("127.0.0.1."), plain_host("a b")
    ('example.org', '127.0.0.1', '')
    """
    text = host if ":" in host else unquote(host)
    if not text.isascii():
        try:
            text = text.encode("idna").decode()
        except UnicodeError:
            return ""
    text = text.lower()
    # Browsers, Node and Bun read every form of an IPv4 address, also one with a dot at its end (WHATWG).
    text = _dotted(text) if _IPV4_NUMBERS.fullmatch(text) else text
    return text if text.strip(".") and text.isprintable() and (":" in text or _NOT_IN_HOSTS.isdisjoint(text)) else ""


def _dotted(text: str) -> str:
    """Return an IPv4 address as four decimal numbers; a text whose numbers are too large as it is.

    By the URL standard: ``0x`` begins a hexadecimal number and 0 an octal one, and the last number fills the rest.

    >>> _dotted("127.1"), _dotted("0x7f000001"), _dotted("127.0.0.1."), _dotted("1.2.3.999")
    ('127.0.0.1', '127.0.0.1', '127.0.0.1', '1.2.3.999')
    """
    try:
        *firsts, last = (_number(part) for part in text.removesuffix(".").split("."))
    except ValueError:
        return text
    if any(part > 255 for part in firsts) or last >= 256 ** (4 - len(firsts)):
        return text
    value = last + sum(part * 256 ** (3 - at) for at, part in enumerate(firsts))
    return str(ipaddress.IPv4Address(value))


def _number(part: str) -> int:
    if part.startswith("0x"):
        return int(part[2:] or "0", 16)
    return int(part, 8) if part.startswith("0") else int(part[:16])


@_kept
def host_of(url: str) -> str:
    """Return the host of a URL as ``plain_host`` does, or an empty text."""
    parts = parts_of(url)
    return plain_host(parts.hostname or "") if parts is not None else ""


def with_scheme(text: str) -> str:
    """Return a base URL with a scheme: the client reads ``host:port`` as plain HTTP (measured, 2.1.329).

    A text that begins with a slash is a path, and no URL for the client either.

    >>> with_scheme("gpu:8000"), with_scheme("http:/gpu:8000"), with_scheme("/dev/zero")
    ('http://gpu:8000', 'http://gpu:8000', '/dev/zero')
    """
    url = text.strip()
    if (scheme := _ANY_SLASHES.match(url)) is not None:
        return f"{scheme[1]}://{url[scheme.end() :]}"
    return url if not url or url.startswith("/") or "://" in url else f"http://{url}"


def origin_of(url: str) -> str | None:
    """Return ``scheme://host:port``, the scope of a credential; ``None`` if it is not an HTTP URL.

    >>> origin_of("http://LocalHost/v1")
    'http://localhost:80'
    """
    parts = parts_of(url)
    scheme = parts.scheme.lower() if parts is not None else ""
    if scheme not in {"http", "https"}:
        return None
    host = host_of(url)
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port_of(url)}"


@_kept
def is_hosted(host: str) -> bool:
    """Return whether a host, in any spelling, belongs to the hosted API, to which nothing is sent."""
    name = plain_host(host).rstrip(".")
    if any(name == one or name.endswith(f".{one}") for one in _HOSTED_NAMES):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return any((mapped or address) in network for network in _HOSTED_NETWORKS)


@_kept
def port_of(url: str) -> int | None:
    """Return the port, by default that of the scheme."""
    parts = parts_of(url)
    if parts is None:
        return None
    return parts.port or {"http": 80, "https": 443}.get(parts.scheme.lower())


def server_path(path: str) -> str:
    """Return the path of a URL without the API's own: what is in front of ``/v1/messages``.

    >>> server_path("/vllm/v1"), server_path("/v1/messages"), server_path("/")
    ('/vllm', '', '')
    """
    return _API_TAIL.sub("", path)


@_kept
def same_host(one: str, other: str) -> bool:
    """Return whether two URLs have the same host and port; all loopback names are the same."""
    places = [("" if is_loopback(host_of(url)) else host_of(url), port_of(url)) for url in (one, other)]
    return parts_of(one) is not None and places[0] == places[1]


@_kept
def same_place(one: str, other: str) -> bool:
    """Return whether two URLs lead to the same server: host, port, and path without the API's own.

    >>> same_place("http://localhost:8000/v1", "http://127.0.0.1:8000")
    True
    """
    first, second = parts_of(one), parts_of(other)
    if first is None or second is None or not same_host(one, other):
        return False
    return server_path(first.path) == server_path(second.path)


@_kept
def is_loopback(host: str) -> bool:
    """Return whether a host is the loopback of this machine."""
    if host in LOOPBACK_HOSTS:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@_kept
def is_near(host: str) -> bool:
    """Return whether a host name or address is of this machine or a private network."""
    if is_loopback(host) or ("." not in host.rstrip(".") and ":" not in host) or host.endswith(_NEAR_NAMES):
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return any(address in network for network in _NEAR_NETWORKS if network.version == address.version)


@_kept
def place(url: str) -> str:
    """Return a short address: ``:8000`` on this machine, ``gpu-box:8000`` elsewhere, ``gw:443/vllm`` below a path."""
    parts = parts_of(url)
    if parts is None:
        return ""
    host, port = host_of(url), parts.port or (443 if parts.scheme == "https" else 80)
    path = server_path(parts.path)
    path = path if len(path) <= _LONGEST_PATH else f"{path[: _LONGEST_PATH - 1]}…"
    return f":{port}{path}" if host in {"localhost", "127.0.0.1", "::1"} else f"{host}:{port}{path}"
