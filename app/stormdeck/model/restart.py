"""Find the command that restarts a server where it lives: in a container, a unit, a workload of Kubernetes, or bare.

Only what is known of the very server is offered; where its place is not known, the reason is returned.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace

from stormdeck.model.deck import Deck
from stormdeck.model.finding import HopKind
from stormdeck.model.logs.spec import ContainerLog, JournalLog, LogSpec, PodLog, RemoteLog, Runtime
from stormdeck.model.masking.lines import MASK
from stormdeck.model.request_path import path
from stormdeck.model.snapshots.containers import ContainerFacts, ContainerState
from stormdeck.model.snapshots.discovery import Found, LogPlace, ServerProcess
from stormdeck.model.snapshots.server import ProxySnapshot, ServerKind, ServerState, VllmSnapshot
from stormdeck.model.symbols import Health
from stormdeck.model.urls import same_place
from stormdeck.model.verdict.statement import Statement

_OF_MANY = {"cron", "crond", "atd", "ssh", "sshd", "supervisor", "supervisord", "docker", "containerd", "podman"}
_OF_MANY |= {"slurmd", "tmux", "screen", "dbus", "jupyter", "jupyterhub", "code-server", "pm2", "nomad", "kubelet"}
"""Units whose program starts the programs of others: they are not the server's."""
_ROLLED = ("deploy", "statefulset", "daemonset")
"""The kinds of workload that ``kubectl rollout restart`` takes."""
_WORDS = {HopKind.PROXY: "the proxy", HopKind.SERVER: "vLLM"}


@dataclass(frozen=True, slots=True)
class Restart:
    """What restarts a server."""

    title: str
    """``Restart vLLM: container vllm``."""
    argv: tuple[str, ...] = ()
    """The command that can be run from here; empty where the user has to type it."""
    typed: tuple[str, ...] = ()
    """The lines to type, if ``argv`` is empty."""
    notes: tuple[str, ...] = ()
    """What follows from it, and what is not known, one sentence each."""

    @property
    def command(self) -> str:
        """Return the whole command, quoted for a shell."""
        return shlex.join(self.argv) if self.argv else "\n".join(self.typed)


def hop_to_restart(deck: Deck, verdict: Statement) -> HopKind | str:
    """Return the server that the verdict blames, or why a restart of none is offered.

    A server that answers well is not offered, nor one that is starting: it would have to begin anew.
    """
    choose = "To restart a server all the same, choose its panel with tab, then press the key again."
    hop = verdict.hop
    if verdict.health is Health.OK or verdict.past or hop not in _WORDS:
        return f"The verdict blames no server. {choose}"
    server = _snapshot(deck, hop)
    if server is not None and server.state is ServerState.STARTING:
        return f"{server.kind.value} is starting: a restart would make it begin anew. {choose}"
    # Findings are about settings: the same command line would bring them again.
    hops = path(replace(deck, findings=()), by_group=False)
    if any(one.kind is hop and one.health is Health.OK for one in hops):
        return (
            f"{server.kind.value if server is not None else _WORDS[hop]} answers: a restart changes nothing. {choose}"
        )
    return hop


def restart_of(deck: Deck, hop: HopKind) -> Restart | str:
    """Return what restarts the server of a hop, or why that is not known, as a sentence."""
    if hop not in _WORDS:
        return "Only a proxy and an inference server can be restarted: choose one of their panels."
    snapshot = _snapshot(deck, hop)
    url = snapshot.url if snapshot is not None else ""
    found = next((one for one in deck.discovery.found if url and same_place(one.url, url)), None)
    place = _place(deck, hop, url)
    if place is not None and place.container is not None:
        return _of_container(place, deck.containers.of(place.log.name) or place.container)
    if place is not None and (offered := _of_log(place.kind, place.log)) is not None:
        return offered
    process, has_ended = _process(deck, hop, url)
    if found is not None and (found.kind is ServerKind.OTHER or not found.is_local):
        return _elsewhere(deck, found)
    if process is None and snapshot is None:
        return f"It is not known where {_WORDS[hop]} runs: no such server was found."
    name = snapshot.kind.value if snapshot is not None else _WORDS[hop]
    if process is None:
        return _elsewhere(deck, found) if found is not None else f"It is not known where {name} runs."
    return _of_process(process, process.kind.value if process.kind is not None else name, has_ended=has_ended)


