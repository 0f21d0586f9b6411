"""Headlines of states that few paths are in: a certificate, TLS, groups that no tier leads to, a cache."""

from dataclasses import replace

import pytest

from samples import NOW, VLLM
from stacks import config, deck, vllm
from stormdeck.model.first_look import first_look
from stormdeck.model.request_path import path
from stormdeck.model.snapshots.discovery import DiscoverySnapshot
from stormdeck.model.snapshots.prefix_cache import WARM_PERCENT, PrefixCache
from stormdeck.model.snapshots.probe import Probe, Reach
from stormdeck.model.snapshots.server import ServerState
from stormdeck.model.verdict.ranking import statements

URL = "http://127.0.0.1:8000"


def headlines(*snapshots):
    return [one.headline for one in statements(deck(*snapshots), NOW, lambda at: "14:05")]


@pytest.mark.parametrize(
    ("reach", "words"),
    [(Reach.BAD_CERTIFICATE, "has a certificate that is not accepted"), (Reach.NO_TLS, "No TLS connection to")],
)
def test_a_server_that_cannot_be_asked_over_tls(reach, words):
    secure = "https://gpu-box:8443"
    silent = replace(vllm(ServerState.SILENT, "no answer"), url=secure)
    probe = Probe(secure, reach, detail="it has expired")
    found = headlines(config({"ANTHROPIC_BASE_URL": secure}), silent, probe)
    assert any(words in one for one in found), found
    if reach is Reach.BAD_CERTIFICATE:
        seen = path(deck(config({"ANTHROPIC_BASE_URL": secure}), silent, probe))
        assert "certificate" in [hop.figure for hop in seen]


def test_a_port_that_gave_no_answer_in_time_is_a_fact_of_the_first_look():
    found = DiscoverySnapshot(silent=(URL,), done=True)
    look = first_look(deck(found))
    facts = (*look.found, *look.missing)
    assert any(one.text == "no answer yet from :8000" for one in facts)


def test_a_cache_that_was_never_warm_is_not_cold():
    server = VLLM
    engine = replace(server.engine, prefix_hit_percent=WARM_PERCENT - 1.0)
    cold = PrefixCache(warm_since=NOW - 60.0, started=server.started).updated(replace(server, engine=engine), None)
    assert (cold.warm_since, cold.cold_since) == (None, None)
