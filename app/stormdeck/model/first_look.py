"""Collect what a first start found on this machine, what it did not and why, and what to press."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from stormdeck.model.deck import Deck
from stormdeck.model.request_path import gpu_name
from stormdeck.model.settings.scope import Scope
from stormdeck.model.snapshots.discovery import Found
from stormdeck.model.snapshots.gpu import GpuState
from stormdeck.model.snapshots.server import ServerKind, ServerState
from stormdeck.model.symbols import Health
from stormdeck.model.units import plural
from stormdeck.model.urls import place, port_of, same_place

_BASE_URL = "env.ANTHROPIC_BASE_URL"
_REFUSED = "connection refused"
_TYPE = "$"
_START = "vllm serve MODEL --enable-auto-tool-choice --tool-call-parser NAME >> vllm.log 2>&1"


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that was found or not."""

    health: Health
    text: str
    detail: str = ""
    """Where it is, or why it was not found."""
    short: str = ""
    """The text for a narrow pane; empty: the same."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do next."""

    keys: str
    """What to press; ``$``: a command to type."""
    text: str
    short: str
    """The text for a narrow pane; empty: left out there."""


@dataclass(frozen=True, slots=True)
class FirstLook:
    """The content of the screen of the first minute."""

    found: tuple[Fact, ...]
    missing: tuple[Fact, ...]
    steps: tuple[Step, ...]


def is_first_look(deck: Deck) -> bool:
    """Return whether nothing is configured yet: no base URL, no server by a flag, no request seen."""
    settings, traffic = deck.settings, deck.traffic
    if deck.replay is not None or deck.named or not deck.discovery.done:
        return False
    if not settings.files or settings.broken or settings.text(_BASE_URL) is not None:
        return False
    return traffic is None or not traffic.requests


def first_look(deck: Deck) -> FirstLook:
    """Return what is known so far."""
    return FirstLook(
        found=(*_servers(deck), *_starting(deck), *_logs(deck), *_gpus(deck)),
        missing=(*_no_server(deck), *_no_settings(deck), *_no_log(deck), *_no_gpu(deck)),
        steps=tuple(_steps(deck)),
    )


def _answering(deck: Deck) -> list[Found]:
    known = (*deck.discovery.found, *deck.discovery.beside)
    return [one for one in known if one.kind is not ServerKind.OTHER and one.met is ServerState.UP]


def _servers(deck: Deck) -> Iterator[Fact]:
    for one in _answering(deck):
        live = next((s for s in (deck.vllm, deck.proxy) if s is not None and same_place(s.url, one.url)), None)
        health = live.state.health if live is not None and live.state is not ServerState.ASKING else Health.OK
        version = f" {live.version}" if live is not None and live.version else ""
        names = [m if isinstance(m, str) else m.id for m in live.models] if live is not None else []
        more = f" and {plural(len(names) - 1, 'other name')}" if len(names) > 1 else ""
        serves = f"serves {names[0]}{more}; " if names else ""
        state = f"{live.detail}; " if live is not None and health is not Health.OK and live.detail else ""
        name = f"  {names[0]}" if names else ""
        yield Fact(
            health,
            f"{one.kind.value}{version} at {one.url}",
            f"{state}{serves}{one.how}",
            f"{one.kind.value} {place(one.url)}{name}",
        )


def _starting(deck: Deck) -> Iterator[Fact]:
    for process in deck.discovery.loading:
        kind = process.kind.value if process.kind is not None else "a server"
        yield Fact(Health.WARNING, f"{kind} is starting", f"process {process.pid} runs and does not listen yet")
    for url in deck.discovery.silent:
        yield Fact(Health.UNKNOWN, f"no answer yet from {place(url)}", "something listens there and is asked again")


def _logs(deck: Deck) -> Iterator[Fact]:
    if deck.discovery.logs:
        names = ", ".join(path.name for path in deck.discovery.logs)
        yield Fact(Health.OK, f"log {deck.discovery.logs[0]}", "retries are counted from it", f"log {names}")