def _snapshot(deck: Deck, hop: HopKind | None) -> ProxySnapshot | VllmSnapshot | None:
    return deck.proxy if hop is HopKind.PROXY else deck.vllm


def _place(deck: Deck, hop: HopKind, url: str) -> LogPlace | None:
    """Return where the log of a hop's server is; of one without a URL, the place of vLLM behind the proxy."""
    if url:
        return next((one for one in deck.discovery.places if one.url and same_place(one.url, url)), None)
    behind = (one for one in deck.discovery.places if not one.url and one.kind.is_engine)
    return next(behind, None) if hop is HopKind.SERVER else None


def _process(deck: Deck, hop: HopKind, url: str) -> tuple[ServerProcess | None, bool]:
    """Return the process of a hop's server, and whether it has ended."""
    running = next((one.process for one in deck.discovery.found if url and same_place(one.url, url)), None)
    if running is not None:
        return running, False
    is_proxy = hop is HopKind.PROXY
    loading = (one for one in deck.discovery.loading if one.kind is not None and one.kind.is_proxy is is_proxy)
    hidden = deck.discovery.hidden if not url and not is_proxy else None
    if (coming := next(loading, hidden.process if hidden is not None else None)) is not None:
        return coming, False
    return next((one for at, one in deck.processes.items() if url and same_place(at, url)), None), True


def _of_container(place: LogPlace, facts: ContainerFacts) -> Restart | str:
    if not facts.name[:1].isalnum():
        return f"{place.kind.value} runs in a container of {facts.runtime} without a name that can be given to it."
    title = f"Restart {place.kind.value}: container {facts.name}"
    if facts.state is ContainerState.REMOVED:
        again = f"{facts.runtime} compose up --detach {facts.service}" if facts.service else ""
        where = "Type it in the folder of its compose file." if again else "It has to be created again."
        return Restart(title, typed=(again,) if again else (), notes=(f"The container was removed. {where}",))
    policy = "It keeps its command line and its settings: changes of an image or compose file need it created again."
    at = place.container.endpoint if place.container is not None else ""
    host = ("--host" if facts.runtime is Runtime.DOCKER else "--url", at) if at else ()
    argv = (facts.runtime.value, *host, "restart", facts.name)
    return Restart(title, argv, notes=(_cuts(place.kind.value), policy))


def _of_log(kind: ServerKind, log: LogSpec) -> Restart | None:
    """Return the restart of a server whose log is kept by something other than a container's runtime."""
    if isinstance(log, JournalLog):
        return _of_unit(kind.value, log)
    if not isinstance(log, PodLog):
        return None
    title = f"Restart {kind.value}: {log.workload} in {log.namespace}"
    argv = _rollout(log)
    if argv:
        note = "Kubernetes starts new pods and ends the old ones; a running port-forward to an old one ends with it."
        return Restart(title, argv, notes=(_cuts(kind.value), note))
    context = (f"--context={log.context}",) if log.context else ()
    start = ("kubectl", *context, f"--namespace={log.namespace}")
    owner = "service" if log.workload.startswith("service/") else "pod"
    shown = (*start, "get", log.workload if "/" in log.workload else f"pod/{log.workload}", "--output=yaml")
    listed = (*start, "get", "deployments,statefulsets,daemonsets")
    again = (*start, "rollout", "restart", "deploy/NAME")
    return Restart(
        title,
        typed=tuple(shlex.join(one) for one in (shown, listed, again)),
        notes=(f"Which workload is behind the {owner} is not known: the first two show it, the third restarts it.",),
    )


def _rollout(log: PodLog) -> tuple[str, ...]:
    """Return the command that restarts a workload; empty for a pod, a service or a job."""
    if log.workload.partition("/")[0] not in _ROLLED:
        return ()
    context = (f"--context={log.context}",) if log.context else ()
    return ("kubectl", *context, f"--namespace={log.namespace}", "rollout", "restart", log.workload)


def _of_unit(name: str, log: JournalLog) -> Restart | None:
    """Return the restart of a unit; ``None`` for one that starts the programs of others."""
    if log.unit.partition("@")[0] in _OF_MANY:
        return None
    scope = ("--user",) if log.user else ()
    title = f"Restart {name}: {'user unit' if log.user else 'unit'} {log.unit}"
    whole = "Every process of the unit is restarted, not only this server."
    return Restart(title, ("systemctl", *scope, "restart", log.unit), notes=(_cuts(name), whole))


