"""State that the problem is on the way to a server: a gateway that answers in its place, a name that is not known."""

from __future__ import annotations

from dataclasses import replace

from stormdeck.model.finding import HopKind
from stormdeck.model.symbols import Health
from stormdeck.model.urls import place
from stormdeck.model.verdict.statement import Statement, brief


def front_alone(base: Statement, url: str, detail: str, hint: str = "") -> Statement:
    """Return that a gateway answers in place of the server behind it; ``detail`` says with which status."""
    answered, _, behind = detail.partition(", ")
    status = answered.rpartition(" ")[2]
    return replace(
        base,
        health=Health.ERROR,
        headline=f"The front at {place(url)} answers {status}, {behind}",
        detail=f"Start the server behind it, or see in the configuration of the front where it sends.{hint}",
        code="URL112",
        brief=brief(f"The front at {place(url)} answers {status}", behind),
        cause="the server behind the front may be stopped, starting, or at another address",
        evidence=base.evidence or detail,
        step="start the server behind it",
    )


def unreachable(base: Statement, *, is_base_url: bool) -> Statement:
    """Return that the name of a server is not known on this machine.

    It is wrong only in the base URL, which Claude Code looks up on this machine.
    """
    if is_base_url:
        return replace(
            base,
            headline=f"{base.headline} cannot be reached: its name does not resolve",
            detail="Press 3 and change the base URL.",
            hop=HopKind.CLIENT,
            code="URL105",
            brief=brief(base.headline, "its name does not resolve"),
            cause="the name does not resolve",
            step="stormdeck set ANTHROPIC_BASE_URL http://HOST:PORT",
        )
    return replace(
        base,
        health=Health.UNKNOWN,
        headline=f"{base.headline} is not reachable from here",
        detail="Its name belongs to another network, as that of a container does. Whether it answers the proxy is "
        "unknown. Name an address that this machine reaches: --vllm http://HOST:8000",
        brief=brief(base.headline, "not reachable from here"),
        cause="unknown: only the proxy's network may know the name",
        step="stormdeck --vllm http://HOST:8000",
    )
