"""A front that limits requests (measured, Traefik 3.7): what it refuses is unknown, and nothing is called broken."""

import pytest
from test_deployments import PATIENT, checked, status

from served import WITH_MESSAGES, client_settings, served
from servers import Imitation, Reply, vllm
from stormdeck.commands.check import servers as look
from stormdeck.sources.net.address import address

LIMITED = Reply("Too Many Requests", 429)
NEVER = ("is no vLLM", "is no LiteLLM", "neither vLLM", "is down", "does not answer like", "URL105", "URL112")


@pytest.fixture
def patient(home, monkeypatch):
    monkeypatch.setattr(look, "PATIENT", PATIENT)
    return home


def limited(server, *paths):
    """Return a server whose front refuses requests to some paths."""
    for path in paths:
        server.routes[path] = LIMITED
    return server


@pytest.mark.usefixtures("only_what_is_named")
@pytest.mark.parametrize(
    ("server", "headline"),
    [
        (limited(vllm(**WITH_MESSAGES), "/health"), "vLLM :{port} limits requests: its state is unknown"),
        (
            Imitation({}, missing=LIMITED),
            "The server at {url}, where Claude Code sends, limits requests: what it is cannot be seen",
        ),
    ],
    ids=["some requests", "all requests"],
)
def test_what_a_limit_hides_is_unknown(patient, server, headline):
    with served(server) as (url,):
        patient.write(client_settings(url))
        code, document = status(patient)
        check_code, codes, _ = checked(patient)
    assert (code, document["state"]) == (1, "degraded")
    assert document["headline"]["text"] == headline.format(port=address(url).port, url=url)
    assert (check_code, codes) == (0, [])
    assert not any(words in str(document) for words in NEVER)
