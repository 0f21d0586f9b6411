"""The path: the hops from the client to the GPU, each with its light."""

from __future__ import annotations

from dataclasses import dataclass, replace

from stormdeck.model.deck import Deck
from stormdeck.model.finding import HopKind, Severity
from stormdeck.model.rules.impact import follows_from_server
from stormdeck.model.settings.scope import SettingsSnapshot
from stormdeck.model.settings.trust import withheld
from stormdeck.model.snapshots.discovery import Found
from stormdeck.model.snapshots.gpu import GpuSnapshot, GpuState
from stormdeck.model.snapshots.server import ProxySnapshot, ServerKind, ServerState, VllmSnapshot
from stormdeck.model.symbols import Health
from stormdeck.model.symptoms.blame import NO_ANSWER, blame, blame_failure, failure_of_storm
from stormdeck.model.units import percent
from stormdeck.model.urls import place, same_place

_UNANSWERED = {ServerState.SILENT, ServerState.STALE}


@dataclass(frozen=True, slots=True)
class Hop:
    """One hop as the path shows it."""

    kind: HopKind
    name: str
    """``claude``, ``LiteLLM``, ``vLLM``, ``2 × H200``."""
    place: str
    """``:4000``; a host where it is not this machine; empty where there is none."""
    light: Health
    figure: str = ""
    """The number beside the light: ``2 ms``, ``91 %``; or the state in a word."""


def path(deck: Deck) -> tuple[Hop, ...]:
    """Return the hops in order. The proxy is left out where there is none."""
    from stormdeck.model.rules.collect import is_hosted

    hops = [_client(deck)]
    front = unknown_front(deck)
    if front is not None:
        hops.append(Hop(HopKind.PROXY, "server", place(front.url), *_met(deck, front)))
    if deck.proxy is not None:
        hops.append(_server(deck, HopKind.PROXY, deck.proxy, deck.proxy.kind.value))
    base = unknown_base(deck)
    if base is not None and is_hosted(deck):
        hops.append(Hop(HopKind.SERVER, "gateway", place(base.url), Health.UNKNOWN, "hosted"))
    elif base is not None:
        hops.append(Hop(HopKind.SERVER, "server", place(base.url), *_met(deck, base)))
    elif deck.vllm is not None:
        hops.append(_server(deck, HopKind.SERVER, deck.vllm, ServerKind.VLLM.value))
    elif deck.discovery.hosted is not None:
        hops.append(Hop(HopKind.SERVER, "hosted API", "", Health.UNKNOWN, "not asked"))
    else:
        found = "no answer" if deck.discovery.silent else "not found"
        hops.append(Hop(HopKind.SERVER, "vLLM", "", Health.UNKNOWN, found if deck.discovery.done else "looking"))
    hops.append(_gpu(deck.gpu))
    return tuple(_failing(hops, deck))


def _failing(hops: list[Hop], deck: Deck) -> list[Hop]:
    """Return the hops, the one lit where requests fail now: its own checks may be green."""
    storm = deck.traffic.live_storm if deck.traffic is not None else None
    failure = deck.traffic.failure if deck.traffic is not None else None
    # A hop that gave no answer shows that itself, as long as it gives none.
    if storm is not None and storm.cause not in NO_ANSWER:
        at, figure = blame(storm, deck).hop, storm.cause
    elif storm is not None:
        return hops
    elif failure is not None and failure.recent and not failure.passed and not failure_of_storm(failure, deck):
        at, figure = blame_failure(failure, deck).hop, str(failure.status)
    else:
        return hops
    return [
        replace(hop, light=Health.ERROR, figure=figure) if hop.kind is at and hop.light is not Health.ERROR else hop
        for hop in hops
    ]


def unknown_base(deck: Deck) -> Found | None:
    """Return the server that the client is sent to, where it is neither vLLM nor a known proxy, or does not answer."""
    return None if deck.vllm is not None or deck.proxy is not None else _unknown(deck)


def unknown_front(deck: Deck) -> Found | None:
    """Return the same where a flag names a vLLM: what the client is sent to stands before that."""
    return _unknown(deck) if deck.vllm is not None and deck.proxy is None else None


def _unknown(deck: Deck) -> Found | None:
    return next((found for found in deck.discovery.found if found.kind is ServerKind.OTHER), None)


