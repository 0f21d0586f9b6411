"""Name a log, wherever it lives: a file's path, ``docker:litellm``, ``journal:vllm``, ``k8s:prod/deploy/vllm``.

The same names are used by ``--log``, the options file, the palette and the discovery. A path is a ``Path``; a file
whose name looks like one of the others is named with its folder: ``./docker:x``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path


class Runtime(StrEnum):
    """A program that runs containers and speaks Docker's Engine API."""

    DOCKER = "docker"
    PODMAN = "podman"


@dataclass(frozen=True, slots=True)
class ContainerLog:
    """The log of a container, of Docker or podman on this machine."""

    runtime: Runtime
    container: str
    """Its name, the first characters of its id, or the name of a compose service, perhaps ``PROJECT/SERVICE``."""

    def __str__(self) -> str:
        return f"{self.runtime}:{self.container}"

    @property
    def name(self) -> str:
        """Return the log's name."""
        return str(self)


@dataclass(frozen=True, slots=True)
class JournalLog:
    """The messages of a unit in systemd's journal."""

    unit: str
    user: bool = False
    """It is a unit of the user's own service manager."""

    def __str__(self) -> str:
        return f"journal:{'user:' if self.user else ''}{self.unit}"

    @property
    def name(self) -> str:
        """Return the log's name."""
        return str(self)


@dataclass(frozen=True, slots=True)
class PodLog:
    """The log of a pod in Kubernetes."""

    namespace: str
    workload: str
    """A pod's name, or ``deploy/NAME``, ``statefulset/NAME`` and the like: then one of its pods."""
    container: str = ""
    """Empty: the pod's default container."""
    context: str = ""
    """Empty: the current context of kubectl."""

    def __str__(self) -> str:
        return "k8s:" + "/".join(filter(None, (self.context, self.namespace, self.workload, self.container)))

    @property
    def name(self) -> str:
        """Return the log's name."""
        return str(self)


@dataclass(frozen=True, slots=True)
class RemoteLog:
    """A log on another host, read by ssh."""

    host: str
    """A name of the user's ssh configuration, ``user@host`` or an address."""
    log: Path | ContainerLog | JournalLog | PodLog

    def __str__(self) -> str:
        return f"ssh:{self.host}:{self.log}"

    @property
    def name(self) -> str:
        """Return the log's name."""
        return str(self)


@dataclass(frozen=True, slots=True)
class StandardInput:
    """What is piped into stormdeck."""

    def __str__(self) -> str:
        return "-"

    @property
    def name(self) -> str:
        """Return the log's name."""
        return "standard input"


STDIN = StandardInput()
LogSpec = Path | ContainerLog | JournalLog | PodLog | RemoteLog | StandardInput

FORMS = "FILE, docker:NAME, podman:NAME, journal:UNIT, k8s:NAMESPACE/POD, ssh:HOST:LOG or -"
_KINDS = ("docker", "podman", "journal", "k8s", "ssh")
_OTHER_WORDS = {"kubernetes": "k8s", "kubectl": "k8s", "k8": "k8s", "systemd": "journal", "journald": "journal"}
_OTHER_WORDS |= {"journalctl": "journal", "unit": "journal", "container": "docker", "compose": "docker"}
_CONTAINER = re.compile(r"[A-Za-z0-9][\w.-]*(?:/[A-Za-z0-9][\w.-]*)?", re.ASCII)
_UNIT = re.compile(r"[A-Za-z0-9:_.\\@][A-Za-z0-9:_.\\@-]*", re.ASCII)
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?", re.ASCII)
_CONTEXT = re.compile(r"[A-Za-z0-9][^\s/\x00-\x1f]*")
_HOST = re.compile(r"(?:[A-Za-z0-9_.][\w.-]*@)?(?:[A-Za-z0-9_][\w.-]*|\[[0-9A-Fa-f:.%\w]+\])", re.ASCII)
_WORKLOADS = {
    word: kind
    for kind, words in {
        "pod": ("pod", "pods", "po"),
        "deploy": ("deploy", "deployment", "deployments", "deployment.apps"),
        "statefulset": ("statefulset", "statefulsets", "sts"),
        "daemonset": ("daemonset", "daemonsets", "ds"),
        "replicaset": ("replicaset", "replicasets", "rs"),
        "job": ("job", "jobs"),
        "service": ("service", "services", "svc"),
    }.items()
    for word in words
}


def is_ssh_host(text: str) -> bool:
    """Return whether a text is ``host``, ``user@host`` or an address, and no option of ssh."""
    return _HOST.fullmatch(text) is not None


def parse_log(text: str, path: Callable[[str], Path] = Path) -> LogSpec:
    """Return the log that a text names; ``path`` makes a path of a file's name.

    Raises ``ValueError`` with what is wrong and how it is written.

    >>> parse_log("docker:litellm"), str(parse_log("k8s:prod/deploy/vllm/server"))
    (ContainerLog(runtime=<Runtime.DOCKER: 'docker'>, container='litellm'), 'k8s:prod/deploy/vllm/server')
    """
    if text == "-":
        return STDIN
    kind, colon, rest = text.partition(":")
    if not colon or "/" in kind or not kind.isalnum() or not kind.isascii():
        return path(text)
    word = kind.lower()
    if word in _KINDS:
        return _parsed(word, rest, path)
    near = _OTHER_WORDS.get(word) or next(iter(get_close_matches(word, _KINDS, n=1, cutoff=0.75)), None)
    if near is not None:
        raise ValueError(f'"{kind}:" is no kind of log; did you mean {near}:{rest}? A file of this name is ./{text}')
    return path(text)


