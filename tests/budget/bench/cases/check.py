"""How long it takes to know whether the settings are right."""

from __future__ import annotations

import json
import platform
import sys

from bench import programs
from bench.commands import once
from bench.figures import Measure, Table
from bench.install import from_pypi
from bench.place import Effort, Place
from bench.programs import OURS, Program
from bench.runs import rounds

SETTINGS = {
    "model": "sonnet",
    "env": {
        "ANTHROPIC_BASE_URL": "http://127.0.0.1:4000",
        "ANTHROPIC_AUTH_TOKEN": "sk-bench-not-a-secret",
        "ANTHROPIC_DEFAULT_OPUS_MODEL": "Qwen3.5-27B",
        "ANTHROPIC_DEFAULT_SONNET_MODEL": "Qwen3.5-27B",
        "CLAUDE_CODE_ATTRIBUTION_HEADER": "0",
        "API_TIMEOUT_MS": "3000000",
    },
    "permissions": {"allow": ["Bash(git status)", "Read(./docs/**)"], "deny": ["Read(./.env)"]},
    "hooks": {"Stop": [{"hooks": [{"type": "command", "command": "true"}]}]},
}
SCHEMA = {
    "type": "object",
    "properties": {
        "model": {"type": "string"},
        "env": {"type": "object", "additionalProperties": {"type": "string"}},
        "permissions": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
        "hooks": {"type": "object"},
    },
}
PYTHON = "python -m json.tool"
SCHEMA_CHECK = "check-jsonschema"
FINDINGS = frozenset({0, 1})
"""Exit codes of a check that has run: nothing found, and something found."""


def run(place: Place, effort: Effort) -> Table:
    """Return the table."""
    settings, schema = place.home / ".claude" / "settings.json", place.work / "schema.json"
    settings.parent.mkdir(exist_ok=True)
    settings.write_text(json.dumps(SETTINGS, indent=2))
    schema.write_text(json.dumps(SCHEMA))

    def json_tool() -> Program:
        return Program(PYTHON, platform.python_version(), (sys.executable, "-m", "json.tool", str(settings)), "")

    def schema_check() -> Program:
        found = from_pypi(SCHEMA_CHECK, "check-jsonschema==0.33.2")
        return Program(SCHEMA_CHECK, found.version, (found.path, "--schemafile", str(schema), str(settings)), "")

    makers = {
        OURS: lambda: programs.stormdeck("check", "--offline"),
        PYTHON: json_tool,
        SCHEMA_CHECK: schema_check,
    }
    rows = rounds(makers, lambda program: once(program, place, FINDINGS), effort.short_runs)
    settings.unlink()
    return Table(
        "check",
        "Checking the settings",
        "`stormdeck check --offline` on a home with a settings file of one gateway. json.tool only parses it;"
        " check-jsonschema holds it against a local schema of four properties.",
        (Measure("took", "time", "s"), Measure("cpu_s", "CPU", "s"), Measure("peak", "most resident", "MiB", 0)),
        rows,
        (OURS,),
    )
