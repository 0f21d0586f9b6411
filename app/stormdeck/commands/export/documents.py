"""``stormdeck export rules`` and ``stormdeck export dashboard``: print what Prometheus and Grafana load."""

from __future__ import annotations

import json

import yaml

from stormdeck.commands.exit_codes import SUCCESS
from stormdeck.commands.output import write_out
from stormdeck.model.exporter.alerts import rules
from stormdeck.model.exporter.dashboard import dashboard


def print_rules() -> int:
    """Print the alerting rules and return the exit code."""
    write_out(rules_yaml().removesuffix("\n"))
    return SUCCESS


def print_dashboard() -> int:
    """Print the dashboard and return the exit code."""
    write_out(json.dumps(dashboard(), indent=2))
    return SUCCESS


def rules_yaml() -> str:
    """Return the alerting rules as the text of a file."""
    return yaml.safe_dump(rules(), sort_keys=False, width=120)