def _met(deck: Deck, base: Found) -> tuple[Health, str]:
    """Return the light of a base URL where no known server answers, and what was met there in a word."""
    if base.met is ServerState.UP:
        return Health.WARNING, "wants a key" if wants_key(deck, base.url) else "of another kind"
    is_broken = is_mute(deck, base.url) or is_out_of_reach(deck, base.url)
    return (Health.ERROR if is_broken else base.met.light), base.met.value


def wants_key(deck: Deck, url: str) -> bool:
    """Return whether what answers at a URL asks for a key before it shows what it is."""
    return any(missed.what.startswith(url) and "wants a key" in missed.why for missed in deck.discovery.missed)


def is_mute(deck: Deck, url: str) -> bool:
    """Return whether a server accepts the client's connections and has left a patient question without an answer."""
    return _reach(deck, url) == "silent"


def is_out_of_reach(deck: Deck, url: str) -> bool:
    """Return whether the client cannot connect to a URL: no such name, no route, nothing that listens."""
    return _reach(deck, url) in {"refused", "unresolved", "unreachable"}


def _reach(deck: Deck, url: str) -> str:
    """Return what the probe of the base URL met; empty for another URL, and where nothing was asked."""
    probe = deck.probe
    return probe.reach if probe is not None and same_place(probe.url, url) else ""


def broken_file(settings: SettingsSnapshot) -> bool:
    """Say whether a settings file is there and not in effect."""
    return any(file.dropped for file in settings.files)


def worst(deck: Deck, hop: HopKind) -> Severity | None:
    """Return how bad the worst finding at a hop is; that a server is down is told at that server."""
    own = (one for one in deck.findings if one.hop is hop and not follows_from_server(one, deck))
    return next((finding.severity for finding in own), None)


def _client(deck: Deck) -> Hop:
    name = f"claude {deck.client_version}" if deck.client_version else "claude"
    if broken_file(deck.settings):
        return Hop(HopKind.CLIENT, name, "", Health.ERROR, "settings")
    if not deck.settings.files:
        return Hop(HopKind.CLIENT, name, "", Health.UNKNOWN)
    if worst(deck, HopKind.CLIENT) is Severity.ERROR:
        return Hop(HopKind.CLIENT, name, "", Health.ERROR, "settings")
    if withheld(deck.settings) is not None:
        return Hop(HopKind.CLIENT, name, "", Health.WARNING, "untrusted")
    if worst(deck, HopKind.CLIENT) is Severity.WARNING:
        return Hop(HopKind.CLIENT, name, "", Health.WARNING)
    return Hop(HopKind.CLIENT, name, "", Health.OK)


def _server(deck: Deck, kind: HopKind, server: VllmSnapshot | ProxySnapshot, name: str) -> Hop:
    light = Health.ERROR if server.state in _UNANSWERED and is_mute(deck, server.url) else server.state.light
    if server.state is ServerState.REFUSING and withheld(deck.settings) is not None:
        light = Health.WARNING
    up = light is Health.OK
    found = worst(deck, kind)
    if up and found in {Severity.ERROR, Severity.WARNING}:
        light = found.light
    figure = f"{server.latency_ms} ms" if up and server.latency_ms is not None else "" if up else server.state.value
    return Hop(kind, name, place(server.url), light, figure)


def _gpu(gpu: GpuSnapshot) -> Hop:
    if gpu.state is not GpuState.OK or not gpu.gpus:
        name = "GPU" if gpu.state is GpuState.ASKING else "no GPU" if gpu.state.light is Health.UNKNOWN else "GPU"
        return Hop(HopKind.GPU, name, "", gpu.state.light, "" if gpu.state.light is Health.UNKNOWN else gpu.state.value)
    names = {gpu_name(one.name) for one in gpu.gpus}
    name = names.pop() if len(names) == 1 else "GPUs"
    told = [one.utilization_percent for one in gpu.gpus if one.utilization_percent is not None]
    light = Health.ERROR if any(one.lost for one in gpu.gpus) else Health.OK
    busiest = percent(sum(told) / len(told)) if told else ""
    return Hop(HopKind.GPU, name if len(gpu.gpus) == 1 else f"{len(gpu.gpus)} × {name}", "", light, busiest)


def gpu_name(name: str) -> str:
    """Return a GPU's name without the words that every card carries: ``NVIDIA H200`` is ``H200``."""
    for word in ("NVIDIA ", "GeForce ", "Tesla ", "Quadro "):
        name = name.replace(word, "")
    return name.split(" 80GB")[0].strip() or "GPU"
