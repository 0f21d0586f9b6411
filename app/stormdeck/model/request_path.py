"""Build the request path: the hops from the client to the GPU, each with its health."""

from __future__ import annotations

from dataclasses import dataclass, replace

from stormdeck.model.deck import Deck
from stormdeck.model.finding import HopKind, Severity
from stormdeck.model.rules.impact import follows_from_server
from stormdeck.model.settings.scope import SettingsSnapshot
from stormdeck.model.settings.trust import withheld
from stormdeck.model.snapshots.containers import ContainerFacts
from stormdeck.model.snapshots.discovery import Found
from stormdeck.model.snapshots.failure import LIMITED_WORDS
from stormdeck.model.snapshots.gpu import GpuSnapshot, GpuState
from stormdeck.model.snapshots.gpu_hosts import GpuHost
from stormdeck.model.snapshots.server import ProxySnapshot, ServerKind, ServerState, VllmSnapshot
from stormdeck.model.symbols import Health
from stormdeck.model.symptoms.blame import NO_ANSWER, blame, blame_failure, failure_of_storm
from stormdeck.model.units import percent
from stormdeck.model.urls import host_of, is_loopback, place, same_place

_UNANSWERED = {ServerState.SILENT, ServerState.STALE}


@dataclass(frozen=True, slots=True)
class Hop:
    """One hop as it is shown."""

    kind: HopKind
    name: str
    """``claude``, ``LiteLLM``, ``vLLM``, ``2 × H200``."""
    place: str
    """``:4000``, with a host if it is not this machine; empty if unknown."""
    health: Health
    figure: str = ""
    """The number beside the sign (``2 ms``, ``91 %``), or the state in a word."""
    group: str = ""
    """The model group that the hop shows, where the proxy has several servers."""


def path(deck: Deck, *, by_group: bool = True) -> tuple[Hop, ...]:
    """Return the hops in order, without a proxy if there is none.

    With ``by_group``, the server's hop shows the health of its whole model group.
    """
    from stormdeck.model.rules.collect import is_hosted

    hops = [_client(deck)]
    front = unknown_front(deck)
    if front is not None:
        hops.append(Hop(HopKind.PROXY, "server", place(front.url), *_health_at(deck, front)))
    if deck.proxy is not None:
        hops.append(_server(deck, HopKind.PROXY, deck.proxy, deck.proxy.kind.value))
    base = unknown_base(deck)
    if base is not None and is_hosted(deck):
        hops.append(Hop(HopKind.SERVER, "gateway", place(base.url), Health.UNKNOWN, "hosted"))
    elif base is not None:
        hops.append(Hop(HopKind.SERVER, "server", place(base.url), *_health_at(deck, base)))
    elif deck.vllm is not None:
        hops.append(_server(deck, HopKind.SERVER, deck.vllm, deck.vllm.kind.value))
    elif ended := _ended_containers(deck):
        hops.append(Hop(HopKind.SERVER, "vLLM", "", Health.ERROR, str(ended[0].state)))
    elif deck.discovery.hidden is not None and not deck.discovery.silent:
        hops.append(Hop(HopKind.SERVER, "vLLM", "", Health.UNKNOWN, "in a container"))
    elif deck.discovery.hosted is not None:
        hops.append(Hop(HopKind.SERVER, "hosted API", "", Health.UNKNOWN, "not asked"))
    else:
        found = "no answer" if deck.discovery.silent else "not found"
        hops.append(Hop(HopKind.SERVER, "vLLM", "", Health.UNKNOWN, found if deck.discovery.done else "looking"))
    if by_group and base is None:
        hops[-1] = _in_group(deck, hops[-1])
    gpus = server_gpus(deck)
    hops.append(_gpu(gpus) if gpus is not None else Hop(HopKind.GPU, "GPU", "", Health.UNKNOWN, "elsewhere"))
    return tuple(_failing(hops, deck))


def _ended_containers(deck: Deck) -> list[ContainerFacts]:
    """Return the containers of vLLM that nothing leads to from here, if all of them have ended."""
    places = [one for one in deck.discovery.places if not one.url and one.kind.is_engine]
    facts = [one for place in places if (one := deck.containers.of(place.log.name)) is not None]
    return facts if all(one.ending for one in facts) else []


