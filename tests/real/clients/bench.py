"""One scenario played: the real client, the recording server, and what stormdeck makes of the two."""

from __future__ import annotations

import json
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from asked import Asked, retries_of
from claude_code import Client, Home, Printed, converse, run
from ledger import Line
from recording_server import RecordingServer
from scenario import Scenario

from stormdeck.__main__ import main


@dataclass(frozen=True)
class Played:
    """What came of it."""

    requests: tuple[Asked, ...]
    """As the server counted them."""
    printed: Printed
    from_log: dict
    """``stormdeck analyze --json`` of the log with the times of its lines."""
    from_plain_log: dict
    """The same of the log as the server wrote it, without times."""
    with_transcripts: dict
    """The same of the timed log and the transcripts of the scratch home."""
    plain_with_transcripts: dict
    causes: tuple[str, ...]
    """The rules that ``stormdeck explain`` names for what the client printed; asked where it must name one."""
    findings: tuple[str, ...]
    """The rules that ``stormdeck check`` finds."""

    def line(self, scenario: Scenario, version: str) -> Line:
        """Return its line in the ledger."""
        why = scenario.why if scenario.is_unseen(version) else ""
        counted = self.from_log["retries"], self.with_transcripts["retries"]
        return Line(version, scenario.name, len(self.requests), retries_of(self.requests), *counted, why)


def play(scenario: Scenario, client: Client, folder: Path) -> Played:
    """Run the client by a scenario, then stormdeck; everything has ended when this returns."""
    with RecordingServer(folder, scenario.steps, counts_tokens=scenario.counts_tokens) as server:
        home = Home(folder / "home", scenario.settings_at(server.url))
        home.make(git=scenario.git)
        if scenario.terminal:
            printed = converse(client, home, server.url, scenario.prompt, home.has_ended)
        else:
            printed = run(client, home, server.url, scenario.prompt, *scenario.arguments)
        timeout = scenario.timeout_ms
        known = ["--api-timeout-ms", timeout] if timeout else []
        read_too = ["--transcripts", str(home.transcripts)] if home.transcripts.is_dir() else []
        recording, log = str(server.recording), str(server.log)
        from_log, from_plain = _printed("analyze", recording, "--json"), _printed("analyze", log, "--json")
        with_transcripts = _printed("analyze", recording, "--json", *read_too, *known)
        plain_with_transcripts = _printed("analyze", log, "--json", *read_too, *known)
        place = ["--home", str(home.folder), "--project", str(home.project), "--vllm", server.url]
        version = ["--client-version", client.version]
        explain = ["explain", printed.out or printed.err, "--json", *place, *version, "--log", str(server.log)]
        causes = _printed(*explain) if scenario.cause_in(client.version) else {}
        findings = _printed("check", "--json", *place, *version)
    return Played(
        tuple(server.requests),
        printed,
        from_log,
        from_plain,
        with_transcripts,
        plain_with_transcripts,
        tuple(one["code"] for one in causes.get("causes", ())),
        tuple(one["code"] for one in findings.get("findings", ())),
    )


def _printed(*argv: str) -> dict:
    """Return the JSON that a command prints; one that prints none has refused, and fails with its own message."""
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(list(argv))
    assert out.getvalue(), f"stormdeck {argv[0]} ended with {code}: {err.getvalue().strip()}"
    return json.loads(out.getvalue())
