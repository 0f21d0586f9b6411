"""What finds storms in a recording: stormdeck with and without transcripts, and what people do without it."""

import json
import re
from dataclasses import replace

from recorded import truth
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.traffic.log_analyzer import LogAnalyzer
from stormdeck.model.wire.attempts import AttemptCounter
from stormdeck.model.wire.entries import WireEntries
from stormdeck.model.wire.exchange import Exchange, Outcome
from stormdeck.model.wire.request import Kind
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


OUTCOMES = {
    "ok": Outcome.ANSWERED,
    "status": Outcome.STATUS,
    "reset": Outcome.RESET,
    "cut": Outcome.CUT,
    "sse_error": Outcome.ERROR,
    "client_gone": Outcome.CLIENT_LEFT,
}


def on_the_wire(folder):
    """Return what stormdeck finds in the access log and what a recorder sees of the same requests.

    Attempts are numbered as the recorder does it: by session, key and outcome. A recording keeps no bodies, so that a
    request that was changed after a 4xx asks the same question is taken from its label.
    """
    ledger, counter, entries = account_of(folder), AttemptCounter(), WireEntries()
    for entry in (entry for line in _exchanges(folder, counter) for entry in entries.take(line, "wire")):
        ledger.take_entry(entry)
    return found(ledger)


def _exchanges(folder, counter):
    """Yield the lines of a journal, in the order of time."""
    kinds = {"main": Kind.MAIN, "aux": Kind.AUXILIARY}
    asked = [(index, one) for index, one in enumerate(truth(folder)["requests"]) if one["class"] in kinds]
    times = [(one["t"], False, index, one) for index, one in asked]
    times += [(one["t_end"], True, index, one) for index, one in asked if one["t_end"] is not None]
    begun = {}
    for t, is_end, index, one in sorted(times, key=lambda event: event[:3]):
        if is_end:
            ended = replace(begun[index], outcome=OUTCOMES[one["outcome"]], status=one["status_sent"], ended=t)
            counter.end(ended)
            yield ended
        else:
            session, question = one["session_id"] or "", str(one["logical"])
            exchange = Exchange(str(index), t, kinds[one["class"]], session, key=one["key"] or "", question=question)
            begun[index] = counter.begin(exchange)
            yield begun[index]


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
    "on the wire": on_the_wire,
    "more than 20 POST a minute": by_rate,
}