def split_logs(text: str) -> list[str]:
    """Return the names in a list that is written like ``PATH``: a colon inside a name does not separate.

    >>> split_logs("docker:vllm:/var/log/litellm.log:ssh:gpu:journal:user:vllm")
    ['docker:vllm', '/var/log/litellm.log', 'ssh:gpu:journal:user:vllm']
    """
    words = text.split(":")
    found: list[str] = []
    while words:
        size = _words_of_name(words)
        name = ":".join(words[:size])
        words = words[size:]
        if name:
            found.append(name)
    return found


def short_name(log: str) -> str:
    """Return the last part of a log's name, for a narrow column.

    >>> short_name("/var/log/vllm.log"), short_name("journal:user:vllm"), short_name("k8s:prod/deploy/vllm")
    ('vllm.log', 'vllm', 'vllm')
    """
    last = log.rsplit("/", 1)[-1]
    kind, colon, rest = last.partition(":")
    return rest.rsplit(":", 1)[-1] if colon and kind in _KINDS and rest else last


def display_name(log: str) -> str:
    """Return a log's name for a heading: of a file its name without the folder, of another place all of it.

    >>> display_name("/var/log/vllm.log"), display_name("ssh:gpu:/var/log/vllm.log")
    ('vllm.log', 'ssh:gpu:/var/log/vllm.log')
    """
    return log if log.partition(":")[0] in _KINDS else log.rsplit("/", 1)[-1]


def _words_of_name(words: list[str]) -> int:
    """Return how many words, split at colons, belong to the first name."""
    kind, more = words[0], words[1:]
    if kind not in _KINDS or not more:
        return 1
    if kind == "journal":
        return min(len(words), 3 if more[0] == "user" else 2)
    if kind == "ssh":
        return 2 + (_words_of_name(more[1:]) if more[1:] else 0)
    return 2


def _parsed(kind: str, rest: str, path: Callable[[str], Path]) -> LogSpec:
    if kind == "journal":
        return _journal(rest)
    if kind == "k8s":
        return _pod(rest)
    if kind == "ssh":
        return _remote(rest, path)
    if not rest:
        raise ValueError(f"{kind}: names no container; expected {kind}:NAME, a container or a compose service")
    if not _CONTAINER.fullmatch(rest):
        raise ValueError(f'"{rest}" is no name of a container; expected {kind}:NAME or {kind}:PROJECT/SERVICE')
    return ContainerLog(Runtime(kind), rest)


def _journal(rest: str) -> JournalLog:
    owner, colon, name = rest.partition(":")
    user = colon == ":" and owner == "user"
    unit = name if user else rest
    if not unit:
        raise ValueError("journal: names no unit; expected journal:UNIT, or journal:user:UNIT for a unit of the user")
    if not _UNIT.fullmatch(unit):
        raise ValueError(f'"{unit}" is no name of a unit; expected journal:UNIT, such as journal:vllm')
    return JournalLog(unit, user)


def _pod(rest: str) -> PodLog:
    form = "k8s:[CONTEXT/]NAMESPACE/POD[/CONTAINER] or k8s:[CONTEXT/]NAMESPACE/deploy/NAME[/CONTAINER]"
    parts = rest.split("/")
    if len(parts) < 2 or not all(parts):
        raise ValueError(f"expected {form}, found k8s:{rest}")
    kinds = [at for at, part in enumerate(parts[:-1]) if part in _WORKLOADS and at > 0]
    # A namespace or a context may be called like a kind: the last place where the rest still fits counts.
    at = next((at for at in reversed(kinds) if at <= 2 and len(parts) - at in {2, 3}), None)
    if at is not None:
        before, workload, after = parts[:at], f"{_WORKLOADS[parts[at]]}/{parts[at + 1]}", parts[at + 2 :]
        workload = workload.removeprefix("pod/")
    elif len(parts) <= 3:
        before, workload, after = parts[:1], parts[1], parts[2:]
    else:
        before, workload, after = parts[:2], parts[2], parts[3:]
    context = before[0] if len(before) == 2 else ""
    namespace, container = before[-1], after[0] if after else ""
    names = [part for part in (namespace, workload.rpartition("/")[2], container) if part]
    wrong = next((name for name in names if not _LABEL.fullmatch(name)), None)
    if len(after) > 1 or (context and not _CONTEXT.fullmatch(context)):
        raise ValueError(f"expected {form}, found k8s:{rest}")
    if wrong is not None:
        raise ValueError(f'"{wrong}" is no name in Kubernetes; expected {form}')
    return PodLog(namespace, workload, container, context)


def _remote(rest: str, path: Callable[[str], Path]) -> RemoteLog:
    form = "ssh:HOST:LOG, where LOG is a path there, docker:NAME, podman:NAME, journal:UNIT or k8s:NAMESPACE/POD"
    end = rest.find("]:") + 1 if "[" in rest.partition(":")[0] else rest.find(":")
    host, named = (rest[:end], rest[end + 1 :]) if end > 0 else (rest, "")
    if not host or not named:
        raise ValueError(f"expected {form}, found ssh:{rest}")
    if not _HOST.fullmatch(host):
        raise ValueError(f'"{host}" is no name of a host; expected {form}')
    log = parse_log(named)
    if isinstance(log, RemoteLog | StandardInput):
        raise ValueError(f"{log} cannot be read on another host; expected {form}")
    return RemoteLog(host, log)