def _gpus(deck: Deck) -> Iterator[Fact]:
    for name, gpu in (("", deck.gpu), *((host.name, host.snapshot) for host in deck.gpu_hosts.hosts)):
        if gpu.state is GpuState.OK and gpu.gpus:
            count = f"{len(gpu.gpus)} × " if len(gpu.gpus) > 1 else ""
            driver = f"driver {gpu.driver}" if gpu.driver else ""
            where = f" of {name}" if name else ""
            yield Fact(Health.OK, f"GPU{where} {count}{gpu_name(gpu.gpus[0].name)}", driver)


def _no_server(deck: Deck) -> Iterator[Fact]:
    """Yield where no server was found, and the programs that are none."""
    refusing = [port_of(one.what) for one in deck.discovery.missed if one.why.startswith(_REFUSED)]
    others = [one for one in deck.discovery.missed if one.what.startswith("http") and _REFUSED not in one.why]
    unasked = [one for one in deck.discovery.missed if "other listening port" in one.what]
    if not _answering(deck) and not deck.discovery.loading:
        ports = ", ".join(f":{port}" for port in refusing)
        why = [f"nothing listens on {ports}" if ports else "", "no process of a known kind runs"]
        why += [f"{plural(len(others), 'other program')} answered, none as a model server"] if others else []
        yield Fact(Health.UNKNOWN, "no model server", "; ".join(filter(None, why)), "no model server here")
    for one in others:
        yield Fact(Health.UNKNOWN, one.what, one.why, f"{place(one.what.split(' ')[0])} is no model server")
    for one in unasked:
        yield Fact(Health.UNKNOWN, one.what, one.why)


def _no_settings(deck: Deck) -> Iterator[Fact]:
    file = deck.settings.file(Scope.USER)
    if file is None:
        return
    if not file.exists:
        why = f"{file.path} does not exist, and the shell sets none"
    else:
        why = f"{file.path} does not set ANTHROPIC_BASE_URL, nor does the shell"
    yield Fact(Health.UNKNOWN, "no base URL for Claude Code", why, "Claude Code: no base URL")


def _no_log(deck: Deck) -> Iterator[Fact]:
    if deck.discovery.logs:
        return
    if not _answering(deck):
        yield Fact(Health.UNKNOWN, "no log", "a server's log is found with the server, or named with --log FILE")
    for note in deck.discovery.log_notes:
        yield Fact(Health.UNKNOWN, "no log", note, "no log: 4 shows why")


def _no_gpu(deck: Deck) -> Iterator[Fact]:
    for host in deck.gpu_hosts.hosts:
        if host.snapshot.state not in {GpuState.OK, GpuState.ASKING}:
            yield Fact(
                host.snapshot.state.health, f"GPU of {host.name}: {host.snapshot.state.value}", host.snapshot.detail
            )
    if deck.gpu.state not in {GpuState.OK, GpuState.ASKING}:
        yield Fact(deck.gpu.state.health, f"GPU: {deck.gpu.state.value}", deck.gpu.detail)


def _steps(deck: Deck) -> Iterator[Step]:
    answering = _answering(deck)
    if answering:
        url = place(answering[0].url)
        which = "one of them" if len(answering) > 1 else url
        fills = f"F fills the form for {url}" if len(answering) > 1 else "F fills the form"
        yield Step("3", f"point Claude Code at {which}: {fills}, s shows the change and saves", "set it up: F, then s")
        yield Step("4", "all findings, and a canary: requests as Claude Code sends them", "findings, canary")
        yield Step("ctrl+r", "look again", "look again")
        return
    yield Step(_TYPE, _START, "vllm serve MODEL")
    yield Step(_TYPE, "stormdeck --vllm http://HOST:8000    for a server elsewhere", "stormdeck --vllm URL")
    yield Step(_TYPE, "stormdeck demo    for the panel on a built-in stack", "stormdeck demo")
    yield Step("4", "see where stormdeck looked", "")
    yield Step("ctrl+r", "look again", "look again")