def _in_group(deck: Deck, hop: Hop) -> Hop:
    """Return the server's hop with its model group, and with the servers of that group that are missing."""
    if not deck.discovery.routes.branches:
        return hop
    from stormdeck.model.routes.health import main_group

    found = main_group(deck)
    if found is None:
        return hop
    hop = replace(hop, group=found.group.name)
    if not found.failed or len(found.servers) == 1:
        return hop
    health = found.health if hop.health is not Health.ERROR or found.up else Health.ERROR
    return replace(hop, health=health, figure=f"{found.up} of {len(found.servers)}")


def server_gpus(deck: Deck) -> GpuSnapshot | None:
    """Return the GPUs of the machine that the server runs on; ``None`` where it is another one and not seen."""
    host = host_of_server(deck)
    return host.snapshot if host is not None else None if gpus_elsewhere(deck) else deck.gpu


def host_of_server(deck: Deck) -> GpuHost | None:
    """Return the machine of the server, if the exporter there shows its GPUs and this machine's driver does not."""
    host = deck.gpu_hosts.of(deck.vllm.url) if deck.vllm is not None else None
    return None if host is None or is_seen_here(host, deck) else host


def is_seen_here(host: GpuHost, deck: Deck) -> bool:
    """Return whether an exporter on this machine shows what the driver here shows anyway."""
    is_local = is_loopback(host_of(host.url)) and not gpus_elsewhere(deck)
    return is_local and deck.gpu.state is GpuState.OK and bool(deck.gpu.gpus)


def gpus_elsewhere(deck: Deck) -> str:
    """Return where the GPUs of the server are, if not on this machine: ``at gpu-box``, or ``behind ssh (pid 37)``."""
    urls = [one.url for one in (deck.vllm, deck.proxy) if one is not None][:1]
    urls += [one.url for one in (unknown_base(deck),) if one is not None]
    found = next((one for one in deck.discovery.found if urls and same_place(one.url, urls[0])), None)
    if found is None or found.is_local or (deck.vllm is None and deck.discovery.hidden is not None):
        return ""
    host = host_of(found.url)
    if found.holder is None or not is_loopback(host):
        return f"at {host}"
    return f"behind {found.holder.name} (pid {found.holder.pid})"


def remote_gpus(where: str) -> str:
    """Return how to see the GPUs of a server that is not on this machine, as a sentence without a full stop."""
    return f"the server is {where}, not here: --host, --gpu-metrics, or nvidia-smi on its machine show its GPUs"


def _failing(hops: list[Hop], deck: Deck) -> list[Hop]:
    """Return the hops; the one where requests fail now is an error, even if its own checks pass."""
    storm = deck.traffic.live_storm if deck.traffic is not None else None
    failure = deck.traffic.failure if deck.traffic is not None else None
    # A hop that does not answer already shows that.
    if storm is not None and storm.cause not in NO_ANSWER:
        at, figure = blame(storm, deck).hop, storm.cause
    elif storm is not None:
        return hops
    elif failure is not None and failure.recent and not failure.passed and not failure_of_storm(failure, deck):
        at, figure = blame_failure(failure, deck).hop, str(failure.status)
    else:
        return hops
    return [
        replace(hop, health=Health.ERROR, figure=figure) if hop.kind is at and hop.health is not Health.ERROR else hop
        for hop in hops
    ]


def unknown_base(deck: Deck) -> Found | None:
    """Return the server at the base URL if it is neither vLLM nor a known proxy, or does not answer."""
    return None if deck.vllm is not None or deck.proxy is not None else _unknown(deck)


def unknown_front(deck: Deck) -> Found | None:
    """Return the same if vLLM is known: then the server at the base URL is in front of it."""
    return _unknown(deck) if deck.vllm is not None and deck.proxy is None else None


def _unknown(deck: Deck) -> Found | None:
    return next((found for found in deck.discovery.found if found.kind is ServerKind.OTHER), None)


