"""Find the log files of the servers on the path, or explain how to get them."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path

from stormdeck.model.logs.spec import JournalLog, LogSpec
from stormdeck.model.snapshots.discovery import Found, LogPlace, ServerProcess
from stormdeck.model.snapshots.server import ServerKind
from stormdeck.sources.net.address import address, is_own_host
from stormdeck.sources.processes.containers import container_of

_RUNTIMES = {"docker-proxy": "docker", "conmon": "podman", "rootlessport": "podman", "kubectl": "kubectl"}
"""The program that shows the log of a server behind a forwarder."""
_FILES = {ServerKind.VLLM: "vllm.log", ServerKind.LITELLM: "litellm.log"}


def followed(
    found: Sequence[Found],
    named: Sequence[LogSpec],
    silent: Collection[str] = (),
    places: Sequence[LogPlace] = (),
) -> tuple[tuple[LogSpec, ...], tuple[str, ...]]:
    """Return the logs to follow, the proxy's first, and a sentence for each server on the path without one.

    ``places`` are the logs of servers that are no files.

    Logs that the user named are the only ones then. ``silent`` are URLs that do not answer: no local server runs
    there.
    """
    if named:
        return tuple(named), ()
    logs: dict[LogSpec, None] = {}
    notes: list[str] = []
    for server in sorted(found, key=lambda server: not server.kind.is_proxy):
        if server.kind is ServerKind.OTHER:
            continue
        own = [path for path in _logs(server) if os.access(path, os.R_OK)]
        elsewhere = [one for one in places if one.url == server.url]
        logs |= dict.fromkeys([*own, *(one.log for one in elsewhere if not one.is_proposed)])
        if elsewhere:
            notes += [_proposal(one) for one in elsewhere if one.is_proposed]
            continue
        is_silent = server.url in silent
        note = _far_note(server) if server.host else _note(server, readable=bool(own), silent=is_silent)
        if note:
            notes.append(note)
    logs |= dict.fromkeys(one.log for one in places if not one.url and not one.is_proposed)
    return tuple(logs), tuple(notes)


def _proposal(place: LogPlace) -> str:
    """Return how to follow a log for which a program has to be run."""
    program = "journalctl" if isinstance(place.log, JournalLog) else "kubectl"
    return (
        f"The log of {place.kind.value} is {place.log}, by {program}: "
        f"p, its name and enter follow it; or start with --log {place.log}."
    )


def _other_log(holder: ServerProcess, name: str) -> str:
    """Return how to get the log of a server behind another program."""
    runtime = _RUNTIMES.get(holder.name)
    if runtime is not None:
        place = "k8s:NAMESPACE/POD" if runtime == "kubectl" else f"{runtime}:NAME"
        save = f"save the log of {name} with `{runtime} logs -f NAME > FILE 2>&1 &` and name it: --log FILE"
        return f"follow it with --log {place}, or {save}"
    return f"give the log of {name} with --log FILE"


def _logs(server: Found) -> list[Path]:
    process = server.process
    return [path for path in (process.log, process.error_log) if path is not None] if process is not None else []


def _far_note(server: Found) -> str:
    """Return how to follow the log of a server on another machine, where it is not known."""
    process, host = server.process, server.host
    writes = f"writes {process.log_note}" if process is not None and process.log_note else "has no log that is known"
    return f"{server.kind.value} on {host} {writes}: name it with --log ssh:{host}:FILE to see its requests."


def _note(server: Found, *, readable: bool, silent: bool) -> str:
    """Return why a server has no log to follow, or only half of it, and what to do."""
    target, process, name = address(server.url), server.process, server.kind.value
    if process is None and server.holder is not None:
        return f"{server.holder_words}: {_other_log(server.holder, name)}."
    if process is None:
        if target is None or not is_own_host(target.host):
            return f"{name} at {server.url} runs elsewhere: give a log that reaches this machine with --log FILE."
        unseen = f"The process of {name} on port {target.port} is not seen, as in a container"
        return "" if silent else f"{unseen}: give its log with --log FILE."
    if server.kind is ServerKind.CLAUDE_CODE_ROUTER:
        return (
            ""
            if readable
            else "claude-code-router logs to ~/.claude-code-router/logs: give the newest with --log FILE."
        )
    file = _FILES.get(server.kind, "proxy.log")
    start = f"start it with `... >> {file} 2>&1`"
    container = container_of(process.pid)
    if container is not None and process.log is None:
        save = container.log_command(file)
        if container.runtime == "kubectl":
            how = "--log k8s:NAMESPACE/POD follows its log by kubectl"
        else:
            place = f"{container.runtime}:{container.name}"
            how = f"--log {place} follows its log where this user may use {container.runtime}'s socket"
        saved = f"save it with `{save}` and name it: --log {file}"
        return f"{name} (pid {process.pid}) runs in a container: {how}; or {saved}."
    if process.log is None:
        return f"{name} (pid {process.pid}) writes {process.log_note}: {start} to see its requests."
    if not readable:
        return f"{process.log}, the log of {name}, cannot be read by this user: make it readable, or use --log FILE."
    if "standard output" in process.log_note and process.error_log is None:
        return f"Only half of what {name} (pid {process.pid}) writes is in a file ({process.log_note}): {start}."
    return ""
