"""Read what an Engine API says of a container. What is missing or of another type is left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from stormdeck.model.logs.spec import Runtime
from stormdeck.model.masking.command import mask_command
from stormdeck.model.snapshots.containers import ContainerFacts, ContainerState, PublishedPort
from stormdeck.model.text import clean

PROJECT = "com.docker.compose.project"
SERVICE = "com.docker.compose.service"
"""The labels of docker compose, old and new, and of podman-compose."""
_ANY = {"", "0.0.0.0", "::"}  # noqa: S104 - compared with, never bound
_STATES = {state.value: state for state in ContainerState} | {"stopped": ContainerState.EXITED}


def argv_of(inspected: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the command line of a container, with its secrets."""
    path, args = inspected.get("Path"), inspected.get("Args")
    words = [path, *args] if isinstance(args, list) else [path]
    return tuple(word for word in words if isinstance(word, str) and word)


def facts_of(runtime: Runtime, inspected: Mapping[str, Any]) -> ContainerFacts:
    """Return the facts in an answer to ``/containers/NAME/json``."""
    config, state, network = (_part(inspected, name) for name in ("Config", "State", "NetworkSettings"))
    labels = _part(config, "Labels")
    mode = _text(_part(inspected, "HostConfig").get("NetworkMode"))
    networks = tuple(sorted(map(_text, _part(network, "Networks"))))
    return ContainerFacts(
        runtime=runtime,
        id=_text(inspected.get("Id")),
        name=_text(inspected.get("Name")).removeprefix("/"),
        project=_text(labels.get(PROJECT)),
        service=_text(labels.get(SERVICE)),
        image=_text(config.get("Image")),
        command=tuple(clean(word) for word in mask_command(argv_of(inspected))),
        ports=tuple(_ports(_part(network, "Ports"))),
        networks=("host",) if mode == "host" else networks,
        state=_STATES.get(_text(state.get("Status")), ContainerState.UNKNOWN),
        exit_code=_number(state.get("ExitCode")),
        oom_killed=state.get("OOMKilled") is True,
        error=_text(state.get("Error")),
        health=_health(state),
        restarts=_number(inspected.get("RestartCount")),
        started=_time(state.get("StartedAt")),
        finished=_time(state.get("FinishedAt")),
    )


def has_terminal(inspected: Mapping[str, Any]) -> bool:
    """Return whether the container has a terminal: then its log is raw, without frames."""
    return _part(inspected, "Config").get("Tty") is True


def _ports(ports: Mapping[str, Any]) -> Iterator[PublishedPort]:
    seen = set()
    for inner, places in ports.items():
        number, _, protocol = inner.partition("/")
        if protocol not in {"tcp", ""} or not number.isdecimal() or not isinstance(places, Sequence):
            continue
        for place in places:
            host, outer = (place.get("HostIp"), place.get("HostPort")) if isinstance(place, dict) else ("", "")
            if not isinstance(outer, str) or not outer.isdecimal() or int(outer) > 65_535:
                continue
            host = "127.0.0.1" if host in _ANY or not isinstance(host, str) else host
            found = PublishedPort(int(number[:6]), clean(f"[{host}]" if ":" in host else host), int(outer))
            if found not in seen:
                seen.add(found)
                yield found


def _health(state: Mapping[str, Any]) -> str:
    # Docker says Health, podman 4.3 Healthcheck.
    for name in ("Health", "Healthcheck"):
        words = _text(_part(state, name).get("Status"))
        if words and words != "none":
            return words
    return ""


def _part(of: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = of.get(name)
    return found if isinstance(found, dict) else {}


def _text(value: object) -> str:
    return clean(value)[:200] if isinstance(value, str) else ""


def _number(value: object) -> int:
    return value if type(value) is int else 0


def _time(value: object) -> float | None:
    """Return unix seconds; Docker writes the year 1 for never."""
    if not isinstance(value, str):
        return None
    try:
        t = datetime.fromisoformat(value).timestamp()
    except (ValueError, OverflowError):
        return None
    return t if t > 0 else None