def _health_at(deck: Deck, base: Found) -> tuple[Health, str]:
    """Return the health of a base URL without a known server, and its state in a word."""
    if base.met is ServerState.UP:
        if limits_requests(deck, base.url):
            return Health.UNKNOWN, "limits requests"
        return Health.WARNING, "wants a key" if wants_key(deck, base.url) else "of another kind"
    contained = deck.discovery.contained
    if is_untrusted(deck, base.url):
        return Health.ERROR, "certificate"
    if any(one.url is not None and one.listens is False and same_place(one.url, base.url) for one in contained):
        return Health.WARNING, "starting"
    if deck.discovery.coming_at(base) is not None:
        return Health.WARNING, "refuses"
    is_broken = is_mute(deck, base.url) or is_out_of_reach(deck, base.url)
    return (Health.ERROR if is_broken else base.met.health), base.met.value


def wants_key(deck: Deck, url: str) -> bool:
    """Return whether the server at a URL wants a key before it identifies itself."""
    return any(missed.is_at(url) and "wants a key" in missed.why for missed in deck.discovery.missed)


def limits_requests(deck: Deck, url: str) -> bool:
    """Return whether a server refused to identify itself because it was asked too often."""
    return any(missed.is_at(url) and LIMITED_WORDS in missed.why for missed in deck.discovery.missed)


def is_mute(deck: Deck, url: str) -> bool:
    """Return whether a server accepts connections but did not answer the probe: not at all, or with no HTTP."""
    return _reach(deck, url) in {"silent", "cut", "no_http", "no_tls", "tls_only", "plain_http"}


def is_out_of_reach(deck: Deck, url: str) -> bool:
    """Return whether the client cannot connect to a URL: unknown name, no route, nothing listening."""
    return _reach(deck, url) in {"refused", "unresolved", "unreachable"}


def is_untrusted(deck: Deck, url: str) -> bool:
    """Return whether the client does not accept the certificate of a server."""
    return _reach(deck, url) in {"untrusted", "bad_certificate"}


def _reach(deck: Deck, url: str) -> str:
    """Return the result of the probe of the base URL; empty for another URL or without a probe."""
    probe = deck.probe
    return probe.reach if probe is not None and same_place(probe.url, url) else ""


def broken_file(settings: SettingsSnapshot) -> bool:
    """Return whether a settings file exists but is not in effect."""
    return any(file.dropped for file in settings.files)


def worst(deck: Deck, hop: HopKind) -> Severity | None:
    """Return the worst severity at a hop, without findings that follow from a server that is down."""
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
    if server.state in _UNANSWERED and is_untrusted(deck, server.url):
        return Hop(kind, name, place(server.url), Health.ERROR, "certificate")
    health = Health.ERROR if server.state in _UNANSWERED and is_mute(deck, server.url) else server.state.health
    if server.state is ServerState.REFUSING and withheld(deck.settings) is not None:
        health = Health.WARNING
    up = health is Health.OK
    found = worst(deck, kind)
    if up and found in {Severity.ERROR, Severity.WARNING}:
        health = found.health
    figure = f"{server.latency_ms} ms" if up and server.latency_ms is not None else "" if up else server.state.value
    return Hop(kind, name, place(server.url), health, figure)


def _gpu(gpu: GpuSnapshot) -> Hop:
    if gpu.state is not GpuState.OK or not gpu.gpus:
        name = (
            "GPU"
            if gpu.state in {GpuState.ASKING, GpuState.NO_FIGURES}
            else "no GPU"
            if gpu.state.health is Health.UNKNOWN
            else "GPU"
        )
        is_silent = gpu.state.health is Health.UNKNOWN and gpu.state is not GpuState.NO_FIGURES
        return Hop(HopKind.GPU, name, "", gpu.state.health, "" if is_silent else gpu.state.value)
    names = {gpu_name(one.name) for one in gpu.gpus}
    name = names.pop() if len(names) == 1 else "GPUs"
    known = [one.utilization_percent for one in gpu.gpus if one.utilization_percent is not None]
    health = Health.ERROR if any(one.lost for one in gpu.gpus) else Health.OK
    busiest = percent(sum(known) / len(known)) if known else ""
    return Hop(HopKind.GPU, name if len(gpu.gpus) == 1 else f"{len(gpu.gpus)} × {name}", "", health, busiest)


def gpu_name(name: str) -> str:
    """Return a GPU's short name: ``H200`` for ``NVIDIA H200``."""
    for word in ("NVIDIA ", "GeForce ", "Tesla ", "Quadro "):
        name = name.replace(word, "")
    return name.split(" 80GB")[0].strip() or "GPU"
