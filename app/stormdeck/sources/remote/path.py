"""Recognise the servers of other machines among those that were found, however the client reaches them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from stormdeck.model.snapshots.discovery import Found, LogPlace
from stormdeck.model.urls import same_place
from stormdeck.sources.remote.machine import RemoteServer


def on_machines(found: Iterable[Found], far: Sequence[RemoteServer]) -> tuple[Found, ...]:
    """Return the servers, each with the machine and process that it has there if it is one of another machine.

    A server that the client reaches by the user's own tunnel is the one of that kind there, if there is only one; then
    it is not listed a second time.
    """
    known = [(one, _server(one, far)) for one in found]
    through = {server.url for one, server in known if server is not None and not same_place(one.url, server.url)}
    return tuple(
        one if server is None else _on(one, server)
        for one, server in known
        if server is None or server.url not in through or not same_place(one.url, server.url)
    )


def far_logs(found: Found, far: Sequence[RemoteServer]) -> Iterator[LogPlace]:
    """Yield where the log of a server on another machine is. The user named the machine, so it may be read."""
    server = _server(found, far)
    if server is not None and server.log is not None:
        yield LogPlace(found.kind, server.log, found.url)


def _server(found: Found, far: Sequence[RemoteServer]) -> RemoteServer | None:
    same = next((one for one in far if same_place(found.url, one.url)), None)
    holder = found.holder
    if same is not None or holder is None or holder.name != "ssh":
        return same
    of_kind = [one for one in far if one.process is not None and one.process.kind is found.kind]
    alike = [one for one in of_kind if one.host in holder.command]
    return alike[0] if len(alike) == 1 else None


def _on(found: Found, server: RemoteServer) -> Found:
    process = server.process if server.process is not None and server.process.kind is found.kind else None
    is_same = same_place(found.url, server.url)
    return replace(
        found,
        process=process,
        holder=None if is_same else found.holder,
        is_local=False,
        host=server.host,
        by_ssh=is_same and not server.is_direct,
    )
