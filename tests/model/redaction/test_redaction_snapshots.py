"""The servers in a bundle."""

import json

from stormdeck.model.deck import Deck
from stormdeck.model.masking.redaction.snapshots import deck_as_json, without_quotes
from stormdeck.model.snapshots.discovery import DiscoverySnapshot, Found, ServerProcess
from stormdeck.model.snapshots.server import ServerKind
from stormdeck.model.verdict.ranking import statements


def held(name, *, forwards):
    """Return a vLLM whose port another program holds."""
    holder = ServerProcess(37, name, (name,), 1, None, "")
    return Found("http://127.0.0.1:8000", ServerKind.OTHER, "", None, holder, forwards=forwards)


def test_a_program_of_the_user_s_own_is_not_named_and_a_forwarder_is():
    servers = (held("acme-tunnel", forwards=False), held("ssh", forwards=True))
    notes = tuple(f"{one.holder_words}: give the log of vLLM with --log FILE." for one in servers)
    deck = without_quotes(Deck(discovery=DiscoverySnapshot(servers, log_notes=notes, done=True)))
    words = [one.detail for one in statements(deck, 0.0, str)]
    text = json.dumps([deck_as_json(deck), words])
    assert "acme" not in text
    assert "Port 8000 belongs to a program (pid 37)" in text
    assert "Port 8000 is held by ssh (pid 37), which passes it on" in text
