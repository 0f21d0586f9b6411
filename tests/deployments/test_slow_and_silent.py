"""Servers that are slow, silent, gone, or behind a front: the commands and the panel agree on each."""

import pytest

from late import late
from served import WITH_MESSAGES, client_settings, served
from servers import Imitation, Reply, free_url, hangs, vllm

pytestmark = pytest.mark.usefixtures("only_what_is_named")


def test_a_slow_server_is_well(home, deployment):
    with served(late(vllm(**WITH_MESSAGES))) as (url,):
        home.write(client_settings(url))
        seen = deployment("a server that takes 0.25 s for each answer")
    assert (seen.code, seen.codes, seen.state) == (0, [], "ok")


def test_a_silent_server_is_not_said_to_be_down(home, deployment):
    with served(hangs) as (url,):
        home.write(client_settings(url))
        seen = deployment("a server that accepts and never answers")
    assert (seen.code, seen.codes) == (2, ["URL112"])
    assert "accepts the connection and gives no complete answer" in seen.panel


def test_a_port_that_refuses_is_down(home, deployment):
    home.write(client_settings(free_url()))
    seen = deployment("nothing listens at the base URL")
    assert (seen.code, seen.codes) == (2, ["URL105"])


@pytest.mark.parametrize(
    ("name", "status"), [("a front whose server is gone: 502", 502), ("a front whose server is late: 504", 504)]
)
def test_a_front_answers_and_the_server_behind_it_does_not(home, deployment, name, status):
    with served(Imitation({}, missing=Reply("no", status))) as (url,):
        home.write(client_settings(url))
        seen = deployment(name)
    assert seen.code == 2
    assert "The front at" in seen.panel


def test_nothing_is_configured_and_nothing_runs(home, deployment):
    seen = deployment("nothing is configured and nothing runs")
    assert (seen.code, seen.state) == (1, "degraded")
    assert "No vLLM and no proxy found" in seen.panel