def _of_process(process: ServerProcess, name: str, *, has_ended: bool) -> Restart | str:
    """Return the restart of a server by its process: its unit's, its container's, or its own command line."""
    if process.unit is not None and (offered := _of_unit(name, process.unit)) is not None:
        return offered
    if process.container or process.has_own_network:
        return _in_container(process, name)
    if process.pid == 1:
        return f"{name} is the first process of the container that stormdeck runs in too: restart that from outside."
    command = process.command
    if not command or "::" in command[0] or " " in command[0]:
        return f"{name} (pid {process.pid}) hides its command line, so how to start it again is not known."
    start = shlex.join(command) + _redirection(process)
    lines: tuple[str, ...] = (start,)
    notes = []
    if not has_ended:
        notes.append(f"The first line ends pid {process.pid} and waits until it has ended.")
    if process.folder:
        lines = (f"cd {shlex.quote(process.folder)}", start)
    else:
        notes.append("Its working folder is not known; type it where its files are.")
    if any(MASK in word for word in command):
        notes.append(f"Put the secret in the place of {MASK}.")
    notes.append("Its environment variables are not shown: type it in a shell that has them.")
    title = f"Restart {name}: a process of its own"
    if has_ended:
        return Restart(f"{title}, which has ended", typed=lines, notes=tuple(notes))
    # Whoever pastes all lines must not start it while the old one still has the port.
    stop = f"kill {process.pid}; while kill -0 {process.pid} 2>/dev/null; do sleep 1; done"
    return Restart(f"{title}, pid {process.pid}", typed=(stop, *lines), notes=tuple(notes))


def _redirection(process: ServerProcess) -> str:
    """Return what sends the output to the files that it went to; empty where not both streams went to files."""
    if process.log is None:
        return ""
    if process.error_log is not None:
        return f" >>{shlex.quote(str(process.log))} 2>>{shlex.quote(str(process.error_log))}"
    return f" >>{shlex.quote(str(process.log))} 2>&1" if process.log_note.startswith("both ") else ""


def _in_container(process: ServerProcess, name: str) -> Restart | str:
    """Return the command for a container that this program may not ask about, by its id."""
    program, _, short = process.container.partition(" ")
    if program not in {"docker", "podman"} or not short:
        of = f" of {program}" if program else ""
        return (
            f"{name} (pid {process.pid}) runs in a container{of} whose name is not known here: restart it by its name."
        )
    return Restart(
        f"Restart {name}: container {short}",
        typed=(f"{program} restart {short}",),
        notes=(f"{program} does not show this user its containers: type it as a user who may.",),
    )


def _elsewhere(deck: Deck, found: Found) -> Restart | str:
    """Return what restarts a server on another machine: by ssh, where its log is read by ssh."""
    name = found.kind.value
    if found.kind is ServerKind.OTHER:
        return f"What answers at {found.url} is no known server, so what restarts it is not known."
    remote = [one for one in deck.discovery.logs if isinstance(one, RemoteLog)]
    lines = tuple(shlex.join(("ssh", one.host, shlex.join(argv))) for one in remote if (argv := _argv_of(one.log)))
    if lines:
        note = f"Only the line whose log is {name}'s restarts it: which one that is, is not known here."
        return Restart(f"Restart {name}: on another machine", typed=lines, notes=(note,))
    if found.holder is not None:
        return f"{name} is behind {found.holder.name} (pid {found.holder.pid}): restart it where that leads to."
    if not found.is_local:
        return f"{name} at {found.url} is not on this machine: restart it there."
    return f"The process at {found.url} is not known: it may belong to another user, or has never been seen."


def _argv_of(log: LogSpec) -> tuple[str, ...]:
    """Return the command that restarts what writes a log; empty for a file, and for what cannot be restarted so."""
    if isinstance(log, ContainerLog):
        # A compose service is no name of a container.
        return (log.runtime.value, "restart", log.container) if "/" not in log.container else ()
    if isinstance(log, PodLog):
        return _rollout(log)
    unit = _of_unit("", log) if isinstance(log, JournalLog) else None
    return unit.argv if unit is not None else ()


def _cuts(name: str) -> str:
    return f"The requests that {name} answers now are cut off."
