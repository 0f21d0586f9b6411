"""Find the sockets of Docker and podman that this user may have."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stormdeck.model.logs.spec import Runtime

_DOCKER_AT_HOME = (
    *(".docker/run/docker.sock", ".docker/desktop/docker.sock"),
    *(".colima/default/docker.sock", ".orbstack/run/docker.sock", ".rd/docker.sock", ".lima/docker/sock/docker.sock"),
)
"""Docker Desktop on macOS and Linux, colima, OrbStack, Rancher Desktop, lima; from their documentation."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an Engine API answers."""

    runtime: Runtime
    socket: Path | None = None
    url: str = ""
    """For an API by TCP, with ``http://`` or ``https://``."""
    certificates: Path | None = None
    """A folder with ``ca.pem``, ``cert.pem`` and ``key.pem``, for ``https://``."""

    @property
    def as_option(self) -> str:
        """Return it as ``--host`` of docker and ``--url`` of podman take it."""
        return f"unix://{self.socket}" if self.socket is not None else self.url

    def __str__(self) -> str:
        return str(self.socket) if self.socket is not None else self.url


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The places where a runtime may answer, the likeliest first."""

    found: tuple[Endpoint, ...]
    why: str = ""
    """Why there is none that can be used, and what to do."""


def endpoints(runtime: Runtime, environ: Mapping[str, str], home: Path | None = None) -> Endpoints:
    """Return the sockets of a runtime. A variable such as ``DOCKER_HOST`` counts alone, as for its own program."""
    variable = "DOCKER_HOST" if runtime is Runtime.DOCKER else "CONTAINER_HOST"
    named = environ.get(variable, "").strip()
    if named:
        return _named(runtime, variable, named, environ)
    found = tuple(Endpoint(runtime, path) for path in _usual(runtime, environ, home or Path.home()) if _exists(path))
    if found:
        return Endpoints(found)
    start = (
        "start it with `systemctl --user start podman.socket`, or as root without --user"
        if runtime is Runtime.PODMAN
        else f"start Docker, or set {variable}"
    )
    return Endpoints((), f"{runtime} has no socket here; {start}")


def _named(runtime: Runtime, variable: str, text: str, environ: Mapping[str, str]) -> Endpoints:
    scheme, separator, rest = text.partition("://")
    if not separator and text.startswith("/"):
        scheme, rest = "unix", text
    if scheme == "unix":
        return Endpoints((Endpoint(runtime, Path(rest)),))
    if scheme in {"tcp", "http", "https"} and rest:
        tls = scheme == "https" or bool(environ.get("DOCKER_TLS_VERIFY"))
        folder = Path(environ.get("DOCKER_CERT_PATH") or Path.home() / ".docker") if tls else None
        return Endpoints((Endpoint(runtime, None, f"{'https' if tls else 'http'}://{rest.rstrip('/')}", folder),))
    if scheme == "ssh":
        host = rest.partition("/")[0]
        return Endpoints((), f"{variable} leads to {host} by ssh; name the log ssh:{host}:{runtime}:NAME")
    return Endpoints((), f"{variable} is {text[:60]}, which is neither unix://, tcp:// nor ssh://")


def _usual(runtime: Runtime, environ: Mapping[str, str], home: Path) -> list[Path]:
    runtime_folder = Path(environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}")
    if runtime is Runtime.PODMAN:
        own, system = runtime_folder / "podman" / "podman.sock", Path("/run/podman/podman.sock")
        return [system, own] if os.getuid() == 0 else [own, system]
    return [Path("/var/run/docker.sock"), runtime_folder / "docker.sock", *(home / path for path in _DOCKER_AT_HOME)]


def _exists(path: Path) -> bool:
    try:
        return path.is_socket()
    except OSError:
        return False
