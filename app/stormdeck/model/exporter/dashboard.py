"""A Grafana dashboard of the exporter's metrics, built from a list of panels."""

from __future__ import annotations

from typing import Any, NamedTuple

from stormdeck.model.exporter import metrics as m

_WIDTH = 24
_HEIGHT = 8
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_WHERE = '{instance=~"$instance"}'


class _Panel(NamedTuple):
    title: str
    description: str
    queries: tuple[tuple[str, str], ...]
    """Each with its legend."""
    unit: str = "short"
    kind: str = "timeseries"
    width: int = 12


def _rate(metric: m.Metric, by: str = "") -> str:
    return f"sum{by} (rate({metric.series}{_WHERE}[$__rate_interval]))"


_PANELS = (
    _Panel("Storms now", m.STORMS_ACTIVE.help, ((f"sum({m.STORMS_ACTIVE.series}{_WHERE})", "storms"),),
           kind="stat", width=6),
    _Panel("Given up in this time", m.GIVE_UPS.help,
           ((f"sum(increase({m.GIVE_UPS.series}{_WHERE}[$__range]))", "given up"),), kind="stat", width=6),
    _Panel("Oldest request in flight", m.OLDEST.help, ((f"max({m.OLDEST.series}{_WHERE})", "oldest"),),
           unit="s", kind="stat", width=6),
    _Panel("Abandoned requests", m.ABANDONED.help, ((f"sum({m.ABANDONED.series}{_WHERE})", "abandoned"),),
           kind="stat", width=6),
    _Panel("Turns and retries", m.RETRIES.help,
           ((_rate(m.TURNS), "turns"), (_rate(m.RETRIES), "retries"), (_rate(m.ATTEMPTS), "attempts")), unit="reqps"),
    _Panel("Retries of storms, by cause", m.STORM_RETRIES.help,
           ((_rate(m.STORM_RETRIES, " by (cause)"), "{{cause}}"),), unit="reqps"),
    _Panel("Storms begun, by cause", m.STORMS_BEGUN.help,
           ((f"sum by (cause, confidence) ({m.STORMS_BEGUN.series}{_WHERE})", "{{cause}}, {{confidence}}"),)),
    _Panel("Storms ended, by outcome", m.STORMS_ENDED.help,
           ((f"sum by (outcome) ({m.STORMS_ENDED.series}{_WHERE})", "{{outcome}}"),)),
    _Panel("Amplification", m.AMPLIFICATION.help, ((f"{m.AMPLIFICATION.series}{_WHERE}", "{{instance}} {{hop}}"),)),
    _Panel("Hops that work", m.HOP_UP.help, ((f"{m.HOP_UP.series}{_WHERE}", "{{instance}} {{hop}}"),)),
    _Panel("Requests in flight", m.IN_FLIGHT.help,
           ((f"{m.IN_FLIGHT.series}{_WHERE}", "{{instance}}, by {{source}}"),)),
    _Panel("Tokens", m.TOKENS.help, ((_rate(m.TOKENS, " by (kind)"), "{{kind}}"),)),
    _Panel("Prompt tokens read for nobody", m.ABANDONED_TOKENS.help,
           ((f"sum({m.ABANDONED_TOKENS.series}{_WHERE})", "tokens"),)),
    _Panel("Findings", m.FINDING.help, ((f"count by (code, severity) ({m.FINDING.series}{_WHERE})", "{{code}}"),)),
)  # fmt: skip


def dashboard() -> dict[str, Any]:
    """Return the dashboard as Grafana imports it."""
    panels: list[dict[str, object]] = []
    x = y = 0
    for number, panel in enumerate(_PANELS, start=1):
        if x + panel.width > _WIDTH:
            x, y = 0, y + _HEIGHT
        panels.append(_as_json(panel, number, x, y))
        x += panel.width
    return {
        "uid": "stormdeck",
        "title": "stormdeck: Claude Code on your own vLLM",
        "tags": ["stormdeck"],
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [_data_source(), _instances()]},
        "panels": panels,
    }


def _as_json(panel: _Panel, number: int, x: int, y: int) -> dict[str, object]:
    targets = [
        {"refId": chr(ord("A") + at), "expr": expr, "legendFormat": legend, "datasource": _SOURCE}
        for at, (expr, legend) in enumerate(panel.queries)
    ]
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": _SOURCE,
        "gridPos": {"x": x, "y": y, "w": panel.width, "h": _HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit}, "overrides": []},
        "targets": targets,
    }


def _data_source() -> dict[str, object]:
    return {"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Data source"}


def _instances() -> dict[str, object]:
    query = f"label_values({m.INFO.series}, instance)"
    return {
        "name": "instance",
        "type": "query",
        "label": "Exporter",
        "datasource": _SOURCE,
        "query": {"query": query, "refId": "instances"},
        "definition": query,
        "refresh": 2,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
    }
