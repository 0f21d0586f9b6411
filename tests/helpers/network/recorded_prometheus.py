"""A Prometheus that answers from a recording: tests/fleet/record_answers.py says of what."""

import json
from urllib.parse import parse_qs, urlsplit

from places import TESTS
from servers import Imitation, Reply

FIVE = json.loads((TESTS / "data" / "prometheus" / "five.json").read_text())
TAKEN = float(FIVE["count(vllm:num_requests_waiting)"]["data"]["result"][0]["value"][0])
"""When it was recorded, in unix seconds."""
NOTHING = {"status": "success", "data": {"resultType": "vector", "result": []}}


def query_of(asked):
    """Return the query of a request."""
    return parse_qs(urlsplit(asked.path).query).get("query", [""])[0]


def answering(answers=FIVE, **changes):
    """Return a Prometheus with recorded answers; ``changes`` map a part of a query to another answer."""

    def answer(asked):
        query = query_of(asked)
        other = next((reply for part, reply in changes.items() if part in query), None)
        if other is not None:
            return other
        return Reply(answers[query]) if query in answers else Reply(NOTHING)

    return Imitation({}, answer)
