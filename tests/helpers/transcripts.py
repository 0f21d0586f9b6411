"""Lines of a client's transcript, as the real clients write them."""

import json
from datetime import UTC, datetime
from itertools import count

SESSION = "66f67062-0bee-478a-b3e5-508c6dd0b5cd"
_NUMBERS = count(1)


def iso(t):
    return datetime.fromtimestamp(t, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def line(kind, t, session=SESSION, version="2.1.329", **fields):
    common = {"type": kind, "timestamp": iso(t), "sessionId": session, "version": version}
    return json.dumps({**common, "uuid": f"uuid-{next(_NUMBERS)}", **fields}, separators=(",", ":"))


def ask(t, **fields):
    return line("user", t, message={"role": "user", "content": "what does main do"}, **fields)


def request(t, name, base="", digest="d1", **fields):
    return line("api-request", t, id=name, base=base, requestDigest=digest, tail=[], querySource="sdk", **fields)


def retry(t, attempt, status=500, wait=0.6, limit=10, error=None, **fields):
    error = {"status": status, "message": "secret words"} if error is None else error
    return line(
        "system",
        t,
        **{"subtype": "api_error", "retryAttempt": attempt, "maxRetries": limit, "retryInMs": wait * 1000}
        | {"error": error}
        | fields,
    )


def answer(t, name="msg_1", **fields):
    message = {"id": name, "model": "Qwen3.5-27B", "content": [{"type": "text", "text": "secret words"}]}
    return line("assistant", t, message=message, **fields)


def failure(t, text="API Error: 500 secret words", **fields):
    message = {"id": "x", "model": "<synthetic>", "content": [{"type": "text", "text": text}]}
    return line("assistant", t, message=message, isApiErrorMessage=True, **{"error": "unknown"} | fields)
