"""Labelled recordings of the real client, at another time and on other ports."""

import json
from datetime import UTC, datetime

from places import TESTS
from stormdeck.model.logs.requests.access import RequestKind
from stormdeck.model.logs.requests.access_line import parse_access
from stormdeck.model.retries.transcript import parse_entry

RECORDINGS = TESTS / "recordings"


def truth(folder):
    """Return the labels of a recording."""
    return json.loads((folder / "truth.json").read_text())


def lines_of(folder):
    """Return the lines of a recording's log, each with the time of its arrival."""
    entries = map(json.loads, (folder / "access.lines.jsonl").read_text().splitlines())
    return [(entry["t"], entry["line"]) for entry in entries]


def moved(folder, seconds, ports):
    """Return a recording's lines and entries at another time and on other ports."""
    lines = []
    for t, line in lines_of(folder):
        access = parse_access(line)
        port = 0 if access is None or access.kind is RequestKind.PROBE else access.port
        other = f":{(port + ports) % 60000 + 1000} - "
        lines.append((t + seconds, line.replace(f":{port} - ", other, 1)))
    entries = []
    for path in sorted((folder / "transcripts").rglob("*.jsonl")):
        for line in path.read_text().splitlines():
            fields = json.loads(line)
            if "timestamp" in fields:
                at = datetime.fromisoformat(fields["timestamp"]).timestamp() + seconds
                fields["timestamp"] = datetime.fromtimestamp(at, UTC).isoformat()
            entries.append(parse_entry(json.dumps(fields)))
    return lines, [entry for entry in entries if entry is not None]
