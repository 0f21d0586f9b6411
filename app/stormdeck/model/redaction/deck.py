"""What the panel knows, as it may leave this machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from pathlib import Path

from stormdeck.model.deck import Deck
from stormdeck.model.discovery import DiscoverySnapshot, Found
from stormdeck.model.gpu import GpuSnapshot
from stormdeck.model.logs.tails import LogTails
from stormdeck.model.redaction.messages import message_structure
from stormdeck.model.redaction.public import PROGRAMS
from stormdeck.model.retries.storm import Storm
from stormdeck.model.traffic import TrafficSnapshot


def without_quotes(deck: Deck) -> Deck:
    """Return the deck without what it quotes of logs: an error's text may hold a prompt."""
    traffic = deck.traffic
    return replace(
        deck,
        discovery=_without_programs(deck.discovery),
        tails=LogTails(endings=deck.tails.endings),
        traffic=_unquoted(traffic) if traffic is not None else None,
    )


def _without_programs(found: DiscoverySnapshot) -> DiscoverySnapshot:
    """Return the servers without the names of programs that hold their ports, but for forwarders that all know."""
    names = {one.holder.name for one in (*found.found, *found.beside) if one.holder is not None and not one.forwards}

    def nameless(one: Found) -> Found:
        holder = one.holder
        return replace(one, holder=replace(holder, name=_PROGRAM)) if holder and holder.name in names else one

    notes = found.log_notes
    for name in sorted(names, key=len, reverse=True):
        notes = tuple(note.replace(f" {name} (pid ", f" {_PROGRAM} (pid ") for note in notes)
    return replace(
        found,
        found=tuple(map(nameless, found.found)),
        beside=tuple(map(nameless, found.beside)),
        log_notes=notes,
    )


_PROGRAM = "a program"


def deck_as_json(deck: Deck) -> dict[str, object]:
    """Return the snapshots of the servers, the GPUs and the requests; settings and findings are told elsewhere."""
    return {
        "client_version": deck.client_version,
        "vllm": _plain(deck.vllm),
        "proxy": _plain(deck.proxy),
        "gpu": _plain(_public_programs(deck.gpu)),
        "traffic": _plain(deck.traffic),
        "found": [
            {
                "url": found.url,
                "kind": found.kind.value,
                "how": found.how,
                "log": found.process.log_note if found.process is not None else None,
            }
            for found in deck.discovery.found
        ],
        "missed": _plain(deck.discovery.missed),
        "log_notes": _plain(deck.discovery.log_notes),
        "log_endings": _plain(deck.tails.endings),
    }


def _public_programs(snapshot: GpuSnapshot) -> GpuSnapshot:
    """Return the GPUs without the names of programs that not everybody has."""
    return replace(
        snapshot,
        gpus=tuple(
            replace(
                gpu,
                processes=tuple(
                    one if PROGRAMS.fullmatch(one.name) else replace(one, name="<program>") for one in gpu.processes
                ),
            )
            for gpu in snapshot.gpus
        ),
    )


def _unquoted(traffic: TrafficSnapshot) -> TrafficSnapshot:
    failure = traffic.failure
    return replace(
        traffic,
        storms=tuple(_without_reason(storm) for storm in traffic.storms),
        in_flight=tuple(one._replace(folder="") for one in traffic.in_flight),
        failure=replace(failure, reason=_structure(failure.reason)) if failure is not None else None,
    )


def _without_reason(storm: Storm) -> Storm:
    return replace(storm, reason=_structure(storm.reason), folder="")


def _structure(reason: str) -> str:
    return message_structure(reason) if reason else ""


def _plain(value: object) -> object:
    """Return a snapshot as JSON has it."""
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value
