"""State that another machine cannot be seen, or has no server: those that the user named with ``--host``."""

from __future__ import annotations

from collections.abc import Sequence

from stormdeck.model.deck import Deck
from stormdeck.model.finding import HopKind
from stormdeck.model.snapshots.discovery import Machine
from stormdeck.model.symbols import Health
from stormdeck.model.urls import same_place
from stormdeck.model.verdict.statement import Statement, brief


def unseen(deck: Deck, url: str) -> Statement | None:
    """Return that the machine of a server cannot be seen, if that server is asked through ssh; else ``None``."""
    found = next((one for one in deck.discovery.found if one.by_ssh and same_place(one.url, url)), None)
    lost = [one for one in deck.discovery.machines if one.problem and found is not None and one.host == found.host]
    return _unreachable(lost[0]) if lost else None


def on_machines(machines: Sequence[Machine]) -> Statement:
    """Return why no server of the machines that the user named can be asked."""
    lost = next((one for one in machines if one.problem), None)
    return _unreachable(lost) if lost is not None else _nothing_there(machines)


def _unreachable(machine: Machine) -> Statement:
    """Return that a machine that the user named cannot be reached by ssh."""
    return Statement(
        Health.WARNING,
        f"{machine.host} cannot be seen",
        f"{machine.problem}. stormdeck tries again.",
        HopKind.SERVER,
        brief=brief(f"{machine.host} cannot be seen", "ssh does not reach it"),
        cause=machine.problem,
        evidence=machine.problem,
        step=f"ssh {machine.host}",
    )


def _gap(machines: Sequence[Machine]) -> str:
    note = next((one.note for one in machines if one.note), "")
    default = "No process of either listens there, or it belongs to another user."
    return f"{note[:1].upper()}{note[1:]}." if note else default


def _nothing_there(machines: Sequence[Machine]) -> Statement:
    """Return that no server runs on the machines that the user named."""
    names = ", ".join(one.host for one in machines)
    return Statement(
        Health.WARNING,
        f"No vLLM and no proxy found on {names}",
        f"{_gap(machines)} Name the server with --vllm "
        f"http://{machines[0].host.rpartition('@')[2]}:PORT if it can be reached directly.",
        HopKind.SERVER,
        brief=brief(f"No vLLM and no proxy on {names}", "start one there"),
        cause="no server listens there, or its process is hidden",
        evidence=f"the processes and ports of {names}, by ssh",
        step="start vLLM there",
    )
