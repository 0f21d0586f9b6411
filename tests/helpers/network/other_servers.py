"""Inference servers other than vLLM, from their documented answers in tests/data/servers."""

import json

from places import TESTS
from servers import Imitation, Reply

DATA = TESTS / "data" / "servers"
NAMES = tuple(sorted(path.stem for path in DATA.glob("*.json")))


def described(name):
    """Return the file about a server."""
    return json.loads((DATA / f"{name}.json").read_text())


def other_server(name, **changes):
    """Return a server with these answers; ``changes`` replace answers by path, ``/`` written as ``_``."""
    shapes = described(name)
    routes = {path: _reply(one) for path, one in shapes["routes"].items()}
    routes |= {path.replace("_", "/"): reply for path, reply in changes.items()}
    return Imitation(routes, missing=_reply(shapes["missing"]))


def _reply(one):
    headers = {name: value for name, value in one["headers"].items() if name != "content-type"}
    if isinstance(one["body"], str) and "content-type" in one["headers"]:
        headers["content-type"] = one["headers"]["content-type"]
    return Reply(one["body"], one["status"], headers)
