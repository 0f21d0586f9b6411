"""What finds storms in a recording: stormdeck with and without transcripts, and what people do without it."""

import json
import re

from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.traffic.log_analyzer import LogAnalyzer
from stormdeck.sources.transcripts.read import read_transcripts

MINUTE = 60
TOO_MANY = 20


def lines_of(folder):
    """Return when each line of a recording arrived, and its text."""
    recorded = map(json.loads, (folder / "access.lines.jsonl").read_text().splitlines())
    return [(entry["t"], entry["line"]) for entry in recorded]


def from_logs(folder):
    """Return what stormdeck finds in the access log alone."""
    return found(account_of(folder))


def with_transcripts(folder):
    """Return what stormdeck finds in the access log and the client's transcripts."""
    ledger = account_of(folder)
    for entry in read_transcripts(folder / "transcripts"):
        ledger.take_entry(entry)
    return found(ledger)


def found(ledger):
    """Return the report of an account, without the storms that may be chance."""
    document = ledger.report().as_json()
    return document | {"storms": [storm for storm in document["storms"] if storm["confidence"] != "unsure"]}


def account_of(folder):
    """Return the account of a recording's lines."""
    ledger = LogAnalyzer()
    for t, line in lines_of(folder):
        ledger.take(LogBatch("access.log", (line,), t, history=False))
    return ledger


def by_rate(folder):
    """Return what a rate counter finds: every minute with more than 20 POST lines is a storm."""
    lines = lines_of(folder)
    posts = [t for t, line in lines if re.search(r"POST /", line)]
    storms, at = [], 0
    while at < len(posts):
        burst = [t for t in posts[at:] if t - posts[at] <= MINUTE]
        if len(burst) <= TOO_MANY:
            at += 1
            continue
        found = {"started": burst[0], "ended": burst[-1], "attempts": len(burst), "cause": "rate", "recovered": False}
        storms.append(found)
        at += len(burst)
    return {
        "http_requests": sum("HTTP/1" in line for _, line in lines),
        "probes": sum("GET " in line for _, line in lines),
        "main_requests": len(posts),
        "retries": sum(storm["attempts"] - 1 for storm in storms),
        "storms": storms,
    }


DETECTORS = {
    "with transcripts": with_transcripts,
    "access log alone": from_logs,
    "more than 20 POST a minute": by_rate,
}
