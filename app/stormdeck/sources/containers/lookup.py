"""Find a container by what the user calls it: its name, its id, or the compose service that it belongs to."""

from __future__ import annotations

from typing import Any

from stormdeck.sources.containers.engine_api import EngineApi
from stormdeck.sources.containers.facts import PROJECT, SERVICE


class AmbiguousError(Exception):
    """Several containers are meant; the text names them."""


async def find_container(api: EngineApi, name: str, service: tuple[str, str] = ("", "")) -> dict[str, Any] | None:
    """Return what the API says of a container, ``None`` if there is none.

    ``name`` may be ``PROJECT/SERVICE`` or a service alone. ``service``, project and name, is that of a container that
    had this name before: where compose has given its successor another name, that one is found. Raises
    ``AmbiguousError`` where several containers of a service run.
    """
    project, slash, wanted = name.rpartition("/")
    if not slash and (found := await api.inspect(name)) is not None:
        return found
    if not slash and service[1]:
        project, wanted = service
    labels = (f"{SERVICE}={wanted}", *((f"{PROJECT}={project}",) if project else ()))
    listed = [one for one in await api.listed(labels) if isinstance(one.get("Id"), str)]
    running = [one for one in listed if one.get("State") == "running"]
    if len(running) > 1:
        names = sorted(_name(one) for one in running)
        raise AmbiguousError(f"{len(running)} containers of service {wanted} run: name one of {', '.join(names[:6])}")
    newest = max(running or listed, key=_created, default=None)
    return await api.inspect(newest["Id"]) if newest is not None else None


def _name(listed: dict[str, Any]) -> str:
    names = listed.get("Names")
    first = names[0] if isinstance(names, list) and names and isinstance(names[0], str) else str(listed.get("Id"))[:12]
    return first.removeprefix("/")


def _created(listed: dict[str, Any]) -> float:
    created = listed.get("Created")
    return float(created) if isinstance(created, int | float) else 0.0
