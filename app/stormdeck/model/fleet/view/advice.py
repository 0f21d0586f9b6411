"""Say why a fleet shows no rows, or old ones, and what to do."""

from __future__ import annotations

from stormdeck.model.fleet.snapshot import FleetSnapshot, FleetState
from stormdeck.model.units import grouped

_WHAT = {
    FleetState.OFF: "No Prometheus is given.",
    FleetState.ASKING: "Waiting for the first answer of {source}.",
    FleetState.OK: "",
    FleetState.PARTLY: "Some answers of {source} are missing.",
    FleetState.NO_SERVERS: "No metrics of vLLM or LiteLLM come from {source}.",
    FleetState.SLOW: "{source} did not answer in time.",
    FleetState.REFUSED: "The connection to {source} was refused.",
    FleetState.UNREACHABLE: "{source} cannot be reached.",
    FleetState.DENIED: "{source} did not accept the credentials.",
    FleetState.NOT_PROMETHEUS: "{source} answered, but not as a Prometheus.",
    FleetState.TOO_MANY: "More series than stormdeck reads come from {source}{omitted}.",
}
_NEXT = {
    FleetState.OFF: "Start the panel with --prometheus and the URL of one.",
    FleetState.ASKING: "Its servers appear here then.",
    FleetState.PARTLY: "They are asked for again; its own log says why.",
    FleetState.NO_SERVERS: "Let it scrape /metrics of each vLLM and LiteLLM, then look at its page Status, Targets.",
    FleetState.SLOW: "It is asked again; if it stays slow, name one nearer to the servers, or one with fewer series.",
    FleetState.REFUSED: "Check the host and the port, and that it runs.",
    FleetState.UNREACHABLE: "Check its name, its certificate, and that this machine can reach it.",
    FleetState.DENIED: "Check the token or the password that stormdeck was given for it.",
    FleetState.NOT_PROMETHEUS: "Check the URL: the API is the path before /api/v1/query, such as http://host:9090.",
    FleetState.TOO_MANY: "Name a Prometheus that has fewer servers, or one for each part of the fleet.",
}


def trouble(fleet: FleetSnapshot) -> str:
    """Return what is wrong with the answers and what to do, in sentences; an empty text if nothing is.

    >>> trouble(FleetSnapshot(FleetState.REFUSED, sources=("prom:9090",)))
    'The connection to prom:9090 was refused. Check the host and the port, and that it runs.'
    """
    source = " and ".join(fleet.sources) or "the Prometheus"
    omitted = f": {grouped(fleet.omitted)} were not read" if fleet.omitted else ""
    what = fleet.note or _WHAT[fleet.state].format(source=source, omitted=omitted)
    return said(what, fleet.next_step or _NEXT.get(fleet.state, ""))


def said(*parts: str) -> str:
    """Return what is wrong and what to do as sentences, without the parts that are empty.

    >>> said("Prometheus a:9090: no answer", "", "wait")
    'Prometheus a:9090: no answer. Wait.'
    """
    return " ".join(map(_sentence, filter(None, parts)))


def _sentence(text: str) -> str:
    """Return a text as a sentence; a name keeps its first letter."""
    is_name = ":" in text.partition(" ")[0]
    first = text[:1] if is_name else text[:1].upper()
    return f"{first}{text[1:]}{'' if text.endswith('.') else '.'}"
